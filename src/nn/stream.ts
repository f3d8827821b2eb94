/**
 * Streaming: a session owns the state of a layer and takes its input as it comes, one step or one chunk at a time. However
 * a sequence is cut, the outputs have the bits of `forward` over all of it, in evaluation mode.
 *
 *     const session = lstm.stream();
 *     for (const x of steps) show(session.step(x));
 *
 * A model has a session that is made of those of its layers (nn/model-stream.ts).
 */
import { noGrad } from "../autograd/mode.ts";
import { fit } from "../autograd/recur.ts";
import { isSingle, type Step, stepper } from "../autograd/step.ts";
import { Tensor } from "../autograd/tensor.ts";
import { listText, pythonTypeOf, RuntimeError, ValueError, valueText } from "../check.ts";
import { elements, wrap } from "../dense/dense.ts";
import { convertScalar, type DType, float64 } from "../dense/dtype.ts";
import { product, sameDims } from "../dense/shape.ts";
import type { Refusal } from "./memory.ts";
import { runPadded, type Stack } from "./stack.ts";

/** Plain numbers: Float64Array for a layer of float64, else Float32Array. */
export type StreamNumbers = Float32Array | Float64Array;

/** What a session asks of its layer. */
export interface StreamSource {
  readonly name: string;
  readonly inputSize: number;
  readonly bidirectional: boolean;
  readonly batchFirst: boolean;
  /** The layer as it is now; the same object as long as it has the same weights. */
  readonly stack: () => Stack;
}

/** The state of a session as plain data, ready for JSON: numbers, and text for those that JSON does not have. */
export interface StreamState {
  readonly layer: string;
  /** L */
  readonly numLayers: number;
  /** B, or null without a batch. */
  readonly batchSize: number | null;
  /** (L, B, H) each, flat, by name. */
  readonly states: Readonly<Record<string, readonly (number | string)[]>>;
}

/** A layer in the middle of a sequence. Made by `layer.stream()`. */
export class Stream {
  readonly batchSize: number | null;
  readonly #source: StreamSource;
  #stack: Stack;
  #dtype: DType;
  #states: StreamNumbers[] = [];
  #marked: StreamNumbers[] | undefined;
  #step: Step | undefined;
  #output: StreamNumbers;

  /** Errors: RuntimeError for a layer of two directions. */
  constructor(source: StreamSource, batchSize: number | null, start: readonly Tensor[] = []) {
    const [expected, got, hint] = whyNot(source) ?? [];
    if (hint) throw new RuntimeError(`stream: expected ${expected}, got ${got}`, hint);
    if (batchSize !== null && !(Number.isInteger(batchSize) && batchSize > 0)) {
      throw new ValueError(`stream: expected a batch size of 1 or more, got ${valueText(batchSize)}`);
    }
    this.batchSize = batchSize;
    this.#source = source;
    this.#stack = source.stack();
    this.#dtype = dtypeOf(this.#stack);
    this.#output = new Float32Array(0);
    this.#own(this.#shapes().map((shape, i) => this.#given(start[i], shape)));
  }

  /**
   * One step: F numbers, or B·F with a batch. A typed array gives a typed array, which belongs to the session and is
   * overwritten by the next step; a tensor (F) or (B, F) gives a new tensor. Errors: RuntimeError for another size.
   */
  step(x: Float32Array): Float32Array;
  step(x: Float64Array): Float64Array;
  step(x: StreamNumbers): StreamNumbers;
  step(x: Tensor): Tensor;
  step(x: Tensor | StreamNumbers): Tensor | StreamNumbers {
    this.#refresh();
    if (!(x instanceof Tensor)) return this.#stepNumbers(x);
    const { inputSize } = this.#source;
    const wanted = this.batchSize === null ? [inputSize] : [this.batchSize, inputSize];
    if (!sameDims(x.shape, wanted)) throw wrongInput("step", `a tensor of ${listText(wanted)}`, listText(x.shape));
    this.#expectDtype("step", x.dtype);
    return this.#stepTensor(x);
  }

  /**
   * The steps that have come: (T, F), or with a batch as `forward` takes it, (T, B, F) or (B, T, F); or T·B·F numbers in
   * the order of time. T may be 0. Gives the outputs in the same form. Errors: RuntimeError for another size.
   */
  push(chunk: Float32Array): Float32Array;
  push(chunk: Float64Array): Float64Array;
  push(chunk: StreamNumbers): StreamNumbers;
  push(chunk: Tensor): Tensor;
  push(chunk: Tensor | StreamNumbers): Tensor | StreamNumbers {
    this.#refresh();
    const { inputSize, batchFirst } = this.#source;
    const B = this.batchSize ?? 1;
    if (!(chunk instanceof Tensor)) {
      if (!this.#isMine(chunk) || chunk.length % (B * inputSize) !== 0) {
        throw this.#wrong("push", chunk, `a multiple of ${B * inputSize} numbers`);
      }
      const data = this.#tensor(chunk, [chunk.length / (B * inputSize), B, inputSize]);
      return elements(this.#run(data, false).value) as StreamNumbers;
    }
    const first = this.batchSize !== null && batchFirst;
    const T = chunk.shape[first ? 1 : 0] ?? 0;
    const wanted = this.batchSize === null ? [T, inputSize] : first ? [B, T, inputSize] : [T, B, inputSize];
    if (!sameDims(chunk.shape, wanted))
      throw wrongInput("push", `a tensor of ${listText(wanted)}`, listText(chunk.shape));
    this.#expectDtype("push", chunk.dtype);
    if (T === 1) return this.#stepTensor(chunk);
    if (this.batchSize !== null) return this.#run(chunk, first);
    const { value } = chunk;
    const [time, feature] = value.strides as unknown as [number, number];
    const output = this.#run(new Tensor(value.window([T, 1, inputSize], [time, inputSize, feature])), first);
    return new Tensor(output.value.window([T, this.#width], [this.#width, 1]));
  }

  /** The state now, as plain data: for `restore`, also by way of JSON. */
  snapshot(): StreamState {
    this.#refresh();
    const { state } = this.#stack.cell;
    const lists = this.#states.map((numbers) => Array.from(numbers as Float32Array, written));
    return {
      ...this.#about,
      states: Object.fromEntries(state.map((name, i) => [name, lists[i]!])),
    };
  }

  /** What JSON.stringify writes: `snapshot()`. */
  toJSON(): StreamState {
    return this.snapshot();
  }

  /** Goes back to a state. Errors: ValueError if it is not of such a layer and batch; then nothing has changed. */
  restore(snapshot: StreamState): this {
    this.#refresh();
    const [wanted, got] = [aboutText(this.#about), aboutText(snapshot)];
    if (got !== wanted) throw new ValueError(`stream.restore: expected a state of ${wanted}, got ${got}`);
    const { states } = snapshot;
    const names = this.#stack.cell.state;
    const unknown = Object.keys(Object(states)).find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw new ValueError(`stream.restore: expected states ${names.join(", ")}, got "${unknown}"`);
    }
    const lists = names.map((name, i) => read(name, states?.[name], this.#states[i]!.slice(), this.#dtype));
    for (const [i, numbers] of this.#states.entries()) numbers.set(lists[i]!);
    return this;
  }

  /** A second session of the same layer, which goes on from the same state. */
  fork(): Stream {
    return new Stream(this.#source, this.batchSize, this.states);
  }

  /** Back to zero. */
  reset(): this {
    for (const numbers of this.#states) numbers.fill(0);
    return this;
  }

  /** Keeps the states as they are now, for `undo`: for a session that is part of another. */
  mark(): void {
    this.#marked ??= this.#states.map((numbers) => numbers.slice());
    for (const [i, numbers] of this.#marked.entries()) numbers.set(this.#states[i]!);
  }

  /** The states as they were when they were marked. */
  undo(): void {
    for (const [i, numbers] of this.#marked?.entries() ?? []) this.#states[i]!.set(numbers);
  }

  /** Copies of the states as `forward` takes and gives them: (L, B, H) each, or (L, H) without a batch. */
  get states(): Tensor[] {
    this.#refresh();
    return this.#shapes().map((shape, i) => {
      const [L, , width] = shape as unknown as [number, number, number];
      const own = this.batchSize === null ? [L, width] : shape;
      return new Tensor(wrap(this.#states[i]!.slice(), own, this.#dtype));
    });
  }

  /** What a snapshot says of itself. */
  get #about(): Omit<StreamState, "states"> {
    return { layer: this.#source.name, numLayers: this.#stack.weights.length, batchSize: this.batchSize };
  }

  /** P */
  get #width(): number {
    return this.#stack.weights[0]!.weightHh.shape[1]!;
  }

  #shapes({ cell, weights } = this.#stack): number[][] {
    const { weightIh, weightHh } = weights[0]!;
    const H = weightIh.shape[0]! / cell.gates.length;
    return cell.state.map((_, i) => [weights.length, this.batchSize ?? 1, i === 0 ? weightHh.shape[1]! : H]);
  }

  #given(start: Tensor | undefined, shape: readonly number[]): StreamNumbers {
    const numbers = this.#dtype.allocate(product(shape)) as StreamNumbers;
    if (!start) return numbers;
    const wanted = this.batchSize === null ? [shape[0]!, shape[2]!] : shape;
    if (!sameDims(start.shape, wanted) || start.dtype !== this.#dtype) {
      const got = `${start.dtype} of ${listText(start.shape)}`;
      throw new RuntimeError(`stream: expected a state of ${this.#dtype} of ${listText(wanted)}, got ${got}`);
    }
    numbers.set(elements(start.value) as Float32Array);
    return numbers;
  }

  /** Takes over these states, and prepares the step for them. */
  #own(states: StreamNumbers[]): void {
    this.#states = states;
    this.#marked &&= states.map((numbers) => numbers.slice());
    this.#output = this.#dtype.allocate((this.batchSize ?? 1) * this.#width) as StreamNumbers;
    const isFast = isSingle(this.#stack) && fit(this.#stack, this.#source.inputSize);
    this.#step = isFast ? stepper(this.#stack, this.batchSize ?? 1, states as Float32Array[]) : undefined;
  }

  /** The layer may have been given other weights, even of another dtype. */
  #refresh(): void {
    const now = this.#source.stack();
    const dtype = dtypeOf(now);
    if (now === this.#stack && dtype === this.#dtype) return;
    const other = this.#shapes(now).find((shape, i) => product(shape) !== this.#states[i]!.length);
    if (other)
      throw new RuntimeError(`stream: expected weights of the sizes as before, got states of ${listText(other)}`);
    const states = this.#states.map((numbers) => elements(wrap(numbers, [numbers.length], this.#dtype), dtype));
    this.#stack = now;
    this.#dtype = dtype;
    this.#own(states as StreamNumbers[]);
  }

  /** One step, whatever the dimensions around it are. */
  #stepTensor(x: Tensor): Tensor {
    const output = this.#stepNumbers(elements(x.value) as StreamNumbers);
    return new Tensor(wrap(output.slice(), [...x.shape.slice(0, -1), this.#width], this.#dtype));
  }

  #stepNumbers(x: StreamNumbers): StreamNumbers {
    const B = this.batchSize ?? 1;
    const { inputSize } = this.#source;
    // nothing is allocated unless it is an error, not even its text
    if (!this.#isMine(x) || x.length !== B * inputSize) throw this.#wrong("step", x, `${B * inputSize} numbers`);
    const fast = this.#step?.(x as Float32Array);
    if (fast) return fast;
    const output = this.#run(this.#tensor(x, [1, B, inputSize]), false);
    this.#output.set(elements(output.value) as Float32Array);
    return this.#output;
  }

  /** Numbers as they are in the layer's dtype, if that is one of 16 bits. */
  #tensor(numbers: StreamNumbers, shape: readonly number[]): Tensor {
    const { round } = this.#dtype;
    return new Tensor(wrap(round ? numbers.map((x) => round(x)) : numbers, shape, this.#dtype));
  }

  /** Some steps by way of the layer itself. */
  #run(data: Tensor, batchFirst: boolean): Tensor {
    const B = this.batchSize ?? 1;
    const T = data.shape[batchFirst ? 1 : 0]!;
    if (T === 0)
      return new Tensor(
        wrap(this.#dtype.allocate(0), batchFirst ? [B, 0, this.#width] : [0, B, this.#width], this.#dtype),
      );
    const states = this.#shapes().map((shape, i) => new Tensor(wrap(this.#states[i]!, shape, this.#dtype)));
    const [output, ends] = noGrad(() => runPadded(this.#stack, data, states, batchFirst));
    for (const [i, end] of ends.entries()) this.#states[i]!.set(elements(end.value) as Float32Array);
    return output;
  }

  get #kind(): typeof Float64Array | typeof Float32Array {
    return this.#dtype === float64 ? Float64Array : Float32Array;
  }

  #isMine(x: unknown): boolean {
    return x instanceof this.#kind;
  }

  #wrong(who: string, x: StreamNumbers, wanted: string): RuntimeError {
    const got = ArrayBuffer.isView(x) ? `${x.length} in a ${x.constructor.name}` : valueText(x);
    return wrongInput(who, `${wanted} in a ${this.#kind.name}`, got);
  }

  #expectDtype(who: string, dtype: DType): void {
    if (dtype !== this.#dtype) throw wrongInput(who, String(this.#dtype), String(dtype));
  }
}

/** Why a layer has no session, and a hint. */
export function whyNot({ bidirectional, name }: Pick<StreamSource, "bidirectional" | "name">): Refusal | undefined {
  if (!bidirectional) return undefined;
  return [
    "a layer of one direction",
    `a bidirectional ${name}`,
    "its second direction begins with the end of the sequence, which has not come yet",
  ];
}

const dtypeOf = ({ weights }: Stack): DType => weights[0]!.weightIh.dtype;

function wrongInput(who: string, expected: string, got: string): RuntimeError {
  return new RuntimeError(`stream.${who}: expected ${expected}, got ${got}`);
}

function aboutText(snapshot: unknown): string {
  if (Object(snapshot) !== snapshot) return pythonTypeOf(snapshot);
  const { layer, numLayers, batchSize } = snapshot as StreamState;
  return `layer ${valueText(layer)}, numLayers ${valueText(numLayers)}, batchSize ${valueText(batchSize)}`;
}

/** JSON has no NaN and no infinities, and its writer forgets the sign of -0. */
function written(x: number): number | string {
  if (Object.is(x, -0)) return "-0";
  return Number.isFinite(x) ? x : String(x);
}

/** The numbers of a state as `written` has them, into `numbers`. Errors: ValueError. */
function read(name: string, list: unknown, numbers: StreamNumbers, dtype: DType): StreamNumbers {
  const given: readonly unknown[] = Array.isArray(list) ? list : [];
  if (given.length !== numbers.length) {
    throw new ValueError(`stream.restore: expected ${numbers.length} numbers for "${name}", got ${given.length}`);
  }
  for (let i = 0; i < given.length; i += 1) {
    const x = given[i];
    if (typeof x === "number" || TEXTS.includes(x as string)) {
      numbers[i] = convertScalar(Number(x), dtype) as number;
      // what is finite may be too large for the dtype
      if (typeof x === "string" || Number.isFinite(x) === Number.isFinite(numbers[i])) continue;
    }
    throw new ValueError(`stream.restore: expected numbers for "${name}", got ${valueText(x)} at ${i}`);
  }
  return numbers;
}

/** What JSON has no numbers for. */
const TEXTS = ["-0", "NaN", "Infinity", "-Infinity"];
