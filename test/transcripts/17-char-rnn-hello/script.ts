// character level language model on one word: "hello"
import * as torch from "unrolled";
import { F, f, format, nn, optim, print, repr, type Tensor } from "unrolled";

torch.manualSeed(0);
const text = "hello";
const chars = [...new Set(text)].sort();
const stoi = new Map(chars.map((c, i) => [c, i]));
print(chars, stoi);

const inputs = torch.tensor([[...text.slice(0, -1)].map((c) => stoi.get(c)!)], { dtype: torch.int64 });
const targets = torch.tensor(
  [...text.slice(1)].map((c) => stoi.get(c)!),
  { dtype: torch.int64 },
);
print(inputs, targets);

class CharRNN extends nn.Module {
  readonly emb: nn.Embedding;
  readonly gru: nn.GRU;
  readonly fc: nn.Linear;

  constructor(vocab: number, { emb = 3, hidden = 8 } = {}) {
    super();
    this.emb = new nn.Embedding(vocab, emb);
    this.gru = new nn.GRU(emb, hidden, { batchFirst: true });
    this.fc = new nn.Linear(hidden, vocab);
  }

  override forward(idx: Tensor, h?: Tensor | null): [Tensor, Tensor] {
    const [out, hn] = this.gru.forward(this.emb.forward(idx), h);
    return [this.fc.forward(out), hn];
  }
}

const net = new CharRNN(chars.length);
print(net);
const [logits] = net.forward(inputs);
print(logits.shape, F.crossEntropy(logits.at(0), targets));

const opt = new optim.Adam(net.parameters(), { lr: 0.05 });
for (let it = 0; it < 20; it += 1) {
  const [logits] = net.forward(inputs);
  const loss = F.crossEntropy(logits.squeeze(0), targets);
  opt.zeroGrad();
  loss.backward();
  opt.step();
  if (it % 4 === 3) {
    const guess = (logits.argmax(-1).at(0).tolist() as number[]).map((i) => chars[i]).join("");
    print(f`iter ${format(it + 1, ">2")} loss=${format(loss.item(), ".3f")} guess=${repr(guess)}`);
  }
}

const probs = F.softmax(net.forward(inputs)[0].at(0), -1);
torch.setPrintOptions({ precision: 2, sciMode: false });
print(probs.detach());

torch.manualSeed(10);
for (let n = 0; n < 4; n += 1) {
  let [idx, h, word] = [torch.tensor([[stoi.get("h")!]], { dtype: torch.int64 }), null as Tensor | null, "h"];
  torch.noGrad(() => {
    for (let i = 0; i < 6; i += 1) {
      const [logits, hn] = net.forward(idx, h);
      h = hn;
      const p = torch.softmax(logits.at(0, -1), 0);
      idx = torch.multinomial(p, 1).view(1, 1);
      word += chars[idx.item()];
    }
  });
  print("sample", n, word);
}
