/** The commands over ONNX files: weights in and out, and a graph that is shown and run. */
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import * as torch from "unrolled";
import { nn } from "unrolled";
import { exportOnnx, LastStep, loadOnnx } from "unrolled/onnx";
import { afterAll, describe, expect, it } from "vitest";
import { writeModel } from "../../src/onnx/write-messages.ts";
import { Folder, runProgram } from "./program.ts";

type State = ReadonlyMap<string, torch.Tensor>;

const folder = new Folder();
afterAll(() => folder.remove());
const run = (...argv: string[]) => runProgram(argv);

const saved = (name: string, module: nn.Module): string => folder.file(`${name}.pt`, torch.save(module.stateDict()));
const tagger = new nn.Sequential({
  table: new nn.Embedding(11, 3),
  rnn: new nn.GRU(3, 5, { bidirectional: true }) as unknown as nn.Layer,
  out: new nn.Linear(10, 2, { bias: false }),
});

describe("unrolled convert to .onnx and back", () => {
  it.each([
    ["lstm", new nn.LSTM(3, 5, { numLayers: 2, bidirectional: true })],
    ["gru", new nn.GRU(3, 5, { bias: false })],
    ["float64", new nn.LSTM(3, 5, { dtype: torch.float64 })],
    ["linear", new nn.Linear(3, 5)],
    ["tagger", tagger],
  ])("is the same to the bit: %s", async (name, module) => {
    const [source, onnx, back] = [saved(name, module), folder.file(`${name}.onnx`), folder.file(`${name}.2.pt`)];
    const { code, out, err } = await run("convert", source, onnx);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/every bit the same\n/);
    expect(out).toMatch(/^ {2}the network.*: outputs on random input the same to the bit$/m);
    expect((await run("convert", onnx, back)).code).toBe(0);
    const [before, after] = [source, back].map((path) => torch.loadTorch<State>(readFileSync(path)));
    expect([...after!.keys()]).toEqual([...before!.keys()]);
    for (const [key, tensor] of before!) expect(torch.equal(tensor, after!.get(key)!), key).toBe(true);
  });

  it("says which network it wrote", async () => {
    const { out } = await run("convert", saved("row", tagger), folder.file("row.onnx"));
    expect(out).toContain(
      "  the network: outputs on random input the same to the bit\n" +
        "    table Embedding(11, 3)\n" +
        "    rnn GRU(3, 5, bidirectional=True)\n" +
        "    out Linear(in_features=10, out_features=2, bias=False)",
    );
  });

  it("writes the activation of an rnn that it is told, and reads it again", async () => {
    const rnn = new nn.RNN(3, 5, { nonlinearity: "relu" });
    const path = folder.file("relu.onnx");
    expect((await run("convert", saved("relu", rnn), path, "--nonlinearity", "relu")).code).toBe(0);
    const x = torch.randn(7, 2, 3);
    const [y] = torch.noGrad(() => rnn.forward(x));
    const [input, output] = [folder.file("relu-x.json"), folder.file("relu-y.json")];
    folder.file("relu-x.json", JSON.stringify(x.tolist()));
    folder.file("relu-y.json", JSON.stringify(y.tolist()));
    expect((await run("verify", path, "--input", input, "--output", output)).err).toBe("");
  });

  it.each<[string, State, string]>([
    ["a projection", new nn.LSTM(3, 5, { projSize: 2 }).stateDict(), "ONNX's LSTM has no projection"],
    ["a matrix of two readings", new Map([["w.weight", torch.ones(2, 3)]]), "may be a linear layer or an embedding"],
    [
      "layers that do not fit",
      new Map([...prefixed("a", new nn.GRU(3, 5)), ...prefixed("b", new nn.GRU(3, 5))]),
      "b takes 3 features, but a gives 5: choose one with --prefix",
    ],
    [
      "tensors of no layer",
      new Map([...prefixed("a", new nn.GRU(3, 5)), ["scale", torch.ones(2)]]),
      "scale belongs to no layer that the names describe",
    ],
    ["names that ONNX cannot hold", new Map(prefixed("a/b", new nn.GRU(3, 5))), "would not be the same"],
  ])("refuses %s", async (name, tensors, message) => {
    const target = folder.file(`${name}.onnx`);
    const { code, err } = await run("convert", folder.file(`${name}.pt`, torch.save(tensors)), target);
    expect(code).toBeGreaterThan(0);
    expect(err).toContain(message);
    expect(() => readFileSync(target)).toThrow("ENOENT");
  });

  it("refuses to make ONNX of ONNX, whose graph says more than its weights", async () => {
    const path = folder.file("again.onnx", exportOnnx(new nn.RNN(3, 5, { nonlinearity: "relu" })));
    expect((await run("convert", path, folder.file("once-more.onnx"))).err).toContain("this is ONNX already");
  });
});

function prefixed(prefix: string, module: nn.Module): [string, torch.Tensor][] {
  return Array.from(module.stateDict(), ([name, tensor]) => [`${prefix}.${name}`, tensor]);
}

const net = { rnn: new nn.LSTM(3, 4), last: new LastStep(), fc: new nn.Linear(4, 2) };
const graph = folder.file("graph.onnx", exportOnnx(net, { states: true }));

describe("unrolled inspect of an .onnx", () => {
  it("shows inputs, outputs, operators, and the weights under torch's names", async () => {
    const { code, out } = await run("inspect", graph);
    expect(code).toBe(0);
    expect(out).toContain(
      "graph:\n" +
        "  inputs: input: float32 (time, batch, 3); h0: float32 (1, batch, 4); c0: float32 (1, batch, 4)\n" +
        "  outputs: output: float32 (batch, 2); hn: float32 (1, batch, 4); cn: float32 (1, batch, 4)\n" +
        "  nodes: LSTM, Squeeze, Identity x3, Gather, Gemm\n" +
        "  opset: 17\n  producer: unrolled\n",
    );
    expect(out).toContain("  rnn.: LSTM(3, 4)\n  fc.: Linear(in_features=4, out_features=2, bias=True)");
    expect(out).toMatch(/rnn\.weight_ih_l0 +\(16, 3\) +float32/);
  });

  it("prints the same as data", async () => {
    const data = JSON.parse((await run("inspect", graph, "--json")).out);
    expect(data.format).toBe("onnx");
    expect(data.graph.nodes).toEqual({ LSTM: 1, Identity: 3, Squeeze: 1, Gather: 1, Gemm: 1 });
    expect(data.networks).toEqual({ "rnn.": "LSTM(3, 4)", "fc.": "Linear(in_features=4, out_features=2, bias=True)" });
  });

  it("shows the weights of a graph that cannot be run, and why not", async () => {
    const bytes = writeModel({
      opset: 17,
      name: "graph",
      nodes: [{ opType: "Frobnicate", name: "odd", inputs: ["x", "w"], outputs: ["y"], attributes: {} }],
      initializers: new Map([["w", torch.ones(2, 3).value]]),
      inputs: [{ name: "x", dataType: 1, shape: [2] }],
      outputs: [{ name: "y", dataType: 1, shape: [2] }],
    });
    const { code, out } = await run("inspect", folder.file("odd.onnx", bytes));
    expect(code).toBe(0);
    expect(out).toMatch(/ w +\(2, 3\) +float32 +24 +finite/);
    expect(out).toMatch(/the graph cannot be run here: .*Frobnicate/);
  });
});

describe("unrolled run of an .onnx", () => {
  const x = torch.randn(7, 2, 3);
  const [h, c] = [torch.randn(1, 2, 4), torch.randn(1, 2, 4)];
  const inputs = [
    ["--input", folder.file("x.npy", torch.saveNpy(x))],
    ["--input", `h0=${folder.file("h.npy", torch.saveNpy(h))}`],
    ["--input", `c0=${folder.file("c.npy", torch.saveNpy(c))}`],
  ].flat();

  it("takes inputs and gives outputs by place and by name", async () => {
    const [y, hn] = [folder.file("y.npy"), folder.file("hn.npy")];
    const { code, err } = await run("run", graph, ...inputs, "--output", y, "--output", `hn=${hn}`);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const wanted = torch.noGrad(() => loadOnnx(readFileSync(graph)).run(x, h, c));
    expect(torch.equal(torch.loadNpy(readFileSync(y)), wanted[0]!)).toBe(true);
    expect(torch.equal(torch.loadNpy(readFileSync(hn)), wanted[1]!)).toBe(true);
  });

  it("makes a batch of one of a sequence in CSV", async () => {
    const gru = new nn.GRU(3, 5);
    const path = folder.file("gru.onnx", exportOnnx(gru));
    const { code, out } = await run("run", path, "--input", folder.file("x.csv", "1,2,3\n4,5,6\n"));
    expect(code).toBe(0);
    const steps = torch.tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const [y] = torch.noGrad(() => gru.forward(steps));
    expect(out).toBe((y.tolist() as number[][]).map((row) => row.join()).join("\n"));
  });

  it("prints whole numbers, too", async () => {
    const bytes = writeModel({
      opset: 17,
      name: "graph",
      nodes: [{ opType: "ArgMax", name: "best", inputs: ["x"], outputs: ["y"], attributes: { axis: 1 } }],
      initializers: new Map(),
      inputs: [{ name: "x", dataType: 1, shape: ["steps", 3] }],
      outputs: [{ name: "y", dataType: 7, shape: ["steps", 1] }],
    });
    const path = folder.file("best.onnx", bytes);
    const input = folder.file("best.json", "[[1,3,2],[5,0,1]]");
    expect((await run("run", path, "--input", input, "--json")).out).toBe("[[1],[0]]");
    expect((await run("run", path, "--input", input)).out).toBe("1\n0");
  });

  it.each([
    ["a missing input", inputs.slice(0, 2), "the graph also takes h0, c0"],
    ["an input that is there twice", [...inputs, "--input", inputs[5]!], "there is a file for c0 already"],
    ["an input too many", [...inputs, "--input", "more.npy"], "the graph has the inputs input, h0, c0"],
    ["an output that is none", [...inputs, "--output", "x.pdf"], "the suffix says no format"],
    ["another shape", ["--input", inputs[3]!, ...inputs.slice(4)], "there is no file"],
    ["options of layers", [...inputs, "--batch-first"], "--batch-first is for a file of weights"],
    ["a prefix", [...inputs, "--prefix", "rnn"], "--prefix is for a file of weights"],
  ])("refuses %s", async (_, argv, message) => {
    const { code, err } = await run("run", graph, ...argv);
    expect(code).toBe(2);
    expect(err).toMatch(/^unrolled: [^\n]+$/);
    if (message !== "there is no file") expect(err).toContain(message);
  });
});

describe("weights in a file beside an .onnx", () => {
  const data = torch.randn(2, 3);
  const bytes = Buffer.concat([Buffer.alloc(8), torch.saveNpy(data).subarray(-24)]);
  /** A model of one initialiser whose numbers lie elsewhere; a field is a tag, a length and bytes. */
  const model = (location: string, offset = "8"): Uint8Array => {
    const field = (tag: number, value: Uint8Array): Buffer => Buffer.concat([Buffer.from([tag, value.length]), value]);
    const entry = (key: string, value: string): Buffer =>
      field(0x6a, Buffer.concat([field(0x0a, Buffer.from(key)), field(0x12, Buffer.from(value))]));
    const place = [entry("location", location), entry("offset", offset), entry("length", "24")];
    const numbers = Buffer.from([0x08, 2, 0x08, 3, 0x10, 1, 0x70, 1]);
    const tensor = Buffer.concat([numbers, field(0x42, Buffer.from("w")), ...place]);
    const opset = field(0x42, Buffer.from([0x10, 17]));
    return Buffer.concat([Buffer.from([0x08, 8]), field(0x3a, field(0x2a, tensor)), opset]);
  };

  it("are read", async () => {
    folder.file("weights.bin", bytes);
    const path = folder.file("beside.onnx", model("weights.bin"));
    const target = folder.file("beside.npz");
    expect(await run("convert", path, target)).toMatchObject({ code: 0, err: "" });
    expect(torch.equal(torch.loadNpz(readFileSync(target)).get("w")!, data)).toBe(true);
  });

  it.each([
    ["above the folder", "../weights.bin", "8", "a name that leaves the folder"],
    ["behind a link", "link.bin", "8", "a link, which is not followed"],
    ["behind a link to a folder", "linked/weights.bin", "8", "a link, which is not followed"],
    ["nowhere", "none.bin", "8", "no such file"],
    ["in a folder", "inner", "8", "that is no file"],
    ["beyond the end", "weights.bin", "9", "24 bytes from 9 on, but it has 32"],
  ])("are refused %s", async (name, location, offset, message) => {
    folder.file("weights.bin", bytes);
    const base = join(folder.path, name);
    mkdirSync(join(base, "inner"), { recursive: true });
    symlinkSync(folder.file("weights.bin"), join(base, "link.bin"));
    symlinkSync(folder.path, join(base, "linked"));
    folder.file(join(name, "weights.bin"), bytes);
    const path = folder.file(join(name, "model.onnx"), model(location, offset));
    expect(dirname(path)).toBe(base);
    const { code, err } = await run("inspect", path);
    expect(code).toBe(2);
    expect(err).toMatch(/^unrolled: [^\n]+$/);
    expect(err).toContain(message);
  });
});
