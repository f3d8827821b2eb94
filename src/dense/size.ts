/** torch.Size: the shape of a tensor, an array of integers that prints as torch prints it. */
export class Size extends Array<number> {
  /** Plain arrays come out of `map`, `filter` and `slice`. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** The number of elements: the product of all lengths. */
  numel(): number {
    return this.reduce((product, length) => product * length, 1);
  }

  override toString(): string {
    return `torch.Size([${this.join(", ")}])`;
  }
}

/** A `Size` with these lengths. */
export function size(lengths: readonly number[]): Size {
  const result = new Size();
  for (const length of lengths) result.push(length);
  return result;
}
