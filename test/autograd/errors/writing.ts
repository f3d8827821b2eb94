/** Expressions that fail in arithmetic, in writing and in gradients: torch's and ours. */
import * as torch from "unrolled";
import { F } from "unrolled";
import { assign, type Failures, i } from "./failures.ts";

export const writing: Failures = {
  "s.chunk(1)": ({ s }) => s.chunk(1),
  "x.split(-1)": ({ x }) => x.split(-1),
  "x.split(0)": ({ x }) => x.split(0),
  "x.split([1, 1])": ({ x }) => x.split([1, 1]),
  "x.split([4, -1])": ({ x }) => x.split([4, -1]),
  "s.split(1)": ({ s }) => s.split(1),
  "F.pad(x, (1,))": ({ x }) => F.pad(x, [1]),
  "F.pad(v, (1, 1, 1, 1))": ({ v }) => F.pad(v, [1, 1, 1, 1]),
  "x + torch.ones(3)": ({ x }) => x.add(torch.ones(3)),
  "x @ torch.ones(3)": ({ x }) => x.matmul(torch.ones(3)),
  "x @ torch.ones(2, 2, 2)": ({ x }) => x.matmul(torch.ones(2, 2, 2)),
  "v @ torch.ones(3)": ({ v }) => v.matmul(torch.ones(3)),
  "s @ x": ({ s, x }) => s.matmul(x),
  "x @ x": ({ x }) => x.matmul(x),
  "x @ x.t().double()": ({ x }) => x.matmul(x.t().double()),
  "torch.mm(x, x)": ({ x }) => torch.mm(x, x),
  "torch.mm(v, x)": ({ v, x }) => torch.mm(v, x),
  "torch.mm(x, v)": ({ v, x }) => torch.mm(x, v),
  "torch.bmm(x, x)": ({ x }) => torch.bmm(x, x),
  "torch.bmm(torch.ones(1, 2, 3), torch.ones(2, 3, 1))": () => torch.bmm(torch.ones(1, 2, 3), torch.ones(2, 3, 1)),
  "torch.bmm(torch.ones(1, 2, 3), x)": ({ x }) => torch.bmm(torch.ones(1, 2, 3), x),
  "torch.bmm(torch.ones(1, 2, 3), torch.ones(1, 3, 2).double())": () =>
    torch.bmm(torch.ones(1, 2, 3), torch.ones(1, 3, 2).double()),
  "torch.dot(x, x)": ({ x }) => torch.dot(x, x),
  "torch.dot(v, v.double())": ({ v }) => torch.dot(v, v.double()),
  "torch.mv(x, torch.ones(1))": ({ x }) => torch.mv(x, torch.ones(1)),
  "torch.mv(v, x)": ({ v, x }) => torch.mv(v, x),
  "torch.outer(x, v)": ({ v, x }) => torch.outer(x, v),
  "torch.addmm(v, x, x)": ({ v, x }) => torch.addmm(v, x, x),
  "torch.addmm(v, v, x)": ({ v, x }) => torch.addmm(v, v, x),
  "torch.addmm(torch.ones(5), x, x.t())": ({ x }) => torch.addmm(torch.ones(5), x, x.t()),
  "F.linear(x, torch.ones(2, 3))": ({ x }) => F.linear(x, torch.ones(2, 3)),
  "F.linear(x, torch.ones(2, 4), torch.ones(3))": ({ x }) => F.linear(x, torch.ones(2, 4), torch.ones(3)),
  "F.linear(x.double(), torch.ones(2, 4))": ({ x }) => F.linear(x.double(), torch.ones(2, 4)),
  "torch.einsum('ij,jk->ik', x, x)": ({ x }) => torch.einsum("ij,jk->ik", x, x),
  "torch.einsum('ij,jk->ik', x)": ({ x }) => torch.einsum("ij,jk->ik", x),
  "torch.einsum('ij->ij', x, x)": ({ x }) => torch.einsum("ij->ij", x, x),
  "torch.einsum('ijk->i', x)": ({ x }) => torch.einsum("ijk->i", x),
  "torch.einsum('ij->k', x)": ({ x }) => torch.einsum("ij->k", x),
  "torch.einsum('ij->ii', x)": ({ x }) => torch.einsum("ij->ii", x),
  "c - c": ({ c }) => c.sub(c),
  "c - k": ({ c }) => c.sub(i([[1]])),
  "-c": ({ c }) => c.neg(),
  "k // 0": ({ k }) => k.floorDivide(0),
  "k % 0": ({ k }) => k.remainder(0),
  "torch.fmod(k, 0)": ({ k }) => torch.fmod(k, 0),
  "k ** -1": ({ k }) => k.pow(-1),
  "torch.add(k, k, alpha=0.5)": ({ k }) => torch.add(k, k, { alpha: 0.5 }),
  "x & x": ({ x }) => x.bitwiseAnd(x),
  "~x": ({ x }) => x.bitwiseNot(),
  "x.masked_fill(v, 0)": ({ v, x }) => x.maskedFill(v, 0),
  "x.masked_fill(x > 0, v)": ({ v, x }) => x.maskedFill(x.gt(0), v),
  "torch.where(k, x, x)": ({ k, x }) => torch.where(k, x, x),
  "torch.where(c, x, torch.ones(3))": ({ c, x }) => torch.where(c, x, torch.ones(3)),
  "x.clamp()": ({ x }) => x.clamp(),
  "torch.isclose(x, x.double())": ({ x }) => torch.isclose(x, x.double()),
  "x.item()": ({ x }) => x.item(),
  "e.item()": ({ e }) => e.item(),
  "bool(x)": ({ x }) => x.truth(),
  "bool(e)": ({ e }) => e.truth(),
  "list(s)": ({ s }) => [...s],
  "w.numpy()": ({ w }) => w.numpy(),
  "x.add_(torch.ones(5, 3, 4))": ({ x }) => x.add_(torch.ones(5, 3, 4)),
  "x.add_(torch.ones(3))": ({ x }) => x.add_(torch.ones(3)),
  "k.add_(0.5)": ({ k }) => k.add_(0.5),
  "k.div_(2)": ({ k }) => k.div_(2),
  "c.add_(1)": ({ c }) => c.add_(1n),
  "torch.ones(1).expand(3).add_(1)": () => torch.ones(1).expand(3).add_(1),
  "x.fill_(v)": ({ v, x }) => x.fill_(v),
  "x.masked_fill_(v, 0)": ({ v, x }) => x.maskedFill_(v, 0),
  "x.scatter_(1, i([[4]]), 1.)": ({ x }) => x.scatter_(1, i([[4]]), 1),
  "x.uniform_(2, 1)": ({ x }) => x.uniform_(2, 1),
  "x.normal_(0, -1)": ({ x }) => x.normal_(0, -1),
  "x.bernoulli_(2)": ({ x }) => x.bernoulli_(2),
  "k.normal_()": ({ k }) => k.normal_(),
  "k.uniform_()": ({ k }) => k.uniform_(),
  "x.squeeze_(5)": ({ x }) => x.squeeze_(5),
  "x.transpose_(0, 5)": ({ x }) => x.transpose_(0, 5),
  "x.unsqueeze_(5)": ({ x }) => x.unsqueeze_(5),
  "w.add_(1)": ({ w }) => w.add_(1),
  "w[0].add_(1)": ({ w }) => w.at(0).add_(1),
  "w.zero_()": ({ w }) => w.zero_(),
  "w.uniform_()": ({ w }) => w.uniform_(),
  "w.t_()": ({ w }) => w.t_(),
  "w.__setitem__(0, 1.)": ({ w }) => w.set(0, 1),
  "w.__setitem__(i([0]), 1.)": ({ w }) => w.set(i([0]), 1),
  "w.unbind()[0].add_(1)": ({ w }) => w.unbind()[0]!.add_(1),
  "(w * 1).unbind()[0].add_(1)": ({ w }) => w.mul(1).unbind()[0]!.add_(1),
  "(w * 1).split(1)[1].mul_(2)": ({ w }) => w.mul(1).split(1)[1]!.mul_(2),
  "torch.arange(0, 5, -1)": () => torch.arange(0, 5, -1),
  "torch.arange(1, 0)": () => torch.arange(1, 0),
  "torch.arange(0, 5, 0)": () => torch.arange(0, 5, 0),
  "torch.zeros(-1)": () => torch.zeros(-1),
  "torch.ones(2, -3)": () => torch.ones(2, -3),
  "torch.full((-1,), 2.)": () => torch.full([-1], 2),
  "torch.linspace(0, 1, -1)": () => torch.linspace(0, 1, -1),
  "torch.eye(-1)": () => torch.eye(-1),
  "torch.eye(1, -1)": () => torch.eye(1, -1),
  "torch.randint(5, 2, (3,))": () => torch.randint(5, 2, [3]),
  "torch.randperm(-1)": () => torch.randperm(-1),
  "torch.rand(2, -1)": () => torch.rand(2, -1),
  "torch.normal(0., -1., (2,))": () => torch.normal(0, -1, [2]),
  "torch.multinomial(torch.zeros(2), 1)": () => torch.multinomial(torch.zeros(2), 1),
  "torch.multinomial(v, 9)": () => torch.multinomial(torch.ones(4), 9),
  "torch.multinomial(k, 1)": ({ k }) => torch.multinomial(k, 1),
  "torch.multinomial(x[None], 1)": ({ x }) => torch.multinomial(x.at(null), 1),
  "torch.bernoulli(v * 2)": () => torch.bernoulli(torch.tensor([2])),
  "F.dropout(x, 1.5)": ({ x }) => F.dropout(x, 1.5),
  "F.one_hot(i([3]), 2)": () => F.oneHot(i([3]), 2),
  "F.one_hot(i([-1]))": () => F.oneHot(i([-1])),
  "F.one_hot(v)": ({ v }) => F.oneHot(v),
  "F.glu(torch.ones(3))": () => F.glu(torch.ones(3)),
  "F.prelu(x, torch.ones(3))": ({ x }) => F.prelu(x, torch.ones(3)),
  "torch.tensor([[1., 2.], [3.]])": () => torch.tensor([[1, 2], [3]]),
  "torch.tensor([[1.], 2.])": () => torch.tensor([[1], 2]),
  "torch.tensor([1., [2.]])": () => torch.tensor([1, [2]]),
  "torch.tensor('a')": () => torch.tensor("a" as never),
  "torch.tensor([1., 'a'])": () => torch.tensor([1, "a" as never]),
  "torch.tensor(None)": () => torch.tensor(null as never),
  "k.requires_grad_()": ({ k }) => k.requiresGrad_(),
  "torch.ones(2, dtype=torch.int64, requires_grad=True)": () =>
    torch.ones(2, { dtype: torch.int64, requiresGrad: true }),
  "(w * 2).requires_grad_(False)": ({ w }) => w.mul(2).requiresGrad_(false),
  "x[0, 0].backward()": ({ x }) => x.at(0, 0).backward(),
  "(w * 2).backward()": ({ w }) => w.mul(2).backward(),
  "(w * 2).backward(torch.ones(3))": ({ w }) => w.mul(2).backward(torch.ones(3)),
  "w.sum().backward(inputs=[])": ({ w }) => w.sum().backward(null, { inputs: [] }),
  "torch.autograd.grad(w.sum(), x)": ({ w, x }) => torch.autograd.grad(w.sum(), x),
  "torch.autograd.grad(w.sum(), [w, torch.ones(2, requires_grad=True)])": ({ w }) =>
    torch.autograd.grad(w.sum(), [w, torch.ones(2, { requiresGrad: true })]),
  "torch.autograd.grad(w * 2, w)": ({ w }) => torch.autograd.grad(w.mul(2), w),
  "x.register_hook(print)": ({ x }) => x.registerHook(() => undefined),
  "x.retain_grad()": ({ x }) => x.retainGrad(),
  "(w * 1)[0].detach_()": ({ w }) => w.mul(1).at(0).detach_(),
  "setattr(w, 'grad', torch.ones(3))": ({ w }) => assign(w, torch.ones(3)),
  "setattr(w, 'grad', torch.ones(2, 2).double())": ({ w }) => assign(w, torch.ones(2, 2).double()),
  "(w // 2).sum().backward()": ({ w }) => w.floorDivide(2).sum().backward(),
  "y = w * 1; z = y * y; y.add_(1); z.sum().backward()": ({ w }) => {
    const y = w.mul(1);
    const z = y.mul(y);
    y.add_(1);
    return z.sum().backward();
  },
  "y = w * 1; z = y.tanh(); z.add_(1); z.sum().backward()": ({ w }) => {
    const z = w.mul(1).tanh();
    z.add_(1);
    return z.sum().backward();
  },
  "y = w * 1; z = y.tanh_(); z.add_(1); z.sum().backward()": ({ w }) => {
    const z = w.mul(1).tanh_();
    z.add_(1);
    return z.sum().backward();
  },
  "y = w * 1; z = y.exp_(); z.add_(1); z.sum().backward()": ({ w }) => {
    const z = w.mul(1).exp_();
    z.add_(1);
    return z.sum().backward();
  },
  "y = w * 1; z = y.softmax(1); z.mul_(2); z.sum().backward()": ({ w }) => {
    const z = w.mul(1).softmax(1);
    z.mul_(2);
    return z.sum().backward();
  },
  "y = w * 1; z = y.t() * y.t(); y.add_(1); z.sum().backward()": ({ w }) => {
    const y = w.mul(1);
    const z = y.t().mul(y.t());
    y.add_(1);
    return z.sum().backward();
  },
  "y = w * 1; v = y[0].exp_(); y.add_(1); y.sum().backward()": ({ w }) => {
    const y = w.mul(1);
    y.at(0).exp_();
    y.add_(1);
    return y.sum().backward();
  },
  "y = w * 1; z = y[0]; a = z * z; z.mul_(2); a.sum().backward()": ({ w }) => {
    const z = w.mul(1).at(0);
    const a = z.mul(z);
    z.mul_(2);
    return a.sum().backward();
  },
  "y = w * 1; y[0] = 1; z = y * y; y[1] = 1; z.sum().backward()": ({ w }) => {
    const y = w.mul(1);
    y.set(0, 1);
    const z = y.mul(y);
    y.set(1, 1);
    return z.sum().backward();
  },
  "z = w * w; w.detach().add_(1); z.sum().backward()": ({ w }) => {
    const z = w.mul(w);
    w.detach().add_(1);
    return z.sum().backward();
  },
  "u = torch.ones(2); z = w * u; u.add_(1); z.sum().backward()": ({ w }) => {
    const u = torch.ones(2);
    const z = w.mul(u);
    u.add_(1);
    return z.sum().backward();
  },
  "j = i([0, 1]); z = w.index_select(0, j); j.add_(1); z.sum().backward()": ({ w }) => {
    const j = i([0, 1]);
    const z = w.indexSelect(0, j);
    j.add_(1);
    return z.sum().backward();
  },
  "z = w @ w.t(); w.detach().add_(1); z.sum().backward()": ({ w }) => {
    const z = w.matmul(w.t());
    w.detach().add_(1);
    return z.sum().backward();
  },
  "h = x.detach(); z = F.linear(F.linear(x[:, :2], w), w); w.detach().sub_(1); z.sum().backward()": ({ w, x }) => {
    const z = F.linear(F.linear(x.at(":, :2"), w), w);
    w.detach().sub_(1);
    return z.sum().backward();
  },
  "z = (w * 2).sum(); z.backward(); z.backward()": ({ w }) => {
    const z = w.mul(2).sum();
    z.backward();
    return z.backward();
  },
  "z = w.exp().sum(); z.backward(); z.backward()": ({ w }) => {
    const z = w.exp().sum();
    z.backward();
    return z.backward();
  },
  "z = w[[0, 1]].sum(); z.backward(); z.backward()": ({ w }) => {
    const z = w.at([0, 1]).sum();
    z.backward();
    return z.backward();
  },
  "z = w.masked_fill(w > 0, 1).sum(); z.backward(); z.backward()": ({ w }) => {
    const z = w.maskedFill(w.gt(0), 1).sum();
    z.backward();
    return z.backward();
  },
  "z = w.relu().sum(); z.backward(); z.backward()": ({ w }) => {
    const z = w.relu().sum();
    z.backward();
    return z.backward();
  },
  "y = w * 1; y[0] = 1; z = y.sum(); z.backward(); z.backward()": ({ w }) => {
    const z = w.mul(1).set(0, 1).sum();
    z.backward();
    return z.backward();
  },
  "x.__setitem__([0], i(1))": ({ x }) => x.set([0], i(1)),
  "v.copy_(x)": ({ v, x }) => v.copy_(x),
  "v.copy_(i([1, 2]))": ({ v }) => v.copy_(i([1, 2])),
  "s.copy_(v)": ({ s, v }) => s.copy_(v),
  "k ** 0.5; k.pow_(1.0)": ({ k }) => k.pow_(torch.pyFloat(1)),
  "u = torch.ones(2, 2); u.unbind()[0].mul_(w[0])": ({ w }) => torch.ones(2, 2).unbind()[0]!.mul_(w.at(0)),
  "y = w.prod(); z = y.tanh(); z.add_(1); y.mul_(2); (y * 1).backward()": ({ w }) => {
    const y = w.prod();
    y.tanh().add_(1);
    y.mul_(2).mul(1).backward();
  },
  "y = w.prod(); z = y * 2; y.mul_(2); z.backward()": ({ w }) => {
    const y = w.prod();
    const z = y.mul(2);
    y.mul_(2);
    z.backward();
  },
  "setattr(w, 'grad', w)": ({ w }) => assign(w, w),
  "torch.meshgrid(v, k[0])": ({ k, v }) => torch.meshgrid(v, k.at(0)),
};
