/** What a mistake is to the diagnosis: a setup that makes it. */
import type { Tensor } from "../autograd/tensor.ts";
import type { ScanWeights } from "../nn/scan.ts";
import type { Setup } from "./run.ts";

/** A mistake, what to do about it, and the setup that makes it. */
export interface Mistake {
  readonly cause: string;
  readonly hint: string;
  readonly setup: Setup;
}

/** What a weight is in the scan. */
export type Role = keyof ScanWeights;
/** Other weights in place of one layer's and direction's own. */
export type Change = (weights: ScanWeights, index: number) => Partial<Record<Role, Tensor | undefined>>;

/** The same setup on other weights. */
export function withWeights(setup: Setup, change: Change): Setup {
  return { ...setup, weights: setup.weights.map((own, index) => ({ ...own, ...change(own, index) })) };
}
