# what full backward hooks see
import torch
from torch import nn

torch.manual_seed(0)


def shapes(grads):
    return [None if g is None else tuple(g.shape) for g in grads]


def show(module, grad_input, grad_output):
    print(type(module).__name__, shapes(grad_input), shapes(grad_output))


rnn = nn.RNN(3, 4)
handle = rnn.register_full_backward_hook(show)
x = torch.randn(2, 1, 3, requires_grad=True)
out, hn = rnn(x)
print(out.grad_fn.name(), hn.grad_fn.name())
out.sum().backward()
print(x.grad.shape)
out, hn = rnn(x.detach())
hn.sum().backward()
out, hn = rnn(x, torch.zeros(1, 1, 4))
(out.sum() + hn.sum()).backward()
handle.remove()
out, hn = rnn(x)
print(out.grad_fn.name())

lstm = nn.LSTM(3, 4)
lstm.register_full_backward_hook(show)
out, (hn, cn) = lstm(x)
print(out.grad_fn.name(), hn.grad_fn.name(), cn.grad_fn.name())
(out.sum() + cn.sum()).backward()

fc = nn.Linear(3, 2)
fc.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 10,))
x.grad = None
fc(x).sum().backward()
print(torch.allclose(x.grad[0, 0], 10 * fc.weight.sum(0)))

fc = nn.Linear(3, 2)
fc.register_full_backward_hook(lambda module, grad_input, grad_output: (1, 2))
try:
    fc(x).sum().backward()
except RuntimeError as e:
    print("RuntimeError:", e)

fc = nn.Linear(3, 2)
fc.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 2,))
fc(x).sum().backward()
print(fc.bias.grad)
