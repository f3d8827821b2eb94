/** Factories: torch's expression and ours. */
import * as torch from "unrolled";
import type { Table } from "./table.ts";

export const factories: Table = {
  "torch.arange(5)": () => torch.arange(5),
  "torch.arange(2, 7)": () => torch.arange(2, 7),
  "torch.arange(7, 2, -2)": () => torch.arange(7, 2, -2),
  "torch.arange(0, 1, 0.3)": () => torch.arange(0, 1, 0.3),
  "torch.arange(0., 3.)": () => torch.arange(0, 3, { dtype: torch.float32 }),
  "torch.arange(1, 2, 0.125, dtype=torch.float64)": () => torch.arange(1, 2, 0.125, { dtype: torch.float64 }),
  "torch.linspace(0, 1, 7)": () => torch.linspace(0, 1, 7),
  "torch.linspace(-1, 2, 5, dtype=torch.float64)": () => torch.linspace(-1, 2, 5, { dtype: torch.float64 }),
  "torch.linspace(0, 1, 1)": () => torch.linspace(0, 1, 1),
  "torch.linspace(0, 1, 0)": () => torch.linspace(0, 1, 0),
  "torch.eye(3)": () => torch.eye(3),
  "torch.eye(2, 3, dtype=torch.int64)": () => torch.eye(2, 3, { dtype: torch.int64 }),
  "torch.full((2, 3), 0.1)": () => torch.full([2, 3], 0.1),
  "torch.full((2,), True)": () => torch.full([2], true),
  "torch.full((), 2.5)": () => torch.full([], 2.5),
  "torch.full((2,), 3, dtype=torch.int32)": () => torch.full([2], 3, { dtype: torch.int32 }),
  "torch.zeros(2, 0)": () => torch.zeros(2, 0),
  "torch.zeros(())": () => torch.zeros([]),
  "torch.ones((2, 3), dtype=torch.bool)": () => torch.ones([2, 3], { dtype: torch.bool }),
  "torch.zeros_like(x.t())": ({ x }) => torch.zerosLike(x.t()),
  "torch.ones_like(u.permute(2, 0, 1))": ({ u }) => torch.onesLike(u.permute(2, 0, 1)),
  "torch.zeros_like(x[:, ::2])": ({ x }) => torch.zerosLike(x.at(":, ::2")),
  "torch.zeros_like(w.expand(2, 3))": ({ w }) => torch.zerosLike(w.expand(2, 3)),
  "torch.full_like(k, 3)": ({ k }) => torch.fullLike(k, 3),
  "torch.ones_like(k, dtype=torch.float32)": ({ k }) => torch.onesLike(k, { dtype: torch.float32 }),
  "x.new_zeros(2, 1)": ({ x }) => x.newZeros(2, 1),
  "k.new_ones((2,))": ({ k }) => k.newOnes([2]),
  "x.new_full((2,), 3)": ({ x }) => x.newFull([2], 3),
  "k.new_tensor([1, 2])": ({ k }) => k.newTensor([1, 2]),
  "torch.tensor([[1.5, 2], [3, 4]])": () =>
    torch.tensor([
      [1.5, 2],
      [3, 4],
    ]),
  "torch.tensor([True, False])": () => torch.tensor([true, false]),
  "torch.tensor([])": () => torch.tensor([]),
  "torch.tensor([[]])": () => torch.tensor([[]]),
  "torch.tensor(3, dtype=torch.int64)": () => torch.tensor(3, { dtype: torch.int64 }),
  "torch.tensor([1.9, -1.9], dtype=torch.int64)": () => torch.tensor([1.9, -1.9], { dtype: torch.int64 }),
  "torch.zeros_like(torch.empty_like(u.permute(2, 0, 1)))": ({ u }) =>
    torch.zerosLike(torch.emptyLike(u.permute(2, 0, 1))),
  "torch.ones_like(k.new_empty((2, 3)))": ({ k }) => torch.onesLike(k.newEmpty([2, 3])),
};
