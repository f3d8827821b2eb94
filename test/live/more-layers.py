"""PeepholeLSTM, CoupledLSTM, MGU and IndRNN, written out in torch by test/golden/more-layers.py: `more-layers.py COUNT SEED FILE`."""

import importlib.util
import json
import pathlib
import random
import sys

spec = importlib.util.spec_from_file_location(
    "written_out", pathlib.Path(__file__).parent.parent / "golden" / "more-layers.py"
)
written_out = importlib.util.module_from_spec(spec)
spec.loader.exec_module(written_out)


def case(rng, number, seed):
    kind = written_out.KINDS[number % len(written_out.KINDS)]
    # in a tensor of a few numbers the largest may be a sum that cancels
    sizes = written_out.Sizes(T=rng.randint(1, 9), B=rng.randint(1, 4), F=rng.randint(1, 9), H=rng.randint(5, 19), L=2)
    lengths = [sizes.T if number % 2 else rng.randint(1, sizes.T) for _ in range(sizes.B)]
    bias = rng.random() < 0.8
    single, double = written_out.answers(kind, seed, sizes, lengths, bias)
    return {
        "kind": kind.__name__, "seed": seed, "sizes": sizes._asdict(), "lengths": lengths, "bias": bias,
        "float32": {name: written_out.coded(value) for name, value in single.items()},
        "float64": {name: written_out.coded(value) for name, value in double.items()},
    }  # fmt: skip


count, first, file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
with open(file, "w") as out:
    for number in range(count):
        seed = 1000 * first + number
        out.write(json.dumps(case(random.Random(seed), number, seed)) + "\n")
