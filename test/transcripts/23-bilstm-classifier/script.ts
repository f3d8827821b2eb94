import * as torch from "unrolled";
import { F, f, format, nn, print } from "unrolled";

torch.manualSeed(88);

const sentences = ["good movie", "bad movie", "really good", "not a good film", "really bad film"];
const labels = torch.tensor([1n, 0n, 1n, 0n, 0n]);
const vocab = new Map<string, number>([["<pad>", 0]]);
for (const s of sentences) {
  for (const w of s.split(" ")) {
    if (!vocab.has(w)) vocab.set(w, vocab.size);
  }
}
print(vocab);

const ids = sentences.map((s) =>
  torch.tensor(
    s.split(" ").map((w) => vocab.get(w)!),
    { dtype: torch.int64 },
  ),
);
const batch = nn.utils.padSequence(ids, { batchFirst: true });
const mask = batch.ne(0);
print(batch);
print(mask);

class Classifier extends nn.Module {
  emb = new nn.Embedding(vocab.size, 5, { paddingIdx: 0 });
  lstm = new nn.LSTM(5, 4, { batchFirst: true, bidirectional: true });
  fc = new nn.Linear(8, 2);

  override forward(tokens: torch.Tensor, real: torch.Tensor): torch.Tensor {
    const [out] = this.lstm.forward(this.emb.forward(tokens));
    const m = real.unsqueeze(-1).float();
    const pooled = out.mul(m).sum(1).div(m.sum(1));
    return this.fc.forward(pooled);
  }
}

const net = new Classifier();
print(net);
const opt = new torch.optim.Adam(net.parameters(), { lr: 0.03 });
for (let epoch = 0; epoch < 12; epoch++) {
  const logits = net.forward(batch, mask);
  const loss = F.crossEntropy(logits, labels);
  opt.zeroGrad();
  loss.backward();
  if (epoch === 0) print("grad of the padding row:", net.emb.weight.grad!.at(0));
  opt.step();
  if (epoch % 3 === 2) {
    const acc = logits.argmax(1).eq(labels).float().mean();
    print(f`${format(epoch + 1, "3d")} loss ${format(loss.item(), ".3f")} acc ${format(acc.item(), ".2f")}`);
  }
}

const p = torch.noGrad(() => torch.softmax(net.forward(batch, mask), 1));
for (const [i, s] of sentences.entries()) print(f`${format(s, "<16")} ${format(p.at(`${i}, 1`).item(), ".2f")}`);
