/** Functions of two and three numbers that mix them: interpolation, sums of products, angles, logarithms of sums. */
import { map } from "../dense/elementwise.ts";
import { add, div, eq, isnan, le, logicalAnd, logicalNot, lt, mul, neg, sub, where } from "./arithmetic.ts";
import { fit } from "./broadcast.ts";
import { abs, exp } from "./pointwise.ts";
import { asTensor, binary, commonType, type Operand } from "./table.ts";
import { Tensor, tracked } from "./tensor.ts";

/** torch.lerp: x + weight·(end − x), computed from the nearer end. */
export function lerp(x: Tensor, end: Tensor, weight: Operand): Tensor {
  const dtype = commonType(x, end);
  const w = asTensor(weight, dtype);
  const value = detached((a, b, c) => {
    const near = add(a, mul(c, sub(b, a)));
    const far = sub(b, mul(sub(b, a), sub(1, c)));
    return where(lt(abs(c), 0.5), near, far);
  })(x, end, w);
  return tracked(
    weight instanceof Tensor ? "LerpBackward1" : "LerpBackward0",
    [x, end, w],
    value,
    [(g) => fit(mul(g, sub(1, w)), x), (g) => fit(mul(g, w), end), (g) => fit(mul(g, sub(end, x)), w)],
    weight instanceof Tensor ? [x, end, w] : [],
  );
}

/** Numbers without a past: what an operation of several steps computes before it is recorded as one. */
function detached(f: (...x: Tensor[]) => Tensor): (...x: Tensor[]) => Tensor["value"] {
  return (...x) => f(...x.map(({ value }) => new Tensor(value))).value;
}

/** torch.addcmul: x + value·a·b. */
export function addcmul(x: Tensor, a: Tensor, b: Tensor, options: { value?: number } = {}): Tensor {
  const { value = 1 } = options;
  const scaled = (g: Tensor): Tensor => (value === 1 ? g : mul(g, value));
  return tracked(
    "AddcmulBackward0",
    [x, a, b],
    detached((p, q, r) => add(p, mul(scaled(q), r)))(x, a, b),
    [(g) => fit(g, x), (g) => fit(scaled(mul(g, b)), a), (g) => fit(scaled(mul(g, a)), b)],
    [a, b],
  );
}

/** torch.addcdiv: x + value·a/b. */
export function addcdiv(x: Tensor, a: Tensor, b: Tensor, options: { value?: number } = {}): Tensor {
  const { value = 1 } = options;
  const scaled = (g: Tensor): Tensor => (value === 1 ? g : mul(g, value));
  return tracked(
    "AddcdivBackward0",
    [x, a, b],
    detached((p, q, r) => add(p, div(scaled(q), r)))(x, a, b),
    [(g) => fit(g, x), (g) => fit(scaled(div(g, b)), a), (g) => fit(neg(scaled(mul(g, div(a, mul(b, b))))), b)],
    [a, b],
  );
}

/** torch.logaddexp: log(e^a + e^b), without overflow. */
export const logaddexp: (a: Tensor, b: Tensor) => Tensor = binary(
  "LogaddexpBackward0",
  { number: (a, b) => (a === b ? a + Math.LN2 : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)))) },
  { rule: (g, a, b) => div(g, add(exp(sub(b, a)), 1)), reads: "ab" },
  { rule: (g, a, b) => div(g, add(exp(sub(a, b)), 1)), reads: "ab" },
);

/** torch.atan2: the angle of the point (b, a). */
export const atan2: (a: Tensor, b: Tensor) => Tensor = binary(
  "Atan2Backward0",
  { number: Math.atan2 },
  { rule: (g, a, b) => mul(g, div(b, add(mul(a, a), mul(b, b)))), reads: "ab" },
  { rule: (g, a, b) => mul(g, div(neg(a), add(mul(a, a), mul(b, b)))), reads: "ab" },
);

/** What stands in for numbers that are none. */
export interface Replacements {
  readonly nan?: number;
  /** Default: the largest number of the dtype. */
  readonly posinf?: number;
  readonly neginf?: number;
}

const LARGEST: Record<string, number> = {
  float32: (2 - 2 ** -23) * 2 ** 127,
  float64: Number.MAX_VALUE,
  float16: 65504,
  bfloat16: (2 - 2 ** -7) * 2 ** 127,
};

/** torch.nan_to_num: NaN becomes 0 and infinities the largest finite numbers, or what the options say. */
export function nanToNum(x: Tensor, options: Replacements = {}): Tensor {
  const largest = LARGEST[x.dtype.name] ?? 0;
  const { nan = 0, posinf = largest, neginf = -largest } = options;
  const number = (v: number): number => {
    if (Number.isNaN(v)) return nan;
    if (v === Infinity) return posinf;
    return v === -Infinity ? neginf : v;
  };
  const finite = (): Tensor => logicalNot(isnan(sub(x, x)));
  const value = map({ number, integer: (v) => v }, x.value);
  return tracked("NanToNumBackward0", [x], value, [(g) => where(finite(), g, 0)], [x]);
}

/** torch.xlogy: a·log b, and 0 where a is 0. */
export const xlogy: (a: Operand, b: Operand) => Tensor = binary(
  "XlogyBackward0",
  { number: (a, b) => (Number.isNaN(b) ? b : a === 0 ? 0 : a * Math.log(b)) },
  { rule: (g, a, b) => where(logicalAnd(eq(a, 0), le(b, 0)), 0, xlogy(g, b)), reads: "ab" },
  { rule: (g, a, b) => mul(g, div(a, b)), reads: "ab" },
);
