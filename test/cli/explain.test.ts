import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { main } from "../../cli/program.ts";
import * as torch from "../../src/index.ts";
import { nn } from "../../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a file and gives its path. */
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Runs a command line as a shell would. */
async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: string[][] = [[], []];
  const code = await main(argv, {
    print: (text) => out!.push(text),
    printError: (text) => err!.push(text),
    paint: (text) => text,
  });
  return { code, out: out!.join("\n"), err: err!.join("\n") };
}

describe("unrolled explain", () => {
  it("explains a layer made from sizes and a seed, and says how PyTorch makes it", async () => {
    const sizes = ["--kind", "lstm", "--input", "3", "--hidden", "2", "--layers", "2", "--bidirectional"];
    const { code, out, err } = await run("explain", ...sizes, "--seed", "7", "--steps", "4");
    torch.manualSeed(7);
    const layer = new nn.LSTM(3, 2, { numLayers: 2, bidirectional: true });
    const text = torch.explain(layer, torch.randn(4, 3)).toText();
    const python = [
      "torch.manual_seed(7)",
      "layer = torch.nn.LSTM(3, 2, num_layers=2, bidirectional=True)",
      "x = torch.randn(4, 3)",
    ];
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toBe(`${python.join("\n")}\n\n${text}`);
    expect(out.match(/^Layer \d/gm)!.length).toBe(16);
  });

  it("shows the chosen step, layer, direction and unit, in the chosen language and precision", async () => {
    const choice = [
      "--layer",
      "1",
      "--direction",
      "reverse",
      "--step",
      "2",
      "--unit",
      "1",
      "--lang",
      "zh",
      "--precision",
      "2",
    ];
    const { out } = await run("explain", "--layers", "2", "--bidirectional", ...choice);
    expect(out.match(/^第 1 层 · 反向 · 第 2 步/gm)!.length).toBe(1);
    expect(out).toContain("单元 1");
    expect(out).not.toContain("单元 0");
    expect(out).toMatch(/ = sigmoid\(-?\d\.\d\d\) = 0\.\d\d$/m);
  });

  it("knows every kind of layer by its weights in a file, under any prefix", async () => {
    const layers = {
      rnn: new nn.RNN(3, 5, { bidirectional: true }),
      lstm: new nn.LSTM(3, 5, { projSize: 2, numLayers: 2, dtype: torch.float64 }),
      gru: new nn.GRU(3, 5, { bias: false }),
    };
    const input = file("x.json", JSON.stringify([[0.1, 0.2, 0.3]]));
    for (const [kind, layer] of Object.entries(layers)) {
      const state = [...layer.stateDict()].map(([name, value]) => [`encoder.${name}`, value] as const);
      const model = file(
        `${kind}.pt`,
        torch.save({ epoch: 3, model: new Map<string, unknown>([...state, ["fc.bias", torch.ones(2)]]) }),
      );
      const { code, out, err } = await run("explain", model, "--input", input);
      const x = torch.tensor([[0.1, 0.2, 0.3]], { dtype: layer.weight_ih_l0.dtype });
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toBe(torch.explain(layer as unknown as nn.Recurrent<unknown>, x).toText());
    }
  });

  it("asks for a prefix where a file holds several layers", async () => {
    const entries = ["a", "b"].flatMap((prefix) =>
      [...new nn.GRU(2, 2).stateDict()].map(([name, value]) => [`${prefix}.${name}`, value] as const),
    );
    const model = file("two.pt", torch.save(new Map(entries)));
    const asked = await run("explain", model);
    expect(asked.code).toBe(2);
    expect(asked.err).toBe(`unrolled: ${model} holds the layers a., b.: choose one with --prefix`);
    expect((await run("explain", model, "--prefix", "b")).code).toBe(0);
    const other = await run("explain", model, "--prefix", "c");
    expect(other).toMatchObject({ code: 2, err: `unrolled: ${model}: no layer is called "c"; there are: a., b.` });
  });

  it("takes its input from any file of numbers", async () => {
    const x = torch.tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const files = [
      file("given.json", JSON.stringify(x.tolist())),
      file("given.csv", "1,2,3\n4,5,6\n"),
      file("given.npy", torch.saveNpy(x)),
    ];
    torch.manualSeed(0);
    const text = torch.explain(new nn.GRU(3, 2), x).toText();
    for (const path of files) {
      expect(await run("explain", "--kind", "gru", "--input", path)).toEqual({ code: 0, out: text, err: "" });
    }
  });

  it("prints JSON of the chosen steps, and LaTeX", async () => {
    const { out } = await run("explain", "--kind", "gru", "--json", "--step", "1");
    const data = JSON.parse(out);
    expect(data.steps.map((step: { t: number }) => step.t)).toEqual([1]);
    expect(data.formulas.h).toContain("tanh(");
    expect((await run("explain", "--kind", "rnn", "--latex")).out).toContain("h_t &= \\tanh(a_t)");
  });

  it.each([
    [["explain", "--bogus"], "unrolled: unknown option '--bogus'"],
    [["explain", "--kind", "cnn"], "argument 'cnn' is invalid. Allowed choices are rnn, lstm, gru."],
    [["explain", "--hidden", "0"], "It must be greater than 0."],
    [["explain", "--step", "-1"], "It must be a whole number."],
    [["explain", "--layer", "3"], "unrolled: explain: there is no layer 3"],
    [["explain", "--json", "--layer", "3"], "unrolled: explain: there is no such step"],
    [["explain", "--json", "--latex"], "unrolled: choose --json or --latex, not both"],
    [["explain", "--json", "--unit", "1"], "leave out --unit"],
    [["explain", "missing.pt"], "no such file"],
    [["explain", import.meta.dirname], "is a directory"],
    [["explain", "missing.pt", "--hidden", "3"], "leave out --hidden"],
    [["explain", "missing.pt", "--input", "3"], "leave out --input"],
    [["explain", "--input", "0"], "option '--input <size|file>' argument '0' is invalid. It must be greater than 0."],
    [["explain", import.meta.filename], "explain.test.ts: torch, byte 0: not a file of torch.save"],
    [["explain", "--input", import.meta.filename], "is no JSON"],
    [["explain", "--input", file("scalar.json", "5")], "scalar.json: expected steps of features, got the shape ()"],
    [["explain", "--kind", "lstm", "--nonlinearity", "relu"], "--nonlinearity is for an RNN, and this is an LSTM"],
    [["explain", "--kind", "gru", "--nonlinearity", "tanh"], "--nonlinearity is for an RNN, and this is a GRU"],
    [["explain", "--kind", "gru", "--proj", "1"], "proj_size argument is only supported for LSTM, not RNN or GRU"],
    [["explain", "a", "b"], "too many arguments"],
    [["explode"], "unknown command 'explode'"],
  ])("ends %j with code 2 and one line", async (argv, message) => {
    const { code, out, err } = await run(...argv);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^unrolled: [^\n]+$/);
    expect(err).toContain(message);
  });

  it("tells its version", async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
    expect(await run("--version")).toEqual({ code: 0, out: version, err: "" });
  });

  it("helps, with examples that work", async () => {
    expect((await run()).out).toContain("Exit codes:");
    const { code, out } = await run("explain", "--help");
    expect(code).toBe(0);
    const examples = [...out.matchAll(/^ {2}\$ unrolled (.*)$/gm)].map((match) => match[1]!);
    expect(examples.length).toBeGreaterThan(3);
    file("model.pt", torch.save(new nn.LSTM(3, 4, { numLayers: 2 }).stateDict()));
    file("x.json", "[[1, 2, 3], [4, 5, 6]]");
    for (const example of examples) {
      const [line] = example.split(" > ");
      const argv = line!.split(" ").map((part) => (/\.(pt|json)$/.test(part) ? join(folder, part) : part));
      expect((await run(...argv)).code, example).toBe(0);
    }
    for (const line of out.split("\n")) expect(line.length, line).toBeLessThanOrEqual(84);
  });
});
