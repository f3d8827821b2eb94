/**
 * `npm run size`: what a page downloads. Each program below is bundled by rolldown for a browser, minified, gzipped, and
 * then run: it must compute what the library computes.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "rolldown";
import * as torch from "unrolled";
import { ROOT } from "./installed.ts";

/**
 * A bundle: `run(file, x)` runs the LSTM of the file, from 3 to 5, over x (T, 3) to (T, 5); `train(x)`, where there is
 * one, gives W_hh of that LSTM after one step of gradient descent.
 */
interface Bundle {
  run(file: Uint8Array, x: Float32Array): Float32Array;
  train?(x: Float32Array): Float32Array;
}

const LSTM = `
  export function run(file, x) {
    const lstm = new nn.LSTM(3, 5);
    lstm.loadStateDict(load(file));
    return noGrad(() => lstm.forward(fromNumpy(x).view(-1, 3))[0]).numpy();
  }`;

// What reads no files draws its weights as the file's were drawn.
const SEEDED_LSTM = `
  export function run(_, x) {
    manualSeed(1);
    const lstm = new nn.LSTM(3, 5);
    return noGrad(() => lstm.forward(fromNumpy(x).view(-1, 3))[0]).numpy();
  }`;

// The core has functions only; it trains as `trained` does, below.
const LSTM_OF_THE_CORE = `
  export function run(_, x) {
    manualSeed(1);
    const lstm = new nn.LSTM(3, 5);
    return numpy(noGrad(() => lstm.forward(view(fromNumpy(x), -1, 3))[0]));
  }
  export function train(x) {
    manualSeed(1);
    const lstm = new nn.LSTM(3, 5);
    const rule = new optim.SGD(lstm.parameters(), { lr: 0.1 });
    backward(sum(square(lstm.forward(view(fromNumpy(x), -1, 3))[0])));
    rule.step();
    return numpy(detach(lstm.weight_hh_l0));
  }`;

// What stands on top of the operations (learning) and beside them (files).
const BEYOND =
  /^(?:addShares|explain|finalStates|FormatError|gradientFlow|maxUlps|mergeBiases|splitBiases|verify|(?:load|save|open)([A-Z].*)?)$/;
const operations = Object.keys(torch).filter((name) => !BEYOND.test(name));

const PROGRAMS: readonly { readonly what: string; readonly source: string }[] = [
  {
    what: "load a checkpoint and run an LSTM",
    source: `
      import { load, LSTM } from "unrolled/inference";
      export const run = (file, x) => new LSTM(load(file)).run(x).output;`,
  },
  {
    what: "the same with nn.LSTM and tensors",
    source: `import { fromNumpy, load, nn, noGrad } from "unrolled"; ${LSTM}`,
  },
  {
    what: "the whole core",
    source: `
      import { backward, detach, fromNumpy, manualSeed, nn, noGrad, numpy, optim, square, sum, view } from "unrolled/core";
      export * from "unrolled/core"; ${LSTM_OF_THE_CORE}`,
  },
  {
    what: "the core and all operations",
    source: `import { fromNumpy, manualSeed, nn, noGrad } from "unrolled";
      export { ${operations.join(", ")} } from "unrolled"; ${SEEDED_LSTM}`,
  },
  {
    what: "everything",
    source: `import { fromNumpy, load, nn, noGrad } from "unrolled"; export * from "unrolled"; ${LSTM}`,
  },
];

const { values: options } = parseArgs({ options: { json: { type: "boolean" } } });
const folder = mkdtempSync(join(tmpdir(), "unrolled-size-"));
try {
  // The library as it is published stands beside the programs, as it does for its users.
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules", "unrolled"), "junction");
  torch.manualSeed(1);
  const lstm = new torch.nn.LSTM(3, 5);
  const file = torch.save(lstm.stateDict());
  const x = torch.randn(7, 3);
  const expected = torch.noGrad(() => lstm.forward(x)[0]).numpy() as Float32Array;
  for (const [i, { what, source }] of PROGRAMS.entries()) {
    const path = join(folder, `${i}.mjs`);
    writeFileSync(path, source);
    const contents = await bundle(path);
    const { run, train } = (await import(path)) as Bundle;
    const numbers = x.numpy() as Float32Array;
    if (String(run(file, numbers)) !== String(expected) || (train && String(train(numbers)) !== String(trained(x)))) {
      throw new Error(`size: the bundle of "${what}" computes something else`);
    }
    report(what, contents.length, gzipSync(contents, { level: 9 }).length);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** W_hh after one step of gradient descent. */
function trained(x: torch.Tensor): Float32Array {
  torch.manualSeed(1);
  const lstm = new torch.nn.LSTM(3, 5);
  const rule = new torch.optim.SGD(lstm.parameters(), { lr: 0.1 });
  lstm.forward(x)[0].square().sum().backward();
  rule.step();
  return lstm.weight_hh_l0.detach().numpy() as Float32Array;
}

/** The bytes of the bundle, which takes the place of the program. */
async function bundle(path: string): Promise<Uint8Array> {
  const output = { file: path, minify: true, comments: false };
  await build({ input: path, platform: "browser", output });
  return readFileSync(path);
}

function report(what: string, raw: number, gzip: number): void {
  if (options.json) console.log(JSON.stringify({ what, raw, gzip }));
  else console.log(`${what.padEnd(36)} ${kilobytes(raw)} kB ${kilobytes(gzip)} kB gzip`);
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1).padStart(7);
}
