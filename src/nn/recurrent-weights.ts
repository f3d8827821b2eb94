/** What the weights of a recurrent layer are called and how large they are, in the order of checkpoints. */
import { type Cell, recurrentGates, vectors } from "../cells/cell.ts";

/** `weight_ih_l0`, `bias_hh_l1_reverse`. */
export type WeightName = `${"weight" | "bias"}_${string}`;

/** A weight before it exists: its torch name and its shape. */
export type PlannedWeight = readonly [name: WeightName, shape: readonly number[]];

/** The weights of one layer in one direction, by their role in the scan, in the order of checkpoints. */
export type PlannedSide = Readonly<Record<string, PlannedWeight>>;

/** The sizes that the weights follow from. */
export interface WeightSizes {
  readonly cell: Cell;
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
  const { cell, inputSize, hiddenSize, outputSize, suffixes, projSize } = sizes;
  return Array.from({ length: sizes.numLayers }, (_, layer) => {
    const features = layer === 0 ? inputSize : outputSize * suffixes.length;
    return suffixes.map((suffix): PlannedSide => {
      const end = `l${layer}${suffix}`;
      return {
        ...planCell(cell, features, outputSize, hiddenSize, sizes.bias, `_${end}`),
        ...(projSize > 0 && { weightHr: [`weight_hr_${end}`, [projSize, hiddenSize]] }),
      };
    });
  }).flat();
}

/** The weights of one cell of H units with F features, whose state is P wide. */
export function planCell(cell: Cell, F: number, P: number, H: number, bias: boolean, end = ""): PlannedSide {
  const [rows, recurrent] = [cell.gates.length * H, recurrentGates(cell).length * H];
  const own = vectors(cell).map((name): [string, PlannedWeight] => [`v.${name}`, [`weight_${name}${end}`, [H]]]);
  return {
    weightIh: [`weight_ih${end}`, [rows, F]],
    ...(recurrent > 0 && { weightHh: [`weight_hh${end}`, [recurrent, P]] }),
    ...(bias && { biasIh: [`bias_ih${end}`, [rows]] }),
    ...(bias && recurrent > 0 && { biasHh: [`bias_hh${end}`, [recurrent]] }),
    ...Object.fromEntries(own),
  };
}
