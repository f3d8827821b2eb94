/**
 * Gradients against differences: each element of an input is moved a little to both sides, and what the outputs do is
 * compared with what their gradients say. Meant for float64; the differences of float32 are too coarse.
 */
import { RuntimeError, ValueError } from "../check.ts";
import { allocate, copyElements, eachOffset, elements, wrap } from "../dense/dense.ts";
import type { DType } from "../dense/dtype.ts";
import { grad } from "./backward.ts";
import { allclose } from "./layout.ts";
import { randn } from "./random.ts";
import { Tensor } from "./tensor.ts";

/** A function of tensors, with one result or several. */
export type Checked = (...inputs: Tensor[]) => Tensor | Iterable<Tensor>;

/** How far the elements are moved, and how near the two gradients must be: |a − n| ≤ atol + rtol·|n|. */
export interface GradcheckOptions {
  /** Default 1e-6. */
  readonly eps?: number;
  /** Default 1e-5. */
  readonly atol?: number;
  /** Default 1e-3. */
  readonly rtol?: number;
  /** Whether a wrong gradient is an error (the default) or the answer false. */
  readonly raiseException?: boolean;
}

/** torch.autograd.gradcheck.GradcheckError: a gradient that differs from the differences. */
export class GradcheckError extends RuntimeError {
  static {
    GradcheckError.prototype.name = "GradcheckError";
  }
}

/** torch.autograd.gradcheck: whether the gradients of `f` at `inputs` are what differences say. */
export function gradcheck(f: Checked, inputs: Tensor | readonly Tensor[], options: GradcheckOptions = {}): boolean {
  const { raiseException = true } = options;
  const given = inputs instanceof Tensor ? [inputs] : inputs;
  expectInputs(given);
  try {
    checkOutputs(f, given, options);
  } catch (error) {
    if (error instanceof GradcheckError && !raiseException) return false;
    throw error;
  }
  return true;
}

/** torch.autograd.gradgradcheck: whether the second derivatives of `f` are what differences of the first ones say. */
export function gradgradcheck(
  f: Checked,
  inputs: Tensor | readonly Tensor[],
  options: GradcheckOptions & { readonly gradOutputs?: readonly Tensor[] } = {},
): boolean {
  const given = inputs instanceof Tensor ? [inputs] : inputs;
  expectInputs(given);
  const model = differentiable(outputsOf(f, given));
  const weights = options.gradOutputs ?? model.map((y) => randn(y.shape, { dtype: y.dtype, requiresGrad: true }));
  const slopes = (...both: Tensor[]): Tensor[] => {
    const at = both.slice(0, given.length);
    const gradOutputs = both.slice(given.length);
    const wanted = at.filter((x) => x.requiresGrad);
    const outputs = differentiable(outputsOf(f, at));
    const found = grad(outputs, wanted, { gradOutputs, createGraph: true, allowUnused: true });
    return [...found].filter((slope) => slope !== null);
  };
  return gradcheck(slopes, [...given, ...weights], options);
}

function expectInputs(inputs: readonly Tensor[]): void {
  if (!inputs.some((x) => x.requiresGrad)) {
    throw new ValueError(
      "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True.",
    );
  }
  for (const [i, x] of inputs.entries()) {
    if (!x.requiresGrad || !x.value.strides.includes(0) || x.value.count <= 1) continue;
    throw new RuntimeError(
      `The ${i}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping to be able to compute the numerical gradients correctly. You should call .contiguous on the input before passing it to gradcheck.`,
    );
  }
}

function outputsOf(f: Checked, inputs: readonly Tensor[]): Tensor[] {
  const result = f(...inputs);
  return result instanceof Tensor ? [result] : [...result];
}

function differentiable(outputs: readonly Tensor[]): Tensor[] {
  return outputs.filter((y) => y.requiresGrad);
}

function checkOutputs(f: Checked, inputs: readonly Tensor[], options: GradcheckOptions): void {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3 } = options;
  const outputs = outputsOf(f, inputs);
  const wanted = [...inputs.entries()].filter(([, x]) => x.requiresGrad);
  const numerical = wanted.map(([, x]) => byDifferences(() => outputsOf(f, inputs), x, eps));
  for (const [output, y] of outputs.entries()) {
    if (y.dtype.kind !== "float") continue;
    const analytical = byGradients(
      y,
      wanted.map(([, x]) => x),
    );
    for (const [i, [input]] of wanted.entries()) {
      const [seen, said] = [numerical[i]![output]!, analytical[i]!];
      if (!y.requiresGrad) {
        if (!elements(seen.value).some((slope) => slope !== 0)) continue;
        throw new GradcheckError("Numerical gradient for function expected to be zero");
      }
      if (allclose(said, seen, { rtol, atol })) continue;
      throw new GradcheckError(
        `Jacobian mismatch for output ${output} with respect to input ${input},\nnumerical:${seen}\nanalytical:${said}\n`,
      );
    }
  }
}

/** For each output, dy_j/dx_i at row i and column j, from (f(x + eps) − f(x − eps)) / 2eps. */
function byDifferences(f: () => Tensor[], x: Tensor, eps: number): Tensor[] {
  const { data, shape, strides, offset } = x.value;
  const rows: Float64Array[][] = f().map(() => []);
  eachOffset(shape, strides, offset, (at) => {
    const before = data[at] as number;
    const moved = (by: number): Float64Array[] => {
      data[at] = before + by;
      return f().map((y) => Float64Array.from(copyElements(y.value), Number));
    };
    const [high, low] = [moved(eps), moved(-eps)];
    data[at] = before;
    for (const [output, own] of rows.entries()) {
      own.push(high[output]!.map((value, j) => (value - low[output]![j]!) / (2 * eps)));
    }
  });
  return rows.map((own) => matrix(own, x.dtype));
}

/** For each input, dy_j/dx_i at row i and column j: one backward for every element of y. */
function byGradients(y: Tensor, inputs: readonly Tensor[]): Tensor[] {
  const columns = Array.from({ length: y.requiresGrad ? y.value.count : 0 }, (_, j) => {
    const one = allocate(y.shape, y.dtype);
    one.data[j] = 1;
    return [...grad(y, inputs, { gradOutputs: new Tensor(one), retainGraph: true, allowUnused: true })].map(
      (slope) => slope && (elements(slope.value) as Float64Array),
    );
  });
  return inputs.map((x, at) => {
    const rows = Array.from({ length: x.value.count }, (_, i) =>
      Float64Array.from(columns, (column) => column[at]?.[i] ?? 0),
    );
    return matrix(rows, x.dtype);
  });
}

function matrix(rows: readonly Float64Array[], dtype: DType): Tensor {
  const columns = rows[0]?.length ?? 0;
  const data = dtype.allocate(rows.length * columns);
  for (const [i, row] of rows.entries()) data.set(row as never, i * columns);
  return new Tensor(wrap(data, [rows.length, columns], dtype));
}
