/**
 * What a tensor can do, as methods: `x.add(y)` is `add(x, y)`. Every function of the files named here takes a tensor first
 * and becomes a method; what it means is written where it is.
 */
import { RuntimeError } from "../check.ts";
import * as activation from "./activation.ts";
import * as argmax from "./argmax.ts";
import * as arithmetic from "./arithmetic.ts";
import { backward, detach, detach_, registerHook, requiresGrad_, retainGrad } from "./backward.ts";
import * as bitwise from "./bitwise.ts";
import * as blend from "./blend.ts";
import { expand } from "./broadcast.ts";
import * as convert from "./convert.ts";
import { newEmpty, newFull, newOnes, newTensor, newZeros } from "./create.ts";
import { data, setData } from "./data.ts";
import * as diagonal from "./diagonal.ts";
import * as draw from "./draw.ts";
import * as extremes from "./extremes.ts";
import * as fill from "./fill.ts";
import * as gather from "./gather.ts";
import * as index from "./index.ts";
import * as inplace from "./inplace.ts";
import * as join from "./join.ts";
import * as layout from "./layout.ts";
import * as linear from "./linear.ts";
import * as logarithm from "./logarithm.ts";
import * as maximum from "./maximum.ts";
import * as pointwise from "./pointwise.ts";
import { bernoulli, multinomial } from "./random.ts";
import * as reduce from "./reduce.ts";
import * as remainder from "./remainder.ts";
import * as restride from "./restride.ts";
import * as rounding from "./rounding.ts";
import * as shape from "./shape.ts";
import * as softmax from "./softmax.ts";
import type { Operand } from "./table.ts";
import { Tensor } from "./tensor.ts";
import * as trigonometry from "./trigonometry.ts";
import { clone, reshape } from "./views.ts";

/** The functions of a file but for those that torch has as functions only, and those of our own. */
function without<Functions extends object, Name extends keyof Functions>(
  functions: Functions,
  ...names: Name[]
): Omit<Functions, Name> {
  return Object.fromEntries(Object.entries(functions).filter(([name]) => !names.includes(name as Name))) as Functions;
}

const operations = {
  ...argmax,
  ...without(arithmetic, "rsub"),
  where: (x: Tensor, condition: Tensor, other: Operand) => arithmetic.where(condition, x, other),
  ...remainder,
  ...bitwise,
  ...blend,
  hardshrink: activation.hardshrink,
  prelu: activation.prelu,
  ...without(pointwise, "elu", "gelu", "hardtanh", "leakyRelu", "logsigmoid", "silu", "softplus"),
  ...logarithm,
  ...maximum,
  ...rounding,
  ...trigonometry,
  ...softmax,
  ...reduce,
  ...extremes,
  ...without(linear, "linear"),
  ...shape,
  ...restride,
  ...diagonal,
  ...without(join, "cat", "dstack", "hstack", "meshgrid", "stack", "stackNamed", "vstack"),
  ...gather,
  ...index,
  ...fill,
  ...inplace,
  ...without(draw, "source"),
  ...convert,
  ...without(layout, "isTensor", "len"),
  backward,
  bernoulli,
  clone,
  detach,
  detach_,
  expand,
  multinomial,
  newEmpty,
  newFull,
  newOnes,
  newTensor,
  newZeros,
  registerHook,
  requiresGrad_,
  retainGrad,
  reshape,
};

/** The signatures of functions whose first argument is a tensor, without that argument. */
type Methods<Operations> = {
  [Name in keyof Operations]: Operations[Name] extends {
    (x: Tensor, ...rest: infer First): infer FirstResult;
    (x: Tensor, ...rest: infer Second): infer SecondResult;
    (x: Tensor, ...rest: infer Third): infer ThirdResult;
  }
    ? { (...rest: First): FirstResult; (...rest: Second): SecondResult; (...rest: Third): ThirdResult }
    : Operations[Name] extends (x: Tensor, ...rest: infer Rest) => infer Result
      ? (...rest: Rest) => Result
      : never;
};

declare module "./tensor.ts" {
  interface Tensor extends Methods<Omit<typeof operations, "item" | "tolist">> {
    /** torch.Tensor.item: the one number in the tensor; `item<boolean>()` for a mask. */
    item<T extends number | bigint | boolean = number>(): T;
    /** torch.Tensor.tolist: nested lists of plain values. */
    tolist<T extends number | bigint | boolean = number>(): convert.NestedList<T>;
    /** The dimensions in reverse order: the transpose of a matrix. */
    readonly T: Tensor;
    /** The last two dimensions exchanged. */
    readonly mT: Tensor;
    /** The number of dimensions. */
    readonly ndim: number;
    /** Python's `len(x)`: the length of the first dimension. */
    readonly length: number;
    /** torch.Tensor.data: the same numbers without past; writes to it are not noticed by the graph. */
    data: Tensor;
    /** The only device: "cpu". */
    readonly device: string;
    /** The slices along the first dimension, as Python iterates. */
    [Symbol.iterator](): IterableIterator<Tensor>;
  }
}

type Operation = (x: Tensor, ...rest: unknown[]) => unknown;

for (const [name, operation] of Object.entries(operations) as [string, Operation][]) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]) {
      return operation(this, ...rest);
    },
    writable: true,
    configurable: true,
  });
}

/** A property that is computed when it is read. */
function property(name: string | symbol, get: (x: Tensor) => unknown, set?: (x: Tensor, value: Tensor) => void): void {
  Object.defineProperty(Tensor.prototype, name, {
    get(this: Tensor) {
      return get(this);
    },
    ...(set && {
      set(this: Tensor, value: Tensor) {
        set(this, value);
      },
    }),
    configurable: true,
  });
}

property("T", (x) => shape.permute(x, [...x.shape.keys()].reverse()));
property("mT", (x) => {
  if (x.shape.length < 2) {
    throw new RuntimeError(
      `tensor.mT is only supported on matrices or batches of matrices. Got ${x.shape.length}-D tensor.`,
    );
  }
  return shape.transpose(x, -2, -1);
});
property("ndim", (x) => x.shape.length);
property("length", layout.len);
property("device", () => "cpu");
property("data", data, setData);
property(Symbol.iterator, (x) => () => {
  if (x.shape.length === 0) throw new TypeError("iteration over a 0-d tensor");
  return join.unbind(x)[Symbol.iterator]();
});
