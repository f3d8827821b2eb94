/**
 * TensorFlow.js on its WebAssembly backend. It has one bias where torch has two, its GRU resets before the product, and
 * it stays on one thread in Node.
 */
import { dirname, join } from "node:path";
import { requirePeer } from "../installed.ts";
import { type Peer, task } from "../peer.ts";
import type { Problem, Values } from "../problem.ts";
import { type CellKind, LEARNING_RATE } from "../workloads.ts";

/** A tensor of tfjs. */
interface TfTensor {
  transpose(order?: readonly number[]): TfTensor;
  reshape(shape: readonly number[]): TfTensor;
  dataSync(): Float32Array;
  dispose(): void;
}

interface TfLayer {
  apply(x: TfTensor | readonly TfTensor[], options?: object): TfTensor;
  call(x: readonly TfTensor[], options: object): TfTensor[];
  build(shape: readonly number[]): void;
  setWeights(weights: readonly TfTensor[]): void;
  dispose(): void;
}

type MakeLayer = (options: object) => TfLayer;

/** What is used of the package. */
interface Tf {
  readonly layers: Readonly<Record<string, MakeLayer>>;
  readonly losses: Readonly<
    Record<"softmaxCrossEntropy" | "meanSquaredError", (target: TfTensor, y: TfTensor) => TfTensor>
  >;
  readonly train: { sgd(rate: number): { minimize(loss: () => TfTensor, returnCost: true): TfTensor } };
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor(data: Float32Array, shape: readonly number[]): TfTensor;
  zeros(shape: readonly number[]): TfTensor;
  tidy<T>(work: () => T): T;
}

const LAYERS: Readonly<Record<CellKind, string>> = { rnn: "simpleRNN", lstm: "lstm", gru: "gru" };

/** tfjs-wasm. */
export async function tfjs(): Promise<Peer> {
  const tf = await quietly(() => start());
  return {
    name: "tfjs-wasm",
    threads: 1,
    async prepare(problem) {
      const { workload } = problem;
      const call = { run, step, train }[workload.mode](tf, problem);
      return task(workload, call);
    },
  };
}

async function start(): Promise<Tf> {
  const tf = requirePeer("@tensorflow/tfjs") as Tf;
  const wasm = requirePeer("@tensorflow/tfjs-backend-wasm") as { setWasmPaths(folder: string): void };
  wasm.setWasmPaths(join(dirname(requirePeer.resolve("@tensorflow/tfjs-backend-wasm/package.json")), "dist/"));
  await tf.setBackend("wasm");
  await tf.ready();
  return tf;
}

/** Without the advertisements that the library prints when it starts. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { log, warn } = console;
  console.log = console.warn = () => {};
  try {
    return await work();
  } finally {
    Object.assign(console, { log, warn });
  }
}

/** The weights of one direction of a layer: kernels transposed, the biases as one. */
function weightsOf(tf: Tf, { weights, cell }: Problem, side: string): TfTensor[] {
  const get = (role: string): Values => weights.get(`${role}_${side}`)!;
  // torch's r z n is z r n here
  const order = { rnn: [0], lstm: [0, 1, 2, 3], gru: [1, 0, 2] }[cell];
  const sorted = (values: Values): Float32Array => {
    const block = values.data.length / order.length;
    const parts = order.map((gate) => values.data.subarray(gate * block, (gate + 1) * block));
    return Float32Array.from(parts.flatMap((part) => [...part]));
  };
  const kernel = (values: Values): TfTensor => tf.tidy(() => tf.tensor(sorted(values), values.shape).transpose());
  const [first, second] = [sorted(get("bias_ih")), sorted(get("bias_hh"))];
  const bias = tf.tensor(
    first.map((b, i) => b + second[i]!),
    [first.length],
  );
  return [kernel(get("weight_ih")), kernel(get("weight_hh")), bias];
}

function options({ workload: { H }, cell }: Problem): object {
  const fast = { kernelInitializer: "zeros", recurrentInitializer: "zeros" };
  return { units: H, returnSequences: true, ...fast, ...(cell === "rnn" ? {} : { recurrentActivation: "sigmoid" }) };
}

/** The layers of a problem as one function of (B, T, F), built and filled. */
function network(tf: Tf, problem: Problem): (x: TfTensor) => TfTensor {
  const { layers, directions, F, H } = problem.workload;
  const make = tf.layers[LAYERS[problem.cell]]!;
  const stack = Array.from({ length: layers }, (_, l) => {
    const inner = make(options(problem));
    const layer = directions === 2 ? tf.layers.bidirectional!({ layer: inner, mergeMode: "concat" }) : inner;
    tf.tidy(() => void layer.apply(tf.zeros([1, 1, l === 0 ? F : H * directions])));
    const sides = directions === 2 ? [`l${l}`, `l${l}_reverse`] : [`l${l}`];
    layer.setWeights(sides.flatMap((side) => weightsOf(tf, problem, side)));
    return layer;
  });
  return (x) => stack.reduce((input, layer) => layer.apply(input), x);
}

// A typed array must not leave `tidy`, which would search each of its numbers for tensors.
function read(tf: Tf, work: () => TfTensor): Float32Array {
  const y = tf.tidy(work);
  const data = y.dataSync();
  y.dispose();
  return data;
}

function run(tf: Tf, problem: Problem): () => Float32Array {
  const { data, shape } = problem.x;
  const net = network(tf, problem);
  return () => read(tf, () => net(tf.tensor(data, shape).transpose([1, 0, 2])).transpose([1, 0, 2]));
}

function step(tf: Tf, problem: Problem): () => Float32Array {
  const { F, H, B } = problem.workload;
  const cell = tf.layers[`${LAYERS[problem.cell]}Cell`]!(options(problem));
  cell.build([B, F]);
  cell.setWeights(weightsOf(tf, problem, "l0"));
  let state = (problem.cell === "lstm" ? [0, 1] : [0]).map(() => tf.zeros([B, H]));
  return () => {
    const [y, ...next] = tf.tidy(() => cell.call([tf.tensor(problem.x.data, [B, F]), ...state], {}));
    const data = y!.dataSync();
    for (const old of state) old.dispose();
    state = next;
    if (!next.includes(y!)) y!.dispose();
    return data;
  };
}

function train(tf: Tf, problem: Problem): () => number {
  const { H, classes } = problem.workload;
  const net = network(tf, problem);
  const swapped = ({ data, shape }: Values): TfTensor => tf.tidy(() => tf.tensor(data, shape).transpose([1, 0, 2]));
  const [x, ahead] = [swapped(problem.x), swapped(problem.target)];
  const target = classes > 0 ? ahead.reshape([-1, classes]) : ahead;
  const head = classes > 0 ? tf.layers.dense!({ units: classes }) : undefined;
  if (head) {
    const [weight, bias] = [problem.weights.get("head.weight")!, problem.weights.get("head.bias")!];
    tf.tidy(() => void head.apply(tf.zeros([1, H])));
    head.setWeights([tf.tensor(weight.data, weight.shape).transpose(), tf.tensor(bias.data, bias.shape)]);
  }
  const loss = (): TfTensor =>
    head
      ? tf.losses.softmaxCrossEntropy(target, head.apply(net(x).reshape([-1, H])))
      : tf.losses.meanSquaredError(target, net(x));
  const optimizer = tf.train.sgd(LEARNING_RATE);
  return () => read(tf, () => optimizer.minimize(loss, true))[0]!;
}
