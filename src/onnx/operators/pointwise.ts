/** Operators that go number by number: arithmetic, comparisons, functions. */
import * as more from "../../autograd/activation.ts";
import * as arithmetic from "../../autograd/arithmetic.ts";
import { toDtype } from "../../autograd/broadcast.ts";
import { maximum, minimum } from "../../autograd/maximum.ts";
import * as pointwise from "../../autograd/pointwise.ts";
import { fmod, remainder } from "../../autograd/remainder.ts";
import * as rounding from "../../autograd/rounding.ts";
import type { Tensor } from "../../autograd/tensor.ts";
import * as trigonometry from "../../autograd/trigonometry.ts";
import type { Call, Inputs } from "../call.ts";
import { dtypeOf } from "../tensors.ts";
import { ANY, type Operator, type Operators, ofOne, ofTwo, oneNumber } from "./operator.ts";

const { add, clamp, div, gt, isnan, logicalNot, lt, mul, sub, where } = arithmetic;

/** Whole numbers divide towards zero. */
function quotient(a: Tensor, b: Tensor): Tensor {
  return a.dtype.kind === "integer" ? div(a, b, { roundingMode: "trunc" }) : div(a, b);
}

const folded = (f: (a: Tensor, b: Tensor) => Tensor): Operator => ({
  attributes: [],
  inputs: [1, ANY],
  run: (_, inputs) => (inputs as readonly Tensor[]).reduce(f),
});

/** One value and one constant, which is an attribute. */
const shaped = (f: (x: Tensor, alpha: number) => Tensor, alpha: number): Operator => ({
  attributes: ["alpha"],
  inputs: [1, 1],
  run: (call, [x]) => f(x!, call.float("alpha", alpha)),
});

function clip(call: Call, [x, low, high]: Inputs): Tensor {
  const bound = (input: Tensor | undefined, name: string): number | undefined =>
    input ? oneNumber(call, input) : call.float(name);
  const [min, max] = [bound(low, "min"), bound(high, "max")];
  return min === undefined && max === undefined ? x! : clamp(x!, min ?? null, max ?? null);
}

function cast(call: Call, [x]: Inputs): Tensor {
  const to = call.int("to");
  if (to === undefined) throw call.error("to is missing");
  return toDtype(x!, dtypeOf(to, call.label));
}

/** The operators by name. */
export const POINTWISE: Operators = {
  Add: ofTwo((a, b) => add(a, b)),
  Sub: ofTwo((a, b) => sub(a, b)),
  Mul: ofTwo((a, b) => mul(a, b)),
  Div: ofTwo(quotient),
  Pow: ofTwo((a, b) => toDtype(pointwise.pow(a, b), a.dtype)),
  Mod: {
    attributes: ["fmod"],
    inputs: [2, 2],
    run: (call, [a, b]) => (call.flag("fmod") ? fmod(a!, b!) : remainder(a!, b!)),
  },
  Sum: folded((a, b) => add(a, b)),
  Max: folded((a, b) => maximum(a, b)),
  Min: folded((a, b) => minimum(a, b)),
  Mean: {
    attributes: [],
    inputs: [1, ANY],
    run: (_, inputs) =>
      div(
        (inputs as readonly Tensor[]).reduce((a, b) => add(a, b)),
        inputs.length,
      ),
  },

  Equal: ofTwo(arithmetic.eq),
  Greater: ofTwo(gt),
  GreaterOrEqual: ofTwo(arithmetic.ge),
  Less: ofTwo(lt),
  LessOrEqual: ofTwo(arithmetic.le),
  And: ofTwo(arithmetic.logicalAnd),
  Or: ofTwo(arithmetic.logicalOr),
  Xor: ofTwo(arithmetic.logicalXor),
  Not: ofOne(logicalNot),
  IsNaN: ofOne(isnan),
  IsInf: {
    attributes: ["detect_negative", "detect_positive"],
    inputs: [1, 1],
    run: (call, [x]) => {
      const signs = [call.flag("detect_negative", true) && lt(x!, 0), call.flag("detect_positive", true) && gt(x!, 0)];
      const wanted = signs.filter((sign) => sign !== false).reduce((a, b) => arithmetic.logicalOr(a, b), isnan(x!));
      return arithmetic.logicalAnd(arithmetic.isinf(x!), wanted);
    },
  },
  Where: { attributes: [], inputs: [3, 3], run: (_, [condition, a, b]) => where(condition!, a!, b!) },

  Neg: ofOne(arithmetic.neg),
  Reciprocal: ofOne(arithmetic.reciprocal),
  Abs: ofOne(pointwise.abs),
  Sign: ofOne(pointwise.sign),
  Floor: ofOne(rounding.floor),
  Ceil: ofOne(rounding.ceil),
  Round: ofOne((x) => rounding.round(x)),
  Sqrt: ofOne(pointwise.sqrt),
  Exp: ofOne(pointwise.exp),
  Log: ofOne(pointwise.log),
  Erf: ofOne(pointwise.erf),
  Sin: ofOne(trigonometry.sin),
  Cos: ofOne(trigonometry.cos),
  Tan: ofOne(trigonometry.tan),
  Asin: ofOne(trigonometry.asin),
  Acos: ofOne(trigonometry.acos),
  Atan: ofOne(trigonometry.atan),
  Sinh: ofOne(trigonometry.sinh),
  Cosh: ofOne(trigonometry.cosh),

  Sigmoid: ofOne(pointwise.sigmoid),
  Tanh: ofOne(pointwise.tanh),
  Relu: ofOne(pointwise.relu),
  Softplus: ofOne((x) => pointwise.softplus(x)),
  Softsign: ofOne(more.softsign),
  HardSwish: ofOne(more.hardswish),
  Mish: ofOne(more.mish),
  LeakyRelu: shaped(pointwise.leakyRelu, 0.01),
  Elu: shaped(pointwise.elu, 1),
  Celu: shaped(more.celu, 1),
  ThresholdedRelu: shaped((x, alpha) => where(gt(x, alpha), x, 0), 1),
  Selu: {
    attributes: ["alpha", "gamma"],
    inputs: [1, 1],
    run: (call, [x]) => {
      const gamma = call.float("gamma", 1.0507009873554805);
      return mul(pointwise.elu(x!, call.float("alpha", 1.6732632423543772)), gamma);
    },
  },
  HardSigmoid: {
    attributes: ["alpha", "beta"],
    inputs: [1, 1],
    run: (call, [x]) => clamp(add(mul(x!, call.float("alpha", 0.2)), call.float("beta", 0.5)), 0, 1),
  },
  Gelu: {
    attributes: ["approximate"],
    inputs: [1, 1],
    run: (call, [x]) => {
      const approximate = call.string("approximate", "none");
      if (approximate !== "none" && approximate !== "tanh") throw call.error("unknown approximation");
      return pointwise.gelu(x!, { approximate });
    },
  },
  PRelu: ofTwo((x, slope) => where(lt(x, 0), mul(x, slope), x)),
  Clip: { attributes: ["min", "max"], inputs: [1, 3], run: clip },
  Cast: { attributes: ["to", "saturate", "round_mode"], inputs: [1, 1], run: cast },
  CastLike: {
    attributes: ["saturate", "round_mode"],
    inputs: [2, 2],
    run: (_, [x, like]) => toDtype(x!, like!.dtype),
  },
};
