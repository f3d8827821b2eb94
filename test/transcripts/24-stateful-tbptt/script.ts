// Truncated BPTT: carry the hidden state from chunk to chunk, but cut the graph with detach().
import * as torch from "unrolled";
import { f, format, nn, optim, print, type Tensor } from "unrolled";

torch.manualSeed(12);
torch.setPrintOptions({ precision: 4, sciMode: false });

const series = torch.cos(torch.arange(0, 25).mul(0.4));
const chunks: [Tensor, Tensor][] = [];
for (let i = 0; i < 24; i += 6) {
  chunks.push([series.at(`${i}:${i + 6}`), series.at(`${i + 1}:${i + 7}`)]);
}
print(series.at(":6"));

const lstm = new nn.LSTM(1, 5);
const fc = new nn.Linear(5, 1);
const opt = new optim.RMSprop([...lstm.parameters(), ...fc.parameters()], { lr: 0.01 });

let state!: nn.LSTMState;
for (let epoch = 0; epoch < 3; epoch += 1) {
  state = [torch.zeros(1, 1, 5), torch.zeros(1, 1, 5)];
  for (const [k, [xs, ys]] of chunks.entries()) {
    const [h, c] = state;
    state = [h.detach(), c.detach()];
    let out: Tensor;
    [out, state] = lstm.forward(xs.view(-1, 1, 1), state);
    const loss = fc.forward(out).flatten().sub(ys).pow(2).mean();
    opt.zeroGrad();
    loss.backward();
    opt.step();
    print(f`epoch ${epoch} chunk ${k} loss ${format(loss, ".4f")}`);
  }
}
print("state after training:", state[0]);
print(state[0].requiresGrad, state[0].detach().requiresGrad);

// 如果不 detach，第二次 backward 会报错
let h: nn.LSTMState = [torch.zeros(1, 1, 5), torch.zeros(1, 1, 5)];
try {
  for (const [xs, ys] of chunks.slice(0, 2)) {
    let out: Tensor;
    [out, h] = lstm.forward(xs.view(-1, 1, 1), h);
    fc.forward(out).flatten().sub(ys).pow(2).mean().backward();
  }
} catch (e) {
  if (!(e instanceof torch.RuntimeError)) throw e;
  print("RuntimeError:", e.message.split("(")[0]);
}

// in evaluation one long sequence equals the chunks with carried state
const [whole, parts] = torch.noGrad(() => {
  const [whole] = lstm.forward(series.at(":24").view(-1, 1, 1));
  const parts: Tensor[] = [];
  let s: nn.LSTMState | null = null;
  for (const [xs] of chunks) {
    let o: Tensor;
    [o, s] = lstm.forward(xs.view(-1, 1, 1), s);
    parts.push(o);
  }
  return [whole, parts];
});
print("chunks == whole:", torch.allclose(torch.cat(parts), whole, { atol: 1e-6 }));
print(whole.at(-1), whole.gradFn);
