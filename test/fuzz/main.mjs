// `npm run fuzz -- [--count 100000] [--seconds 60] [--seed 1] [--only torch] [--case 123]`: damages good files at random and
// reads them. Only a FormatError may come out, within a second and without much memory. What else does is printed with the
// command that makes it again, and the exit code is 1.
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";

const HANGS = 10_000;
const TICK = 500;
const SHOWN = 20;

const text = { type: "string" };
const { values } = parseArgs({ options: { count: text, seconds: text, seed: text, only: text, case: text } });
const seed = Number(values.seed ?? 1);
const first = Number(values.case ?? 0);
const count = values.case === undefined ? Number(values.count ?? (values.seconds ? 1e12 : 100_000)) : 1;
const deadline = Date.now() + 1000 * Number(values.seconds ?? 1e9);
const watched = process.stderr.isTTY;

const findings = [];
const shared = new SharedArrayBuffer(4);
const at = new Int32Array(shared);
const started = Date.now();
let [last, since] = [-1, Date.now()];

const worker = new Worker(new URL("./worker.mjs", import.meta.url), {
  workerData: { seed, from: first, to: first + count, deadline, only: values.only, shared },
  resourceLimits: { maxOldGenerationSizeMb: 2048 },
});

const timer = setInterval(() => {
  const now = Atomics.load(at, 0);
  if (now !== last) [last, since] = [now, Date.now()];
  else if (Date.now() - since > HANGS) finish([...findings, { index: now, what: `hangs for ${HANGS} ms` }]);
  const share = Math.min(1, Math.max((now - first) / count, (Date.now() - started) / (deadline - started)));
  if (watched)
    process.stderr.write(`\r${(100 * share).toFixed(1)} % | ${now - first} cases | ${findings.length} findings `);
}, TICK);

worker.on("message", (message) => {
  if (!message.done) findings.push(message);
  else {
    for (const [name, { cases, read }] of Object.entries(message.counts)) {
      console.log(
        `${name.padEnd(20)} ${String(cases).padStart(8)} files, ${String(read).padStart(7)} read all the same`,
      );
    }
    finish(findings, message.cases);
  }
});
worker.on("error", (error) =>
  finish([...findings, { index: Atomics.load(at, 0), what: `the process ends: ${error}` }]),
);

function finish(found, cases = Atomics.load(at, 0) - first) {
  clearInterval(timer);
  if (watched) process.stderr.write("\r\x1b[K");
  const only = values.only === undefined ? "" : ` --only ${values.only}`;
  for (const { index, reader = "a reader", what, base64 = "" } of found.slice(0, SHOWN)) {
    console.log(
      `\n${reader}: ${what}\n  npm run fuzz -- --seed ${seed}${only} --case ${index}\n  ${base64.slice(0, 2000)}`,
    );
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  console.log(`${cases} damaged files in ${seconds} s, seed ${seed}: ${found.length} findings`);
  process.exit(found.length > 0 ? 1 : 0);
}
