/** torch itself, in a Python that stays and answers questions; see torch_child.py. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { join } from "node:path";
import { BENCH } from "../installed.ts";
import { CHECKED_STEPS, type Peer } from "../peer.ts";
import type { Problem } from "../problem.ts";
import { LEARNING_RATE } from "../workloads.ts";

/** torch on the given Python. Errors: what Python writes when it cannot import torch. */
export async function torch(python: string, threads: number): Promise<Peer> {
  const child = spawn(python, [join(BENCH, "peers", "torch_child.py"), String(threads)]);
  const answers = new Answers(child);
  await answers.line();
  return {
    name: "torch",
    threads,
    async prepare(problem) {
      await ask(child, answers, problem);
      return {
        async check() {
          child.stdin.write(`${JSON.stringify({ do: "check", steps: CHECKED_STEPS })}\n`);
          const { count } = (await answers.line()) as { count: number };
          const bytes = await answers.bytes(4 * count);
          return new Float32Array(new Uint8Array(bytes).buffer);
        },
        async repeat(calls) {
          child.stdin.write(`${JSON.stringify({ do: "repeat", calls })}\n`);
          return ((await answers.line()) as { milliseconds: number }).milliseconds;
        },
      };
    },
    async close() {
      child.stdin.end();
    },
  };
}

async function ask(child: ChildProcessWithoutNullStreams, answers: Answers, problem: Problem): Promise<void> {
  const { workload, cell, weights, x, target } = problem;
  const tensors = [...weights, ["x", x] as const, ["target", target] as const];
  const plan = tensors.map(([name, { shape }]) => [name, shape]);
  const request = { do: "prepare", ...workload, cell, rate: LEARNING_RATE, tensors: plan };
  child.stdin.write(`${JSON.stringify(request)}\n`);
  for (const [, { data }] of tensors) {
    child.stdin.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  await answers.line();
}

/** What the child writes, cut into lines and into runs of bytes. */
class Answers {
  #rest = Buffer.alloc(0);
  #errors = "";
  #ended = false;
  #wake: () => void = () => {};

  constructor(child: ChildProcessWithoutNullStreams) {
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    child.stdout.on("data", (bytes: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, bytes]);
      this.#wake();
    });
    child.stderr.on("data", (bytes: Buffer) => {
      this.#errors += bytes.toString();
    });
    child.on("error", (error) => {
      this.#errors += error.message;
      end();
    });
    child.on("close", end);
  }

  /** The next line, as JSON. */
  async line(): Promise<unknown> {
    while (!this.#rest.includes(10)) await this.#more();
    return JSON.parse(this.#take(this.#rest.indexOf(10) + 1).toString());
  }

  /** The next `count` bytes. */
  async bytes(count: number): Promise<Buffer> {
    while (this.#rest.length < count) await this.#more();
    return this.#take(count);
  }

  #take(count: number): Buffer {
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  #more(): Promise<void> {
    if (this.#ended) throw new Error(this.#errors.trim().split("\n").at(-1) || "torch has ended without a word");
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
