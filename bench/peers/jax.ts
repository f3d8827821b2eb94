/**
 * jax-js on its WebAssembly device, for the training steps. It has no recurrent layers: these are what a user would write,
 * the whole loop over time inside one compiled function. Arrays are counted by hand there: an argument is used up, and
 * `.ref` keeps it.
 */
import { importPeer } from "../installed.ts";
import { type Peer, task } from "../peer.ts";
import type { Problem, Values } from "../problem.ts";
import { LEARNING_RATE } from "../workloads.ts";

/** An array of jax-js. */
interface JaxArray {
  readonly ref: JaxArray;
  add(other: JaxArray): JaxArray;
  sub(other: JaxArray): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  slice(...ranges: (readonly number[])[]): JaxArray;
  data(): Promise<Float32Array>;
  dispose(): void;
}

type Weights = Readonly<Record<string, JaxArray>>;
type Loss = (weights: Weights, x: JaxArray, target: JaxArray) => JaxArray;

/** What is used of the package. */
interface Jax {
  init(device: string): Promise<unknown>;
  defaultDevice(device: string): unknown;
  jit<F>(f: F): F;
  valueAndGrad(loss: Loss): (weights: Weights, x: JaxArray, target: JaxArray) => [JaxArray, Weights];
  readonly numpy: {
    array(data: Float32Array): JaxArray;
    zeros(shape: readonly number[]): JaxArray;
    transpose(x: JaxArray): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    concatenate(parts: readonly JaxArray[]): JaxArray;
    tanh(x: JaxArray): JaxArray;
    mean(x: JaxArray): JaxArray;
    sum(x: JaxArray, axis: number): JaxArray;
    square(x: JaxArray): JaxArray;
  };
  readonly nn: { sigmoid(x: JaxArray): JaxArray; logSoftmax(x: JaxArray, axis: number): JaxArray };
}

/** jax-js. */
export async function jaxJs(): Promise<Peer> {
  const jax = await importPeer<Jax>("@jax-js/jax");
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return {
    name: "jax-js",
    threads: 1,
    async prepare(problem) {
      if (problem.workload.mode !== "train") return undefined;
      // onnxruntime-web defines it in Node, which makes jax-js believe that its memory is shared.
      Reflect.deleteProperty(globalThis, "Worker");
      return task(problem.workload, train(jax, problem));
    },
  };
}

/** One step: the states after it, from W_ih·x + b_ih (B, G·H) and the states before. */
type Step = (g: JaxArray, weights: Weights, state: readonly JaxArray[]) => JaxArray[];

function stepOf({ numpy: np, nn }: Jax, { cell, workload: { H } }: Problem): Step {
  const recurrent = (h: JaxArray, weights: Weights) => np.matmul(h, weights.whh!.ref).add(weights.bhh!.ref);
  if (cell === "rnn") return (g, weights, [h]) => [np.tanh(g.add(recurrent(h!, weights)))];
  const gate = (x: JaxArray, k: number) => x.slice([], [k * H, (k + 1) * H]);
  return (g, weights, [h, c]) => {
    const a = g.add(recurrent(h!, weights));
    const [i, f] = [nn.sigmoid(gate(a.ref, 0)), nn.sigmoid(gate(a.ref, 1))];
    const [u, o] = [np.tanh(gate(a.ref, 2)), nn.sigmoid(gate(a, 3))];
    const next = f.mul(c!).add(i.mul(u));
    return [o.mul(np.tanh(next.ref)), next];
  };
}

function train(jax: Jax, problem: Problem): () => Promise<number> {
  const { numpy: np, nn } = jax;
  const { B, T, F, H, classes } = problem.workload;
  const step = stepOf(jax, problem);
  const array = ({ data, shape }: Values): JaxArray => np.array(data).reshape(shape);
  const weight = (name: string): JaxArray => array(problem.weights.get(name)!);
  let weights: Weights = {
    wih: np.transpose(weight("weight_ih_l0")),
    whh: np.transpose(weight("weight_hh_l0")),
    bih: weight("bias_ih_l0"),
    bhh: weight("bias_hh_l0"),
    ...(classes > 0 && { head: np.transpose(weight("head.weight")), bias: weight("head.bias") }),
  };
  const x = array(problem.x).reshape([T * B, F]);
  const target = array(problem.target).reshape([T * B, classes || H]);
  const loss: Loss = (w, input, wanted) => {
    const projected = np.matmul(input, w.wih!).add(w.bih!);
    let state = (problem.cell === "lstm" ? [0, 1] : [0]).map(() => np.zeros([B, H]));
    const outputs: JaxArray[] = [];
    for (let t = 0; t < T; t += 1) {
      state = step(projected.ref.slice([t * B, (t + 1) * B]), w, state);
      outputs.push(state[0]!.ref);
    }
    for (const done of [projected, w.whh!, w.bhh!, ...state]) done.dispose();
    const y = np.concatenate(outputs);
    if (classes === 0) return np.mean(np.square(y.sub(wanted)));
    const scores = nn.logSoftmax(np.matmul(y, w.head!).add(w.bias!), -1);
    return np.mean(np.sum(scores.mul(wanted), -1)).mul(-1);
  };
  const update = jax.jit((w: Weights, input: JaxArray, wanted: JaxArray): [JaxArray, Weights] => {
    const kept = Object.fromEntries(Object.entries(w).map(([name, value]) => [name, value.ref]));
    const [value, gradients] = jax.valueAndGrad(loss)(kept, input, wanted);
    const next = Object.entries(w).map(([name, old]) => [name, old.sub(gradients[name]!.mul(LEARNING_RATE))]);
    return [value, Object.fromEntries(next)];
  });
  return async () => {
    const [value, next] = update(weights, x.ref, target.ref);
    weights = next;
    return (await value.data())[0]!;
  };
}
