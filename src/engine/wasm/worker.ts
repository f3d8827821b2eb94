/**
 * The other threads. A worker sleeps until it is woken, then runs what is written down for it, turn by turn, until it may
 * sleep again. Its script is a text, because it has to arrive in one piece wherever a worker is started:
 *
 *     for each turn:  for each of its calls:  functions[call[0]](call[1], call[2], ...)
 *
 * One of the functions waits until all threads have come to the same place of their lists; these may have grown meanwhile.
 *
 * As long as it is awake it watches the number of the turn without a pause, in WebAssembly: the next one then begins
 * within a quarter of a microsecond, where waking up takes fifty, and whoever sleeps once makes the others wait.
 */
import type { GrowingMemory } from "./arena.ts";
import { define, type FunctionCode, repeatWhile } from "./assembler.ts";
import { host, type NodeWorkerClass } from "./host.ts";
import { i32 } from "./instructions.ts";

/** The integers that a call takes at most; those with few are written down with fewer. */
export const [ARGUMENTS, FEW_ARGUMENTS] = [13, 6] as const;

/** A call as it is written down: how many integers it takes up, this one included, above the number of its function. */
export const CALL_SHIFT = 16;

/** The functions that every worker has from the beginning: that which loads more, `gate`, and where all threads meet. */
export const [LOAD, MEET] = [0, 2] as const;
const GATE = 1;

/** What the word `failed` says: a worker failed, or the first thread has left its turn, which nobody shall go on with. */
export const [FAILURE, ABANDONED] = [1, 2] as const;

/** What a worker is given. */
export interface Orders {
  /** The memory in which turns are announced, and those in which kernels work. The first is `memories[0]`. */
  readonly memories: readonly GrowingMemory[];
  /** Indices of integers in it: the turn, whether all are awake, whether something failed. */
  readonly turn: number;
  readonly awake: number;
  readonly failed: number;
  /** Where this worker writes the last turn that it has done. */
  readonly done: number;
  /** How many integers its calls take up, and behind it the calls. */
  readonly list: number;
  /** Where this worker writes the last meeting that it has come to, and where each of the others does. */
  readonly met: number;
  readonly others: readonly number[];
  /** The bytes of `gate`, where they begin and how many they are. */
  readonly code: readonly [at: number, length: number];
}

/** Returns when the integer at an address is no longer `value`, or else after `patience` looks at it. */
export const gate = (): FunctionCode =>
  define("gate", 3, (_, at, value, patience) => [
    repeatWhile(i32.mul(i32.eq(i32.atomicLoad(at), value), patience), patience.set(i32.sub(patience, i32.const(1)))),
  ]);

// Looks without a pause, of about a nanosecond each: in a call, longer than the first thread needs between two turns; and
// after a call, as long as it takes to begin another at once. To fall asleep and to wake up costs as much as that.
const [PATIENCE, LINGER] = [2 ** 20, 2 ** 18];

/** Looks after its first sleep: on a busy machine the first thread may need this processor. */
const HASTE = 2 ** 10;

/** Milliseconds of sleep between such looks. */
export const NAP = 0.05;

const LISTED = Array.from({ length: ARGUMENTS }, (_, i) => `words[at + ${i + 1}]`).join(", ");

const SCRIPT = `({ memories, turn, awake, failed, done, list, met, others, code }, port) => {
  const { buffer } = memories[0];
  const words = new Int32Array(buffer);
  const load = (at, length, memory) => {
    const module = new WebAssembly.Module(new Uint8Array(buffer).slice(at, at + length));
    const { exports } = new WebAssembly.Instance(module, { arena: { memory: memories[memory] } });
    functions.push(...Object.values(exports));
  };
  const meet = (number) => {
    const before = (number - 1) | 0;
    Atomics.store(words, met, number);
    for (const other of others) {
      gate(4 * other, before, ${PATIENCE});
      while (Atomics.load(words, other) === before) {
        if (Atomics.load(words, failed) !== 0) throw "nobody will come";
        Atomics.wait(words, other, before, ${NAP});
      }
    }
  };
  const functions = [];
  functions[${LOAD}] = load;
  load(...code, 0);
  const gate = functions[${GATE}];
  functions[${MEET}] = meet;
  port.postMessage("ready");
  for (let last = 0, looks = ${PATIENCE}; ; ) {
    const isAwake = Atomics.load(words, awake) !== 0;
    gate(4 * turn, last, isAwake ? looks : ${LINGER});
    if (Atomics.load(words, turn) === last) {
      Atomics.wait(words, turn, last, isAwake ? ${NAP} : Infinity);
      looks = ${HASTE};
      continue;
    }
    looks = ${PATIENCE};
    last = (last + 1) | 0;
    try {
      for (let at = list + 1; at <= list + words[list]; at += words[at] >> ${CALL_SHIFT}) {
        functions[words[at] & ${2 ** CALL_SHIFT - 1}](${LISTED});
      }
    } catch {
      Atomics.compareExchange(words, failed, 0, ${FAILURE});
    }
    Atomics.store(words, done, last);
  }
}`;

/** A function that ends the worker. */
export type End = () => void;

/** Errors: Error if this is a page that cannot share memory with workers. */
export function checkIsolation(): void {
  if (!inNode() && !host.crossOriginIsolated) throw new Error(ISOLATION);
}

const ISOLATION =
  "memory is shared only on cross-origin isolated pages: serve them with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";

/** Starts a worker. Errors: whatever the machine says if it cannot be had. */
export function startWorker(orders: Orders): Promise<End> {
  const threads = inNode();
  return threads ? startInNode(threads.Worker, orders) : startOnPage(orders);
}

const inNode = () => host.process?.getBuiltinModule?.("worker_threads");

/** A worker does not keep a program from ending. */
function startInNode(Worker: NodeWorkerClass, orders: Orders): Promise<End> {
  const source = `const { workerData, parentPort } = globalThis.process.getBuiltinModule("worker_threads");
(${SCRIPT})(workerData, parentPort);`;
  return new Promise((resolve, reject) => {
    const worker = new Worker(source, { eval: true, workerData: orders, execArgv: [] });
    worker.once("error", reject);
    worker.once("message", () => {
      worker.unref();
      resolve(() => void worker.terminate());
    });
  });
}

async function startOnPage(orders: Orders): Promise<End> {
  const { Worker, Blob, URL } = host;
  if (!Worker || !Blob || !URL) throw new Error("there are no workers");
  const source = `onmessage = ({ data }) => (${SCRIPT})(data, globalThis);`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return await new Promise<End>((resolve, reject) => {
    const worker = new Worker(url);
    worker.onerror = ({ message }) => {
      worker.terminate();
      reject(new Error(message || "a policy of the page forbids it"));
    };
    worker.onmessage = () => resolve(() => worker.terminate());
    worker.postMessage(orders);
  }).finally(() => URL.revokeObjectURL(url));
}
