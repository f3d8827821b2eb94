// Runs cases and tells what it finds; the shared number says which case it is at, so that a hang has a name, too.
import { parentPort, workerData } from "node:worker_threads";
import { FormatError } from "unrolled";
import { damaged, randomIntegers } from "./mutate.mjs";
import { READERS } from "./readers.mjs";

const SLOW = 1000;
const GREEDY = 2 ** 27;

const { seed, from, to, deadline, only, shared } = workerData;
const at = new Int32Array(shared);
const readers = READERS.filter(({ name }) => only === undefined || name === only);
const counts = Object.fromEntries(readers.map(({ name }) => [name, { cases: 0, read: 0 }]));

let done = from;
for (; done < to && Date.now() < deadline; done += 1) {
  Atomics.store(at, 0, done);
  await run(done, readers[done % readers.length]);
}
parentPort.postMessage({ done: true, cases: done - from, counts });

async function run(index, { name, seeds, damage = (random) => damaged(seeds, random), read }) {
  const bytes = damage(randomIntegers(Math.imul(seed, 0x9e3779b1) + Math.imul(index, 0x85ebca6b)));
  const find = (what) =>
    parentPort.postMessage({ index, reader: name, what, base64: Buffer.from(bytes).toString("base64") });
  const memory = process.memoryUsage().arrayBuffers;
  const started = performance.now();
  counts[name].cases += 1;
  try {
    await read(bytes);
    counts[name].read += 1;
  } catch (error) {
    if (!(error instanceof FormatError)) find(`an untyped error: ${error?.stack ?? error}`);
    else if (!error.format || error.message.includes("\n") || error.message.length > 1000)
      find(`a poor message: ${error.message}`);
  }
  const elapsed = performance.now() - started;
  if (elapsed > SLOW) find(`${Math.round(elapsed)} ms`);
  const taken = process.memoryUsage().arrayBuffers - memory;
  if (taken > GREEDY) find(`${taken} bytes of memory for ${bytes.length}`);
  if (Object.keys(Object.prototype).length > 0) find("a prototype was touched");
}
