import * as torch from "unrolled";
import { f, format, nn, optim, print, type Tensor } from "unrolled";

torch.manualSeed(1234);
torch.setPrintOptions({ precision: 3, sciMode: false });

class SineRNN extends nn.Module {
  readonly rnn: nn.RNN;
  readonly out: nn.Linear;

  constructor(hiddenSize = 8) {
    super();
    this.rnn = new nn.RNN(1, hiddenSize, { batchFirst: true });
    this.out = new nn.Linear(hiddenSize, 1);
  }

  override forward(x: Tensor, h?: Tensor): [Tensor, Tensor] {
    const [y, hn] = this.rnn.forward(x, h);
    return [this.out.forward(y), hn];
  }
}

const steps = torch.arange(21).mul(0.3);
const wave = torch.sin(steps);
const x = wave.at(":-1").view(1, 20, 1);
const y = wave.at("1:").view(1, 20, 1);
print("x:", x.flatten());

const model = new SineRNN();
print(model);
print(
  "parameters:",
  [...model.parameters()].reduce((n, p) => n + p.numel(), 0),
);
const criterion = new nn.MSELoss();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });

let loss!: Tensor;
for (let epoch = 1; epoch < 16; epoch += 1) {
  optimizer.zeroGrad();
  const [pred] = model.forward(x);
  loss = criterion.forward(pred, y);
  loss.backward();
  optimizer.step();
  if (epoch === 1 || epoch % 5 === 0) {
    print(f`epoch ${format(epoch, "2d")}  loss ${format(loss.item(), ".4f")}`);
  }
}
print(loss);

// 用最后的隐藏状态继续预测
model.eval();
const future: number[] = [];
torch.noGrad(() => {
  let [pred, h] = model.forward(x);
  print("prediction vs target (last 4):");
  print(torch.cat([pred.at(0, "-4:"), y.at(0, "-4:")], 1));
  let step = pred.at(":, -1:, :");
  for (let i = 0; i < 5; i += 1) {
    [step, h] = model.forward(step, h);
    future.push(step.item());
  }
});
print(
  "future:",
  future.map((v) => format(v, ".3f")),
);
print("out.bias:", model.out.bias);
