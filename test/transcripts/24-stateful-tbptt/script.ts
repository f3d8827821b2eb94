import * as torch from "unrolled";
import { f, format, nn, print } from "unrolled";

torch.manualSeed(12);
torch.setPrintOptions({ precision: 4, sciMode: false });

const series = torch.cos(torch.arange(0, 25).mul(0.4));
const chunks = [0, 6, 12, 18].map((i) => [series.at(`${i}:${i + 6}`), series.at(`${i + 1}:${i + 7}`)] as const);
print(series.at(":6"));

const lstm = new nn.LSTM(1, 5);
const fc = new nn.Linear(5, 1);
const opt = new torch.optim.RMSprop([...lstm.parameters(), ...fc.parameters()], { lr: 0.01 });

let state: nn.LSTMState = [torch.zeros(1, 1, 5), torch.zeros(1, 1, 5)];
for (let epoch = 0; epoch < 3; epoch++) {
  state = [torch.zeros(1, 1, 5), torch.zeros(1, 1, 5)];
  for (const [k, [xs, ys]] of chunks.entries()) {
    const [h, c] = state;
    const [out, next] = lstm.forward(xs.view(-1, 1, 1), [h.detach(), c.detach()]);
    state = next;
    const loss = fc.forward(out).flatten().sub(ys).pow(2).mean();
    opt.zeroGrad();
    loss.backward();
    opt.step();
    print(f`epoch ${epoch} chunk ${k} loss ${format(loss.item(), ".4f")}`);
  }
}
print("state after training:", state[0]);
print(state[0].requiresGrad, state[0].detach().requiresGrad);

// without detach the second backward is an error
let carried: nn.LSTMState = [torch.zeros(1, 1, 5), torch.zeros(1, 1, 5)];
try {
  for (const [xs, ys] of chunks.slice(0, 2)) {
    const [out, next] = lstm.forward(xs.view(-1, 1, 1), carried);
    carried = next;
    fc.forward(out).flatten().sub(ys).pow(2).mean().backward();
  }
} catch (e) {
  if (!(e instanceof torch.RuntimeError)) throw e;
  print("RuntimeError:", e.message.split("(")[0]);
}

// in evaluation one long sequence equals the chunks with carried state
const [whole, parts] = torch.noGrad(() => {
  const [all] = lstm.forward(series.at(":24").view(-1, 1, 1));
  const pieces: torch.Tensor[] = [];
  let s: nn.LSTMState | null = null;
  for (const [xs] of chunks) {
    const [o, next]: readonly [torch.Tensor, nn.LSTMState] = lstm.forward(xs.view(-1, 1, 1), s);
    s = next;
    pieces.push(o);
  }
  return [all, pieces];
});
print("chunks == whole:", torch.allclose(torch.cat(parts), whole, { atol: 1e-6 }));
print(whole.at(-1), whole.gradFn);
