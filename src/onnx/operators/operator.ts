/** What an operator is: the attributes it knows, how many values it reads, and what it computes. */
import type { Tensor } from "../../autograd/tensor.ts";
import { elements } from "../../dense/dense.ts";
import type { DType } from "../../dense/dtype.ts";
import { product } from "../../dense/shape.ts";
import type { Call, Inputs, Results, RunGraph } from "../call.ts";

/** What surrounds a node while it runs. */
export interface Surroundings {
  /** The most numbers that a result may have. */
  readonly limit: number;
  readonly runGraph: RunGraph;
}

/** One operator. */
export interface Operator {
  readonly attributes: readonly string[];
  /** How many values it reads, at least and at most. */
  readonly inputs: readonly [least: number, most: number];
  /** `inputs` holds the values that must be there; later ones may be absent. */
  readonly run: (call: Call, inputs: Inputs, surroundings: Surroundings) => Results;
}

/** Operators by name. */
export type Operators = Readonly<Record<string, Operator>>;

/** An operator of one value without attributes. */
export function ofOne(run: (x: Tensor) => Tensor): Operator {
  return { attributes: [], inputs: [1, 1], run: (_, [x]) => run(x!) };
}

/** An operator of two values without attributes. */
export function ofTwo(run: (a: Tensor, b: Tensor) => Tensor): Operator {
  return { attributes: [], inputs: [2, 2], run: (_, [a, b]) => run(a!, b!) };
}

/** As many values as there are. */
export const ANY = Number.MAX_SAFE_INTEGER;

/** More dimensions than a tensor has, more parts than one is cut into. */
const MAX_LIST = 2 ** 16;

/** The whole numbers of a small tensor: a shape, axes, bounds. */
export function shortList(call: Call, x: Tensor): number[] {
  if (x.value.count > MAX_LIST) throw call.error(`a list of ${x.value.count} numbers, ${MAX_LIST} are allowed`);
  return wholeNumbers(call, x);
}

/** The whole numbers of a tensor. */
export function wholeNumbers(call: Call, x: Tensor): number[] {
  if (x.dtype.kind !== "integer") throw call.error(`whole numbers expected, got ${x.dtype}`);
  return Array.from(elements(x.value), Number);
}

/** The one number of a tensor. */
export function oneNumber(call: Call, x: Tensor): number {
  if (x.value.count !== 1) throw call.error(`one number expected, got ${x.value.count}`);
  return Number(elements(x.value)[0]);
}

/** A list of numbers that older versions have as an attribute and newer ones as an input. */
export function listOf(call: Call, attribute: string, input: Tensor | undefined): readonly number[] | undefined {
  return input ? shortList(call, input) : call.ints(attribute);
}

/** A dimension counted from the front. */
export function axisOf(call: Call, axis: number, rank: number): number {
  if (axis < -rank || axis >= rank) throw call.error(`axis ${axis} of a tensor of rank ${rank}`);
  return axis < 0 ? axis + rank : axis;
}

/** Demands that a result of this shape may be made. */
export function expectCount(call: Call, shape: readonly number[], { limit }: Surroundings): void {
  if (shape.some((length) => length < 0)) throw call.error(`a shape with a negative length: [${shape.join(", ")}]`);
  const count = product(shape);
  if (!(count <= limit)) throw call.error(`a result of ${count} numbers, ${limit} are allowed`);
}

/** Demands a dtype among some. */
export function expectFloat(call: Call, dtype: DType): void {
  if (dtype.kind !== "float") throw call.error(`floats expected, got ${dtype}`);
}
