/** This library, on its fast engine and on the plain one. */
import { engine, F, fromNumpy, nn, noGrad, optim, type Tensor } from "unrolled";
import { type Peer, type Task, task } from "../peer.ts";
import { LAYERS, type Problem, type Values } from "../problem.ts";
import { LEARNING_RATE } from "../workloads.ts";

type EngineName = Parameters<typeof engine.use>[0];

/** A layer that can be run step by step without allocation. */
interface Streaming {
  stream(): { step(x: Float32Array): Float32Array };
}

/** What the kinds of layers have in common for whoever does not look into the state. */
interface Layer {
  forward(x: Tensor, state?: unknown): readonly [output: Tensor, state: unknown];
}

/** On the fast engine, with that many threads. */
export function unrolled(threads: number): Peer {
  const own = peer("unrolled", "wasm", threads);
  return {
    ...own,
    async prepare(problem) {
      const task = await own.prepare(problem);
      return task && { ...task, repeat: (calls) => repeatWith(threads, task, calls) };
    },
    close: () => engine.threads(1),
  };
}

/** Milliseconds of calls in which others, who were idle a moment ago, wake up and code becomes fast. */
const WARM_UP = 60;

/** Whoever takes turns with a peer of another number of threads begins anew each time. */
async function repeatWith(threads: number, task: Task, calls: number): Promise<number> {
  if (engine.threadCount !== threads) {
    await engine.threads(threads);
    for (let warm = 0; warm < WARM_UP; ) warm += await task.repeat(1);
  }
  return task.repeat(calls);
}

/** On the plain one. */
export const unrolledPlain = (): Peer => ({ ...peer("unrolled-plain", "plain", 1), slow: 0.05 });

function peer(name: string, chosen: EngineName, threads: number): Peer {
  return {
    name,
    threads,
    async prepare(problem) {
      const on = <T>(work: () => T): T => {
        const before = engine.name;
        engine.use(chosen);
        try {
          return work();
        } finally {
          engine.use(before);
        }
      };
      const { check, repeat } = on(() => task(problem.workload, MODES[problem.workload.mode](problem)));
      return { check: () => on(check), repeat: (calls) => on(() => repeat(calls)) };
    },
  };
}

const MODES = { run, step, train };

const tensor = ({ data, shape }: Values): Tensor => fromNumpy(data).view([...shape]);

function layerOf({ workload: { F, H, layers, directions }, cell, weights }: Problem) {
  const layer = new LAYERS[cell](F, H, { numLayers: layers, bidirectional: directions === 2 });
  fill(layer, "", weights);
  return layer as nn.Module & Layer;
}

function fill(module: nn.Module, prefix: string, weights: Problem["weights"]): void {
  noGrad(() => {
    for (const [name, parameter] of module.namedParameters()) {
      (parameter as Tensor).copy_(tensor(weights.get(`${prefix}${name}`)!));
    }
  });
}

function run(problem: Problem): () => Float32Array {
  const layer = layerOf(problem);
  return () => noGrad(() => layer.forward(tensor(problem.x))[0].numpy() as Float32Array);
}

function step(problem: Problem): () => Float32Array {
  const session = (layerOf(problem) as unknown as Streaming).stream();
  const { data } = problem.x;
  return () => session.step(data);
}

function train(problem: Problem): () => number {
  const { H, classes } = problem.workload;
  const layer = layerOf(problem);
  const head = classes > 0 ? new nn.Linear(H, classes) : undefined;
  if (head) fill(head, "head.", problem.weights);
  const [x, target] = [tensor(problem.x), tensor(problem.target)];
  const next = fromNumpy(BigInt64Array.from(problem.classes, BigInt));
  const optimizer = new optim.SGD([...layer.parameters(), ...(head?.parameters() ?? [])], { lr: LEARNING_RATE });
  return () => {
    optimizer.zeroGrad();
    const [output] = layer.forward(x);
    const loss = head ? F.crossEntropy(head.forward(output).view(-1, classes), next) : F.mseLoss(output, target);
    loss.backward();
    optimizer.step();
    return loss.item();
  };
}
