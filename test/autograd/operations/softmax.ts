/** Softmax: torch's expression and ours. */
import * as torch from "unrolled";
import { F } from "unrolled";
import type { Table } from "./table.ts";

export const softmax: Table = {
  "x.softmax(1)": ({ x }) => x.softmax(1),
  "x.softmax(0)": ({ x }) => x.softmax(0),
  "x.softmax(-1)": ({ x }) => x.softmax(-1),
  "x.t().softmax(1)": ({ x }) => x.t().softmax(1),
  "u.softmax(1)": ({ u }) => u.softmax(1),
  "e.softmax(1)": ({ e }) => e.softmax(1),
  "s.softmax(0)": ({ s }) => s.softmax(0),
  "k.softmax(1, dtype=torch.float64)": ({ k }) => k.softmax(1, torch.float64),
  "x.masked_fill(c, float('-inf')).softmax(1)": ({ c, x }) => x.maskedFill(c, -Infinity).softmax(1),
  "x.log_softmax(1)": ({ x }) => x.logSoftmax(1),
  "x.log_softmax(0)": ({ x }) => x.logSoftmax(0),
  "(x * 400).log_softmax(1)": ({ x }) => x.mul(400).logSoftmax(1),
  "x.t().log_softmax(0)": ({ x }) => x.t().logSoftmax(0),
  "F.softmin(x, 1)": ({ x }) => F.softmin(x, 1),
  "x.logsumexp(1)": ({ x }) => x.logsumexp(1),
  "x.logsumexp((0, 1))": ({ x }) => x.logsumexp([0, 1]),
  "x.logsumexp(0, keepdim=True)": ({ x }) => x.logsumexp(0, true),
  "n.logsumexp(1)": ({ n }) => n.logsumexp(1),
  "k.logsumexp(1)": ({ k }) => k.logsumexp(1),
};
