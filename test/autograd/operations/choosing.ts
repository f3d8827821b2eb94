/** Choosing: torch's expression and ours. */
import * as torch from "unrolled";
import type { Table } from "./table.ts";

export const choosing: Table = {
  "torch.where(c, x, y)": ({ c, x, y }) => torch.where(c, x, y),
  "torch.where(c, x, 0.5)": ({ c, x }) => torch.where(c, x, 0.5),
  "torch.where(c, 2, y)": ({ c, y }) => torch.where(c, 2, y),
  "torch.where(c, v, w)": ({ c, v, w }) => torch.where(c, v, w),
  "torch.where(c, k, 0.5)": ({ c, k }) => torch.where(c, k, 0.5),
  "torch.where(c[0], x.t()[:, :1], v)": ({ c, v, x }) => torch.where(c.at(0), x.t().at(":, :1"), v),
  "x.masked_fill(c, 0.5)": ({ c, x }) => x.maskedFill(c, 0.5),
  "x.masked_fill(c[0], s)": ({ c, s, x }) => x.maskedFill(c.at(0), s),
  "x.masked_fill(c, float('-inf'))": ({ c, x }) => x.maskedFill(c, -Infinity),
  "k.masked_fill(c, 7)": ({ c, k }) => k.maskedFill(c, 7),
  "x.clamp(-0.5, 0.5)": ({ x }) => x.clamp({ min: -0.5, max: 0.5 }),
  "x.clamp(min=0)": ({ x }) => x.clamp({ min: 0 }),
  "x.clamp(max=0)": ({ x }) => x.clamp({ max: 0 }),
  "x.clamp(1, -1)": ({ x }) => x.clamp({ min: 1, max: -1 }),
  "x.clamp(min=y)": ({ x, y }) => x.clamp({ min: y }),
  "x.clamp(v, w)": ({ v, w, x }) => x.clamp({ min: v, max: w }),
  "x.clamp_min(0.25)": ({ x }) => x.clampMin(0.25),
  "x.clamp_max(0.25)": ({ x }) => x.clampMax(0.25),
  "k.clamp(0, 3)": ({ k }) => k.clamp({ min: 0, max: 3 }),
  "k.clamp(min=0.5)": ({ k }) => k.clamp({ min: 0.5 }),
  "n.clamp(-1, 1)": ({ n }) => n.clamp({ min: -1, max: 1 }),
  "torch.nan_to_num(n)": ({ n }) => torch.nanToNum(n),
  "torch.nan_to_num(n, nan=2, posinf=3)": ({ n }) => torch.nanToNum(n, { nan: 2, posinf: 3 }),
  "torch.nan_to_num(k)": ({ k }) => torch.nanToNum(k),
  "n.clamp_max(s * n)": ({ n, s }) => n.clampMax(s.mul(n)),
  "x.clamp(n, y)": ({ n, x, y }) => x.clamp(n, y),
  "x.where(c, y)": ({ c, x, y }) => x.where(c, y),
};
