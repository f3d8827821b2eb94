"""The script this project began with, for seeds 0 to LAST: `blog.py LAST FILE` writes one line of JSON for each."""

import base64
import json
import sys

import torch
from torch import nn


def transcript(seed):
    torch.manual_seed(seed)
    rnn = nn.RNN(input_size=4, hidden_size=3, num_layers=1, batch_first=True)
    lines = [f"{rnn}"]
    lines += [f"{pair}" for pair in rnn.named_parameters()]
    x = torch.randn(1, 2, 4)
    output, hn = rnn(x)
    lines += [f"output_matrix=\n{output}", f"output_hn=\n{hn}"]
    by_input = x @ rnn.weight_ih_l0.T + rnn.bias_ih_l0
    ht_1 = torch.zeros_like(by_input)
    lines += [f"ht_1=\n{ht_1}", f"ht_1.shape=\n{ht_1.shape}"]
    by_state = ht_1 @ rnn.weight_hh_l0.T + rnn.bias_hh_l0
    by_hand = torch.tanh(by_state + by_input)
    ht_1[:, 1, :] = by_hand[:, 0, :]
    by_state = ht_1 @ rnn.weight_hh_l0.T + rnn.bias_hh_l0
    by_hand = torch.tanh(by_state + by_input)
    lines += [f"test_output=\n{by_hand}", f"test_output.shape=\n{by_hand.shape}"]
    numbers = torch.cat([*(p.detach().flatten() for p in rnn.parameters()), x.flatten()])
    return {
        "seed": seed,
        "bits": base64.b64encode(numbers.numpy().tobytes()).decode(),
        "text": "\n".join(lines),
    }


if __name__ == "__main__":
    torch.set_printoptions(precision=3, sci_mode=False)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        for seed in range(int(sys.argv[1]) + 1):
            file.write(json.dumps(transcript(seed)) + "\n")
