/** Assignments: torch's expression and ours. */
import * as torch from "unrolled";
import { setIn, type Table } from "./table.ts";

export const assignments: Table = {
  "g = x * 1; g[0] = v; g": ({ v, x }) => x.mul(1).set(0, v),
  "g = x * 1; g[:, 1] = 2; g": ({ x }) => x.mul(1).set(":, 1", 2),
  "g = x * 1; g[:, 1:] = w; g": ({ w, x }) => x.mul(1).set(":, 1:", w),
  "g = x * 1; g[1, 2] = s; g": ({ s, x }) => x.mul(1).set(1, 2, s),
  "g = x * 1; g[...] = y; g": ({ x, y }) => x.mul(1).set("...", y),
  "g = x * 1; g[None, 0] = v[None, None]; g": ({ v, x }) => x.mul(1).set(null, 0, v.at(null, null)),
  "g = x * 1; g[:, ::2] = y[:, :2]; g": ({ x, y }) => x.mul(1).set(":, ::2", y.at(":, :2")),
  "g = x * 1; g[[1, 0]] = y; g": ({ x, y }) => x.mul(1).set([1, 0], y),
  "g = x * 1; g[:, [2, 0]] = w; g": ({ w, x }) => x.mul(1).set(":", [2, 0], w),
  "g = x * 1; g[c] = 0.5; g": ({ c, x }) => x.mul(1).set(c, 0.5),
  "g = x * 1; g[c] = s; g": ({ c, s, x }) => x.mul(1).set(c, s),
  "g = x * 1; g[torch.tensor([0, 1]), torch.tensor([2, 0])] = v[:2]; g": ({ v, x }) =>
    x.mul(1).set(torch.tensor([0n, 1n]), torch.tensor([2n, 0n]), v.at(":2")),
  "g = x * 1; g[0][1:] = y[1, 1:]; g": ({ x, y }) => setIn(x.mul(1), (g) => g.at(0).set("1:", y.at(1, "1:"))),
  "g = x * 1; g.t()[0] = w[:, 0]; g": ({ w, x }) => setIn(x.mul(1), (g) => g.t().set(0, w.at(":, 0"))),
  "g = torch.zeros(2, 3, dtype=x.dtype); g[:, 1] = w[:, 0]; g": ({ w, x }) =>
    torch.zeros(2, 3, { dtype: x.dtype }).set(":, 1", w.at(":, 0")),
  "g = torch.zeros(2, 3, dtype=x.dtype); g[0] = v; g[1] = v * 2; g": ({ v, x }) =>
    torch.zeros(2, 3, { dtype: x.dtype }).set(0, v).set(1, v.mul(2)),
  "g = x * 1; g[0] += v; g": ({ v, x }) => setIn(x.mul(1), (g) => g.at(0).add_(v)),
  "g = k * 1; g[:, 0] = 2.75; g": ({ k }) => k.mul(1).set(":, 0", 2.75),
  "g = torch.zeros(2, 3); g[:, 1] = k[:, 0]; g": ({ k }) => torch.zeros(2, 3).set(":, 1", k.at(":, 0")),
  "g = x * 1; g[c.any()] = 2; g": ({ c, x }) => x.mul(1).set(c.any(), 2),
};
