import * as torch from "unrolled";
import { F, f, format, nn, print, pyFloat } from "unrolled";

torch.setPrintOptions({ precision: 4, sciMode: false });
const pred = torch.tensor(
  [
    [0.5, -1.0],
    [2.0, 0.25],
  ],
  { requiresGrad: true },
);
const target = torch.tensor([
  [1.0, -1.5],
  [0.0, 0.25],
]);
// biome-ignore format: one line per line of the original
for (const [name, lossFn] of [
  ["mse", new nn.MSELoss()], ["mse sum", new nn.MSELoss({ reduction: "sum" })], ["l1", new nn.L1Loss()], ["smooth", new nn.SmoothL1Loss()],
  ["huber", new nn.HuberLoss({ delta: 0.5 })], ["bce logits", new nn.BCEWithLogitsLoss()],
] as const) {
  const t = name.startsWith("bce") ? target.gt(0).float() : target;
  const loss = lossFn.forward(pred, t);
  pred.grad = null;
  loss.backward();
  print(f`${format(name, "<10")} ${format(loss.item(), ".4f")} ${lossFn}`);
  print(pred.grad);
}
print(F.mseLoss(pred, target), F.mseLoss(pred, target, { reduction: "none" }));

const logits = torch.tensor(
  [
    [2.0, 1.0, 0.1],
    [0.5, 2.5, -1.0],
  ],
  { requiresGrad: true },
);
const labels = torch.tensor([0n, 2n]);
print(F.crossEntropy(logits, labels));
print(
  new nn.CrossEntropyLoss().forward(logits, labels),
  new nn.CrossEntropyLoss({ reduction: "sum" }).forward(logits, labels),
);
print(F.crossEntropy(logits, labels, { reduction: "none" }), F.crossEntropy(logits, labels, { labelSmoothing: 0.1 }));
print(
  F.crossEntropy(logits, labels, { weight: torch.tensor([1.0, 2.0, 3.0]) }),
  F.crossEntropy(logits, labels, { ignoreIndex: 2 }),
);
const logp = F.logSoftmax(logits, 1);
print(logp);
print(F.nllLoss(logp, labels), new nn.NLLLoss().forward(logp, labels));
const byHand = logp.at(torch.arange(2), labels).mean().neg();
print("by hand:", torch.allclose(byHand, F.crossEntropy(logits, labels)), byHand);
F.crossEntropy(logits, labels).backward();
print(logits.grad);
print(
  "softmax minus one-hot:",
  torch.allclose(logits.grad!, F.softmax(logits, 1).sub(F.oneHot(labels, 3)).detach().div(2)),
);
const probs = torch.sigmoid(logits.at(":, 0"));
print(F.binaryCrossEntropy(probs, torch.tensor([1.0, 0.0])), new nn.BCELoss().forward(probs, torch.tensor([1.0, 0.0])));
print(F.oneHot(labels, 4), F.relu(logits), F.softplus(logits).at(0));
print(logits.argmax(1).eq(labels).float().mean());
print(new nn.CrossEntropyLoss({ ignoreIndex: 0 }), new nn.KLDivLoss({ reduction: "batchmean" }), new nn.BCELoss());
const seq = torch.arange(pyFloat(24.0)).reshape(2, 3, 4).div(10);
const tags = torch.tensor([
  [0n, 1n, 2n],
  [3n, 0n, 1n],
]);
print(F.crossEntropy(seq.reshape(-1, 4), tags.reshape(-1)), F.crossEntropy(seq.transpose(1, 2), tags));
