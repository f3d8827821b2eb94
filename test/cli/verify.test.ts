/** The command: outputs from elsewhere beside a model file, a verdict, and an exit code for scripts. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../cli/program.ts";
import * as torch from "../../src/index.ts";
import { nn } from "../../src/index.ts";
import { runProgram } from "./program.ts";

let folder = "";
const at = (name: string): string => join(folder, name);
const write = (name: string, value: unknown): Promise<void> => writeFile(at(name), JSON.stringify(value));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unrolled-verify-"));
  torch.manualSeed(11);
  const gru = new nn.GRU(3, 4);
  const lstm = new nn.LSTM(3, 4, { batchFirst: true });
  const x = torch.randn(5, 2, 3);
  const h0 = torch.randn(1, 2, 4);
  const c0 = torch.randn(1, 2, 4);
  const [output] = gru.forward(x);
  const [other, [hn, cn]] = lstm.forward(x.transpose(0, 1), [h0, c0]);
  const zeroed = nn.deepcopy(gru);
  torch.noGrad(() => zeroed.bias_hh_l0.zero_());
  await writeFile(at("gru.pt"), torch.save(gru.stateDict()));
  const both = [...gru.stateDict()].map(([name, value]): [string, torch.Tensor] => [`a.${name}`, value]);
  const more = [...lstm.stateDict()].map(([name, value]): [string, torch.Tensor] => [`b.${name}`, value]);
  await writeFile(at("both.pt"), torch.save(new Map([...both, ...more])));
  await write("x.json", x.tolist());
  await write("x-batch.json", x.transpose(0, 1).tolist());
  await write("y.json", output.tolist());
  await write("y-wrong.json", zeroed.forward(x)[0].tolist());
  await write("y-lstm.json", other.tolist());
  await write("state.json", [h0.tolist(), c0.tolist()]);
  await write("final.json", [hn.tolist(), cn.tolist()]);
  await write("final-wrong.json", [cn.tolist(), hn.tolist()]);
  await writeFile(at("broken.json"), "[1, 2");
});

afterAll(() => rm(folder, { recursive: true }));

async function unrolled(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(["verify", ...argv], {
    print: (text) => void out.push(text),
    printError: (text) => void err.push(text),
    paint: (text) => text,
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

describe("unrolled verify", () => {
  it("ends with 0 and says so when all agrees", async () => {
    const { code, out, err } = await unrolled(
      at("gru.pt"),
      "--input",
      at("x.json"),
      "--output",
      at("y.json"),
      "--tolerance",
      "0",
    );
    expect({ code, out, err }).toEqual({ code: 0, out: "agrees: largest difference 0 ulp", err: "" });
  });

  it("takes what `unrolled run` writes and reads", async () => {
    const agreed = { code: 0, out: "agrees: largest difference 0 ulp", err: "" };
    await writeFile(at("x.csv"), "1,2,3\n4,5,6\n");
    for (const suffix of ["npy", "csv", "json"]) {
      const [y, h] = [at(`y-run.${suffix}`), at(`h-run.${suffix}`)];
      const files = [at("gru.pt"), "--input", at("x.csv"), "--output", y, "--final-state", h];
      expect(await runProgram(["run", ...files])).toMatchObject({ code: 0, err: "" });
      expect(await unrolled(...files), suffix).toEqual(agreed);
    }
  });

  it("ends with 1 and names the place and the cause when something differs", async () => {
    const { code, out, err } = await unrolled(at("gru.pt"), "--input", at("x.json"), "--output", at("y-wrong.json"));
    expect(code).toBe(1);
    expect(out).toMatch(/^differs at layer 0, forward, step 0, output, batch 0, unit 0: \S+ instead of \S+\n/);
    expect(out).toContain("likely cause: missing bias b_hh");
    expect(err).toMatch(/^unrolled: .*y-wrong\.json differs from what .*gru\.pt gives$/);
  });

  it("gives the verdict as data with --json", async () => {
    const { code, out } = await unrolled(
      at("gru.pt"),
      "--input",
      at("x.json"),
      "--output",
      at("y-wrong.json"),
      "--json",
    );
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ agrees: false, step: 0, term: "output", cause: "missing bias b_hh" });
  });

  it("takes states, another layout and one of several layers", async () => {
    const lstm = [
      at("both.pt"),
      "--prefix",
      "b",
      "--input",
      at("x-batch.json"),
      "--output",
      at("y-lstm.json"),
      "--batch-first",
    ];
    const states = ["--state", at("state.json"), "--final-state", at("final.json")];
    expect(await unrolled(...lstm, ...states)).toMatchObject({ code: 0 });
    expect((await unrolled(...lstm)).out).toContain("likely cause: ");
    const wrong = await unrolled(...lstm, "--state", at("state.json"), "--final-state", at("final-wrong.json"));
    expect(wrong).toMatchObject({ code: 1, out: expect.stringContaining("final state 0") });
  });

  it.each([
    [
      "an unknown option",
      ["gru.pt", "--input", "x.json", "--output", "y.json", "--speed"],
      /^unrolled: unknown option '--speed'$/,
    ],
    [
      "a missing option",
      ["gru.pt", "--input", "x.json"],
      /^unrolled: required option '--output <file>' not specified$/,
    ],
    ["a file that is not there", ["none.pt", "--input", "x.json", "--output", "y.json"], /^unrolled: .*none\.pt/],
    [
      "what is no JSON",
      ["gru.pt", "--input", "broken.json", "--output", "y.json"],
      /^unrolled: .*broken\.json is no JSON: /,
    ],
    [
      "an input that does not fit",
      ["gru.pt", "--input", "y.json", "--output", "y.json"],
      /^unrolled: input\.size\(-1\) must be/,
    ],
    ["a tolerance below 0", ["gru.pt", "--input", "x.json", "--output", "y.json", "--tolerance", "-1"], /0 or more/],
    [
      "several layers without --prefix",
      ["both.pt", "--input", "x.json", "--output", "y.json"],
      /choose one with --prefix/,
    ],
  ])("ends with 2 and one line for %s", async (_, argv, message) => {
    const paths = argv.map((part) => (/\.(pt|json)$/.test(part) ? at(part) : part));
    const { code, out, err } = await unrolled(...paths);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(message);
    expect(err.split("\n")).toHaveLength(1);
  });

  it("explains itself with examples", async () => {
    const { code, out } = await unrolled("--help");
    expect(code).toBe(0);
    expect(out).toContain("$ unrolled verify model.pt --input x.json --output y.json");
    expect(out).toContain("0 they agree, 1 they differ, 2 wrong usage");
    const gru = new nn.GRU(3, 3);
    const x = torch.randn(3, 3, 3);
    await mkdir(at("examples"));
    await writeFile(at("examples/model.pt"), torch.save(gru.stateDict()));
    const prefixed = [...gru.stateDict()].map(([name, value]): [string, torch.Tensor] => [`encoder.${name}`, value]);
    await writeFile(at("examples/checkpoint.pt"), torch.save(new Map(prefixed)));
    await write("examples/x.json", x.tolist());
    await write("examples/y.json", gru.forward(x)[0].tolist());
    await write("examples/h.json", torch.zeros(1, 3, 3).tolist());
    const examples = [...out.matchAll(/^ {2}\$ unrolled verify (.*?)(?: && .*)?$/gm)].map((match) => match[1]!);
    expect(examples.length).toBeGreaterThan(3);
    for (const example of examples) {
      const argv = example.split(" ").map((part) => (/\.(pt|json)$/.test(part) ? at(`examples/${part}`) : part));
      // outputs that were computed time first differ from those computed batch first, which is a right answer, too
      expect((await unrolled(...argv)).code, example).toBe(example.includes("--batch-first") ? 1 : 0);
    }
  });
});
