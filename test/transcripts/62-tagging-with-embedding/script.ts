// A tiny tagger: embedding, RNN, linear; manual SGD
import * as torch from "unrolled";
import { F, f, format, nn, print, pyFloat, type Tensor } from "unrolled";

torch.manualSeed(21);
const sentences = [
  ["the", "dog", "ate", "the", "apple"],
  ["everybody", "read", "that", "book"],
];
const tags = [
  ["DET", "NN", "V", "DET", "NN"],
  ["NN", "V", "DET", "NN"],
];
const wordToIx = new Map<string, number>();
for (const sent of sentences) {
  for (const word of sent) {
    if (!wordToIx.has(word)) {
      wordToIx.set(word, wordToIx.size);
    }
  }
}
print(wordToIx);
const tagToIx = new Map([
  ["DET", 0],
  ["NN", 1],
  ["V", 2],
]);
const ixToTag = new Map([...tagToIx].map(([k, v]) => [v, k]));

function encode(seq: string[], toIx: Map<string, number>): Tensor {
  return torch.tensor(
    seq.map((w) => toIx.get(w)!),
    { dtype: torch.long },
  );
}

class Tagger extends nn.Module {
  readonly embedding: nn.Embedding;
  readonly rnn: nn.RNN;
  readonly hidden2tag: nn.Linear;

  constructor(embeddingDim: number, hiddenDim: number, vocabSize: number, tagsetSize: number) {
    super();
    this.embedding = new nn.Embedding(vocabSize, embeddingDim);
    this.rnn = new nn.RNN(embeddingDim, hiddenDim);
    this.hidden2tag = new nn.Linear(hiddenDim, tagsetSize);
  }

  override forward(sentence: Tensor): Tensor {
    const embeds = this.embedding.forward(sentence);
    const [out] = this.rnn.forward(embeds.view(sentence.size(0), 1, -1));
    return this.hidden2tag.forward(out.view(sentence.size(0), -1));
  }
}

const model = new Tagger(5, 6, wordToIx.size, tagToIx.size);
print(model);
print(model.embedding.weight.at(":2"));
const inputs = encode(sentences[0], wordToIx);
print(inputs, inputs.dtype);
torch.noGrad(() => {
  print(F.softmax(model.forward(inputs), 1));
});

const lr = 0.1;
for (let epoch = 0; epoch < 60; epoch += 1) {
  let total = 0.0;
  for (const [i, sent] of sentences.entries()) {
    const tag = tags[i];
    model.zeroGrad();
    const scores = model.forward(encode(sent, wordToIx));
    const loss = F.crossEntropy(scores, encode(tag, tagToIx));
    loss.backward();
    torch.noGrad(() => {
      for (const p of model.parameters()) {
        p.sub_(p.grad!.mul(lr));
      }
    });
    total += loss.item();
  }
  if (epoch % 20 === 0) {
    print(f`epoch ${format(epoch, "2d")}: loss ${format(total / sentences.length, ".4f")}`);
  }
}
torch.noGrad(() => {
  for (const [i, sent] of sentences.entries()) {
    const tag = tags[i];
    const best = model.forward(encode(sent, wordToIx)).argmax(1);
    print(
      sent.join(" "),
      "->",
      (best.tolist() as number[]).map((i) => ixToTag.get(i)),
      "want",
      tag,
    );
    print("accuracy:", pyFloat(best.eq(encode(tag, tagToIx)).float().mean().item()));
  }
});
const fixed = nn.Embedding.fromPretrained(torch.eye(3));
print(fixed, fixed.forward(torch.tensor([2n, 0n])), fixed.weight.requiresGrad, torch.rand(1));
const counts = Object.fromEntries([...model.namedParameters()].map(([k, v]) => [k, v.numel()]));
print(
  counts,
  Object.values(counts).reduce((a, b) => a + b),
);
