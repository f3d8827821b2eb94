/** torch.Size: the shape of a tensor, an array of integers that prints as torch prints it. */
export class Size extends Array<number> {
  static override readonly name: string = "Size";

  /** Plain arrays come out of `map` and `filter`. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** The number of elements: the product of all lengths. */
  numel(): number {
    return this.reduce((product, length) => product * length, 1);
  }

  /** Some of the lengths, as a Size: Python's `shape[1:]`. */
  override slice(start?: number, end?: number): Size {
    return size(super.slice(start, end));
  }

  override toString(): string {
    return `torch.Size([${this.join(", ")}])`;
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** These lengths as a `Size`; the very same if they are one already. */
export function size(lengths: readonly number[]): Size {
  if (lengths instanceof Size) return lengths;
  // Made with every tensor, and JavaScript engines give up optimising a subclass's own constructor.
  const result = Reflect.construct(Array, [], Size) as Size;
  for (let d = 0; d < lengths.length; d += 1) result[d] = lengths[d]!;
  return result;
}
