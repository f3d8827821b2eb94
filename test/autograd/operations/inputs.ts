/** The inputs of test/golden/operations.py. */

import type { DType } from "unrolled";
import * as torch from "unrolled";
import golden from "../../golden/operations.json" with { type: "json" };
import type { Inputs } from "./table.ts";

/** A number, or the text of one that JSON cannot hold. */
export type Coded = number | string;

interface Input {
  readonly shape: readonly number[];
  readonly value: readonly Coded[];
  readonly float: boolean;
  readonly bool: boolean;
}

export const decoded = (value: Coded): number =>
  typeof value === "number" ? value : Number(value.replace("inf", "Infinity").replace("nan", "NaN"));

const given: Readonly<Record<string, Input>> = golden.inputs;

/** All inputs by name, anew; `dtype` is that of the floats. */
export function inputs(dtype: DType): Inputs {
  return Object.fromEntries(
    Object.entries(given).map(([name, { shape, value, float, bool }]) => {
      const numbers = torch.tensor(value.map(decoded), { dtype: float ? dtype : bool ? torch.bool : torch.int64 });
      const x = numbers.reshape(shape);
      return [name, float && name !== "n" ? x.requiresGrad_() : x];
    }),
  );
}
