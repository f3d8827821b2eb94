/** Models whose sequences are cut: layers in a row, called twice, begun somewhere, asked for the last step only. */
import * as torch from "unrolled";
import { F, nn, type Tensor } from "unrolled";

/** A recurrent layer and what it says, as nn.Sequential wants it. */
export class Said extends nn.Module {
  rnn: nn.Module & { forward(x: Tensor): readonly [output: Tensor, state: unknown] };

  constructor(rnn: Said["rnn"]) {
    super();
    this.rnn = rnn;
  }

  override forward(x: Tensor): Tensor {
    return this.rnn.forward(x)[0];
  }
}

/** Normalises each step over its features, with a learned scale. */
export class LayerNorm extends nn.Module {
  scale: nn.Parameter;

  constructor(size: number) {
    super();
    this.scale = new nn.Parameter(torch.randn(size));
  }

  override forward(x: Tensor): Tensor {
    const centred = x.sub(x.mean(-1, true));
    return centred.div(centred.square().mean(-1, true).add(1e-5).sqrt()).mul(this.scale);
  }
}

export class Tagger extends nn.Module {
  embedding = new nn.Embedding(11, 5);
  lower = new nn.LSTM(5, 7, { numLayers: 2, dropout: 0.4 });
  dropout = new nn.Dropout(0.3);
  upper = new nn.GRU(7, 3);
  head = new nn.Linear(3, 2);

  override forward(tokens: Tensor): Tensor {
    const [low] = this.lower.forward(this.embedding.forward(tokens));
    const [high] = this.upper.forward(this.dropout.forward(low));
    return F.logSoftmax(this.head.forward(high), -1);
  }
}

/** One layer called twice, with residuals, and all there is to say in a record. */
export class Twice extends nn.Module {
  rnn = new nn.RNN(7, 7);
  inner = new nn.ModuleDict({ gate: new nn.Sequential(new nn.Linear(7, 7), new nn.Sigmoid()) });

  override forward(x: Tensor): { readonly low: Tensor; readonly rest: readonly [Tensor, Tensor] } {
    const [low] = this.rnn.forward(x);
    const [high, state] = this.rnn.forward(low.add(x));
    return { low, rest: [this.inner.get("gate").forward(high as never) as Tensor, state] };
  }
}

/** Many to one, as the example of the docs: the last step is what is asked for. */
export class Last extends nn.Module {
  rnn = new nn.LSTM(7, 5, { batchFirst: true });
  head = new nn.Linear(5, 1);

  override forward(x: Tensor): Tensor {
    const [output] = this.rnn.forward(x);
    return this.head.forward(output.select(-2, -1));
  }
}

/** The beginning is learned, or written out as zeros, as tutorials do. */
export class Begun extends nn.Module {
  lower = new nn.GRU(7, 5, { numLayers: 2 });
  upper = new nn.LSTM(5, 3);
  h0 = new nn.Parameter(torch.randn(2, 5));

  override forward(x: Tensor): Tensor {
    const batch = x.shape.length === 3 ? [x.shape[1]!] : [];
    const h0 = batch.length === 0 ? this.h0 : this.h0.unsqueeze(1).expand(2, batch[0]!, 5).contiguous();
    const zero = torch.zeros(1, ...batch, 3);
    return this.upper.forward(this.lower.forward(x, h0)[0], [zero, zero])[0];
  }
}

export const Leaky = nn.defineCell({
  name: "Leaky",
  gates: ["f", "n"],
  state: ["h"],
  equations: {
    f: "sigmoid(W_if·x + b_if + W_hf·h + b_hf)",
    n: "tanh(W_in·x + b_in + W_hn·h + b_hn)",
    h: "h + f·(n - h)",
  },
  step(m, x, r, s) {
    const f = m.sigmoid(m.add(x.f, r.f));
    const n = m.tanh(m.add(x.n, r.n));
    return { f, n, h: m.add(s.h, m.mul(f, m.sub(n, s.h))) };
  },
});
