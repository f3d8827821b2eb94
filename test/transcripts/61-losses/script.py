import torch
from torch import nn
import torch.nn.functional as F

torch.set_printoptions(precision=4, sci_mode=False)
pred = torch.tensor([[0.5, -1.0], [2.0, 0.25]], requires_grad=True)
target = torch.tensor([[1.0, -1.5], [0.0, 0.25]])
for name, loss_fn in [
    ("mse", nn.MSELoss()), ("mse sum", nn.MSELoss(reduction="sum")), ("l1", nn.L1Loss()), ("smooth", nn.SmoothL1Loss()),
    ("huber", nn.HuberLoss(delta=0.5)), ("bce logits", nn.BCEWithLogitsLoss()),
]:
    t = (target > 0).float() if name.startswith("bce") else target
    loss = loss_fn(pred, t)
    pred.grad = None
    loss.backward()
    print(f"{name:<10} {loss.item():.4f} {loss_fn}")
    print(pred.grad)
print(F.mse_loss(pred, target), F.mse_loss(pred, target, reduction="none"))

logits = torch.tensor([[2.0, 1.0, 0.1], [0.5, 2.5, -1.0]], requires_grad=True)
labels = torch.tensor([0, 2])
print(F.cross_entropy(logits, labels))
print(nn.CrossEntropyLoss()(logits, labels), nn.CrossEntropyLoss(reduction="sum")(logits, labels))
print(F.cross_entropy(logits, labels, reduction="none"), F.cross_entropy(logits, labels, label_smoothing=0.1))
print(F.cross_entropy(logits, labels, weight=torch.tensor([1.0, 2.0, 3.0])), F.cross_entropy(logits, labels, ignore_index=2))
logp = F.log_softmax(logits, dim=1)
print(logp)
print(F.nll_loss(logp, labels), nn.NLLLoss()(logp, labels))
by_hand = -logp[torch.arange(2), labels].mean()
print("by hand:", torch.allclose(by_hand, F.cross_entropy(logits, labels)), by_hand)
F.cross_entropy(logits, labels).backward()
print(logits.grad)
print("softmax minus one-hot:", torch.allclose(logits.grad, (F.softmax(logits, dim=1) - F.one_hot(labels, 3)).detach() / 2))
probs = torch.sigmoid(logits[:, 0])
print(F.binary_cross_entropy(probs, torch.tensor([1.0, 0.0])), nn.BCELoss()(probs, torch.tensor([1.0, 0.0])))
print(F.one_hot(labels, num_classes=4), F.relu(logits), F.softplus(logits)[0])
print((logits.argmax(dim=1) == labels).float().mean())
print(nn.CrossEntropyLoss(ignore_index=0), nn.KLDivLoss(reduction="batchmean"), nn.BCELoss())
seq = torch.arange(24.0).reshape(2, 3, 4) / 10
tags = torch.tensor([[0, 1, 2], [3, 0, 1]])
print(F.cross_entropy(seq.reshape(-1, 4), tags.reshape(-1)), F.cross_entropy(seq.transpose(1, 2), tags))
