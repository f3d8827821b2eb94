/**
 * Uniform draws: v = from + u·(to - from) in one rounding, with u in [0, 1). A v that rounds up to `to` becomes `from`.
 */
import { fma32, fma64 } from "../arithmetic/fma.ts";
import { RuntimeError } from "../check.ts";
import { type DrawType, type FloatArray, fill, LIMITS, numberText, rounding, typeOf } from "./element.ts";
import type { Generator } from "./generator.ts";

/** Fills `out` from the uniform distribution over [from, to) (Tensor.uniform_; torch.rand is [0, 1)). */
export function uniform<Out extends FloatArray>(
  generator: Generator,
  out: Out,
  from = 0,
  to = 1,
  type: DrawType = typeOf(out),
): Out {
  expectUniformBounds(from, to, type);
  if (type === "float64") {
    const range = to - from;
    return fill(out, type, () => {
      const value = fma64(generator.u53(), range, from);
      return value === to ? from : value;
    });
  }
  const low = Math.fround(from);
  const range = Math.fround(Math.fround(to) - low);
  const round = rounding(type);
  const [first, end] = [round(from), round(to)];
  if (out instanceof Float32Array && type === "float32" && isExact(range, low)) {
    generator.fill24(out, range, low);
    for (let at = out.indexOf(end); at >= 0; at = out.indexOf(end, at + 1)) out[at] = first;
    return out;
  }
  return fill(out, type, () => {
    const value = round(fma32(generator.u24(), range, low));
    return value === end ? first : value;
  });
}

/**
 * Whether every u·range + low is exact in float64, for u of 24 bits: multiples of range·2^-48 or so, below range·2^5. Then
 * storing it is its one rounding.
 */
function isExact(range: number, low: number): boolean {
  const ratio = Math.abs(low) / range;
  return low === 0 || (ratio > 2 ** -23 && ratio < 2 ** 4);
}

function expectUniformBounds(from: number, to: number, type: DrawType): void {
  const { lowest, highest, name } = LIMITS[type];
  if (!(from >= lowest && from <= highest)) throw new RuntimeError(`from is out of bounds for ${name}`);
  if (!(to >= lowest && to <= highest)) throw new RuntimeError(`to is out of bounds for ${name}`);
  if (from > to) {
    throw new RuntimeError(
      `uniform_ expects to return a [from, to) range, but found from=${numberText(from)} > to=${numberText(to)}`,
    );
  }
  if (to - from > highest) {
    throw new RuntimeError(
      `uniform_ expects to-from <= std::numeric_limits<${SCALAR_TYPES[type]}>::max(), but found to=${numberText(to)} ` +
        `and from=${numberText(from)} which result in to-from to exceed the limit`,
    );
  }
}

const SCALAR_TYPES: Partial<Record<DrawType, string>> = {
  float32: "Float",
  float64: "Double",
  float16: "Half",
  bfloat16: "BFloat16",
};
