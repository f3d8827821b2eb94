import torch, math
from torch import nn
import torch.nn.functional as F
torch.manual_seed(0)
def L(n, f):
    try:
        r = f()
        print(n, r)
    except Exception as e:
        print(n, type(e).__name__, e)
x = torch.arange(12.0).reshape(3,4)
def ex(f): 
    return f
# script-level: in-place & autograd
def a1():
    w = torch.ones(3, requires_grad=True); y = w*2; y[0] = 5; y.sum().backward(); return y, w.grad
def a2():
    w = torch.ones(3, requires_grad=True); y = w.clone(); y[1:] *= 3; y.sum().backward(); return w.grad
def a3():
    h = torch.zeros(2,3,4); w = torch.ones(4, requires_grad=True)
    for t in range(3): h[:, t] = w * t
    h.sum().backward(); return h.grad_fn.name(), w.grad, h[0, 1]
def a4():
    w = torch.ones(2,2,requires_grad=True); return w.view(-1), w[0], w.T, w.detach(), w.data
def a5():
    w = torch.ones(2, requires_grad=True)
    with torch.no_grad(): w += 1
    return w, w.requires_grad, w.is_leaf, w._version
def a6():
    w = torch.ones(2, requires_grad=True); w.grad = torch.ones(2)*3; return w.grad
def a7():
    w = torch.ones(2, requires_grad=True); w.data[0] = 7; w.data = torch.zeros(3); return w
def a8():
    lin = nn.Linear(2,1); lin.weight.data = torch.ones(1,2); lin.bias.data.fill_(0); return lin(torch.ones(1,2)), lin.weight
def a9():
    lin = nn.Linear(2,1); lin.weight = nn.Parameter(torch.zeros(1,2)); return lin.weight, len(list(lin.parameters()))
def a10():
    w = torch.ones(2, requires_grad=True); l = (w**2).sum(); l.backward(retain_graph=True); l.backward(); return w.grad
def a11():
    x = torch.tensor([1.0,2.0], requires_grad=True)
    y = x*x; z = y.sum(); z.backward(); return y.grad, x.grad
def a12():
    m = nn.Linear(2,2); 
    for p in m.parameters(): nn.init.constant_(p, 0.1)
    for n,p in m.named_parameters():
        if "bias" in n: nn.init.zeros_(p)
    return m.bias, m.weight
def a13():
    g=[]; m = nn.Linear(1,1); m.register_full_backward_hook(lambda mod, gi, go: g.append((len(gi), go[0].shape)))
    m(torch.ones(1,1, requires_grad=True)).sum().backward(); return g
def a14():
    rnn = nn.RNN(2,3); rnn.weight_ih_l0.data.fill_(0.5); rnn.flatten_parameters()
    with torch.no_grad():
        for p in rnn.parameters(): p.copy_(torch.full_like(p, 0.1))
    return rnn(torch.ones(2,1,2))[1]
def a15():
    import copy
    m = nn.Linear(2,1); n = copy.deepcopy(m); return torch.equal(m.weight, n.weight), m.weight is n.weight
def a16():
    w = torch.tensor([1.,2.], requires_grad=True); y=(w*3).detach(); y[0]=0; return w, y
def a17():
    x = torch.ones(2, requires_grad=True); y = x.sum(); y.backward(); g = x.grad; x.grad = None; return g, x.grad
def a18():
    out=[]
    for t, xt in enumerate(x): out.append(xt.sum())
    return torch.stack(out), out
def a19():
    a, b = torch.ones(2).chunk(2); return a, b
def a20():
    h = torch.zeros(1,3); c = h.clone(); h = h.new_zeros(h.shape); return (h, c), [h], {"h": h}
def a21(): return torch.tensor([[1.,2.],[3.,4.]]).sum(0).unsqueeze(0).repeat(2,1)
def a22(): return x[x[:,0] > 3], x[:, x[0] > 1], x[(x > 3).nonzero()[:,0]].shape
def a23():
    y = x.clone(); y[y > 5], y[0] = 0, 1; return y
def a24():
    y = x.clone(); y[:, 1:3] = torch.tensor([[1.,2.]]); y[..., 0] = torch.arange(3.); y[-1] = -1; return y
def a25():
    y = x.clone(); y[[0,1],[1,2]] += 100; y[1, [0, 3]] = torch.tensor([5., 6.]); return y
def a26():
    y = torch.zeros(3,3); y[range(3), range(3)] = 1; y[torch.tensor([True,False,True])] *= 2; return y
def a27(): return x[1:2, None, ..., ::3].shape, x[:, [True,False,True,False]].shape, x[None, :, 0, None].shape
def a28(): 
    y = torch.arange(5); y[1:4] = y[:3].clone(); return y, y[-3:], y[:-2], y[::2], y[4], y[-1].item()
def a29():
    y = torch.zeros(2,2); y[0] = torch.tensor([1, 2]); y[1, :] = 3; return y
def a30():
    y = torch.arange(4); y[0] = 2.9; return y
def a31(): return nn.functional.relu(torch.tensor([-1.,1.])), torch.sigmoid(torch.tensor(0.)), torch.tensor([1,2]).float().softmax(0).sum()
def a32(): return f"{torch.tensor(3)}", f"{torch.tensor(3):d}" if True else 0, f"{torch.tensor(2.5)}", f"{torch.tensor([1.])}", f"{torch.tensor(True)}"
def a33(): return "%.3f %s" % (torch.tensor(1.5).item(), torch.tensor([1,2]))
def a34(): return [t for t in torch.arange(3)], torch.arange(3).tolist(), list(range(3)), list(zip([1,2],["a","b"])), dict(zip("ab",[1,2]))
def a35(): return torch.Size([2,3]) == (2,3), tuple(torch.zeros(2,3).shape) == (2,3), torch.zeros(2,3).shape[-1], torch.zeros(2,3).shape[1:], torch.Size([1]) + torch.Size([2])
def a36(): return torch.tensor(5) > 3, bool(torch.tensor(5) > 3), torch.tensor(2)**3, 2**torch.tensor([1.,2.]), torch.tensor(7)//2
def a37(): return torch.tensor([1.,2.]).add(1, ), torch.tensor([1.,2.]).mul_(3), torch.add(torch.ones(1), 2, alpha=3)
def a38(): return torch.zeros(2, dtype=torch.long), torch.ones(2).long(), torch.ones(1).double(), torch.tensor([1.5]).int()
def a39(): return torch.randn(2,2).dtype, torch.randint(3,(2,)).dtype, (torch.randn(3)>0).dtype, torch.arange(3.).dtype
def a40(): return torch.zeros(100).sum(), torch.zeros(2,50), torch.ones(3,40)*1.5
def a41(): return torch.tensor([0.1+0.2]), torch.tensor([1e-8, 1.0]), torch.tensor([100000.0]), torch.tensor([1234567.0, 0.1]), torch.tensor([-1.5, 2.25, 1000.125])
def a42(): return torch.tensor([[1e-5, 1.0],[1.0, 1e5]]), torch.tensor([1e4, 1e-4]), torch.tensor(1e10), torch.tensor(123456.789), torch.tensor([float("inf"), 1.0])
def a43(): return torch.tensor([1+1e-7]), torch.tensor(0.1, dtype=torch.float64), torch.tensor([2.0, 3.0], dtype=torch.float16), torch.tensor([1.0]).bfloat16()
def a44():
    torch.set_printoptions(precision=2, threshold=5, edgeitems=1, linewidth=40, sci_mode=False); r = str(torch.arange(30.).reshape(5,6)); torch.set_printoptions(profile="default"); return r
def a45(): return torch.zeros(0,2), torch.empty(2,0), torch.tensor([[]]), torch.tensor([], dtype=torch.int64)
def a46(): 
    p = nn.Parameter(torch.zeros(2)); return p, [p], p.data, p.grad, p*1, p.shape, repr(p)
def a47(): return nn.Linear(3,4).weight.shape, nn.Linear(3,4).bias is None, nn.Linear(3,4,bias=False).bias, nn.RNN(2,3).input_size, nn.RNN(2,3).num_layers
def a48(): return [type(m).__name__ for m in nn.Sequential(nn.Linear(1,1), nn.Tanh())], nn.Sequential(nn.Tanh())[0]
def a49(): return sum(p.numel() for p in nn.RNN(3,5,num_layers=2).parameters()), {n: tuple(p.shape) for n,p in nn.RNN(1,2).named_parameters()}
def a50(): return nn.RNN(1,2).state_dict().keys(), list(nn.Linear(1,1).state_dict().values())[0].shape
for i in range(1,51):
    L(i, globals()[f"a{i}"])
