/** The activations of recurrent nodes, with ONNX's names and constants. */
import { softsign } from "../autograd/activation.ts";
import { add, clamp, gt, mul, where } from "../autograd/arithmetic.ts";
import { elu, leakyRelu, relu, sigmoid, softplus, tanh } from "../autograd/pointwise.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { Call } from "./call.ts";

/** An activation with its constants filled in. */
export interface Activation {
  readonly name: string;
  readonly alpha: number | undefined;
  readonly beta: number | undefined;
  readonly run: (x: Tensor) => Tensor;
}

/** An activation as a function of its constants, and what these are if nothing is said; a "?" must be said. */
interface Rule {
  readonly alpha?: number | "?";
  readonly beta?: number | "?";
  readonly run: (x: Tensor, alpha: number, beta: number) => Tensor;
}

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["Relu", { run: relu }],
  ["Tanh", { run: (x) => tanh(x) }],
  ["Sigmoid", { run: (x) => sigmoid(x) }],
  ["Affine", { alpha: "?", beta: "?", run: (x, alpha, beta) => add(mul(x, alpha), beta) }],
  ["LeakyRelu", { alpha: 0.01, run: (x, alpha) => leakyRelu(x, alpha) }],
  ["ThresholdedRelu", { alpha: 1, run: (x, alpha) => where(gt(x, alpha), x, 0) }],
  ["ScaledTanh", { alpha: "?", beta: "?", run: (x, alpha, beta) => mul(tanh(mul(x, beta)), alpha) }],
  ["HardSigmoid", { alpha: 0.2, beta: 0.5, run: (x, alpha, beta) => clamp(add(mul(x, alpha), beta), 0, 1) }],
  ["Elu", { alpha: 1, run: (x, alpha) => elu(x, alpha) }],
  ["Softsign", { run: softsign }],
  ["Softplus", { run: (x) => softplus(x) }],
]);

/**
 * The activations of a node, in order. The constants stand in two lists, one entry for each activation that takes one.
 * Errors: FormatError.
 */
export function readActivations(call: Call, defaults: readonly string[]): Activation[] {
  const names = call.strings("activations") ?? defaults;
  if (names.length !== defaults.length) {
    throw call.error(`${names.length} activations, ${defaults.length} expected`);
  }
  const [alphas, betas] = [call.floats("activation_alpha") ?? [], call.floats("activation_beta") ?? []];
  const [nextAlpha, nextBeta] = [alphas.values(), betas.values()];
  const constant = (name: string, which: string, own: number | "?" | undefined, given: Iterator<number>) => {
    if (own === undefined) return undefined;
    const next = given.next();
    if (!next.done) return next.value;
    if (own === "?") throw call.error(`activation ${name} has no ${which}`);
    return own;
  };
  const activations = names.map((name): Activation => {
    const rule = RULES.get(name);
    if (!rule) throw call.error(`unknown activation ${name.slice(0, 40)}`);
    const alpha = constant(name, "alpha", rule.alpha, nextAlpha);
    const beta = constant(name, "beta", rule.beta, nextBeta);
    return { name, alpha, beta, run: (x) => rule.run(x, alpha ?? 0, beta ?? 0) };
  });
  return activations;
}
