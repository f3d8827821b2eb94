/**
 * What a model remembers in a session: for every call of a recurrent layer in its `forward`, the layer's own session. While
 * a session runs the forward, each layer asks here where it was, and goes on from there instead of from zero.
 */
import type { Tensor } from "../autograd/tensor.ts";
import { RuntimeError, ValueError } from "../check.ts";
import { elements } from "../dense/dense.ts";
import { sameDims } from "../dense/shape.ts";
import type { Stream, StreamState } from "./stream.ts";

/** Under this name a module that has a memory says what a session must know of it. */
export const remembers = Symbol("remembers");

/** A module that has a memory. */
export interface Remembering {
  readonly [remembers]: Refusal | Keepable;
}

/** What was expected and what was got, and why. */
export type Refusal = readonly [text: string, hint: string];

/** A memory that a session can keep. */
export interface Keepable {
  readonly batchFirst: boolean;
  /** A session of the module alone; no `start` is a zero state. */
  readonly open: (batchSize: number | null, start: readonly Tensor[]) => Stream;
}

/** The states of the layers, by path; those of the second call of a layer are under `path#2`. */
export type LayerStates = Readonly<Record<string, StreamState>>;

/** The memory of the session that is running a forward now, if one is. */
export let current: Memory | null = null;

/** A layer with a memory. */
export interface Owner extends Keepable {
  readonly path: string;
  calls: Call[];
  next: number;
}

/** One of the calls of a layer in a forward. */
interface Call {
  readonly stream: Stream;
  /** The state that forward hands over; undefined until it has. */
  start: readonly Tensor[] | undefined;
}

/** The memory of one session. */
export class Memory {
  readonly #owners: ReadonlyMap<unknown, Owner>;
  /** Whether it is known how often each layer is called. */
  #begun = false;
  #wasBegun = false;
  #steps = 0;

  constructor(owners: ReadonlyMap<unknown, Owner>) {
    this.#owners = owners;
  }

  /** Runs a forward over T steps, in which every layer goes on from here. Errors: RuntimeError. */
  run<T>(steps: number, forward: () => T): T {
    for (const owner of this.#owners.values()) owner.next = 0;
    const outer = current;
    this.#steps = steps;
    current = this;
    try {
      const output = forward();
      for (const { path, calls, next } of this.#owners.values()) {
        if (next !== calls.length)
          throw refused(path, [`expected ${calls.length} calls, as before, got ${next}`, WHY_CALLS]);
      }
      this.#begun = true;
      return output;
    } finally {
      current = outer;
    }
  }

  /**
   * The session of this call of a layer, in the order of the calls. `start` is what forward hands over, or empty: the
   * session begins there, and that it stays the same is all that can be said of it later.
   */
  next(layer: unknown, steps: number, batchSize: number | null, start: readonly Tensor[]): Stream {
    const owner = this.#owners.get(layer);
    if (!owner) {
      const hint = "modules are found in properties of modules; a list of them is an nn.ModuleList";
      throw new RuntimeError("stream: expected layers of the model, got one that is not among its modules", hint);
    }
    const { path, calls } = owner;
    if (steps !== this.#steps)
      throw refused(path, [`expected ${this.#steps} steps, as have come, got ${steps}`, WHY_STEPS]);
    let call = calls[owner.next];
    if (!call) {
      if (this.#begun) throw refused(path, [`expected ${calls.length} calls, as before, got more`, WHY_CALLS]);
      call = { stream: owner.open(batchSize, start), start };
      calls.push(call);
    }
    const { stream } = call;
    if (stream.batchSize !== batchSize) {
      throw refused(path, [`expected the batch size ${stream.batchSize}, as before, got ${batchSize}`, WHY_CALLS]);
    }
    call.start ??= start;
    const { start: first } = call;
    if (first.length !== start.length || !first.every((one, i) => identical(one, start[i]))) {
      throw refused(path, ["expected forward to hand it the same state in each call, or none, got another", WHY_STATE]);
    }
    owner.next += 1;
    return stream;
  }

  /** Refuses something about a layer. */
  refuse(layer: unknown, refusal: Refusal): RuntimeError {
    return refused(this.#owners.get(layer)?.path ?? "", refusal);
  }

  /** Keeps all states as they are now, for `undo`. */
  mark(): void {
    this.#wasBegun = this.#begun;
    for (const { calls } of this.#owners.values()) for (const { stream } of calls) stream.mark();
  }

  /** All states as they were when they were marked. */
  undo(): void {
    if (!this.#wasBegun) this.reset();
    else for (const { calls } of this.#owners.values()) for (const { stream } of calls) stream.undo();
  }

  /** Back to the beginning. */
  reset(): void {
    this.#begun = false;
    for (const owner of this.#owners.values()) owner.calls = [];
  }

  /** A second memory that begins with the same states. */
  fork(): Memory {
    const copy = new Memory(
      new Map(
        Array.from(this.#owners, ([layer, owner]) => {
          const calls = owner.calls.map(({ stream, start }) => ({ stream: stream.fork(), start }));
          return [layer, { ...owner, calls }];
        }),
      ),
    );
    copy.#begun = this.#begun;
    return copy;
  }

  /** The session of every call, by path. */
  named(): [label: string, stream: Stream][] {
    return Array.from(this.#owners.values(), ({ path, calls }) =>
      calls.map(({ stream }, i) => [label(path, i), stream] as [string, Stream]),
    ).flat();
  }

  /** Goes back to states by path. Errors: ValueError; then nothing has changed. */
  restore(states: LayerStates): void {
    const left = new Map(Object.entries(Object(states) as LayerStates));
    const isEmpty = left.size === 0;
    const restored = Array.from(this.#owners.values(), ({ path, open, calls }) => {
      const found: Call[] = [];
      for (let name = path; left.has(name); name = label(path, found.length)) {
        found.push({ stream: reopened(name, open, left.get(name)!), start: calls[found.length]?.start });
        left.delete(name);
      }
      if (this.#begun && !isEmpty && found.length !== calls.length) {
        throw new ValueError(`stream.restore: expected ${calls.length} states for "${path}", got ${found.length}`);
      }
      return found;
    });
    for (const name of left.keys()) throw new ValueError(`stream.restore: "${name}": expected a layer of the model`);
    for (const [i, owner] of [...this.#owners.values()].entries()) owner.calls = restored[i]!;
    this.#begun = !isEmpty;
  }
}

/** The modules that have a memory, and how. Errors: RuntimeError for one that no session can keep, with its path. */
export function ownersAmong(modules: Iterable<readonly unknown[]>): Map<unknown, Owner> {
  const owners = new Map<unknown, Owner>();
  for (const [path, module] of modules as Iterable<[string, object]>) {
    if (!(remembers in module)) continue;
    const memory = (module as Remembering)[remembers];
    if (!("open" in memory)) throw refused(path, memory);
    owners.set(module, { path, ...memory, calls: [], next: 0 });
  }
  return owners;
}

/** Whether two tensors have the same shape and the same bits. */
export function identical(a: Tensor | undefined, b: Tensor | undefined): boolean {
  if (a === b) return true;
  if (!a || !b || a.dtype !== b.dtype || !sameDims(a.shape, b.shape)) return false;
  const [left, right] = [elements(a.value), elements(b.value)];
  for (let i = 0; i < left.length; i += 1) if (!Object.is(left[i], right[i])) return false;
  return true;
}

const WHY_STEPS = "a model that changes the number of steps cannot be cut; else see `batchSize` and `batchFirst`";
const WHY_STATE = "a session goes on from the states that it remembers";
const WHY_CALLS = "a layer goes on from the same call in the steps before";

function refused(path: string, [text, hint]: Refusal): RuntimeError {
  return new RuntimeError(`stream: "${path}": ${text}`, hint);
}

function label(path: string, call: number): string {
  return call === 0 ? path : `${path}#${call + 1}`;
}

/** A session with such a state. Errors: ValueError with the path. */
function reopened(name: string, open: Keepable["open"], state: StreamState): Stream {
  try {
    const { batchSize, states } = state;
    // before memory is taken for a batch, it must be there
    const count = Math.max(0, ...Object.values(states).map(({ length }) => length));
    if (batchSize !== null && !(batchSize <= count)) throw new ValueError(`expected a batch of ${batchSize}`);
    return open(batchSize, []).restore(state);
  } catch (error) {
    throw new ValueError(`stream.restore: "${name}": ${(error as Error).message.replace(/^stream(\.restore)?: /, "")}`);
  }
}
