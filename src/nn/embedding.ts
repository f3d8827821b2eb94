/** The embedding as a layer. */
import { empty } from "../autograd/create.ts";
import { normal_ } from "../autograd/draw.ts";
import { embedding } from "../autograd/embedding.ts";
import { fill_ } from "../autograd/fill.ts";
import { noGrad } from "../autograd/mode.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { selectAt } from "../autograd/views.ts";
import { AssertionError, expectKeywords } from "../check.ts";
import type { DType } from "../dense/dtype.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** The options of `Embedding`. */
export interface EmbeddingOptions {
  /** The row that stands for padding: it starts as zeros and gets no gradient. */
  readonly paddingIdx?: number | null;
  /** The rows themselves, which are not drawn then (torch's `_weight`). */
  readonly weight?: Tensor;
  readonly dtype?: DType;
  readonly device?: string;
}

/** A row of the weight (N, D) for each index: (…) to (…, D) (torch.nn.Embedding). */
export class Embedding extends Module {
  static override readonly name: string = "Embedding";

  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | undefined;
  declare weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    super();
    expectKeywords("Embedding.__init__", options, ["paddingIdx", "weight", "dtype", "device"]);
    const { paddingIdx, weight, ...rest } = options;
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = paddingIdx === undefined || paddingIdx === null ? undefined : wrapRow(paddingIdx, numEmbeddings);
    this.registerParameter("weight", new Parameter(weight ?? empty(numEmbeddings, embeddingDim, rest)));
    if (!weight) this.resetParameters();
  }

  /** A layer on given rows; frozen unless told otherwise. */
  static fromPretrained(weight: Tensor, options: { freeze?: boolean; paddingIdx?: number } = {}): Embedding {
    const { freeze = true, ...rest } = options;
    const [rows, columns] = weight.shape as unknown as [number, number];
    const made = new Embedding(rows, columns, { ...rest, weight });
    made.weight.requiresGrad = !freeze;
    return made;
  }

  /** Draws all rows from the standard normal, then zeroes the padding row. */
  resetParameters(): void {
    noGrad(() => {
      normal_(this.weight);
      if (this.paddingIdx !== undefined) fill_(selectAt(this.weight, 0, this.paddingIdx), 0);
    });
  }

  override forward(index: Tensor): Tensor {
    return embedding(index, this.weight, this.paddingIdx === undefined ? {} : { paddingIdx: this.paddingIdx });
  }

  override extraRepr(): string {
    const padding = this.paddingIdx === undefined ? "" : `, padding_idx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`;
  }
}

function wrapRow(index: number, rows: number): number {
  if (index >= rows || index < -rows) throw new AssertionError("Padding_idx must be within num_embeddings");
  return index < 0 ? index + rows : index;
}
