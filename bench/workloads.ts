/**
 * What is measured: seven runs and three training steps, from a network of the size of a first lesson to one that fills
 * the caches. T steps, B sequences, F features, H units.
 */

/** The kinds of layers, as they are called on the command line and in the lines of `--json`. */
export const CELLS = ["rnn", "lstm", "gru"] as const;

/** One of them. */
export type CellKind = (typeof CELLS)[number];

/** How many gates each kind has. */
export const GATES: Readonly<Record<CellKind, number>> = { rnn: 1, lstm: 4, gru: 3 };

/** One line of the table below. */
export interface Workload {
  readonly id: string;
  /** What it stands for. */
  readonly name: string;
  readonly F: number;
  readonly H: number;
  readonly B: number;
  readonly T: number;
  readonly layers: number;
  /** 2 if bidirectional. */
  readonly directions: 1 | 2;
  readonly cells: readonly CellKind[];
  /** `run`: a whole sequence. `step`: one step, its state carried from call to call. `train`: a step of SGD. */
  readonly mode: "run" | "step" | "train";
  /** Of a training step: the number of classes of a character model; 0 for a mean squared error on the layer's output. */
  readonly classes: number;
}

const ONE = { layers: 1, directions: 1, cells: CELLS, mode: "run", classes: 0 } as const;

/** The workloads in the order in which they are run. */
export const WORKLOADS: readonly Workload[] = [
  { ...ONE, id: "W1", name: "a first lesson", F: 4, H: 3, B: 1, T: 2 },
  { ...ONE, id: "W2", name: "one step of a stream", F: 64, H: 128, B: 1, T: 1, mode: "step" },
  { ...ONE, id: "W3", name: "one step of a large stream", F: 256, H: 512, B: 1, T: 1, mode: "step" },
  { ...ONE, id: "W4", name: "a sequence", F: 128, H: 256, B: 1, T: 100 },
  { ...ONE, id: "W5", name: "a batch", F: 128, H: 256, B: 32, T: 100 },
  { ...ONE, id: "W6", name: "a large batch", F: 512, H: 1024, B: 64, T: 50 },
  {
    ...ONE,
    id: "W7",
    name: "two layers, both directions",
    F: 80,
    H: 256,
    B: 8,
    T: 200,
    layers: 2,
    directions: 2,
    cells: ["lstm"],
  },
  {
    ...ONE,
    id: "T1",
    name: "training a character model",
    F: 65,
    H: 128,
    B: 32,
    T: 50,
    cells: ["lstm"],
    mode: "train",
    classes: 65,
  },
  { ...ONE, id: "T2", name: "training a large layer", F: 128, H: 512, B: 64, T: 50, cells: ["lstm"], mode: "train" },
  { ...ONE, id: "T3", name: "training a first lesson", F: 4, H: 3, B: 1, T: 2, cells: ["rnn"], mode: "train" },
];

/** The learning rate of the training steps. */
export const LEARNING_RATE = 1e-2;

/**
 * Floating-point operations of one call: 2 for each product of a matrix with a vector. A training step counts three times:
 * forward, and backward to the inputs and to the weights.
 */
export function operations({ F, H, B, T, layers, directions, mode, classes }: Workload, cell: CellKind): number {
  let total = 2 * T * B * H * classes;
  for (let layer = 0; layer < layers; layer += 1) {
    const inputs = layer === 0 ? F : H * directions;
    total += 2 * GATES[cell] * T * B * H * (inputs + H) * directions;
  }
  return mode === "train" ? 3 * total : total;
}
