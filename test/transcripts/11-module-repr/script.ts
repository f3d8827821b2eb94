import * as torch from "unrolled";
import { f, format, nn, print, str, type Tensor, tuple } from "unrolled";

torch.manualSeed(3);

class Encoder extends nn.Module {
  readonly embedding: nn.Embedding;
  readonly rnn: nn.GRU;
  readonly dropout: nn.Dropout;

  constructor(vocab: number, emb: number, hid: number) {
    super();
    this.embedding = new nn.Embedding(vocab, emb, { paddingIdx: 0 });
    this.rnn = new nn.GRU(emb, hid, { numLayers: 2, batchFirst: true, dropout: 0.1, bidirectional: true });
    this.dropout = new nn.Dropout(0.25);
  }

  override forward(x: Tensor): readonly [output: Tensor, state: Tensor] {
    return this.rnn.forward(this.dropout.forward(this.embedding.forward(x)));
  }
}

class Tagger extends nn.Module {
  readonly encoder = new Encoder(10, 4, 3);
  readonly heads = new nn.ModuleList([2, 3].map((n) => new nn.Linear(6, n)));
  readonly extra = new nn.Sequential(new nn.Linear(6, 6, { bias: false }), new nn.Tanh(), new nn.ReLU());
  readonly cells = new nn.ModuleList([0, 1, 2].map(() => new nn.LSTMCell(6, 6)));

  override forward(x: Tensor): Tensor[] {
    const [encoded] = this.encoder.forward(x);
    const out = this.extra.forward(encoded) as Tensor;
    return [...this.heads].map((head) => head.forward(out));
  }
}

const count = (module: nn.Module, wanted: (p: nn.Parameter) => boolean = () => true): number =>
  [...module.parameters()].filter(wanted).reduce((total, p) => total + p.numel(), 0);

const model = new Tagger();
print(model);
for (const [name, child] of model.namedChildren()) {
  print(name, "->", child.constructor.name, count(child));
}

let total = 0;
for (const [name, p] of model.encoder.namedParameters()) {
  print(f`${format(name, "<32")}${format(str(tuple(p.shape)), ">10")}${format(p.numel(), ">6")}`);
  total += p.numel();
}
print(f`${format("encoder total", "<42")}${format(total, ">6")}`);
print(
  "trainable:",
  count(model, (p) => p.requiresGrad),
);

model.eval();
const tags = torch.tensor([
  [1n, 5n, 9n, 0n],
  [2n, 2n, 0n, 0n],
]);
const [a, b] = model.forward(tags) as [Tensor, Tensor];
print(a.shape, b.shape, model.training);
print(b.at(0));
print(model.encoder.embedding.weight.at(":2"));
