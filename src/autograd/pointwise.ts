/**
 * Functions of one number. exp, log, tanh and sigmoid are the engine's own (written once for all engines); the others are
 * JavaScript's, rounded once. What the field uses as an activation is here, too.
 */

import { positivePart, root, size } from "../arithmetic/functions.ts";
import { RuntimeError } from "../check.ts";
import { bool, type Data, type DType, float64 } from "../dense/dtype.ts";
import { fourOperations, type Unary } from "../dense/elementwise.ts";
import { engine } from "../engine/engine.ts";
import type { ElementaryName } from "../engine/functions.ts";
import type { Values } from "../engine/gemm.ts";
import { expectOperand } from "./argument.ts";
import { add, div, eq, ge, gt, le, logicalAnd, lt, mul, neg, sub, where } from "./arithmetic.ts";
import { toDtype } from "./broadcast.ts";
import { zerosLike } from "./create.ts";
import { binary, commonType, keepsIntegers, type OfOne, type Operand, real, toFloatType, unary } from "./table.ts";
import { Tensor, tracked } from "./tensor.ts";

/** One of the elementary functions in the arithmetic of the dtype. */
export const elementary =
  (name: ElementaryName) =>
  (dtype: DType): Unary => ({
    number: engine.functions(toFloatType(dtype) === float64 ? "float64" : "float32")[name],
    array: (out, x) => engine.map(name, out as Values, x as Values),
  });

/** torch.tanh. */
export const tanh: OfOne = unary("TanhBackward0", elementary("tanh"), {
  rule: (g, _, y) => mul(g, sub(1, mul(y, y))),
  reads: "y",
});
/** torch.sigmoid: 1/(1 + e^−x). */
export const sigmoid: OfOne = unary("SigmoidBackward0", elementary("sigmoid"), {
  rule: (g, _, y) => mul(g, mul(sub(1, y), y)),
  reads: "y",
});
/** torch.exp. */
export const exp: OfOne = unary("ExpBackward0", elementary("exp"), { rule: (g, _, y) => mul(g, y), reads: "y" });
/** torch.log: the natural logarithm. */
export const log: OfOne = unary("LogBackward0", elementary("log"), { rule: (g, x) => div(g, x), reads: "x" });
/** torch.log1p: log(1 + x), exact for small x. */
export const log1p: OfOne = unary("Log1PBackward0", real(Math.log1p), {
  rule: (g, x) => div(g, add(x, 1)),
  reads: "x",
});
/** torch.sqrt. */
export const sqrt: OfOne = unary("SqrtBackward0", real(Math.sqrt, root), {
  rule: (g, _, y) => div(g, mul(y, 2)),
  reads: "y",
});
/** torch.square: x². */
export function square(x: Tensor): Tensor {
  return pow(x, 2);
}
/** torch.abs: |x|. */
export const abs: OfOne = unary(
  "AbsBackward0",
  keepsIntegers(Math.abs, (x) => (x < 0n ? -x : x), size),
  {
    rule: (g, x) => mul(g, sign(x)),
    reads: "x",
  },
);
/** torch.sign: −1, 0 or 1. */
export const sign: OfOne = unary(
  "SignBackward0",
  keepsIntegers(
    (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
    (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
  ),
  { rule: (g) => mul(g, 0) },
);
/** torch.erf: the error function. */
export const erf: OfOne = unary("ErfBackward0", real(erfOf), {
  rule: (g, x) => mul(g, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))),
  reads: "x",
});

/** torch.relu: max(x, 0). */
export const relu: OfOne = unary(
  "ReluBackward0",
  keepsIntegers(
    (x) => (x < 0 ? 0 : x),
    (x) => (x < 0n ? 0n : x),
    positivePart,
  ),
  { rule: (g, _, y) => whereAbove(g, y), reads: "y" },
);
/** `g` where y > 0, else 0; to y its derivative is zero. NaN lets `g` pass, as in torch: the question is y ≤ 0. */
function whereAbove(g: Tensor, y: Tensor): Tensor {
  const { value } = where(le(y, 0), 0, g);
  return tracked(
    "ThresholdBackwardBackward0",
    [g, y],
    value,
    [(back) => whereAbove(back, y), (back) => zerosLike(back)],
    [y],
  );
}
/** torch.nn.functional.silu: x·sigmoid(x). */
export const silu: OfOne = unary("SiluBackward0", silued, {
  rule: (g, x) => {
    const s = sigmoid(x);
    return mul(g, mul(s, add(mul(x, sub(1, s)), 1)));
  },
  reads: "x",
});
/** torch.nn.functional.logsigmoid: log(sigmoid(x)), without overflow. */
export const logsigmoid: OfOne = unary(
  "LogSigmoidBackward0",
  real((x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)))),
  {
    rule: (g, x) => mul(g, sigmoid(neg(x))),
    reads: "x",
  },
);
/** torch.nn.functional.gelu: x·Φ(x), Φ the normal distribution, or an approximation of it by tanh. */
export function gelu(x: Tensor, options: { approximate?: "none" | "tanh" } = {}): Tensor {
  return (options.approximate === "tanh" ? geluByTanh : geluByErf)(x);
}

const geluByErf = unary(
  "GeluBackward0",
  real((x) => 0.5 * x * (1 + erfOf(x * Math.SQRT1_2))),
  {
    rule: (g, x) => {
      const cdf = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
      const pdf = mul(exp(mul(mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return mul(g, add(cdf, mul(x, pdf)));
    },
    reads: "x",
  },
);

const GELU_SCALE = Math.sqrt(2 / Math.PI);
const GELU_CUBE = 0.044715;

const geluByTanh = unary(
  "GeluBackward0",
  real((x) => 0.5 * x * (1 + Math.tanh(GELU_SCALE * (x + GELU_CUBE * x ** 3)))),
  {
    rule: (g, x) => {
      const square = mul(x, x);
      const t = tanh(mul(mul(x, add(mul(square, GELU_CUBE), 1)), GELU_SCALE));
      const slope = mul(mul(sub(1, mul(t, t)), mul(add(mul(square, 3 * GELU_CUBE), 1), GELU_SCALE)), x);
      return mul(g, mul(add(add(t, 1), slope), 0.5));
    },
    reads: "x",
  },
);

/** torch.nn.functional.softplus: log(1 + e^(βx))/β, linear above the threshold. */
export function softplus(x: Tensor, beta = 1, threshold = 20): Tensor {
  const row = unary(
    "SoftplusBackward0",
    real((v) => (v * beta > threshold ? v : Math.log1p(Math.exp(v * beta)) / beta)),
    {
      rule: (g, at) => where(gt(mul(at, beta), threshold), g, mul(g, sigmoid(mul(at, beta)))),
      reads: "x",
    },
  );
  return row(x);
}

/** torch.nn.functional.leaky_relu: x, or slope·x below zero. */
export function leakyRelu(x: Tensor, negativeSlope = 0.01): Tensor {
  const row = unary(
    "LeakyReluBackward0",
    real((v) => (v > 0 ? v : v * negativeSlope)),
    {
      rule: (g, at) => where(gt(at, 0), g, mul(g, negativeSlope)),
      reads: "x",
    },
  );
  return row(x);
}

/** torch.nn.functional.elu: x, or α(e^x − 1) below zero. */
export function elu(x: Tensor, alpha = 1): Tensor {
  const row = unary(
    "EluBackward0",
    real((v) => (v > 0 ? v : alpha * Math.expm1(v))),
    {
      rule: (g, at, y) => where(gt(at, 0), g, mul(g, add(y, alpha))),
      reads: "xy",
    },
  );
  return row(x);
}

/** torch.nn.functional.hardtanh: cut to [minVal, maxVal]. */
export function hardtanh(x: Tensor, minVal = -1, maxVal = 1): Tensor {
  const row = unary(
    "HardtanhBackward0",
    ({ kind }) => {
      const [low, high] = kind === "float" ? [minVal, maxVal] : [Math.trunc(minVal), Math.trunc(maxVal)];
      const cut = (v: number): number => Math.min(Math.max(v, low), high);
      return { number: cut, integer: (v) => BigInt(cut(Number(v))) };
    },
    {
      rule: (g, at) => where(logicalAnd(gt(at, minVal), lt(at, maxVal)), g, 0),
      reads: "x",
    },
  );
  return row(x);
}

const raised = (name: string) =>
  binary(
    name,
    { number: power, short: shortPower, integer: integerPower },
    { rule: (g, a, b) => where(eq(b, 0), 0, mul(g, mul(b, pow(a, sub(b, 1))))), reads: "ab" },
    { rule: (g, a, b) => mul(g, where(logicalAnd(eq(a, 0), ge(b, 0)), 0, mul(pow(a, b), log(a)))), reads: "ab" },
  );
const tensorPower = raised("PowBackward1");
const scalarBase = raised("PowBackward2");

/** torch.pow: a^b. Python's `x ** 2` and `2 ** x`. */
export function pow(a: Operand, b: Operand): Tensor {
  if (!(a instanceof Tensor)) return scalarBase(a, b);
  if (b instanceof Tensor) return tensorPower(a, b);
  expectOperand(b, "pow", "exponent");
  const exponent = Number(b);
  const common = commonType(a, b);
  const whole = common.kind !== "float";
  if (whole && exponent < 0) throw new RuntimeError("Integers to negative integer powers are not allowed.");
  const row = unary(
    "PowBackward0",
    () => ({
      number: (x) => power(x, exponent),
      ...(!whole && exponent in wholeArrays && { array: wholeArrays[exponent]! }),
      ...(whole && {
        short: (x: number) => shortPower(x, exponent),
        integer: (x: bigint) => integerPower(x, BigInt(exponent)),
      }),
    }),
    {
      rule: (g, x) => (exponent === 0 ? mul(g, 0) : mul(g, mul(pow(x, exponent - 1), exponent))),
      reads: "x",
    },
  );
  return row(a.dtype === bool ? toDtype(a, common) : a);
}

/** The squares that losses consist of, and what their gradients ask for. */
const wholeArrays: Readonly<Record<number, (out: Data, x: Data) => void>> = {
  1: (out, x) => out.set(x as never),
  2: (out, x) => fourOperations.product.array(out as Values, x as Values, 1, x as Values, 1),
};

/** x^y where small whole powers are products, as in torch. */
function power(x: number, y: number): number {
  if (y === 2) return x * x;
  if (y === 3) return x * x * x;
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1; // JavaScript says NaN
  return y === 0.5 ? Math.sqrt(x) : x ** y;
}

function integerPower(x: bigint, y: bigint): bigint {
  if (y < 0n) return x === 1n || (x === -1n && y % 2n === 0n) ? 1n : x === -1n ? -1n : 0n;
  let result = 1n;
  for (let [square, left] = [x, y]; left > 0n; left >>= 1n) {
    if (left & 1n) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return result;
}

function shortPower(x: number, y: number): number {
  return Number(BigInt.asIntN(32, integerPower(BigInt(x), BigInt(y))));
}

function silued(dtype: DType): Unary {
  const { number } = elementary("sigmoid")(dtype);
  return { number: (x) => x * (number(x) as number) };
}

/** The error function: 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1)/(2n+1)!!, whose terms are all of one sign. */
function erfOf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) > 6) return Math.sign(x); // 1 − erf(6) is far below half an ulp
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > Math.abs(total) * 2 ** -54; n += 1) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}
