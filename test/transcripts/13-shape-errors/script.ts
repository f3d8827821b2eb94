// Collect the error messages one sees when shapes or types are wrong.
import * as torch from "unrolled";
import { f, nn, print } from "unrolled";

function attempt(title: string, action: () => unknown): void {
  try {
    print(f`[${title}] ok:`, action());
  } catch (e) {
    if (!(e instanceof Error)) throw e;
    print(f`[${title}] ${e.name}: ${e}`);
  }
}

torch.manualSeed(0);
const rnn = new nn.RNN(4, 3, { batchFirst: true });
const lstm = new nn.LSTM(4, 3, { numLayers: 2 });
const gru = new nn.GRU(4, 3, { bidirectional: true });
const x = torch.randn(2, 5, 4);
const { ones, zeros, randn } = torch;

attempt("good call", () => rnn.forward(x)[0].shape);
attempt("wrong feature size", () => rnn.forward(randn(2, 5, 6)));
attempt("4-D input", () => rnn.forward(randn(1, 2, 5, 4)));
attempt("wrong batch in h0", () => rnn.forward(x, zeros(1, 3, 3)));
attempt("wrong layers in h0", () => gru.forward(x, zeros(1, 5, 3)));
attempt("2-D h0 for 3-D input", () => rnn.forward(x, zeros(1, 3)));
attempt("lstm: wrong h0", () => lstm.forward(x, [zeros(1, 5, 3), zeros(2, 5, 3)]));
attempt("lstm: wrong c0", () => lstm.forward(x, [zeros(2, 5, 3), zeros(2, 5, 4)]));
attempt("double input", () => rnn.forward(x.double()));
attempt("integer input", () => gru.forward(ones(5, 2, 4, { dtype: torch.int64 })));

const cell = new nn.GRUCell(4, 3);
attempt("cell: wrong input", () => cell.forward(randn(2, 5)));
attempt("cell: wrong hidden", () => cell.forward(randn(2, 4), randn(2, 5)));

attempt("matmul", () => ones(2, 3).matmul(ones(4, 5)));
attempt("add", () => ones(2, 3).add(ones(2, 4)));
attempt("linear", () => new nn.Linear(3, 1).forward(ones(2, 4)));
attempt("cat", () => torch.cat([ones(2, 3), ones(3, 3, 1)]));
attempt("stack", () => torch.stack([ones(2), ones(3)]));
attempt("view", () => ones(2, 3).view(4, 2));
attempt("index", () => ones(2, 3).at(2));
attempt("nonlinearity", () => new nn.RNN(2, 2, { nonlinearity: "sigmoid" as "tanh" }));
attempt("backward of a vector", () => ones(3, { requiresGrad: true }).mul(2).backward());
attempt("no graph", () => ones(1).sum().backward());
