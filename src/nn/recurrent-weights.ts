/** What the weights of a recurrent layer are called and how large they are, in the order of checkpoints. */
import type { ScanWeights } from "../autograd/recur.ts";

/** `weight_ih_l0`, `bias_hh_l1_reverse`. */
export type WeightName = `${"weight" | "bias"}_${string}`;

/** A weight before it exists: its torch name and its shape. */
export type PlannedWeight = readonly [name: WeightName, shape: readonly number[]];

/** The weights of one layer in one direction, by their role in the scan, in the order of checkpoints. */
export type PlannedSide = Readonly<Partial<Record<keyof ScanWeights, PlannedWeight>>>;

/** The sizes that the weights follow from. */
export interface WeightSizes {
  /** G, gates. */
  readonly gates: number;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly projSize: number;
  /** P: what one direction gives out at each step. */
  readonly outputSize: number;
  /** What the names of each direction's weights end in. */
  readonly suffixes: readonly string[];
}

/** The weights of each layer and direction, by their role in the scan. */
export function planWeights(sizes: WeightSizes): PlannedSide[] {
  const { inputSize, hiddenSize, outputSize, suffixes, bias, projSize } = sizes;
  const rows = sizes.gates * hiddenSize;
  return Array.from({ length: sizes.numLayers }, (_, layer) => {
    const features = layer === 0 ? inputSize : outputSize * suffixes.length;
    return suffixes.map((suffix): PlannedSide => {
      const end = `l${layer}${suffix}`;
      return {
        weightIh: [`weight_ih_${end}`, [rows, features]],
        weightHh: [`weight_hh_${end}`, [rows, outputSize]],
        ...(bias && { biasIh: [`bias_ih_${end}`, [rows]], biasHh: [`bias_hh_${end}`, [rows]] }),
        ...(projSize > 0 && { weightHr: [`weight_hr_${end}`, [projSize, hiddenSize]] }),
      };
    });
  }).flat();
}
