# A tiny tagger: embedding, RNN, linear; manual SGD
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(21)
sentences = [["the", "dog", "ate", "the", "apple"], ["everybody", "read", "that", "book"]]
tags = [["DET", "NN", "V", "DET", "NN"], ["NN", "V", "DET", "NN"]]
word_to_ix = {}
for sent in sentences:
    for word in sent:
        if word not in word_to_ix:
            word_to_ix[word] = len(word_to_ix)
print(word_to_ix)
tag_to_ix = {"DET": 0, "NN": 1, "V": 2}
ix_to_tag = {v: k for k, v in tag_to_ix.items()}


def encode(seq, to_ix):
    return torch.tensor([to_ix[w] for w in seq], dtype=torch.long)


class Tagger(nn.Module):
    def __init__(self, embedding_dim, hidden_dim, vocab_size, tagset_size):
        super(Tagger, self).__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = nn.RNN(embedding_dim, hidden_dim)
        self.hidden2tag = nn.Linear(hidden_dim, tagset_size)

    def forward(self, sentence):
        embeds = self.embedding(sentence)
        out, _ = self.rnn(embeds.view(len(sentence), 1, -1))
        return self.hidden2tag(out.view(len(sentence), -1))


model = Tagger(5, 6, len(word_to_ix), len(tag_to_ix))
print(model)
print(model.embedding.weight[:2])
inputs = encode(sentences[0], word_to_ix)
print(inputs, inputs.dtype)
with torch.no_grad():
    print(F.softmax(model(inputs), dim=1))

lr = 0.1
for epoch in range(60):
    total = 0.0
    for sent, tag in zip(sentences, tags):
        model.zero_grad()
        scores = model(encode(sent, word_to_ix))
        loss = F.cross_entropy(scores, encode(tag, tag_to_ix))
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= lr * p.grad
        total += loss.item()
    if epoch % 20 == 0:
        print(f"epoch {epoch:2d}: loss {total / len(sentences):.4f}")
with torch.no_grad():
    for sent, tag in zip(sentences, tags):
        best = model(encode(sent, word_to_ix)).argmax(dim=1)
        print(" ".join(sent), "->", [ix_to_tag[i] for i in best.tolist()], "want", tag)
        print("accuracy:", (best == encode(tag, tag_to_ix)).float().mean().item())
fixed = nn.Embedding.from_pretrained(torch.eye(3))
print(fixed, fixed(torch.tensor([2, 0])), fixed.weight.requires_grad, torch.rand(1))
counts = {k: v.numel() for k, v in model.named_parameters()}
print(counts, sum(counts.values()))
