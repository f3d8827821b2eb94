/** The order of a loop over time: which step comes when, where its rows lie, and which steps are in the arena together. */

/** The steps of a recurrence in the order in which they are run. */
export class Schedule {
  readonly batchSizes: readonly number[];
  /** The row at which each step begins. */
  readonly starts: readonly number[];
  /** Whether the last time is run first. */
  readonly reverse: boolean;
  /** Whether all steps have all rows. */
  readonly isUniform: boolean;

  /** Steps of so many rows each, of the B that a state has. */
  constructor(batchSizes: readonly number[], reverse: boolean, B: number) {
    this.batchSizes = batchSizes;
    this.reverse = reverse;
    this.isUniform = batchSizes.every((b) => b === B);
    let total = 0;
    this.starts = batchSizes.map((b) => {
      total += b;
      return total - b;
    });
  }

  /** The number of steps. */
  get length(): number {
    return this.batchSizes.length;
  }

  /** The time of a step. */
  time(step: number): number {
    return this.reverse ? this.length - 1 - step : step;
  }

  /** The number of rows of a step. */
  rows(step: number): number {
    return this.batchSizes[this.time(step)];
  }

  /** The first row of a step. */
  start(step: number): number {
    return this.starts[this.time(step)];
  }

  /** The first row of the steps `first` to `last`: their rows lie together. */
  firstRow(first: number, last: number): number {
    return this.start(this.reverse ? last : first);
  }

  /** The end of these rows. */
  endRow(first: number, last: number): number {
    const step = this.reverse ? first : last;
    return this.start(step) + this.rows(step);
  }

  /** The last of the steps from `step` on, forwards or backwards, that have no more than `most` rows together. */
  endOfChunk(step: number, most: number, direction: 1 | -1): number {
    let [last, count] = [step, this.rows(step)];
    for (let next = step + direction; next >= 0 && next < this.length; next += direction) {
      count += this.rows(next);
      if (count > most) break;
      last = next;
    }
    return last;
  }
}
