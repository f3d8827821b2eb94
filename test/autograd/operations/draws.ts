/** Draws: torch's expression and ours. */
import * as torch from "unrolled";
import { F } from "unrolled";
import { seeded, type Table } from "./table.ts";

export const draws: Table = {
  "seeded(7, lambda: torch.rand(2, 3))": () => seeded(7, () => torch.rand(2, 3)),
  "seeded(7, lambda: torch.randn(2, 3))": () => seeded(7, () => torch.randn(2, 3)),
  "seeded(7, lambda: torch.randn(17))": () => seeded(7, () => torch.randn(17)),
  "seeded(7, lambda: torch.randint(10, (2, 3)))": () => seeded(7, () => torch.randint(10, [2, 3])),
  "seeded(7, lambda: torch.randint(-5, 5, (7,)))": () => seeded(7, () => torch.randint(-5, 5, [7])),
  "seeded(7, lambda: torch.randperm(7))": () => seeded(7, () => torch.randperm(7)),
  "seeded(7, lambda: torch.rand_like(x.t()))": ({ x }) => seeded(7, () => torch.randLike(x.t())),
  "seeded(7, lambda: torch.rand_like(u.permute(2, 0, 1)))": ({ u }) =>
    seeded(7, () => torch.randLike(u.permute(2, 0, 1))),
  "seeded(7, lambda: torch.rand_like(x[:, ::2]))": ({ x }) => seeded(7, () => torch.randLike(x.at(":, ::2"))),
  "seeded(7, lambda: torch.zeros(3, 2).t().uniform_(-1, 1))": () =>
    seeded(7, () => torch.zeros(3, 2).t().uniform_(-1, 1)),
  "seeded(7, lambda: torch.zeros(5, 7)[:, ::3].uniform_())": () =>
    seeded(7, () => torch.zeros(5, 7).at(":, ::3").uniform_()),
  "seeded(7, lambda: torch.zeros(5, 7)[:, ::3].normal_())": () =>
    seeded(7, () => torch.zeros(5, 7).at(":, ::3").normal_()),
  "seeded(7, lambda: torch.zeros(5, 7).t().normal_(1, 2))": () => seeded(7, () => torch.zeros(5, 7).t().normal_(1, 2)),
  "seeded(7, lambda: torch.zeros(2, 3, 5).permute(2, 0, 1).random_(9))": () =>
    seeded(7, () => torch.zeros(2, 3, 5).permute(2, 0, 1).random_(9)),
  "seeded(7, lambda: torch.zeros(3, 2).t().bernoulli_(0.5))": () =>
    seeded(7, () => torch.zeros(3, 2).t().bernoulli_(0.5)),
  "seeded(7, lambda: torch.bernoulli(p.detach() / 4))": ({ p }) => seeded(7, () => torch.bernoulli(p.detach().div(4))),
  "seeded(7, lambda: torch.bernoulli(p.detach().t() / 4))": ({ p }) =>
    seeded(7, () => torch.bernoulli(p.detach().t().div(4))),
  "seeded(7, lambda: torch.multinomial(p.detach(), 2))": ({ p }) => seeded(7, () => torch.multinomial(p.detach(), 2)),
  "seeded(7, lambda: torch.multinomial(p.detach(), 4, replacement=True))": ({ p }) =>
    seeded(7, () => torch.multinomial(p.detach(), 4, true)),
  "seeded(7, lambda: torch.multinomial(p.detach().t().contiguous(), 1))": ({ p }) =>
    seeded(7, () => torch.multinomial(p.detach().t().contiguous(), 1)),
  "seeded(7, lambda: F.dropout(x, 0.5))": ({ x }) => seeded(7, () => F.dropout(x, 0.5)),
  "seeded(7, lambda: F.dropout(x.t(), 0.25))": ({ x }) => seeded(7, () => F.dropout(x.t(), 0.25)),
  "seeded(7, lambda: F.dropout(x, 1.0))": ({ x }) => seeded(7, () => F.dropout(x, 1)),
  "seeded(7, lambda: (x * 1).uniform_())": ({ x }) => seeded(7, () => x.mul(1).uniform_()),
  "seeded(7, lambda: (x * 1).normal_())": ({ x }) => seeded(7, () => x.mul(1).normal_()),
  "seeded(7, lambda: (x * 1).bernoulli_(0.5))": ({ x }) => seeded(7, () => x.mul(1).bernoulli_(0.5)),
  "seeded(7, lambda: (x * 1).random_(5))": ({ x }) => seeded(7, () => x.mul(1).random_(5)),
  "seeded(7, lambda: torch.zeros(3, 2).t().exponential_())": () =>
    seeded(7, () => torch.zeros(3, 2).t().exponential_()),
  "seeded(7, lambda: torch.zeros(3, 2).t().geometric_(0.25))": () =>
    seeded(7, () => torch.zeros(3, 2).t().geometric_(0.25)),
  "seeded(7, lambda: torch.randn_like(x.t()))": ({ x }) => seeded(7, () => torch.randnLike(x.t())),
  "seeded(7, lambda: torch.randn_like(u.permute(2, 0, 1)))": ({ u }) =>
    seeded(7, () => torch.randnLike(u.permute(2, 0, 1))),
  "seeded(7, lambda: (p * 1).exponential_())": ({ p }) => seeded(7, () => p.mul(1).exponential_()),
  "seeded(7, lambda: (p * 1).geometric_(0.25))": ({ p }) => seeded(7, () => p.mul(1).geometric_(0.25)),
};
