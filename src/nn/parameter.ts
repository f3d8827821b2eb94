/** torch.nn.Parameter: a tensor that a module learns. */
import { Tensor } from "../autograd/tensor.ts";
import { RuntimeError } from "../check.ts";

/** A leaf tensor that modules find by itself: gradients flow to it, optimisers move it, checkpoints keep it. */
export class Parameter extends Tensor {
  static override readonly name: string = "Parameter";

  /** Takes over the numbers of `data`, sharing its memory. */
  constructor(data: Tensor, requiresGrad = true) {
    if (requiresGrad && data.dtype.kind !== "float") {
      throw new RuntimeError("Only Tensors of floating point and complex dtype can require gradients");
    }
    super(data.value, requiresGrad);
  }

  override toString(): string {
    // A parameter that was made by an operation (`parameter.double()`) is a tensor like others.
    return this.isLeaf ? `Parameter containing:\n${super.toString()}` : super.toString();
  }
}
