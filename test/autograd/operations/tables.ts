/** All tables of operations, by the name of their group in test/golden/operations.txt. */
import { activations } from "./activations.ts";
import { arithmetic } from "./arithmetic.ts";
import { assignments } from "./assignments.ts";
import { blends } from "./blends.ts";
import { choosing } from "./choosing.ts";
import { comparisons } from "./comparisons.ts";
import { draws } from "./draws.ts";
import { extremes } from "./extremes.ts";
import { factories } from "./factories.ts";
import { inPlace } from "./in-place.ts";
import { indexing } from "./indexing.ts";
import { joins } from "./joins.ts";
import { pointwise } from "./pointwise.ts";
import { products } from "./products.ts";
import { reductions } from "./reductions.ts";
import { shapes } from "./shapes.ts";
import { softmax } from "./softmax.ts";
import type { Table } from "./table.ts";

export const tables: Record<string, Table> = {
  activations,
  arithmetic,
  assignments,
  blends,
  choosing,
  comparisons,
  draws,
  extremes,
  factories,
  "in place": inPlace,
  indexing,
  joins,
  pointwise,
  products,
  reductions,
  shapes,
  softmax,
};
