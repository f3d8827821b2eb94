/** What every factory of tensors takes: sizes, and options last. */
import { AssertionError, expectKeywords, listText, pythonTypeOf, RuntimeError } from "../check.ts";
import type { Dense } from "../dense/dense.ts";
import { type DType, getDefaultDtype } from "../dense/dtype.ts";
import { Tensor } from "./tensor.ts";

/** What every factory takes last. */
export interface TensorOptions {
  readonly dtype?: DType | undefined;
  readonly requiresGrad?: boolean | undefined;
  /** For the sake of ported scripts: there is one device, "cpu". */
  readonly device?: string | undefined;
}

/** Sizes, one by one or as a list, and then options: `zeros(2, 3)`, `zeros([2, 3], { dtype: float64 })`. */
export type SizeAndOptions<Options = TensorOptions> = (number | readonly number[] | Options)[];

/** The sizes and the options of a variadic factory call. */
export function splitSize<Options extends TensorOptions, Rest extends unknown[]>(
  who: string,
  size: SizeAndOptions<Options>,
  ...rest: Rest
): [number[], ...Rest, Options] {
  const lengths = size.filter((entry) => !isOptions(entry)).flat() as number[];
  const given = Object.assign({}, ...size.filter(isOptions)) as Options;
  expectOptions(who, given);
  expectCpu(given.device);
  expectLengths(who, lengths);
  return [lengths, ...rest, { ...given, dtype: given.dtype ?? getDefaultDtype() }];
}

/** Whether an argument is the options and not a size or a value. */
export function isOptions(entry: unknown): entry is object {
  return typeof entry === "object" && entry !== null && !Array.isArray(entry) && !(entry instanceof Tensor);
}

/** Refuses options that no factory knows. */
export function expectOptions(who: string, options: object): void {
  expectKeywords(who, options, ["dtype", "requiresGrad", "device", "generator"]);
}

/** Demands the lengths of a shape: whole numbers, none of them negative. */
export function expectLengths(who: string, lengths: unknown, position = 1): asserts lengths is readonly number[] {
  if (!Array.isArray(lengths)) {
    throw new TypeError(
      `${who}(): argument 'size' (position ${position}) must be tuple of ints, not ${pythonTypeOf(lengths)}`,
    );
  }
  const negative = lengths.find((length) => length < 0);
  if (negative !== undefined) {
    throw new RuntimeError(`Trying to create tensor with negative dimension ${negative}: ${listText(lengths)}`);
  }
  const at = lengths.findIndex((length) => !Number.isInteger(length));
  if (at < 0) return;
  const type = pythonTypeOf(lengths[at]);
  const found = type === "float" ? ", but found element of type float at pos 0" : `, not ${type}`;
  throw new TypeError(
    at === 0
      ? `${who}(): argument 'size' (position ${position}) must be tuple of ints${found}`
      : `${who}(): argument 'size' failed to unpack the object at pos ${at + 1} with error "type must be tuple of ints,but got ${type}"`,
  );
}

/** A leaf with the given options. */
export function leaf(dense: Dense, options: TensorOptions): Tensor {
  expectCpu(options.device);
  if (options.requiresGrad && dense.dtype.kind !== "float") {
    throw new RuntimeError("Only Tensors of floating point and complex dtype can require gradients");
  }
  return new Tensor(dense, options.requiresGrad ?? false);
}

/** Accepts the names of the one device there is. */
export function expectCpu(device: string | null | undefined): void {
  if (device === undefined || device === null || /^cpu(:\d+)?$/.test(device)) return;
  if (device.startsWith("cuda")) throw new AssertionError("Torch not compiled with CUDA enabled");
  throw new RuntimeError(
    `Expected one of cpu, cuda, ipu, xpu, mkldnn, opengl, opencl, ideep, hip, ve, fpga, maia, xla, lazy, vulkan, mps, meta, hpu, mtia, privateuseone device type at start of device string: ${device}`,
  );
}
