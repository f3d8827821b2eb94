// mistakes and what is said about them
import * as torch from "unrolled";
import { F, f, nn, print } from "unrolled";

function attempt(title: string, action: () => unknown): void {
  try {
    action();
    print(f`${title}: fine`);
  } catch (e) {
    if (!(e instanceof Error)) throw e;
    print(f`${title}: ${e.name}: ${e}`);
  }
}

const x = torch.ones(2, 3);
attempt("matmul", () => x.matmul(x));
attempt("mv", () => x.matmul(torch.ones(2)));
attempt("mm", () => torch.mm(x, torch.ones(3)));
attempt("bmm", () => torch.bmm(x, x));
attempt("broadcast", () => x.add(torch.ones(2)));
attempt("broadcast 2", () => x.mul(torch.ones(4, 3)));
attempt("view", () => x.view(4, 2));
attempt("view -1", () => x.view(-1, 4));
attempt("view strided", () => x.t().view(6));
attempt("reshape", () => x.reshape(5));
attempt("index", () => x.at(2));
attempt("index 2", () => x.at(0, 3));
attempt("too many", () => x.at(0, 0, 0));
attempt("index list", () => x.at([0, 5]));
attempt("mask", () => x.at(torch.tensor([true, false, true])));
attempt("float index", () => x.at(torch.tensor([0.5])));
attempt("assign", () => x.set(0, torch.ones(2)));
attempt("dim", () => x.sum(2));
attempt("softmax dim", () => torch.softmax(x, 5));
attempt("cat", () => torch.cat([x, torch.ones(3, 2)]));
attempt("cat dims", () => torch.cat([x, torch.ones(3)]));
attempt("cat empty", () => torch.cat([]));
attempt("stack", () => torch.stack([x, torch.ones(3, 2)]));
attempt("transpose", () => x.transpose(0, 2));
attempt("permute", () => x.permute(0, 1, 2));
attempt("squeeze", () => x.squeeze(4));
attempt("unsqueeze", () => x.unsqueeze(4));
attempt("expand", () => x.expand(4, 3));
attempt("expand less", () => x.expand(3));
attempt("item", () => x.item());
attempt("bool", () => x.gt(0).truth());
attempt("ragged", () => torch.tensor([[1, 2], [3]]));
attempt("chunk", () => x.chunk(0));
attempt("split", () => x.split([1, 3], 1));
attempt("dtype matmul", () => x.matmul(torch.ones(3, 2, { dtype: torch.float64 })));
attempt("int matmul", () => x.matmul(torch.ones(3, 2, { dtype: torch.int64 })));
attempt("int grad", () => torch.ones(2, { dtype: torch.int64 }).requiresGrad_());
attempt("int mean", () => torch.arange(3).mean());
attempt("in-place type", () => torch.ones(2, { dtype: torch.int64 }).add_(0.5));
attempt("in-place shape", () => torch.ones(2).add_(x));
attempt("numpy", () => torch.ones(2, { requiresGrad: true }).numpy());
attempt("backward", () => x.sum().backward());
attempt("backward vector", () => torch.ones(2, { requiresGrad: true }).mul(2).backward());
attempt("leaf", () => torch.ones(2, { requiresGrad: true }).add_(1));
attempt("dot", () => torch.dot(torch.ones(2), torch.ones(3)));
attempt("gather", () => x.gather(1, torch.tensor([[3n], [0n]])));
attempt("multinomial", () => torch.multinomial(torch.tensor([0.5, 0.5]), 3));
attempt("normal", () => torch.empty(2).normal_(0, -1));
attempt("uniform", () => torch.empty(2).uniform_(1, 0));
attempt("randint", () => torch.randint(5, 5, [1]));
attempt("bernoulli", () => torch.bernoulli(torch.tensor([1.5])));
attempt("empty max", () => torch.zeros(0).max());
attempt("negative", () => torch.zeros(-1));
attempt("linear", () => new nn.Linear(4, 2).forward(x));
attempt("rnn", () => new nn.RNN(4, 2).forward(x));
attempt("rnn 4d", () => new nn.RNN(3, 2).forward(torch.ones(1, 1, 1, 3)));
attempt("rnn h0", () => new nn.RNN(3, 2).forward(torch.ones(4, 1, 3), torch.zeros(1, 2, 2)));
attempt("rnn dropout", () => new nn.RNN(3, 2, { dropout: 2 }));
attempt("rnn size", () => new nn.RNN(3, 0));
attempt("rnn layers", () => new nn.RNN(3, 2, { numLayers: 0 }));
attempt("rnn mode", () => new nn.RNN(3, 2, { nonlinearity: "gelu" as "relu" }));
attempt("cell", () => new nn.RNNCell(3, 2).forward(torch.ones(1, 4)));
attempt("cell h", () => new nn.RNNCell(3, 2).forward(x, torch.ones(1, 2)));
attempt("dropout", () => new nn.Dropout(1.5));
attempt("parameter", () => Object.assign(new nn.Linear(1, 1), { weight: torch.ones(1, 1) }));
attempt("key", () => new nn.Linear(1, 1).loadStateDict({ weight: torch.ones(1, 1) }));
attempt("size", () => new nn.Linear(1, 1).loadStateDict({ weight: torch.ones(1, 2), bias: torch.ones(2) }));
attempt("cross entropy", () => F.crossEntropy(x, torch.tensor([0n, 3n])));
attempt("cross entropy n", () => F.crossEntropy(x, torch.tensor([0n])));
attempt("nll dtype", () => F.crossEntropy(x, torch.tensor([0.0, 1.0])));
attempt("bce", () => F.binaryCrossEntropy(x, torch.ones(2)));
attempt("embedding", () => new nn.Embedding(3, 2).forward(torch.tensor([3n])));
attempt("ok", () => x.add(1));
