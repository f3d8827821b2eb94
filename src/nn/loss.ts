/** Losses as modules (torch.nn.MSELoss and its like): an object that keeps the options of a functional loss. */
import {
  type BinaryCrossEntropyOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
} from "../autograd/binary-cross-entropy.ts";
import { type ClassLossOptions, type CrossEntropyOptions, crossEntropy, nllLoss } from "../autograd/cross-entropy.ts";
import {
  huberLoss,
  type KLDivOptions,
  klDiv,
  type LossOptions,
  l1Loss,
  mseLoss,
  smoothL1Loss,
} from "../autograd/loss.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { Module } from "./module.ts";

/** A loss: its options, and those of them that are tensors as buffers. */
export abstract class Loss<Options extends object> extends Module {
  protected readonly options: Options;

  /** `buffers` names the options that belong into the state dict. */
  constructor(options: Options, ...buffers: (keyof Options & ("weight" | "posWeight"))[]) {
    super();
    this.options = options;
    for (const name of buffers) this.registerBuffer(STATE_NAMES[name], (options[name] as Tensor | undefined) ?? null);
  }

  abstract override forward(input: Tensor, target: Tensor): Tensor;

  /** The buffers under the names of the options: `to` and `loadStateDict` may have changed them. */
  protected tensors(): { readonly weight: Tensor | null; readonly posWeight: Tensor | null } {
    const { weight = null, pos_weight = null } = this as { weight?: Tensor | null; pos_weight?: Tensor | null };
    return { weight, posWeight: pos_weight };
  }
}

const STATE_NAMES = { weight: "weight", posWeight: "pos_weight" } as const;

/** torch.nn.MSELoss: the mean squared error. */
export class MSELoss extends Loss<LossOptions> {
  static override readonly name: string = "MSELoss";

  constructor(options: LossOptions = {}) {
    super(options);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, this.options);
  }
}

/** torch.nn.L1Loss: the mean absolute error. */
export class L1Loss extends Loss<LossOptions> {
  static override readonly name: string = "L1Loss";

  constructor(options: LossOptions = {}) {
    super(options);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, this.options);
  }
}

/** torch.nn.SmoothL1Loss: squared below `beta`, absolute above. */
export class SmoothL1Loss extends Loss<LossOptions & { readonly beta?: number }> {
  constructor(options: LossOptions & { readonly beta?: number } = {}) {
    super(options);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, this.options);
  }
}

/** torch.nn.HuberLoss: squared below `delta`, absolute times `delta` above. */
export class HuberLoss extends Loss<LossOptions & { readonly delta?: number }> {
  constructor(options: LossOptions & { readonly delta?: number } = {}) {
    super(options);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, this.options);
  }
}

/** torch.nn.BCELoss: binary cross-entropy of probabilities. */
export class BCELoss extends Loss<BinaryCrossEntropyOptions> {
  static override readonly name: string = "BCELoss";

  constructor(options: BinaryCrossEntropyOptions = {}) {
    super(options, "weight");
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(input, target, { ...this.options, ...this.tensors() });
  }
}

/** torch.nn.BCEWithLogitsLoss: binary cross-entropy of logits. */
export class BCEWithLogitsLoss extends Loss<BinaryCrossEntropyOptions & { readonly posWeight?: Tensor | null }> {
  constructor(options: BinaryCrossEntropyOptions & { readonly posWeight?: Tensor | null } = {}) {
    super(options, "weight", "posWeight");
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropyWithLogits(input, target, { ...this.options, ...this.tensors() });
  }
}

/** torch.nn.NLLLoss: negative log-likelihood of log-probabilities. */
export class NLLLoss extends Loss<ClassLossOptions> {
  static override readonly name: string = "NLLLoss";

  constructor(options: ClassLossOptions = {}) {
    super(options, "weight");
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return nllLoss(input, target, { ...this.options, ...this.tensors() });
  }
}

/** torch.nn.CrossEntropyLoss: negative log-likelihood of logits. */
export class CrossEntropyLoss extends Loss<CrossEntropyOptions> {
  static override readonly name: string = "CrossEntropyLoss";

  constructor(options: CrossEntropyOptions = {}) {
    super(options, "weight");
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return crossEntropy(input, target, { ...this.options, ...this.tensors() });
  }
}

/** torch.nn.KLDivLoss: the divergence of log-probabilities from a distribution. */
export class KLDivLoss extends Loss<KLDivOptions> {
  static override readonly name: string = "KLDivLoss";

  constructor(options: KLDivOptions = {}) {
    super(options);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return klDiv(input, target, this.options);
  }
}
