/** The core by itself: without methods, in a process of its own, and for the compiler. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "rolldown";
import * as torch from "unrolled";
import * as core from "unrolled/core";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "unrolled-core-"));
const library = join(folder, "core.mjs");

beforeAll(async () => {
  await build({ input: join(ROOT, "src/core.ts"), platform: "neutral", logLevel: "silent", output: { file: library } });
});
afterAll(() => rmSync(folder, { recursive: true }));

type Core = typeof core;

/** A model that trains: its losses, and what it says afterwards. */
const training = (c: Core): unknown[] => {
  const { nn, optim } = c;
  c.manualSeed(7);
  const told: unknown[] = [];
  for (const Rule of [optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad]) {
    const embedding = new nn.Embedding(11, 3, { paddingIdx: 0 });
    const lstm = new nn.LSTM(3, 5, { numLayers: 2, bidirectional: true, dropout: 0.3 });
    const head = new nn.Sequential(new nn.Linear(10, 7), new nn.GELU(), new nn.Dropout(0.1), new nn.Linear(7, 2));
    const model = new nn.ModuleList([embedding, lstm, head]);
    const rule = new Rule(model.parameters(), { lr: 0.05 });
    const input = c.tensor([3, 0, 8, 1, 10, 2, 5, 9].map(BigInt));
    const target = c.tensor([0, 1, 1, 0].map(BigInt));
    for (let step = 0; step < 3; step += 1) {
      rule.zeroGrad();
      const [output] = lstm.forward(embedding.forward(c.view(input, 4, 2)));
      const logits = head.forward(c.select(output, 1, -1));
      const loss = new nn.CrossEntropyLoss().forward(logits, target);
      c.backward(loss);
      nn.utils.clipGradNorm_(model.parameters(), 0.5);
      rule.step();
      told.push(c.item(loss));
    }
    model.eval();
    const copy = nn.deepcopy(lstm);
    const other = new nn.LSTM(3, 5, { numLayers: 2, bidirectional: true });
    other.loadStateDict(copy.stateDict());
    const x = c.randn(5, 2, 3);
    const same = c.eq(
      c.noGrad(() => other.forward(x)[0]),
      c.noGrad(() => lstm.forward(x)[0]),
    );
    told.push(String(model), String(copy.weight_ih_l0), Number(c.item(c.sum(same))), String(rule));
  }
  return told;
};

/** Layers step by step, in chunks, packed, and of one's own. */
const running = (c: Core): unknown[] => {
  const { nn } = c;
  c.manualSeed(11);
  const Leaky = nn.defineCell({
    name: "Leaky",
    gates: ["f", "n"],
    state: ["h"],
    equations: {
      f: "sigmoid(W_if·x + b_if + W_hf·h + b_hf)",
      n: "tanh(W_in·x + b_in + W_hn·h + b_hn)",
      h: "h + f·(n - h)",
    },
    step(m, x, r, s) {
      const f = m.sigmoid(m.add(x.f, r.f));
      const n = m.tanh(m.add(x.n, r.n));
      return { f, n, h: m.add(s.h, m.mul(f, m.sub(n, s.h))) };
    },
  });
  const told: unknown[] = [];
  const sequences = [c.randn(5, 3), c.randn(2, 3), c.randn(7, 3)];
  const packed = nn.utils.packSequence(sequences, { enforceSorted: false });
  const layers = [new nn.RNN(3, 5), new nn.GRU(3, 5), new nn.PeepholeLSTM(3, 5), new Leaky(3, 5)];
  for (const layer of layers as core.nn.Recurrent<unknown>[]) {
    const [output] = layer.forward(packed);
    const [padded, lengths] = nn.utils.padPackedSequence(output);
    c.backward(c.mean(c.square(padded)));
    told.push(String(padded), String(lengths), String(layer.weight_hh_l0!.grad));
    const stream = layer.stream();
    for (const row of c.tolist(sequences[2]!) as number[][]) told.push([...stream.step(Float32Array.from(row))]);
  }
  const cell = new nn.LSTMCell(3, 5);
  const [h] = cell.forward(c.narrow(sequences[0]!, 0, 0, 2));
  const scores = c.softmax(c.matmul(h, c.transpose(c.ones(2, 5), 0, 1)), 1);
  const joined = c.cat([scores, c.sub(1, c.div(scores, 2)), c.relu(c.neg(scores))], 1);
  told.push(String(joined), c.tolist(c.argmax(joined, 1)), String(c.grad([c.sum(joined)], [cell.weight_ih!])[0]));
  c.noGrad(() => c.copy_(cell.weight_ih!, c.full([20, 3], 0.5)));
  nn.init.orthogonal_(cell.weight_hh!);
  told.push(String(cell.weight_ih), String(cell.weight_hh), c.str([c.zeros(2), new c.Size()]), c.repr("a"));
  return told;
};

/** Mistakes, by their words. */
const failing = (c: Core): unknown[] => {
  const lstm = new c.nn.LSTM(3, 5);
  const attempts = [
    () => lstm.forward(c.zeros(2, 2, 4)),
    () => lstm.forward(c.zeros(2, 2, 3), c.zeros(1, 2, 5) as never),
    () => c.backward(c.ones(2)),
    () => c.add(c.ones(2), c.ones(3)),
    () => lstm.loadStateDict(new c.nn.GRU(3, 5).stateDict()),
    () => c.copy_(lstm.weight_hh_l0, c.zeros(1)),
    () => c.numpy(lstm.weight_hh_l0),
  ];
  return attempts.map((attempt) => {
    try {
      return attempt();
    } catch (error) {
      return String(error);
    }
  });
};

/** What a process gives that has the core and nothing else. */
function alone(work: (c: Core) => unknown[]): unknown {
  const program = `
    import * as core from ${JSON.stringify(pathToFileURL(library).href)};
    if ("add" in core.Tensor.prototype) throw new Error("a tensor of the core has methods");
    console.log(JSON.stringify((${work})(core)));`;
  const options = { input: program, encoding: "utf8" } as const;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-"], options);
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout);
}

describe("the core alone", () => {
  it.each([
    ["trains with every rule", training],
    ["runs, streams and differentiates layers and cells", running],
    ["fails", failing],
  ])("%s as it does where tensors have methods", (_, work) => {
    expect("add" in torch.Tensor.prototype).toBe(true);
    const expected = work(core);
    expect(expected.length).toBeGreaterThan(6);
    expect(alone(work)).toEqual(expected);
  });
});

it("carries no operation that it does not export and does not need", () => {
  const nodes = [...readFileSync(library, "utf8").matchAll(/"(\w+)Backward\d?"/g)].map(([, name]) => name);
  expect(nodes).toContain("Tanh");
  const foreign = ["Cosh", "Round", "Log2", "Remainder", "Maximum", "Addcmul", "Lerp", "IndexCopy", "Tril", "Cumsum"];
  expect(nodes.filter((name) => foreign.includes(name!))).toEqual([]);
});

describe("the core beside the whole library", () => {
  const here = core as Readonly<Record<string, unknown>>;
  const whole = torch as Readonly<Record<string, unknown>>;

  test.each(Object.keys(core))("%s is the same thing there, or a method", (name) => {
    if (name in whole) expect(here[name]).toBe(whole[name]);
    else if (name !== "grad") expect(torch.Tensor.prototype).toHaveProperty(name);
    else expect(core.grad).toBe(torch.autograd.grad);
  });

  it("draws from the same numbers", () => {
    core.manualSeed(3);
    const drawn = core.randn(5);
    torch.manualSeed(3);
    expect(drawn.equal(torch.randn(5))).toBe(true);
  });
});

it("has no methods for the compiler, which finds none used inside either", () => {
  const program = `
    import { add, nn, tensor } from "unrolled/core";
    const x = tensor([1, 2]);
    add(x, x).shape.length.toFixed();
    // @ts-expect-error: a function, not a method
    x.add(x);
    // @ts-expect-error: an LSTM gives a pair of states
    new nn.LSTM(2, 3).forward(x)[1].shape;
  `;
  const project = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: {
      rootDir: "/",
      typeRoots: [join(ROOT, "node_modules/@types")],
      paths: { "unrolled/core": [join(ROOT, "src/core.ts")] },
    },
    include: [],
    files: ["program.mts"],
  };
  writeFileSync(join(folder, "program.mts"), program);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" });
  expect(stdout).toBe("");
  expect(status).toBe(0);
});
