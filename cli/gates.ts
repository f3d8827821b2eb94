/** Where two weights part, in the words of the layer that they belong to, and what that looks like. */
import type * as torch from "unrolled";
import { KINDS } from "./layer.ts";

/** A weight as rows of numbers; a bias has one column. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly at: (row: number, column: number) => number;
}

/** The numbers of a vector or matrix; undefined for other ranks. */
export function matrixOf(x: torch.Tensor): Matrix | undefined {
  const [rows, columns = 1] = x.shape;
  if (rows === undefined || x.shape.length > 2) return undefined;
  const { data, strides, offset } = x.value;
  const [down, across = 0] = strides;
  return { rows, columns, at: (row, column) => Number(data[offset + row * down! + column * across]) };
}

/** The gates of a weight `weight_ih_l0` of some layer, in the order of its rows, by the number of their blocks. */
export function gatesOf(name: string, tensors: ReadonlyMap<string, torch.Tensor>): readonly string[] | undefined {
  const [, prefix = "", which] = /^(.*\.)?(?:weight|bias)_(?:ih|hh)(_l\d+(?:_reverse)?)?$/.exec(name) ?? [];
  const weightHh = tensors.get(`${prefix}weight_hh${which ?? ""}`);
  const projected = tensors.get(`${prefix}weight_hr${which ?? ""}`);
  const hiddenSize = projected ? projected.shape[1] : weightHh?.shape[1];
  if (!hiddenSize || weightHh?.shape.length !== 2) return undefined;
  return Object.values(KINDS).find(({ gates }) => gates.length * hiddenSize === weightHh.shape[0])?.gates;
}

/** Whether two numbers are the same but for rounding. */
export function close(a: number, b: number, scale: number): boolean {
  return Object.is(a, b) || a === b || Math.abs(a - b) <= TOLERANCE * scale || (Number.isNaN(a) && Number.isNaN(b));
}

/** A few roundings to float32. */
const TOLERANCE = 1e-6;

/** Whether `b` is `a` after the numbers were taken from elsewhere. */
export function isRearranged(
  a: Matrix,
  b: Matrix,
  from: (row: number, column: number) => readonly [number, number],
): boolean {
  for (let row = 0; row < b.rows; row += 1) {
    for (let column = 0; column < b.columns; column += 1) {
      const x = a.at(...from(row, column));
      if (!close(x, b.at(row, column), Math.abs(x))) return false;
    }
  }
  return true;
}

/** The order of `a`'s gate blocks that gives `b`, if there is one besides the order that they have. */
export function orderOf(a: Matrix, b: Matrix, gates: readonly string[]): readonly string[] | undefined {
  const size = a.rows / gates.length;
  if (gates.length < 2 || a.rows !== b.rows || a.columns !== b.columns) return undefined;
  const found: string[] = [];
  for (let block = 0; block < gates.length; block += 1) {
    const match = gates.findIndex(
      (gate, from) => !found.includes(gate) && sameBlock(a, b, from * size, block * size, size),
    );
    if (match < 0) return undefined;
    found.push(gates[match]!);
  }
  return found.join() === gates.join() ? undefined : found;
}

function sameBlock(a: Matrix, b: Matrix, from: number, to: number, size: number): boolean {
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < a.columns; column += 1) {
      const x = a.at(from + row, column);
      if (!close(x, b.at(to + row, column), Math.abs(x))) return false;
    }
  }
  return true;
}

/** Who else orders the gates like this. */
export const KNOWN_ORDERS: ReadonlyMap<string, string> = new Map([
  ["i,o,f,g", "the order of ONNX"],
  ["i,g,f,o", "the order of TensorFlow's old cells"],
  ["z,r,n", "the order of ONNX and Keras"],
]);
