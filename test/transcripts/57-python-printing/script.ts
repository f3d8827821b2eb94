// printing in all forms
import * as torch from "unrolled";
import { f, format, nn, print, pyFloat, repr, str, tuple } from "unrolled";

torch.manualSeed(12);
const x = torch.tensor([
  [1.5, -2.25],
  [0.125, 100.0],
]);
print.with({ sep: "\n" }, x, x.shape, x.dtype, x.device);
print.with({ end: " " }, "a");
print.with({ end: "\n\n" }, "b");
print(f`${x}`);
print(f`shape: ${x.shape}, first: ${x.at(0)}, item: ${x.at(0, 0).item()}, sum: ${format(x.sum(), ".3f")}`);
const mean = x.mean().item();
print(f`${format(mean, "10.4f")}|${format(mean, "<10.2e")}|${format(mean, "^12.1f")}|${format(mean, "+.0f")}`);
print(
  f`${format(7, "03d")} ${format(7, ">5")} ${format(1234567, ",")} ${format(0.1234, ".1%")} ${format(255, "x")} ${pyFloat(3.0)} ${format(2.5, "g")} ${1e-7} ${1e16} ${pyFloat(123456789.0)}`,
);
print(f`${format("left", "<8")}|${format("right", ">8")}|${format("mid", "^8")}|${format("fill", "*^10")}`);
print(
  [1, 2.5, "three", null, true, tuple(4), pyFloat([5.0])],
  tuple(1, 2),
  tuple("x"),
  {},
  { a: 1, b: [x.at(0)] },
  new Set(),
);
print(tuple(x.at(0), x.at(1, 0)));
print(
  [x.at(0), "s"],
  { t: torch.tensor(1n) },
  new Map<unknown, string>([
    [1, "one"],
    [tuple(0, 1), "pair"],
  ]),
);
print(
  x.tolist(),
  x.at(0).tolist(),
  pyFloat(x.at(1, 1).item()),
  torch.tensor([1n, 2n]).tolist(),
  pyFloat(torch.tensor(2.0).item()),
  torch.tensor(true).item(),
);
print([...x.shape], tuple(x.shape), x.shape[0], str(x.shape), x.size(1), [...x.shape, 1]);
print(x.constructor.name, x.shape.constructor.name, x.type(), x instanceof torch.Tensor);
print(
  repr("it's"),
  repr('say "hi"'),
  "tab\tend",
  "π h₀ 中文",
  pyFloat([1.0, 0.5]),
  1 / 3,
  pyFloat(10 / 5),
  Math.floor(7 / 2),
  2 ** 0.5,
);
print(Infinity, -Infinity, NaN, pyFloat(1e5), 1e-5, 0.1 + 0.2, 100 * 1.1, Number((2.675).toFixed(2)), 5 % 3);

// ranges of numbers
for (const t of [
  torch.tensor([0.0, -0.0, 1.0]),
  torch.tensor([1.0, 10.0, 1000.0]),
  torch.tensor([0.001, 0.1]),
  torch.tensor([0.00001, 0.5]),
  torch.tensor([1e-10, 1e10]),
  torch.tensor([99999.0, 1.5]),
  torch.tensor([123456.0, 7.0]),
  torch.tensor([1e8, 1.0]),
  torch.tensor([NaN, 1.0, -Infinity]),
  torch.tensor([[1n], [-200n]]),
  torch.tensor([1, 2], { dtype: torch.uint8 }),
  torch.tensor([1.0, 2.5], { dtype: torch.float16 }),
  torch.tensor([1 / 3], { dtype: torch.float64 }),
  torch.tensor([1 / 3], { dtype: torch.bfloat16 }),
  torch.tensor([[true], [false]]),
  torch.tensor(1e-4),
  torch.tensor(-3n),
  torch.zeros(0),
  torch.zeros(2, 0, 3),
  torch.zeros(1, 1, 1, 1),
  torch.arange(30),
  torch.arange(0, 1, 0.1),
  torch.linspace(-1, 1, 7),
  torch.ones(2, 2, 2),
  torch.tensor([
    [[1.0], [2.0]],
    [[3.0], [4.0]],
  ]),
]) {
  print(t);
}
print(torch.rand(3, 12));
print(torch.arange(1001));
print(torch.arange(pyFloat(3000.0)).view(3, 10, 100).at(":, :, :50"));
torch.setPrintOptions({ precision: 8 });
print(torch.tensor([1 / 3, 2 / 3]));
torch.setPrintOptions({ precision: 0 });
print(torch.tensor([1.5, 2.5, 1000.0]));
torch.setPrintOptions({ profile: "short" });
print(torch.rand(2, 3));
torch.setPrintOptions({ profile: "full", linewidth: 40 });
print(torch.arange(pyFloat(20.0)));
torch.setPrintOptions({ profile: "default" });
const w = torch.tensor([1.0, 2.0], { requiresGrad: true });
print.with({ sep: "\n" }, w, w.mul(2), w.sum(), w.detach(), w.mul(2).at(0));
print(new nn.Parameter(torch.ones(2)), [new nn.Parameter(torch.ones(1))]);
print(
  torch.max(
    torch.tensor([
      [1.0, 5.0],
      [7.0, 2.0],
    ]),
    1,
  ),
);
print(torch.tensor([3n, 1n, 2n]).sort());
print(torch.float32, torch.int64, [torch.float64, torch.bool], torch.getDefaultDtype());
const d = { loss: 0.25, epoch: 3, shape: x.shape, w };
for (const [k, v] of Object.entries(d)) {
  print(f`${format(k, ">8")} -> ${v}`);
}
print.with({ sep: ", " }, ...[1, 2, 3]);
print([...x.flatten()].map((v) => format(v, ".2f")).join(" "));
print("-".repeat(20), "=".repeat(5));
print(f`${"net"} has ${12} weights, ${format(3.14159, ".2f")}`);
