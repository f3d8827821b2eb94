/** Sums, products and their kin: functions of two or three numbers, broadcast. */
import { fma32, fma64 } from "../arithmetic/fma.ts";
import { inverse, opposite } from "../arithmetic/functions.ts";
import { RuntimeError } from "../check.ts";
import { comparisons } from "../dense/comparisons.ts";
import type { Dense } from "../dense/dense.ts";
import { bool, dtypeOfScalar, float64, promoteTypes } from "../dense/dtype.ts";
import { fourOperations, map, select } from "../dense/elementwise.ts";
import { cppName } from "../dense/range.ts";
import { expectTensor } from "./argument.ts";
import { fit } from "./broadcast.ts";
import { roundedQuotient } from "./division.ts";
import { asTensor, binary, commonType, comparison, type Operand, unary } from "./table.ts";
import { Tensor, tracked } from "./tensor.ts";

const { sum, difference, reversedDifference, product, quotient } = fourOperations;

const plus = binary("AddBackward0", sum, { rule: (g) => g }, { rule: (g) => g });
const minus = binary("SubBackward0", difference, { rule: (g) => g }, { rule: (g) => neg(g) });
const reversedMinus = (name: string) => binary(name, reversedDifference, { rule: (g) => neg(g) }, { rule: (g) => g });
const tensorMinus = reversedMinus("RsubBackward0");
const numberMinus = reversedMinus("RsubBackward1");
const times = binary(
  "MulBackward0",
  product,
  { rule: (g, _, b) => mul(g, b), reads: "b" },
  { rule: (g, a) => mul(g, a), reads: "a" },
);
const over = binary(
  "DivBackward0",
  quotient,
  { rule: (g, _, b) => div(g, b), reads: "b" },
  { rule: (g, a, b) => mul(neg(g), div(div(a, b), b)), reads: "ab" },
);

/** torch.add: a + alpha·b. */
export function add(a: Operand, b: Operand, options: { alpha?: number } = {}): Tensor {
  const { alpha = 1 } = options;
  return alpha === 1 ? plus(a, b) : scaledSum("AddBackward0", a, b, alpha);
}

/** torch.sub: a − alpha·b. With a plain value first it is Python's `1 - x`, whose node torch calls Rsub. */
export function sub(a: Operand, b: Operand, options: { alpha?: number } = {}): Tensor {
  const { alpha = 1 } = options;
  if (!(a instanceof Tensor)) return rsub(b as Tensor, a);
  expectNoMasks(a, b);
  return alpha === 1 ? minus(a, b) : scaledSum("SubBackward0", a, b, -alpha);
}

/** torch.rsub: b − a. */
export function rsub(a: Tensor, b: Operand): Tensor {
  expectNoMasks(a, b);
  return (b instanceof Tensor ? tensorMinus : numberMinus)(a, b);
}

function expectNoMasks(a: Tensor, b: Operand): void {
  const masks = [a, b].filter((x) => typeof x === "boolean" || (x instanceof Tensor && x.dtype === bool));
  if (masks.length === 0) return;
  const which = masks.length === 2 ? "with two bool tensors" : "with a bool tensor";
  const instead =
    masks.length === 2
      ? "Use the `^` or `logical_xor()` operator instead."
      : "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.";
  throw new RuntimeError(`Subtraction, the \`-\` operator, ${which} is not supported. ${instead}`);
}

/** torch.mul: a·b, element by element. */
export function mul(a: Operand, b: Operand): Tensor {
  return times(a, b);
}

/**
 * torch.div: a/b; integers give floats unless the quotient is rounded. With a plain value first it is Python's `1 / x`: a
 * reciprocal, then a product.
 */
export function div(a: Operand, b: Operand, options: { roundingMode?: "floor" | "trunc" | null } = {}): Tensor {
  const { roundingMode } = options;
  if (roundingMode) return roundedQuotient(a, b, roundingMode);
  return a instanceof Tensor || !(b instanceof Tensor) ? over(a, b) : mul(reciprocal(b), a);
}

/** torch.reciprocal: 1/x. */
export const reciprocal: (x: Tensor) => Tensor = unary(
  "ReciprocalBackward0",
  () => ({ number: (x) => 1 / x, page: inverse }),
  {
    rule: (g, _, y) => mul(neg(g), mul(y, y)),
    reads: "y",
  },
);

/** torch.neg: −x. */
export function neg(x: Tensor): Tensor {
  if (x.dtype !== bool) return negative(x);
  throw new RuntimeError(
    "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.",
  );
}

const negative = unary("NegBackward0", () => ({ number: (x) => -x, integer: (x) => -x, page: opposite }), {
  rule: (g) => neg(g),
});

/** a + scale·b with one rounding, as torch's kernel has it. */
function scaledSum(name: string, a: Operand, b: Operand, scale: number): Tensor {
  const dtype = commonType(a, b);
  if (dtype.kind !== "float") {
    if (!Number.isInteger(scale)) {
      throw new RuntimeError("For integral input tensors, argument alpha must not be a floating point number.");
    }
    return plus(a, mul(b, scale));
  }
  const fma = dtype === float64 ? fma64 : fma32;
  const alpha = dtype === float64 ? scale : Math.fround(scale);
  const kernel = binary(
    name,
    { number: (x, y) => fma(alpha, y, x) },
    { rule: (g) => g },
    { rule: (g) => mul(g, scale) },
  );
  return kernel(a, b);
}

/** a = b, as a mask. */
export const eq: (a: Operand, b: Operand) => Tensor = comparison("eq", comparisons.eq);
/** a ≠ b, as a mask. */
export const ne: (a: Operand, b: Operand) => Tensor = comparison("ne", comparisons.ne);
/** a > b, as a mask. */
export const gt: (a: Operand, b: Operand) => Tensor = comparison("gt", comparisons.gt);
/** a ≥ b, as a mask. */
export const ge: (a: Operand, b: Operand) => Tensor = comparison("ge", comparisons.ge);
/** a < b, as a mask. */
export const lt: (a: Operand, b: Operand) => Tensor = comparison("lt", comparisons.lt);
/** a ≤ b, as a mask. */
export const le: (a: Operand, b: Operand) => Tensor = comparison("le", comparisons.le);
/** Both non-zero, as a mask. */
export const logicalAnd: (a: Operand, b: Operand) => Tensor = comparison("logical_and", {
  number: (a, b) => a !== 0 && b !== 0,
  integer: (a, b) => a !== 0n && b !== 0n,
});
/** At least one non-zero, as a mask. */
export const logicalOr: (a: Operand, b: Operand) => Tensor = comparison("logical_or", {
  number: (a, b) => a !== 0 || b !== 0,
  integer: (a, b) => a !== 0n || b !== 0n,
});
/** Just one non-zero, as a mask. */
export const logicalXor: (a: Operand, b: Operand) => Tensor = comparison("logical_xor", {
  number: (a, b) => (a !== 0) !== (b !== 0),
  integer: (a, b) => (a !== 0n) !== (b !== 0n),
});

/** torch.logical_not: whether x is zero, as a mask. Python's `~mask`. */
export function logicalNot(x: Tensor): Tensor {
  return eq(x, 0);
}

/** torch.isnan, as a mask. */
export function isnan(x: Tensor): Tensor {
  return ne(x, x);
}

/** torch.isinf, as a mask. */
export function isinf(x: Tensor): Tensor {
  return new Tensor(map({ number: (v) => Math.abs(v) === Infinity, integer: () => false }, x.value, x.dtype, bool));
}

/** torch.isfinite, as a mask. */
export function isfinite(x: Tensor): Tensor {
  return new Tensor(map({ number: Number.isFinite, integer: () => true }, x.value, x.dtype, bool));
}

/** torch.where: `a` where the mask is true, else `b`. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  expectTensor(condition, "where", "condition");
  if (condition.dtype !== bool && condition.dtype.name !== "uint8") {
    throw new RuntimeError(
      `where expected condition to be a boolean tensor, but got a tensor with dtype ${condition.dtype.scalarType}`,
    );
  }
  const plain = !(a instanceof Tensor) && !(b instanceof Tensor);
  const dtype = plain ? promoteTypes(dtypeOfScalar(a), dtypeOfScalar(b)) : commonType(a, b);
  const [x, y] = [asTensor(a, dtype), asTensor(b, dtype)];
  return tracked(
    "WhereBackward0",
    [x, y],
    select(condition.value, x.value, y.value, dtype),
    [(g) => fit(where(condition, g, 0), x), (g) => fit(where(condition, 0, g), y)],
    [condition],
  );
}

/** torch.masked_fill: `value` where the mask is true. */
export function maskedFill(x: Tensor, mask: Tensor, value: Operand): Tensor {
  if (mask.dtype !== bool) {
    throw new RuntimeError(`masked_fill_ only supports boolean masks, but got mask with dtype ${cppName(mask.dtype)}`);
  }
  const filler = asTensor(value, x.dtype);
  if (filler.shape.length > 0) {
    throw new RuntimeError(
      `masked_fill_ only supports a 0-dimensional value tensor, but got tensor with ${filler.shape.length} dimension(s).`,
    );
  }
  return tracked(
    value instanceof Tensor ? "MaskedFillBackward1" : "MaskedFillBackward0",
    [x, filler],
    select(mask.value, filler.value, x.value, x.dtype),
    [(g) => fit(where(mask, 0, g), x), (g) => fit(where(mask, g, 0), filler)],
    [mask],
  );
}

/** The bounds of `clamp`; one may be missing. */
export interface Bounds {
  readonly min?: Operand | null;
  readonly max?: Operand | null;
}

/** torch.clamp: cut to [min, max], numbers or tensors: `clamp(x, 0, 1)`, `clamp(x, { min: 0 })`. */
export function clamp(x: Tensor, minOrBounds?: Operand | Bounds | null, last?: Operand | null): Tensor {
  const named = typeof minOrBounds === "object" && minOrBounds !== null && !(minOrBounds instanceof Tensor);
  const bounds = named ? minOrBounds : { min: minOrBounds, max: last };
  const [min, max] = [bounds.min ?? undefined, bounds.max ?? undefined];
  if (min === undefined && max === undefined) {
    throw new RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None");
  }
  const byTensor = min instanceof Tensor || max instanceof Tensor;
  return clamped(byTensor ? "ClampBackward0" : "ClampBackward1", x, min ?? -Infinity, max ?? Infinity);
}

/** torch.clamp_min: at least `min`. */
export function clampMin(x: Tensor, min: Operand): Tensor {
  return clamped(min instanceof Tensor ? "ClampMinBackward1" : "ClampMinBackward0", x, min, Infinity);
}

/** torch.clamp_max: at most `max`. */
export function clampMax(x: Tensor, max: Operand): Tensor {
  return clamped(max instanceof Tensor ? "ClampMaxBackward1" : "ClampMaxBackward0", x, -Infinity, max);
}

function clamped(name: string, x: Tensor, min: Operand, max: Operand): Tensor {
  const dtype = commonType(x, ...[min, max].filter((bound) => bound !== Infinity && bound !== -Infinity));
  const open = dtype.kind === "float" ? undefined : 0;
  const low = asTensor(min === -Infinity ? (open ?? min) : min, dtype);
  const high = asTensor(max === Infinity ? (open ?? max) : max, dtype);
  let { value } = x;
  // a bound that is no number is the result; one that was given as a number is known to be one
  const or = (beyond: Tensor, bound: Tensor, given: Operand): Dense =>
    (Number.isFinite(given) ? beyond : logicalOr(beyond, isnan(bound))).value;
  if (min !== -Infinity) value = select(or(lt(x, low), low, min), low.value, value, dtype);
  if (max !== Infinity) value = select(or(gt(new Tensor(value), high), high, max), high.value, value, dtype);
  const inside = (): Tensor => logicalAnd(ge(x, low), le(x, high));
  const below = (): Tensor => logicalAnd(lt(x, low), lt(low, high));
  const above = (): Tensor => logicalOr(gt(x, high), lt(high, low));
  const rules = [inside, below, above].map((mask, i) => (g: Tensor) => fit(where(mask(), g, 0), [x, low, high][i]!));
  return tracked(
    name,
    [x, low, high],
    value,
    rules,
    [x, low, high].filter((t) => t === x || t === min || t === max),
  );
}
