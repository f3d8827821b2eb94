/**
 * The order in which torch packs a batch: longest sequence first. torch sorts with the introsort of the C++ library, and
 * that is not stable: among more than 16 sequences, those of equal length change places as only this very algorithm does.
 *
 *     1. Quicksort, until no piece is longer than 16; the pivot is the median of three.
 *     2. A piece that has been cut 2·log₂(n) times is sorted by way of a heap instead.
 *     3. An insertion sort over everything. It is stable: any stable sort does the same.
 */

/** Whether the first of two sequences is the longer one. */
type Longer = (a: number, b: number) => boolean;

const SMALL = 16;

/** The positions of `lengths` from the longest to the shortest, as `torch.sort(lengths, descending=True)` gives them. */
export function longestFirst(lengths: readonly number[]): number[] {
  const order = [...lengths.keys()];
  const longer: Longer = (a, b) => lengths[a]! > lengths[b]!;
  const logarithm = 31 - Math.clz32(order.length);
  quicksort(order, longer, 0, order.length, 2 * logarithm);
  return order.sort((a, b) => lengths[b]! - lengths[a]!);
}

/** Sorts first .. end−1 down to pieces of 16 or less. */
function quicksort(order: number[], longer: Longer, first: number, end: number, cuts: number): void {
  let stop = end;
  let left = cuts;
  while (stop - first > SMALL) {
    if (left === 0) {
      heapsort(order, longer, first, stop);
      return;
    }
    left -= 1;
    const cut = partition(order, longer, first, stop);
    quicksort(order, longer, cut, stop, left);
    stop = cut;
  }
}

/** Brings what is longer than the pivot before the cut that is given back, what is shorter behind it. */
function partition(order: number[], longer: Longer, first: number, end: number): number {
  swap(order, first, medianOfThree(order, longer, first + 1, first + ((end - first) >> 1), end - 1));
  const pivot = order[first]!;
  let left = first + 1;
  let right = end;
  for (;;) {
    while (longer(order[left]!, pivot)) left += 1;
    do right -= 1;
    while (longer(pivot, order[right]!));
    if (left >= right) return left;
    swap(order, left, right);
    left += 1;
  }
}

/** Which of three places holds the middle one; the questions are asked in the library's order, which decides ties. */
function medianOfThree(order: readonly number[], longer: Longer, a: number, b: number, c: number): number {
  const before = (i: number, j: number): boolean => longer(order[i]!, order[j]!);
  if (before(a, b)) return before(b, c) ? b : before(a, c) ? c : a;
  return before(a, c) ? a : before(b, c) ? c : b;
}

function swap(order: number[], i: number, j: number): void {
  [order[i], order[j]] = [order[j]!, order[i]!];
}

/** Sorts first .. end−1 by taking the shortest from the root of a heap, again and again. */
function heapsort(order: number[], longer: Longer, first: number, end: number): void {
  const heap = order.slice(first, end);
  for (let top = (heap.length - 2) >> 1; top >= 0; top -= 1) place(heap, longer, top, heap.length, heap[top]!);
  for (let size = heap.length - 1; size > 0; size -= 1) {
    const item = heap[size]!;
    heap[size] = heap[0]!;
    place(heap, longer, 0, size, item);
  }
  for (const [i, item] of heap.entries()) order[first + i] = item;
}

/** Puts `item` into the heap below `top`: the hole there sinks to the bottom, and the item climbs from there. */
function place(heap: number[], longer: Longer, top: number, size: number, item: number): void {
  let hole = top;
  for (let child = 2 * hole + 2; child <= size; child = 2 * hole + 2) {
    const onlyLeft = child === size;
    const next = onlyLeft || longer(heap[child]!, heap[child - 1]!) ? child - 1 : child;
    heap[hole] = heap[next]!;
    hole = next;
  }
  while (hole > top) {
    const parent = (hole - 1) >> 1;
    if (!longer(heap[parent]!, item)) break;
    heap[hole] = heap[parent]!;
    hole = parent;
  }
  heap[hole] = item;
}
