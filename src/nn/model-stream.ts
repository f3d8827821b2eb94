/**
 * Streaming for a whole model: a session runs the model's own `forward` on what has come, and while it does, every recurrent
 * layer goes on from its own session (nn/memory.ts). So the author of a model writes nothing twice, and what is computed is
 * `forward`, to the bit, if all else in it treats every step by itself. A session tries that with the first two steps.
 */
import { cat } from "../autograd/join.ts";
import { noGrad } from "../autograd/mode.ts";
import { narrow, select, unsqueeze } from "../autograd/shape.ts";
import { Tensor } from "../autograd/tensor.ts";
import { clone } from "../autograd/views.ts";
import { expectKeywords, listText, pythonTypeOf, RuntimeError, ValueError, valueText } from "../check.ts";
import { copyElements, wrap } from "../dense/dense.ts";
import { float32, float64 } from "../dense/dtype.ts";
import { sameDims } from "../dense/shape.ts";
import { Tuple, tuple } from "../dense/tuple.ts";
import { identical, type LayerStates, Memory, ownersAmong, type Remembering } from "./memory.ts";
import type { Module } from "./module.ts";
import type { Stream, StreamNumbers } from "./stream.ts";

/** How a session begins. */
export interface ModelStreamOptions {
  /** B, the number of sequences that run side by side. Default: one, without a batch. */
  readonly batchSize?: number | null;
  /** Whether a chunk is (B, T, ...) rather than (T, B, ...). Default: what the recurrent layers say. */
  readonly batchFirst?: boolean;
}

/** The state of a session of a model as plain data, ready for JSON. */
export interface ModelStreamState {
  /** B, or null without a batch. */
  readonly batchSize: number | null;
  /** By path. Before the first step there are none. */
  readonly layers: LayerStates;
}

/** What a module has for a session: a recurrent layer one of its own, all others that of a model. */
export type StreamOf<M extends Module> = M extends Remembering ? Stream : ModelStream<ReturnType<M["forward"]>>;

/** What `forward` gives, with numbers in the place of tensors. */
export type NumbersOf<Output> = Output extends Tensor
  ? StreamNumbers
  : Output extends object
    ? { readonly [Key in keyof Output]: NumbersOf<Output[Key]> }
    : Output;

/** A model in the middle of a sequence. Made by `model.stream()`. */
export class ModelStream<Output = unknown> {
  readonly batchSize: number | null;
  readonly #batchFirst: boolean;
  readonly #model: Module;
  readonly #modules: readonly Module[];
  readonly #memory: Memory;
  /** The dimension of time of each tensor that forward gives, or undefined; not known before the first step. */
  #times: readonly (number | undefined)[] | undefined;
  /** The first step, until another one comes that differs: only then it shows whether steps look at each other. */
  #first: Tensor | undefined;
  #isTried = false;

  /** Errors: RuntimeError for a module whose state cannot be kept; ValueError. */
  constructor(model: Module, options: ModelStreamOptions = {}, from?: ModelStream<Output>) {
    expectKeywords("stream", options, ["batchSize", "batchFirst"]);
    const { batchSize = null } = options;
    if (batchSize !== null && !(Number.isInteger(batchSize) && batchSize > 0)) {
      throw new ValueError(`stream: expected a batch size of 1 or more, got ${valueText(batchSize)}`);
    }
    this.#memory = from ? from.#memory.fork() : new Memory(ownersAmong(model.namedModules()));
    const orders = new Set(Array.from(this.#memory.owners.values(), ({ batchFirst }) => batchFirst));
    if (batchSize !== null && options.batchFirst === undefined && orders.size > 1) {
      throw new ValueError("stream: expected the option batchFirst for a model whose layers differ in it, got none");
    }
    this.batchSize = batchSize;
    this.#batchFirst = batchSize !== null && (options.batchFirst ?? orders.has(true));
    this.#model = model;
    this.#modules = [...model.modules()];
    if (from) [this.#times, this.#first, this.#isTried] = [from.#times, from.#first, from.#isTried];
  }

  /**
   * One step: what `forward` takes, without time: (F) or (B, F), tokens () or (B). Gives what forward gives, without time
   * where there is one; for the numbers of (F) or (B, F) in a typed array, typed arrays. Errors: those of forward, and
   * RuntimeError where the model cannot be cut into steps; then all states are as before.
   */
  step(x: StreamNumbers): NumbersOf<Output>;
  step(x: Tensor): Output;
  step(x: Tensor | StreamNumbers): unknown {
    if (!(x instanceof Tensor)) {
      const output = this.step(this.#read(x));
      return eachTensor(output, ({ value }) => copyElements(value));
    }
    this.#expect("step", x, this.batchSize === null ? [] : [this.batchSize]);
    return this.#run(unsqueeze(x, this.#time), (output) => {
      let at = 0;
      return eachTensor(output, (one) => {
        const time = this.#times?.[at++];
        return time === undefined ? one : select(one, time, 0);
      });
    });
  }

  /** The steps that have come, as `forward` takes them, of any number. Gives what forward gives. Errors: as in `step`. */
  push(chunk: Tensor): Output {
    const B = this.batchSize;
    this.#expect("push", chunk, B === null ? ["T"] : this.#batchFirst ? [B, "T"] : ["T", B]);
    return this.#run(chunk) as Output;
  }

  /** The state now, as plain data: for `restore`, also by way of JSON. */
  snapshot(): ModelStreamState {
    const layers = Object.fromEntries(this.#memory.each(({ stream }) => stream.snapshot()));
    return { batchSize: this.batchSize, layers };
  }

  /** What JSON.stringify writes: `snapshot()`. */
  toJSON(): ModelStreamState {
    return this.snapshot();
  }

  /** Goes back to a state. Errors: ValueError if it is not of such a model and batch; then nothing has changed. */
  restore(snapshot: ModelStreamState): this {
    const { batchSize, layers } = Object(snapshot) as ModelStreamState;
    if (batchSize !== this.batchSize || Object.prototype.toString.call(layers) !== DICT) {
      const kind = (layers as unknown) instanceof Map ? "Map" : pythonTypeOf(layers);
      const got = `${kind} and ${valueText(batchSize)}`;
      throw new ValueError(
        `stream.restore: expected a dict of layers and the batch size ${this.batchSize}, got ${got}`,
      );
    }
    this.#memory.restore(layers);
    return this;
  }

  /** A second session of the same model, which goes on from the same states. */
  fork(): ModelStream<Output> {
    return new ModelStream(this.#model, { batchSize: this.batchSize, batchFirst: this.#batchFirst }, this);
  }

  /** Back to the beginning. */
  reset(): this {
    this.#memory.reset();
    return this;
  }

  /** Copies of the states by path, of each layer as its `forward` takes and gives them: (L, B, H) or (L, H) each. */
  get states(): Readonly<Record<string, readonly Tensor[]>> {
    return Object.fromEntries(this.#memory.each(({ stream }) => stream.states));
  }

  get #time(): number {
    return this.#batchFirst ? 1 : 0;
  }

  #read(x: StreamNumbers): Tensor {
    const B = this.batchSize ?? 1;
    if (!(x instanceof Float32Array || x instanceof Float64Array) || x.length % B !== 0) {
      throw new RuntimeError(`stream.step: expected a tensor, or a typed array with numbers for ${B} rows`);
    }
    const shape = this.batchSize === null ? [x.length] : [B, x.length / B];
    return new Tensor(wrap(x, shape, x instanceof Float64Array ? float64 : float32));
  }

  /** Demands a tensor with these lengths in front. */
  #expect(who: string, x: Tensor, lead: readonly unknown[]): void {
    const { shape } = x instanceof Tensor ? x : {};
    if (shape && lead.every((length, d) => (length === "T" ? d < shape.length : length === shape[d]))) return;
    const got = shape ? listText(shape) : pythonTypeOf(x);
    throw new RuntimeError(`stream.${who}: expected a tensor of [${[...lead, "..."].join(", ")}], got ${got}`);
  }

  /** Runs forward over a chunk and takes what it gives, all of it or nothing. */
  #run(chunk: Tensor, take = (output: unknown): unknown => output): unknown {
    this.#memory.mark();
    const training = this.#modules.filter((module) => module.training);
    for (const module of training) module.training = false;
    try {
      return noGrad(() => {
        if (!this.#isTried) this.#getToKnow(chunk);
        return take(this.#forward(chunk));
      });
    } catch (error) {
      this.#memory.undo();
      throw error;
    } finally {
      for (const module of training) module.training = true;
    }
  }

  #forward(chunk: Tensor): unknown {
    const forward = (): unknown => (this.#model as Module & { forward(x: Tensor): unknown }).forward(chunk);
    return this.#memory.run(chunk.shape[this.#time]!, forward);
  }

  /** Tries two steps as soon as there are two that differ, and before that the first with itself. */
  #getToKnow(chunk: Tensor): void {
    const steps = Array.from({ length: chunk.shape[this.#time]! }, (_, t) => narrow(chunk, this.#time, t, 1));
    const first = this.#first ?? steps[0];
    // what cannot follow the first step is for forward to refuse
    if (!first || !steps.every((step) => step.dtype === first.dtype && sameDims(step.shape, first.shape))) return;
    const other = steps.find((step) => !identical(step, first));
    if (other || !this.#times) this.#times = this.#tryOut(first, other ?? first);
    this.#isTried = other !== undefined;
    this.#first = other ? undefined : clone(first);
  }

  /**
   * Whether two steps at once are one after the other, and so where time is in what forward gives. What looks along time,
   * or keeps something that no session knows of, shows here; better than a wrong answer later.
   */
  #tryOut(x: Tensor, y: Tensor): (number | undefined)[] {
    const leaves = (chunk: Tensor): Tensor[] => {
      const found: Tensor[] = [];
      eachTensor(this.#forward(chunk), (one) => found.push(one));
      return found;
    };
    const [first, second] = [leaves(x), leaves(y)];
    this.#memory.undo();
    const both = leaves(cat([x, y], this.#time));
    this.#memory.undo();
    return both.map((two, i) => {
      const [a, b] = [first[i], second[i]];
      const time = two.shape.findIndex((length, d) => length !== a?.shape[d]);
      if (identical(two, time < 0 ? b : joined(a, b, time))) return time < 0 ? undefined : time;
      throw new RuntimeError(
        "stream: expected of two steps at once what one after the other gives, got another output",
        "what looks along time, as a mean over it, attention, or positions do, needs the whole sequence",
      );
    });
  }
}

/** How an object says that it is a record, and no list, map or function. */
const DICT = "[object Object]";

/** Two steps beside each other in a dimension, if they have one there. */
function joined(a: Tensor | undefined, b: Tensor | undefined, time: number): Tensor | undefined {
  return a?.shape[time] === 1 && b && sameDims(a.shape, b.shape) ? cat([a, b], time) : undefined;
}

/** What forward gives, with each tensor in it replaced. Errors: TypeError for what is no tensor, list or record. */
function eachTensor(value: unknown, replace: (one: Tensor) => unknown): unknown {
  if (value instanceof Tensor) return replace(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const list = Array.from(value, (one) => eachTensor(one, replace));
    return value instanceof Tuple ? tuple(list) : list;
  }
  const kind: unknown = Object.getPrototypeOf(value);
  if (kind !== Object.prototype && kind !== null) {
    throw new TypeError(`stream: expected forward to give tensors, in lists or records, got ${pythonTypeOf(value)}`);
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, eachTensor(one, replace)]));
}
