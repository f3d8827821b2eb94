// how tensors print
import * as torch from "unrolled";
import { print } from "unrolled";

torch.manualSeed(1);
const x = torch.randn(2, 5);
print(x);
torch.setPrintOptions({ precision: 2 });
print(x);
print(x.mul(1000));
torch.setPrintOptions({ precision: 6, linewidth: 60 });
print(x);
torch.setPrintOptions({ sciMode: true, precision: 3 });
print(x);
torch.setPrintOptions({ profile: "default" });
print(torch.tensor([1e-6, 1.0, 300.0]));
print(torch.tensor([1.0, 12345678.0]));
torch.setPrintOptions({ sciMode: false });
print(torch.tensor([1e-6, 1.0, 300.0]));
torch.setPrintOptions({ profile: "default" });

const big = torch.arange(2000).reshape(40, 50);
print(big);
torch.setPrintOptions({ threshold: 20, edgeitems: 2 });
print(torch.rand(6, 6));
print(torch.zeros(3, 2, 30).shape, torch.zeros(3, 2, 30));
torch.setPrintOptions({ profile: "default" });

print(torch.tensor([true, false, true]));
print(
  torch.tensor([
    [1n, -20n],
    [300n, 4n],
  ]),
);
print(torch.eye(2, { dtype: torch.float64 }));
print(torch.tensor(3.0), torch.tensor(7n), torch.tensor(true));
print(torch.tensor([]), torch.zeros(0, 3));
print(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.5, Infinity, NaN]));
print(torch.randint(0, 100, [3, 8]), torch.ones(2, { dtype: torch.int32 }));
print(torch.full([2, 2], 3.14159, { requiresGrad: true }));
print(x.at(0), x.at(0, 0), x.at(0, 0).item() < 1);
