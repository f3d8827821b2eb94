/** Blends: torch's expression and ours. */
import * as torch from "unrolled";
import type { Table } from "./table.ts";

export const blends: Table = {
  "torch.lerp(x, y, 0.25)": ({ x, y }) => torch.lerp(x, y, 0.25),
  "torch.lerp(x, y, 0.75)": ({ x, y }) => torch.lerp(x, y, 0.75),
  "torch.lerp(x, y, o)": ({ o, x, y }) => torch.lerp(x, y, o),
  "torch.addcmul(x, y, v, value=2)": ({ v, x, y }) => torch.addcmul(x, y, v, { value: 2 }),
  "torch.addcmul(x, y, w)": ({ w, x, y }) => torch.addcmul(x, y, w),
  "torch.addcdiv(x, y, v, value=2)": ({ v, x, y }) => torch.addcdiv(x, y, v, { value: 2 }),
  "torch.logaddexp(x, y)": ({ x, y }) => torch.logaddexp(x, y),
  "torch.atan2(x, y)": ({ x, y }) => torch.atan2(x, y),
  "torch.xlogy(x, p)": ({ p, x }) => torch.xlogy(x, p),
  "torch.xlogy(a, p)": ({ a, p }) => torch.xlogy(a, p),
};
