/**
 * How large initial weights should be: the pure mathematics of torch.nn.init. A layer keeps the variance of its signal
 * when the weights' variance is gain²/fan (He et al. 2015) or 2·gain²/(fanIn + fanOut) (Glorot & Bengio 2010).
 */
import { ValueError } from "../check.ts";

/** The activations that torch.nn.init.calculate_gain knows. */
export type Nonlinearity =
  | "linear"
  | "conv1d"
  | "conv2d"
  | "conv3d"
  | "conv_transpose1d"
  | "conv_transpose2d"
  | "conv_transpose3d"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leaky_relu"
  | "selu";

/** Which side of a weight counts: its inputs (keeps the forward variance) or its outputs (the backward one). */
export type FanMode = "fan_in" | "fan_out";

/** The factor by which an activation needs larger weights; `negativeSlope` is leaky_relu's (torch.nn.init.calculate_gain). */
export function calculateGain(nonlinearity: Nonlinearity, negativeSlope?: number | null): number {
  if (nonlinearity === "tanh") return 5 / 3;
  if (nonlinearity === "relu") return Math.sqrt(2);
  if (nonlinearity === "leaky_relu") {
    const slope = negativeSlope ?? 0.01;
    if (typeof slope !== "number") throw new ValueError(`negative_slope ${pythonWord(slope)} not a valid number`);
    return Math.sqrt(2 / (1 + slope * slope));
  }
  if (nonlinearity === "selu") return 3 / 4;
  if (!LINEAR.test(nonlinearity)) throw new ValueError(`Unsupported nonlinearity ${pythonWord(nonlinearity)}`);
  return 1;
}

/** The inputs and outputs that one unit is connected with, for a weight of shape (outputs, inputs, ...kernel). */
export function calculateFans(shape: readonly number[]): readonly [fanIn: number, fanOut: number] {
  const [outputs, inputs, ...kernel] = shape;
  if (shape.length < 2) {
    throw new ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions");
  }
  const field = kernel.reduce((product, size) => product * size, 1);
  return [inputs * field, outputs * field];
}

/** The standard deviation of kaiming_normal_, gain/√fan. */
export function kaimingStd(
  shape: readonly number[],
  negativeSlope = 0,
  mode: FanMode = "fan_in",
  nonlinearity: Nonlinearity = "leaky_relu",
): number {
  const lower = mode.toLowerCase();
  if (lower !== "fan_in" && lower !== "fan_out") {
    throw new ValueError(`Mode ${lower} not supported, please use one of ['fan_in', 'fan_out']`);
  }
  const [fanIn, fanOut] = calculateFans(shape);
  return calculateGain(nonlinearity, negativeSlope) / Math.sqrt(lower === "fan_in" ? fanIn : fanOut);
}

/** The standard deviation of xavier_normal_, gain·√(2/(fanIn + fanOut)). */
export function xavierStd(shape: readonly number[], gain = 1): number {
  const [fanIn, fanOut] = calculateFans(shape);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

/** The bound b for which the uniform distribution over [-b, b) has a standard deviation: √3·std. */
export function uniformBound(std: number): number {
  return Math.sqrt(3) * std;
}

const LINEAR = /^(linear|sigmoid|conv(_transpose)?[123]d)$/;

const pythonWord = (value: unknown): string =>
  ({ true: "True", false: "False", null: "None" })[String(value)] ?? String(value);
