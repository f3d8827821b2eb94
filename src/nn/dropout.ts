/** Dropout as a layer. */
import { dropout } from "../autograd/random.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { ValueError } from "../check.ts";
import { repr } from "../dense/python-text.ts";
import { Module } from "./module.ts";

/** While training, zeroes each element with probability p and scales the others by 1/(1 − p) (torch.nn.Dropout). */
export class Dropout extends Module {
  static override readonly name: string = "Dropout";

  readonly p: number;

  constructor(p = 0.5) {
    super();
    if (!(p >= 0 && p <= 1)) throw new ValueError(`dropout probability has to be between 0 and 1, but got ${repr(p)}`);
    this.p = p;
  }

  override forward(x: Tensor): Tensor {
    return dropout(x, this.p, this.training);
  }

  override extraRepr(): string {
    return `p=${repr(this.p)}, inplace=False`;
  }
}
