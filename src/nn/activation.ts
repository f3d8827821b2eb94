/** Functions without parameters, as layers. */
import { inPlace } from "../autograd/overwrite.ts";
import * as pointwise from "../autograd/pointwise.ts";
import { flatten } from "../autograd/shape.ts";
import { logSoftmax, softmax } from "../autograd/softmax.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { repr } from "../dense/python-text.ts";
import { Module } from "./module.ts";

/** tanh (torch.nn.Tanh). */
export class Tanh extends Module {
  static override readonly name: string = "Tanh";

  override forward(x: Tensor): Tensor {
    return pointwise.tanh(x);
  }
}

/** max(x, 0) (torch.nn.ReLU); `inplace` writes over x. */
export class ReLU extends Module {
  static override readonly name: string = "ReLU";

  readonly inplace: boolean;

  constructor({ inplace = false }: { readonly inplace?: boolean } = {}) {
    super();
    this.inplace = inplace;
  }

  override forward(x: Tensor): Tensor {
    return (this.inplace ? inPlace(pointwise.relu) : pointwise.relu)(x);
  }

  override extraRepr(): string {
    return this.inplace ? "inplace=True" : "";
  }
}

/** 1/(1 + e^−x) (torch.nn.Sigmoid). */
export class Sigmoid extends Module {
  static override readonly name: string = "Sigmoid";

  override forward(x: Tensor): Tensor {
    return pointwise.sigmoid(x);
  }
}

/** x·Φ(x) (torch.nn.GELU). */
export class GELU extends Module {
  static override readonly name: string = "GELU";

  override forward(x: Tensor): Tensor {
    return pointwise.gelu(x);
  }

  override extraRepr(): string {
    return "approximate='none'";
  }
}

/** x·sigmoid(x) (torch.nn.SiLU). */
export class SiLU extends Module {
  static override readonly name: string = "SiLU";

  override forward(x: Tensor): Tensor {
    return pointwise.silu(x);
  }
}

/** x, or slope·x below zero (torch.nn.LeakyReLU). */
export class LeakyReLU extends Module {
  static override readonly name: string = "LeakyReLU";

  readonly negativeSlope: number;

  constructor(negativeSlope = 0.01) {
    super();
    this.negativeSlope = negativeSlope;
  }

  override forward(x: Tensor): Tensor {
    return pointwise.leakyRelu(x, this.negativeSlope);
  }

  override extraRepr(): string {
    return `negative_slope=${repr(this.negativeSlope)}`;
  }
}

/** e^x over its sum along a dimension (torch.nn.Softmax). */
export class Softmax extends Module {
  static override readonly name: string = "Softmax";

  readonly dim: number | undefined;

  constructor(dim?: number) {
    super();
    this.dim = dim;
  }

  override forward(x: Tensor): Tensor {
    return softmax(x, this.dim);
  }

  override extraRepr(): string {
    return `dim=${repr(this.dim)}`;
  }
}

/** The logarithm of softmax (torch.nn.LogSoftmax). */
export class LogSoftmax extends Module {
  static override readonly name: string = "LogSoftmax";

  readonly dim: number | undefined;

  constructor(dim?: number) {
    super();
    this.dim = dim;
  }

  override forward(x: Tensor): Tensor {
    return logSoftmax(x, this.dim);
  }

  override extraRepr(): string {
    return `dim=${repr(this.dim)}`;
  }
}

/** Dimensions startDim..endDim become one (torch.nn.Flatten). */
export class Flatten extends Module {
  static override readonly name: string = "Flatten";

  readonly startDim: number;
  readonly endDim: number;

  constructor(startDim = 1, endDim = -1) {
    super();
    this.startDim = startDim;
    this.endDim = endDim;
  }

  override forward(x: Tensor): Tensor {
    return flatten(x, this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}
