/** The commands that look into files of weights, change their format, compare them and run them. */
import { existsSync, readFileSync } from "node:fs";
import * as torch from "unrolled";
import { nn } from "unrolled";
import { exportOnnx } from "unrolled/onnx";
import { afterAll, describe, expect, it } from "vitest";
import { Folder, runProgram } from "./program.ts";

const folder = new Folder();
afterAll(() => folder.remove());
const run = (...argv: string[]) => runProgram(argv);

type State = ReadonlyMap<string, torch.Tensor>;

const lstm = new nn.LSTM(3, 5, { numLayers: 2, bidirectional: true, projSize: 2 });
const gru = new nn.GRU(3, 5);
const state = (layer: nn.Module): State => layer.stateDict();
const prefixed = (prefix: string, tensors: State): State =>
  new Map(Array.from(tensors, ([name, tensor]) => [`${prefix}.${name}`, tensor]));
const checkpoint = folder.file(
  "checkpoint.pt",
  torch.save({
    epoch: 3,
    model: new Map<string, unknown>([
      ...prefixed("encoder", state(lstm)),
      ...prefixed("fc", state(new nn.Linear(4, 7))),
      ...prefixed("cell", state(new nn.LSTMCell(3, 5))),
      ["table.weight", torch.ones(11, 3)],
    ]),
    history: [0.5, 0.25],
  }),
);
const model = folder.file("model.pt", torch.save(state(gru)));

describe("unrolled inspect", () => {
  it("shows tensors, networks and other values of a checkpoint", async () => {
    const { code, out, err } = await run("inspect", checkpoint);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("checkpoint.pt: torch, ");
    expect(out).toMatch(/model\.encoder\.weight_hr_l1_reverse +\(2, 5\) +float32 +40 {2}finite/);
    expect(out).toContain("  model.encoder.: LSTM(3, 5, proj_size=2, num_layers=2, bidirectional=True)");
    expect(out).toContain("  model.fc.: Linear(in_features=4, out_features=7, bias=True)");
    expect(out).toContain("  model.cell.: LSTMCell(3, 5)");
    expect(out).toContain("  model.table.: Embedding(11, 3) or Linear(in_features=3, out_features=11, bias=False)");
    expect(out).toContain("  epoch: 3\n  history: [0.5, 0.25]");
  });

  it("counts numbers that are none, and shows metadata", async () => {
    const bad = torch.tensor([1, Number.NaN, Number.NEGATIVE_INFINITY, Number.NaN]);
    const path = folder.file("bad.safetensors", torch.saveSafetensors({ "a\x1b[31m": bad }, { made: "by hand" }));
    const { out } = await run("inspect", path);
    expect(out).toContain("a?[31m  (4)    float32     16  2 NaN, 1 Inf");
    expect(out).toContain("metadata:\n  made: by hand");
  });

  it("prints the same as data", async () => {
    const data = JSON.parse((await run("inspect", checkpoint, "--json")).out);
    expect(data.format).toBe("torch");
    expect(data.tensors[0]).toEqual({
      name: "model.encoder.weight_ih_l0",
      shape: [20, 3],
      dtype: "float32",
      bytes: 240,
      nan: 0,
      infinite: 0,
    });
    expect(data.networks["model.cell."]).toBe("LSTMCell(3, 5)");
    expect(data.values.epoch).toBe("3");
  });

  it("reads every format by its first bytes, whatever the file is called", async () => {
    const contents = { safetensors: torch.saveSafetensors, npz: torch.saveNpz, torch: torch.saveTorch };
    for (const [format, save] of Object.entries(contents)) {
      const path = folder.file(`${format}.dat`, save(state(gru)));
      const data = JSON.parse((await run("inspect", path, "--json")).out);
      expect([data.format, data.networks[""]]).toEqual([format, "GRU(3, 5)"]);
    }
    const path = folder.file("one.dat", torch.saveNpy(torch.ones(2, 3)));
    expect((await run("inspect", path)).out).toContain('""    (2, 3)  float32     24  finite');
  });

  it("says what is wrong with weights that fit no layer", async () => {
    const path = folder.file(
      "odd.pt",
      torch.save(
        new Map([
          ["weight_ih_l0", torch.ones(7, 3)],
          ["weight_hh_l0", torch.ones(7, 5)],
        ]),
      ),
    );
    expect((await run("inspect", path)).out).toContain("no layer: ");
    expect(
      (await run("inspect", folder.file("flat.pt", torch.save(new Map([["weight_ih_l0", torch.ones(7)]]))))).code,
    ).toBe(0);
  });

  it("survives dicts that hold each other", async () => {
    const circle = new Map<string, unknown>([["x", torch.ones(2)]]);
    circle.set("self", circle);
    expect((await run("inspect", folder.file("circle.pt", torch.save(circle)))).code).toBe(0);
  });
});

describe("unrolled convert", () => {
  it("takes a model through every format and back, to the bit", async () => {
    let from = model;
    for (const suffix of ["safetensors", "npz", "pth"]) {
      const to = folder.file(`round.${suffix}`);
      const { code, out, err } = await run("convert", from, to);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toContain("4 tensors, every bit the same\n  GRU(3, 5): outputs on random input the same to the bit");
      from = to;
    }
    expect((await run("diff", model, from)).code).toBe(0);
  });

  it("keeps a checkpoint whole in its own format, and says what others leave behind", async () => {
    const [pt, safetensors] = [folder.file("same.pt"), folder.file("all.safetensors")];
    expect((await run("convert", checkpoint, pt)).out).not.toContain("left behind");
    expect(torch.load<Map<string, unknown>>(readFileSync(pt)).get("epoch")).toBe(3);
    expect((await run("convert", checkpoint, safetensors)).out).toContain(
      "left behind, as they are no tensors: epoch, history",
    );
  });

  it("takes only what lies below a prefix", async () => {
    const to = folder.file("encoder.safetensors");
    expect((await run("convert", checkpoint, to, "--prefix", "model.encoder")).code).toBe(0);
    expect([...torch.loadSafetensors(readFileSync(to)).keys()].sort()).toEqual([...state(lstm).keys()].sort());
  });

  it("rounds to another dtype and says how far the outputs are apart", async () => {
    const to = folder.file("half.safetensors");
    const { code, out } = await run("convert", model, to, "--dtype", "bfloat16", "--json");
    const proof = JSON.parse(out);
    expect([code, proof.tensors, proof.changed.length]).toEqual([0, 4, 4]);
    expect(proof.layers[0].ulps).toBeGreaterThan(0);
    expect(torch.loadSafetensors(readFileSync(to)).get("bias_ih_l0")!.dtype).toBe(torch.bfloat16);
  });

  it("writes nothing where something is already, or cannot be written", async () => {
    const to = folder.file("there.npz", "precious");
    expect((await run("convert", model, to)).err).toContain("is there already: use --force");
    expect(readFileSync(to, "utf8")).toBe("precious");
    const half = folder.file("brain.pt", torch.save(new Map([["x", torch.ones(2, { dtype: torch.bfloat16 })]])));
    const { code, err } = await run("convert", half, folder.file("brain.npz"));
    expect(code).toBe(2);
    expect(err).toMatch(/^unrolled: .*numpy has no torch\.bfloat16 \(convert it first.*\)$/);
    expect(existsSync(folder.file("brain.npz"))).toBe(false);
  });
});

describe("unrolled diff", () => {
  const changed = (change: (tensors: Map<string, torch.Tensor>) => void, layer: nn.Module = gru): string => {
    const tensors = new Map(Array.from(state(layer), ([name, tensor]) => [name, tensor.clone()]));
    change(tensors);
    return folder.file("changed.pt", torch.save(tensors));
  };
  const original = folder.file("lstm.pt", torch.save(state(lstm)));

  it("says that a file is the same as itself, in any format", async () => {
    const { code, out } = await run("diff", model, folder.file("g.npz", torch.saveNpz(state(gru))));
    expect([code, out]).toEqual([0, "the same: 4 tensors, every number"]);
  });

  it("finds the gate, the row and the column", async () => {
    const path = changed((tensors) => tensors.get("weight_hh_l0")!.at("7, 2").add_(1));
    const { code, out, err } = await run("diff", model, path);
    expect(code).toBe(1);
    expect(out).toMatch(/^weight_hh_l0: 1 of 75 numbers differ, most by 1\.00 in gate z, row 2, column 2: /);
    expect(err).toBe(`unrolled: ${path} differs from ${model}`);
  });

  it("tells names, shapes and dtypes that differ", async () => {
    const path = changed((tensors) => {
      tensors.set("weight_ih_l0", torch.ones(15, 4));
      tensors.set("extra", torch.ones(1));
      tensors.set("bias_ih_l0", tensors.get("bias_ih_l0")!.to(torch.float64));
      tensors.delete("bias_hh_l0");
    });
    const { out } = await run("diff", model, path);
    expect(out).toContain(
      `bias_hh_l0: only in ${model}\nextra: only in ${path}\nweight_ih_l0: shape (15, 3) and (15, 4)`,
    );
    expect(out).toContain("bias_ih_l0: dtype float32 and float64, the same numbers");
  });

  it("knows a NaN from a number, and equal to itself", async () => {
    const nan = (x: torch.Tensor): torch.Tensor => x.at("0").fill_(Number.NaN);
    const one = changed((tensors) => nan(tensors.get("bias_ih_l0")!));
    expect((await run("diff", model, one)).out).toContain(
      "1 of 15 numbers differ, most by Infinity in gate r, row 0: ",
    );
    expect((await run("diff", one, one)).code).toBe(0);
  });

  const reordered = (tensors: Map<string, torch.Tensor>, order: readonly number[], gates: number): void => {
    for (const [name, tensor] of tensors) {
      if (name.includes("hr")) continue;
      const blocks = tensor.chunk(gates);
      tensors.set(name, torch.cat(order.map((at) => blocks[at]!)));
    }
  };

  it.each<[string, () => Promise<string>, string]>([
    [
      "ONNX's order of an LSTM's gates",
      async () =>
        (
          await run(
            "diff",
            original,
            changed((t) => reordered(t, [0, 3, 1, 2], 4), lstm),
          )
        ).out,
      "looks like: the gates are in the order i o f g instead of i f g o, the order of ONNX",
    ],
    [
      "Keras's order of a GRU's gates",
      async () =>
        (
          await run(
            "diff",
            model,
            changed((t) => reordered(t, [1, 0, 2], 3)),
          )
        ).out,
      "looks like: the gates are in the order z r n instead of r z n, the order of ONNX and Keras",
    ],
    [
      "a transposed matrix",
      async () =>
        (
          await run(
            "diff",
            model,
            changed((t) => t.set("weight_ih_l0", t.get("weight_ih_l0")!.t())),
          )
        ).out,
      "looks like: the matrix is transposed (weight_ih_l0)",
    ],
    [
      "merged biases",
      async () => {
        const path = changed((t) => {
          t.get("bias_ih_l0")!.add_(t.get("bias_hh_l0")!);
          t.get("bias_hh_l0")!.zero_();
        }, lstm);
        return (await run("diff", original, path)).out;
      },
      "looks like: the biases were merged: their sums are the same, and so are the outputs (bias_ih_l0 and bias_hh_l0)",
    ],
    [
      "the reset form of a GRU",
      async () => {
        const path = changed((t) => {
          t.get("bias_ih_l0")!.add_(t.get("bias_hh_l0")!);
          t.get("bias_hh_l0")!.zero_();
        });
        return (await run("diff", model, path)).out;
      },
      "which the reset gate multiplies: a GRU of another form, with other outputs",
    ],
  ])("recognises %s", async (_, out, line) => {
    expect(await out()).toContain(line);
  });

  it("prints the same as data", async () => {
    const path = changed((tensors) => tensors.get("bias_hh_l0")!.at("14").add_(1));
    const data = JSON.parse((await run("diff", model, path, "--json")).out);
    expect(data.same).toBe(false);
    expect(data.differences[0]).toMatchObject({ name: "bias_hh_l0", count: 1, gate: "n", row: 14 });
  });
});

describe("unrolled run", () => {
  const x = torch.randn(600, 3);
  const [output, hn] = gru.forward(x);
  const input = folder.file("x.npy", torch.saveNpy(x));

  it("gives the layer's outputs, in any format and in parts", async () => {
    const [npy, h] = [folder.file("y.npy"), folder.file("h.json")];
    const { code, progress } = await runProgram(
      ["run", model, "--input", input, "--output", npy, "--final-state", h],
      true,
    );
    expect(code).toBe(0);
    expect(progress).toEqual([600, 256, 256, 88, 0]);
    expect(torch.equal(torch.loadNpy(readFileSync(npy)), output)).toBe(true);
    expect(JSON.parse(readFileSync(h, "utf8"))).toEqual(hn.tolist());
  });

  it("reads CSV with a line of names, and writes CSV", async () => {
    const csv = folder.file("x.csv", `a,b,c\n${(x.tolist() as number[][]).map((row) => row.join(",")).join("\r\n")}\n`);
    const { out } = await run("run", model, "--input", csv);
    const rows = out.split("\n").map((line) => line.split(",").map(Number));
    expect(rows).toEqual(output.tolist());
  });

  it("reads batches from JSON, time first or batch first", async () => {
    const batch = torch.randn(4, 2, 3);
    const json = folder.file("x.json", JSON.stringify(batch.tolist()));
    const [y] = gru.forward(batch);
    expect(JSON.parse((await run("run", model, "--input", json, "--json")).out)).toEqual(y.tolist());
    const first = JSON.parse((await run("run", model, "--input", json, "--json", "--batch-first")).out);
    expect(first).toEqual(gru.forward(batch.transpose(0, 1))[0].transpose(0, 1).tolist());
  });

  it("runs the chosen layer of a checkpoint, of any dtype and direction", async () => {
    const [y] = lstm.forward(x);
    const { out } = await run("run", checkpoint, "--prefix", "model.encoder", "--input", input, "--json");
    expect(JSON.parse(out)).toEqual(y.tolist());
  });

  it.each<[string, string[], string]>([
    [
      "an input of other features",
      ["--input", folder.file("w.json", "[[1, 2]]")],
      "expected steps of 3 features, got the shape (1, 2)",
    ],
    ["an empty input", ["--input", folder.file("e.csv", "a,b,c\n")], "got the shape (0)"],
    ["words in CSV", ["--input", folder.file("t.csv", "1,2,3\n4,five,6\n")], "line 2: 'five' is no number"],
    ["CSV with unequal lines", ["--input", folder.file("u.csv", "1,2,3\n4,5\n")], "u.csv: "],
    ["an output of no format", ["--input", input, "--output", "y.txt"], "the suffix says no format"],
    ["an output in no folder", ["--input", input, "--output", "/no/such/y.npy"], "no such file"],
    [
      "batches in CSV",
      ["--input", folder.file("b.json", "[[[1,2,3],[1,2,3]],[[1,2,3],[1,2,3]]]")],
      "CSV has no batches",
    ],
    ["a batch that is none", ["--input", input, "--batch-first"], "needs three dimensions"],
  ])("refuses %s", async (_, argv, message) => {
    const { code, err } = await run("run", model, ...argv);
    expect(code).toBe(2);
    expect(err).toMatch(/^unrolled: [^\n]+$/);
    expect(err).toContain(message);
  });
});

describe("every command", () => {
  it.each(["inspect", "convert", "diff", "run"])("%s helps, with examples that work", async (command) => {
    for (const name of ["before.pt", "after.pt", "torch.pt", "model.pt"]) folder.file(name, torch.save(state(gru)));
    folder.file("checkpoint.pt", torch.save({ encoder: state(gru), model: { encoder: state(gru) } }));
    folder.file("model.safetensors", torch.saveSafetensors(state(gru)));
    for (const name of ["converted.npz", "weights.npz"]) folder.file(name, torch.saveNpz(state(gru)));
    folder.file("x.npy", torch.saveNpy(torch.ones(2, 3)));
    folder.file("h.npy", torch.saveNpy(torch.ones(1, 1, 5)));
    folder.file("model.onnx", exportOnnx(gru, { states: true }));
    for (const name of ["x.json", "x.csv"]) folder.file(name, name === "x.csv" ? "1,2,3" : "[[1,2,3]]");
    const { code, out } = await run(command, "--help");
    expect(code).toBe(0);
    const examples = [...out.matchAll(/^ {2}\$ unrolled (.*?)(?: [>|&].*)?$/gm)].map((match) => match[1]!);
    expect(examples.length).toBeGreaterThan(2);
    for (const example of examples) {
      const isFile = (word: string): boolean => /\.(pt|npz|safetensors|onnx|npy|csv|json)$/.test(word);
      const placed = (word: string): string => word.replace(/[^=]+$/, (name) => folder.file(name));
      const argv = example.split(" ").map((word) => (isFile(word) ? placed(word) : word));
      const outcome = await run(...argv, ...(command === "convert" ? ["--force"] : []));
      expect(outcome.code, `${example}: ${outcome.err}`).toBe(0);
    }
    for (const line of out.split("\n")) expect(line.length, line).toBeLessThanOrEqual(88);
  });

  it.each(["inspect", "diff", "convert", "run"])(
    "%s ends with code 2 and one line for a file that is none",
    async (command) => {
      const more = { inspect: [], diff: [model], convert: [folder.file("never.pt")], run: ["--input", model] }[
        command
      ]!;
      for (const path of ["missing.pt", folder.path, folder.file("page.pt", "<html>")]) {
        const { code, out, err } = await run(command, path, ...more);
        expect({ code, out }).toEqual({ code: 2, out: "" });
        expect(err).toMatch(/^unrolled: [^\n]+$/);
      }
      expect(existsSync(folder.file("never.pt"))).toBe(false);
    },
  );
});
