// every form of basic indexing
import * as torch from "unrolled";
import { print, pyFloat } from "unrolled";

const x = torch.arange(24).reshape(2, 3, 4);
print(x);
print(x.at(0));
print(x.at(-1, 0));
print(x.at(1, 2, 3), x.at(1).at(2).at(3));
print(x.at(":, 1"));
print(x.at(":, 1, :"));
print(x.at("..., 0"));
print(x.at("0, ..., -1"));
print(x.at(":, -1:, 1:3"));
print(x.at(":, ::2, ::3"));
print(x.at("1, :, 1:-1"));
print(x.at("..., None").shape, x.at(null).shape, x.at(":, None, :, 0").shape);
print(x.at("0:1").shape, x.at("5:").shape, x.at(":, 1:1").shape);
print(x.at(":, :2, -2:").contiguous().view(-1));
print(x.shape, x.size(), x.size(-1), x.length, x.dim(), x.numel(), x.stride());

// a slice is a view
const y = torch.zeros(3, 4);
const row = y.at(1);
row.set(2, 5);
y.set(":, 0", 1);
y.set("-1, 1:3", torch.tensor([7.0, 8.0]));
y.set("..., -1", 9);
y.at(0).add_(0.5);
print(y);
print(row);
print(
  y.shape.slice(1),
  row.dataPtr() === y.at(1).dataPtr(),
  row.dataPtr() === y.dataPtr(),
  y.clone().dataPtr() === y.dataPtr(),
);
y.at("1:, :2").mul_(10);
print(y);
y.set(":", 0);
print(y);
y.set(":2, :2", torch.eye(2));
y.set("2, ::2", -1);
print(y);

// slices of slices, transposed
const z = torch.arange(pyFloat(12.0)).view(3, 4);
print(z.T.at("1:3, ::2"));
print(z.t().at(0), z.at(":, 0").isContiguous(), z.at(0).isContiguous());
for (const [i, r] of [...z].entries()) {
  print(i, r, pyFloat(r.sum().item()));
}
const t = 2;
print(z.at(t - 1, t), z.at(t, `:${t + 1}`), z.at(`:${-t}`));
for (let a = 0; a < 3; a += 1) {
  z.set(a, a, 100 + a);
}
print(z);
const [_first, second, _third] = z;
print(second);
const h = torch.zeros(2, 5, 3);
const step = torch.ones(2, 3);
for (let t = 0; t < 5; t += 1) {
  h.set(":", t, ":", step.mul(t + 1));
}
print(h.at(0));
print(h.at(":, -1").tolist());
