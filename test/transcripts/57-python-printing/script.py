# printing in all forms
import torch

torch.manual_seed(12)
x = torch.tensor([[1.5, -2.25], [0.125, 100.0]])
print(x, x.shape, x.dtype, x.device, sep="\n")
print("a", end=" ")
print("b", end="\n\n")
print(f"{x}")
print(f"shape: {x.shape}, first: {x[0]}, item: {x[0, 0].item()}, sum: {x.sum():.3f}")
print(f"{x.mean().item():10.4f}|{x.mean().item():<10.2e}|{x.mean().item():^12.1f}|{x.mean().item():+.0f}")
print(f"{7:03d} {7:>5} {1234567:,} {0.1234:.1%} {255:x} {3.0} {2.50:g} {1e-7} {1e16} {123456789.0}")
print(f"{'left':<8}|{'right':>8}|{'mid':^8}|{'fill':*^10}")
print([1, 2.5, "three", None, True, (4,), [5.0]], (1, 2), ("x",), {}, {"a": 1, "b": [x[0]]}, set())
print((x[0], x[1, 0]))
print([x[0], "s"], {"t": torch.tensor(1)}, {1: "one", (0, 1): "pair"})
print(x.tolist(), x[0].tolist(), x[1, 1].item(), torch.tensor([1, 2]).tolist(), torch.tensor(2.0).item(), torch.tensor(True).item())
print(list(x.shape), tuple(x.shape), x.shape[0], str(x.shape), x.size(1), [*x.shape, 1])
print(type(x).__name__, type(x.shape).__name__, x.type(), isinstance(x, torch.Tensor))
print(repr("it's"), repr('say "hi"'), "tab\tend", "π h₀ 中文", [1.0, 0.5], 1 / 3, 10 / 5, 7 // 2, 2 ** 0.5)
print(float("inf"), -float("inf"), float("nan"), 1e5, 1e-5, 0.1 + 0.2, 100 * 1.1, round(2.675, 2), 5 % 3)

# ranges of numbers
for t in (
    torch.tensor([0.0, -0.0, 1.0]),
    torch.tensor([1.0, 10.0, 1000.0]),
    torch.tensor([0.001, 0.1]),
    torch.tensor([0.00001, 0.5]),
    torch.tensor([1e-10, 1e10]),
    torch.tensor([99999.0, 1.5]),
    torch.tensor([123456.0, 7.0]),
    torch.tensor([1e8, 1.0]),
    torch.tensor([float("nan"), 1.0, -float("inf")]),
    torch.tensor([[1], [-200]]),
    torch.tensor([1, 2], dtype=torch.uint8),
    torch.tensor([1.0, 2.5], dtype=torch.float16),
    torch.tensor([1 / 3], dtype=torch.float64),
    torch.tensor([1 / 3], dtype=torch.bfloat16),
    torch.tensor([[True], [False]]),
    torch.tensor(1e-4),
    torch.tensor(-3),
    torch.zeros(0),
    torch.zeros(2, 0, 3),
    torch.zeros(1, 1, 1, 1),
    torch.arange(30),
    torch.arange(0, 1, 0.1),
    torch.linspace(-1, 1, 7),
    torch.ones(2, 2, 2),
    torch.tensor([[[1.0], [2.0]], [[3.0], [4.0]]]),
):
    print(t)
print(torch.rand(3, 12))
print(torch.arange(1001))
print(torch.arange(3000.0).view(3, 10, 100)[:, :, :50])
torch.set_printoptions(precision=8)
print(torch.tensor([1 / 3, 2 / 3]))
torch.set_printoptions(precision=0)
print(torch.tensor([1.5, 2.5, 1000.0]))
torch.set_printoptions(profile="short")
print(torch.rand(2, 3))
torch.set_printoptions(profile="full", linewidth=40)
print(torch.arange(20.0))
torch.set_printoptions(profile="default")
w = torch.tensor([1.0, 2.0], requires_grad=True)
print(w, w * 2, w.sum(), w.detach(), (w * 2)[0], sep="\n")
print(torch.nn.Parameter(torch.ones(2)), [torch.nn.Parameter(torch.ones(1))])
print(torch.max(torch.tensor([[1.0, 5.0], [7.0, 2.0]]), dim=1))
print(torch.tensor([3, 1, 2]).sort())
print(torch.float32, torch.int64, [torch.float64, torch.bool], torch.get_default_dtype())
d = {"loss": 0.25, "epoch": 3, "shape": x.shape, "w": w}
for k, v in d.items():
    print(f"{k:>8} -> {v}")
print(*[1, 2, 3], sep=", ")
print(" ".join(f"{v:.2f}" for v in x.flatten()))
print("-" * 20, "=" * 5)
print("%s has %d weights, %.2f" % ("net", 12, 3.14159))
