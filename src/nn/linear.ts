/** The affine layer, and the layer that does nothing. */
import { empty } from "../autograd/create.ts";
import { uniform_ } from "../autograd/draw.ts";
import { linear } from "../autograd/linear.ts";
import { noGrad } from "../autograd/mode.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { kept } from "../autograd/weights.ts";
import { expectKeywords } from "../check.ts";
import type { DType } from "../dense/dtype.ts";
import { str } from "../dense/python-text.ts";
import { kaimingStd, uniformBound } from "../random/gain.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** The options of `Linear`. */
export interface LinearOptions {
  /** Whether there is a b. Default true. */
  readonly bias?: boolean;
  readonly dtype?: DType;
  readonly device?: string;
}

/** y = x·Wᵀ + b over the last dimension: (…, in) to (…, out) (torch.nn.Linear). W is (out, in), b (out). */
export class Linear extends Module {
  static override readonly name: string = "Linear";

  readonly inFeatures: number;
  readonly outFeatures: number;
  declare weight: Parameter;
  declare bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    expectKeywords("Linear.__init__", options, ["bias", "dtype", "device"]);
    const { bias = true, ...rest } = options;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.registerParameter("weight", new Parameter(empty(outFeatures, inFeatures, rest)));
    this.registerParameter("bias", bias ? new Parameter(empty(outFeatures, rest)) : null);
    this.resetParameters();
  }

  /** Draws W uniform as Kaiming with slope √5, then b uniform over ±1/√in. */
  resetParameters(): void {
    const { weight, bias, inFeatures } = this;
    noGrad(() => {
      if (inFeatures > 0) {
        const bound = uniformBound(kaimingStd(weight.shape, Math.sqrt(5)));
        uniform_(weight, -bound, bound);
      }
      const spread = inFeatures > 0 ? 1 / Math.sqrt(inFeatures) : 0;
      if (bias) uniform_(bias, 0 - spread, spread);
    });
  }

  override forward(x: Tensor): Tensor {
    return linear(x, kept(this.weight), this.bias);
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${str(this.bias !== null)}`;
  }
}

/** Gives back what it gets (torch.nn.Identity). */
export class Identity extends Module {
  static override readonly name: string = "Identity";

  override forward(x: Tensor): Tensor {
    return x;
  }
}
