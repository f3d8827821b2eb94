/** Sums, products and their kin: functions of two or three numbers, broadcast. */
import { fma32, fma64 } from "../arithmetic/fma.ts";
import { RuntimeError } from "../check.ts";
import { bool, float64 } from "../dense/dtype.ts";
import { type Binary, map, select } from "../dense/elementwise.ts";
import { fit } from "./broadcast.ts";
import { asTensor, binary, commonType, comparison, type Operand, unary } from "./table.ts";
import { Tensor, tracked } from "./tensor.ts";

const sum: Binary = { number: (a, b) => a + b, integer: (a, b) => a + b };
const difference: Binary = { number: (a, b) => a - b, integer: (a, b) => a - b };
const reversedDifference: Binary = { number: (a, b) => b - a, integer: (a, b) => b - a };
const product: Binary = { number: (a, b) => a * b, integer: (a, b) => a * b };
const quotient: Binary = { number: (a, b) => a / b };

const plus = binary("AddBackward0", sum, { rule: (g) => g }, { rule: (g) => g });
const minus = binary("SubBackward0", difference, { rule: (g) => g }, { rule: (g) => neg(g) });
const reversedMinus = binary("RsubBackward1", reversedDifference, { rule: (g) => neg(g) }, { rule: (g) => g });
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
  return alpha === 1 ? plus(a, b) : scaledSum(a, b, alpha);
}

/** torch.sub: a − alpha·b. With a plain value first it is Python's `1 - x`, whose node torch calls Rsub. */
export function sub(a: Operand, b: Operand, options: { alpha?: number } = {}): Tensor {
  const { alpha = 1 } = options;
  if (alpha !== 1) return scaledSum(a, b, -alpha);
  return a instanceof Tensor ? minus(a, b) : reversedMinus(b, a);
}

/** torch.rsub: b − a. */
export function rsub(a: Operand, b: Operand): Tensor {
  return reversedMinus(a, b);
}

/** torch.mul: a·b, element by element. */
export function mul(a: Operand, b: Operand): Tensor {
  return times(a, b);
}

/** torch.div: a/b; integers give floats. With a plain value first it is Python's `1 / x`: a reciprocal, then a product. */
export function div(a: Operand, b: Operand): Tensor {
  return a instanceof Tensor || !(b instanceof Tensor) ? over(a, b) : mul(reciprocal(b), a);
}

/** torch.reciprocal: 1/x. */
export const reciprocal: (x: Tensor) => Tensor = unary("ReciprocalBackward0", () => ({ number: (x) => 1 / x }), {
  rule: (g, _, y) => mul(neg(g), mul(y, y)),
  reads: "y",
});

/** torch.neg: −x. */
export const neg: (x: Tensor) => Tensor = unary("NegBackward0", () => ({ number: (x) => -x, integer: (x) => -x }), {
  rule: (g) => neg(g),
});

/** a + scale·b with one rounding, as torch's kernel has it. */
function scaledSum(a: Operand, b: Operand, scale: number): Tensor {
  const dtype = commonType(a, b);
  if (dtype.kind !== "float") return plus(a, mul(b, scale));
  const fma = dtype === float64 ? fma64 : fma32;
  const alpha = dtype === float64 ? scale : Math.fround(scale);
  const kernel = binary(
    "AddBackward0",
    { number: (x, y) => fma(alpha, y, x) },
    { rule: (g) => g },
    { rule: (g) => mul(g, scale) },
  );
  return kernel(a, b);
}

/** torch.maximum: the larger of two; where they are equal each gets half of the gradient. */
export const maximum: (a: Operand, b: Operand) => Tensor = extreme(
  "MaximumBackward0",
  { number: (a, b) => Math.max(a, b), integer: (a, b) => (a > b ? a : b) },
  (a, b) => gt(a, b),
);

/** torch.minimum: the smaller of two; where they are equal each gets half of the gradient. */
export const minimum: (a: Operand, b: Operand) => Tensor = extreme(
  "MinimumBackward0",
  { number: (a, b) => Math.min(a, b), integer: (a, b) => (a < b ? a : b) },
  (a, b) => lt(a, b),
);

function extreme(name: string, f: Binary, wins: (a: Tensor, b: Tensor) => Tensor): (a: Operand, b: Operand) => Tensor {
  const share = (g: Tensor, mine: Tensor, other: Tensor): Tensor =>
    where(eq(mine, other), div(g, 2), mul(g, wins(mine, other)));
  return binary(
    name,
    f,
    { rule: (g, a, b) => share(g, a, b), reads: "ab" },
    { rule: (g, a, b) => share(g, b, a), reads: "ab" },
  );
}

/** torch.remainder, Python's `%`: the result has the sign of the divisor. */
export const remainder: (a: Operand, b: Operand) => Tensor = binary(
  "RemainderBackward0",
  {
    number: (a, b) => a - b * Math.floor(a / b),
    integer: (a, b) => {
      expectDivisor(b);
      return ((a % b) + b) % b;
    },
  },
  { rule: (g) => g },
  { rule: (g, a, b) => neg(mul(g, floorDivide(a, b))), reads: "ab" },
);

/** torch.fmod, C's `%`: the result has the sign of the dividend. */
export const fmod: (a: Operand, b: Operand) => Tensor = binary(
  "FmodBackward0",
  {
    number: (a, b) => a % b,
    integer: (a, b) => {
      expectDivisor(b);
      return a % b;
    },
  },
  { rule: (g) => g },
  { rule: (g, a, b) => neg(mul(g, trunc(div(a, b)))), reads: "ab" },
);

const trunc = unary("TruncBackward0", () => ({ number: Math.trunc, integer: (x) => x }), { rule: (g) => mul(g, 0) });

/** torch.floor_divide, Python's `//`: rounds down. It has no gradient. */
export function floorDivide(a: Operand, b: Operand): Tensor {
  const dtype = commonType(a, b);
  const kernel = binary(
    "NotImplemented",
    {
      number: (x, y) => Math.floor(x / y),
      integer: (x, y) => {
        expectDivisor(y);
        return (x - (((x % y) + y) % y)) / y;
      },
    },
    { rule: (g) => mul(g, 0) },
    { rule: (g) => mul(g, 0) },
  );
  return kernel(detached(asTensor(a, dtype)), detached(asTensor(b, dtype)));
}

function detached(x: Tensor): Tensor {
  return new Tensor(x.value);
}

function expectDivisor(divisor: bigint): void {
  if (divisor === 0n) throw new RuntimeError("ZeroDivisionError");
}

/** a = b, as a mask. */
export const eq: (a: Operand, b: Operand) => Tensor = comparison({
  number: (a, b) => a === b,
  integer: (a, b) => a === b,
});
/** a ≠ b, as a mask. */
export const ne: (a: Operand, b: Operand) => Tensor = comparison({
  number: (a, b) => a !== b,
  integer: (a, b) => a !== b,
});
/** a > b, as a mask. */
export const gt: (a: Operand, b: Operand) => Tensor = comparison({ number: (a, b) => a > b, integer: (a, b) => a > b });
/** a ≥ b, as a mask. */
export const ge: (a: Operand, b: Operand) => Tensor = comparison({
  number: (a, b) => a >= b,
  integer: (a, b) => a >= b,
});
/** a < b, as a mask. */
export const lt: (a: Operand, b: Operand) => Tensor = comparison({ number: (a, b) => a < b, integer: (a, b) => a < b });
/** a ≤ b, as a mask. */
export const le: (a: Operand, b: Operand) => Tensor = comparison({
  number: (a, b) => a <= b,
  integer: (a, b) => a <= b,
});
/** Both non-zero, as a mask. */
export const logicalAnd: (a: Operand, b: Operand) => Tensor = comparison({
  number: (a, b) => a !== 0 && b !== 0,
  integer: (a, b) => a !== 0n && b !== 0n,
});
/** At least one non-zero, as a mask. */
export const logicalOr: (a: Operand, b: Operand) => Tensor = comparison({
  number: (a, b) => a !== 0 || b !== 0,
  integer: (a, b) => a !== 0n || b !== 0n,
});
/** Just one non-zero, as a mask. */
export const logicalXor: (a: Operand, b: Operand) => Tensor = comparison({
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
  if (condition.dtype !== bool && condition.dtype.name !== "uint8") {
    throw new RuntimeError(
      `where expected condition to be a boolean tensor, but got a tensor with dtype ${condition.dtype.scalarType}`,
    );
  }
  const dtype = commonType(a, b);
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
    throw new RuntimeError(
      `masked_fill_ only supports boolean masks, but got mask with dtype ${mask.dtype.scalarType}`,
    );
  }
  const filler = asTensor(value, x.dtype);
  return tracked(
    "MaskedFillBackward0",
    [x, filler],
    select(mask.value, filler.value, x.value, x.dtype),
    [(g) => fit(where(mask, 0, g), x), (g) => fit(where(mask, g, 0), filler)],
    [mask],
  );
}

/** torch.clamp: cut to [min, max]; the gradient passes where nothing was cut. */
export function clamp(x: Tensor, options: { min?: Operand; max?: Operand }): Tensor {
  const { min, max } = options;
  if (min === undefined && max === undefined) {
    throw new RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None");
  }
  const dtype = commonType(x, ...[min, max].filter((bound) => bound !== undefined));
  const low = min === undefined ? undefined : asTensor(min, dtype);
  const high = max === undefined ? undefined : asTensor(max, dtype);
  let { value } = x;
  if (low) value = select(lt(x, low).value, low.value, value, dtype);
  if (high) value = select(gt(new Tensor(value), high).value, high.value, value, dtype);
  const inside = (): Tensor => {
    const above = low ? ge(x, low) : undefined;
    const below = high ? le(x, high) : undefined;
    return above && below ? logicalAnd(above, below) : (above ?? below)!;
  };
  return tracked("ClampBackward1", [x], value, [(g) => fit(where(inside(), g, 0), x)], [x]);
}
