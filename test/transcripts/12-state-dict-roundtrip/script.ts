import * as torch from "unrolled";
import { nn, print, type Tensor } from "unrolled";

class Net extends nn.Module {
  readonly rnn: nn.RNN;
  readonly fc: nn.Linear;

  constructor({ hidden = 2 } = {}) {
    super();
    this.rnn = new nn.RNN(1, hidden, { batchFirst: true });
    this.fc = new nn.Linear(hidden, 1);
  }

  override forward(x: Tensor): Tensor {
    const [out] = this.rnn.forward(x);
    return this.fc.forward(out.at(":, -1"));
  }
}

torch.manualSeed(31);
const net = new Net();
print(net.stateDict());

const buf = torch.save(net.stateDict());
const loaded = torch.load<torch.OrderedDict<string, Tensor>>(buf);
print(loaded.constructor.name, [...loaded.keys()]);

const other = new Net();
const x = torch.randn(3, 5, 1);
print("before loading:", torch.allclose(other.forward(x), net.forward(x)));
print(other.loadStateDict(loaded));
print("after loading: ", torch.equal(other.forward(x), net.forward(x)));
print(other.forward(x));

// the usual mistakes
const sd = net.stateDict();
sd.set("rnn.weight_xx", sd.pop("rnn.weight_hh_l0"));
try {
  other.loadStateDict(sd);
} catch (e) {
  if (!(e instanceof torch.RuntimeError)) throw e;
  print("RuntimeError:", e);
}
print(other.loadStateDict(sd, { strict: false }));

try {
  new Net({ hidden: 3 }).loadStateDict(net.stateDict());
} catch (e) {
  if (!(e instanceof torch.RuntimeError)) throw e;
  print(e);
}
