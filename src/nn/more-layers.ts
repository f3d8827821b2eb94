/** Layers that torch does not have, each a page of `cells` and nothing else: as anybody's own cell would be. */
import type { Tensor } from "../autograd/tensor.ts";
import { coupledLSTM } from "../cells/coupled-lstm.ts";
import { indRNN } from "../cells/indrnn.ts";
import { mgu } from "../cells/mgu.ts";
import { peepholeLSTM } from "../cells/peephole-lstm.ts";
import { layerOf } from "./cell-layer.ts";
import type { LSTMState } from "./layers.ts";

/** The LSTM whose gates look at the cell; `weight_ci_l0`, `weight_cf_l0` and `weight_co_l0` (H) are its peepholes. */
export class PeepholeLSTM extends layerOf<LSTMState>(peepholeLSTM) {
  static override readonly name: string = "PeepholeLSTM";
}

/** The LSTM that writes what it does not keep: c' = f·c + (1 − f)·g. */
export class CoupledLSTM extends layerOf<LSTMState>(coupledLSTM) {
  static override readonly name: string = "CoupledLSTM";
}

/** The minimal gated unit, with its gate after the product. */
export class MGU extends layerOf<Tensor>(mgu) {
  static override readonly name: string = "MGU";
}

/** The independently recurrent network with relu; `weight_u_l0` (H) is its recurrent weight, and there is no W_hh. */
export class IndRNN extends layerOf<Tensor>(indRNN) {
  static override readonly name: string = "IndRNN";
}
