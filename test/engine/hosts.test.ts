/** What the engine is on other machines: in processes of their own, whose machine is told to do without something. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "rolldown";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { engine } from "../../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-host-"));
const library = join(folder, "unrolled.mjs");
const deaf = join(folder, "deaf.cjs");

/** Outputs and gradients of a layer that is large enough for the fast engine, as bits. */
const work = ({ manualSeed, nn, randn }: Pick<typeof torch, "manualSeed" | "nn" | "randn">): string => {
  manualSeed(3);
  const layer = new nn.LSTM(13, 17, { bidirectional: true });
  const [output] = layer.forward(randn(5, 3, 13));
  output.sum().backward();
  const results = [output.detach(), ...[...layer.parameters()].map((parameter) => parameter.grad as torch.Tensor)];
  return results.map((x) => String(x.flatten().tolist())).join();
};

/** What a process with these options finds out and computes. */
function elsewhere(...options: string[]): { name: string; arithmetic: string; bits: string } {
  const program = `
    import * as torch from ${JSON.stringify(pathToFileURL(library).href)};
    const bits = (${work})(torch);
    console.log(JSON.stringify({ name: torch.engine.name, arithmetic: torch.engine.arithmetic, bits }));`;
  const input = ["--input-type=module", "-"];
  const { stdout, stderr } = spawnSync(process.execPath, [...options, ...input], { input: program, encoding: "utf8" });
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** What the plain engine computes here. */
function here(arithmetic: "fma" | "muladd"): string {
  engine.use("plain", { arithmetic });
  return work(torch);
}

beforeAll(async () => {
  const input = fileURLToPath(new URL("../../src/index.ts", import.meta.url));
  await build({ input, platform: "neutral", treeshake: false, output: { file: library, codeSplitting: false } });
  writeFileSync(deaf, "require('node:v8').setFlagsFromString = () => {};");
});

afterAll(() => {
  engine.use("wasm");
  rmSync(folder, { recursive: true });
});

// Only x86-64 has processors with and without the instruction; every other has it.
const unfused = process.arch === "x64" ? "muladd" : "fma";

it("a processor without fused multiply-add has the SIMD engine of products and sums", () => {
  const found = elsewhere("--no-enable-fma3");
  expect([found.name, found.arithmetic]).toEqual(["wasm", unfused]);
  expect(found.bits).toBe(here(unfused));
});

it("a runtime without relaxed SIMD has it, too", () => {
  const found = elsewhere("--require", deaf);
  // after Node 20 it is there without being asked for
  const expected = process.versions.node.startsWith("20.") ? "muladd" : "fma";
  expect([found.name, found.arithmetic]).toEqual(["wasm", expected]);
  expect(found.bits).toBe(here(expected));
});

it("a processor without SIMD has the plain engine of fused multiply-add", () => {
  const found = elsewhere("--no-enable-sse4-1");
  expect([found.name, found.arithmetic]).toEqual([process.arch === "x64" ? "plain" : "wasm", "fma"]);
  expect(found.bits).toBe(here("fma"));
});

it("the arithmetics differ in their bits", () => {
  expect(here("fma")).not.toBe(here("muladd"));
});
