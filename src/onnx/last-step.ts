/** The last step of a sequence as a layer, for networks that are written down as a list of layers. */

import type { Tensor } from "../autograd/tensor.ts";
import { selectAt } from "../autograd/views.ts";
import { Module } from "../nn/module.ts";

/** (T, B, F) to (B, F): the output of the last step, `output[-1]`; with `batchFirst` (B, T, F) to (B, F). */
export class LastStep extends Module {
  readonly dim: 0 | 1;

  constructor({ batchFirst = false }: { readonly batchFirst?: boolean } = {}) {
    super();
    this.dim = batchFirst ? 1 : 0;
  }

  override forward(x: Tensor): Tensor {
    return selectAt(x, this.dim, x.shape[this.dim]! - 1);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
