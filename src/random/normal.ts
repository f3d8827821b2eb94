/**
 * Normal draws. Torch has two algorithms, and which one runs decides the numbers: few elements, or elements that are not
 * contiguous, are drawn one after the other in float64 (`Generator.normal`); sixteen and more go in blocks of sixteen,
 * whose two halves make eight pairs (Box & Muller 1958):
 *
 *     r = √(-2·log(1 - u[j])),  θ = 2π·u[j + 8]        then  mean + std·r·cos θ  and  mean + std·r·sin θ
 */
import { fma32, fma64 } from "../arithmetic/fma.ts";
import { RuntimeError } from "../check.ts";
import { type DrawType, type FloatArray, fill, numberText, rounding, typeOf } from "./element.ts";
import { log32, sinCos32 } from "./elementary.ts";
import type { Generator } from "./generator.ts";
import { log, sinCos } from "./precise.ts";

/** Fills `out` from the normal distribution (Tensor.normal_; torch.randn is mean 0, std 1). */
export function normal<Out extends FloatArray>(
  generator: Generator,
  out: Out,
  mean = 0,
  std = 1,
  contiguous = true,
  type: DrawType = typeOf(out),
): Out {
  if (!(std >= 0)) throw new RuntimeError(`normal expects std >= 0.0, but found std ${numberText(std)}`);
  if (out.length < BLOCK || !contiguous) return fill(out, type, () => fma64(generator.normal(), std, mean));
  fillBlocks(generator, out, mean, std, type);
  return out;
}

/**
 * Fills `out` with a mean or a standard deviation of its own for each element (torch.normal of tensors). Given the
 * deviations, torch draws standard normals and rounds twice on the way to z·std + mean.
 */
export function normalEach<Out extends FloatArray>(
  generator: Generator,
  out: Out,
  mean: number | FloatArray,
  std: number | FloatArray,
  type: DrawType = typeOf(out),
): Out {
  if (typeof std !== "number" && !std.every((value) => value >= 0)) {
    throw new RuntimeError("normal expects all elements of std >= 0.0");
  }
  const round = rounding(type);
  normal(generator, out, 0, typeof std === "number" ? std : 1, true, type);
  for (let i = 0; i < out.length; i++) {
    const scaled = typeof std === "number" ? out[i] : round(out[i] * std[i]);
    out[i] = round(scaled + (typeof mean === "number" ? round(mean) : mean[i]));
  }
  return out;
}

const BLOCK = 16;

/**
 * A whole tensor of uniforms is drawn first, except for the 16-bit floats, which draw each block when they come to it.
 * Where blocks do not fill the tensor, its last sixteen elements are drawn anew, whatever was there.
 */
function fillBlocks(generator: Generator, out: FloatArray, mean: number, std: number, type: DrawType): void {
  const wide = type === "float64";
  const half = type === "float16" || type === "bfloat16";
  const transform = wide ? transformBlock64 : transformBlock32;
  const round = rounding(type);

  const draw = (target: FloatArray): void => {
    for (let i = 0; i < target.length; i++) target[i] = wide ? generator.u53() : generator.u24();
  };
  const finish = (start: number, fresh: boolean): void => {
    const block = out.subarray(start, start + BLOCK);
    if (fresh) draw(block);
    transform(block, mean, std);
    if (half) for (let i = 0; i < BLOCK; i++) block[i] = round(block[i]);
  };

  if (!half) draw(out);
  for (let start = 0; start + BLOCK <= out.length; start += BLOCK) finish(start, half);
  if (out.length % BLOCK !== 0) finish(out.length - BLOCK, true);
}

const f = Math.fround;
const TWO_PI = f(2 * Math.PI);

function transformBlock32(block: FloatArray, mean: number, std: number): void {
  const [mean32, std32] = [f(mean), f(std)];
  for (let j = 0; j < BLOCK / 2; j++) {
    const radius = f(Math.sqrt(f(-2 * log32(f(1 - block[j])))));
    const [sin, cos] = sinCos32(f(TWO_PI * block[j + 8]));
    block[j] = fma32(f(radius * cos), std32, mean32);
    block[j + 8] = fma32(f(radius * sin), std32, mean32);
  }
}

function transformBlock64(block: FloatArray, mean: number, std: number): void {
  for (let j = 0; j < BLOCK / 2; j++) {
    const radius = Math.sqrt(-2 * log(1 - block[j]));
    const [sin, cos] = sinCos(2 * Math.PI * block[j + 8]);
    block[j] = fma64(radius * cos, std, mean);
    block[j + 8] = fma64(radius * sin, std, mean);
  }
}
