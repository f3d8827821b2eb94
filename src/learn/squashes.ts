/** The functions that are taken one for another: those of the pages, and those that other software puts in their place. */

const clip = (v: number, low: number, high: number): number => Math.min(Math.max(v, low), high);
const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
const leaky =
  (slope: number) =>
  (v: number): number =>
    v < 0 ? slope * v : v;

/** Those that are often taken for one another. */
export const COMMON: readonly string[] = ["tanh", "sigmoid", "relu", "hard sigmoid"];

/** By name, the likelier ones first. */
export const SQUASHES: Readonly<Record<string, (v: number) => number>> = {
  tanh: Math.tanh,
  sigmoid,
  relu: (v) => Math.max(v, 0),
  "hard sigmoid": (v) => clip(v / 6 + 0.5, 0, 1),
  "Keras's hard sigmoid (0.2·v + 0.5)": (v) => clip(0.2 * v + 0.5, 0, 1),
  hardtanh: (v) => clip(v, -1, 1),
  "leaky relu": leaky(0.01),
  "leaky relu (0.1)": leaky(0.1),
  "leaky relu (0.2)": leaky(0.2),
  elu: (v) => (v < 0 ? Math.expm1(v) : v),
  softsign: (v) => v / (1 + Math.abs(v)),
  silu: (v) => v * sigmoid(v),
  softplus: (v) => Math.log1p(Math.exp(v)),
  relu6: (v) => clip(v, 0, 6),
  "tanh(v/2)": (v) => Math.tanh(v / 2),
  "1.7159·tanh(2/3·v)": (v) => 1.7159 * Math.tanh((2 / 3) * v),
  sine: Math.sin,
  "exp(v)": Math.exp,
  "step function": (v) => (v > 0 ? 1 : 0),
};
