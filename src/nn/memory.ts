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
  readonly [remembers]: Keepable | Refusal;
}

/** A memory that a session can keep. */
export interface Keepable {
  readonly batchFirst: boolean;
  /** A session of the module alone; no `start` is a zero state. */
  readonly open: (batchSize: number | null, start: readonly Tensor[]) => Stream;
}

/** Why a session cannot keep one. */
export type Refusal = readonly [expected: string, got: string, hint: string];

/** The states of the layers, by path; that of the second call of a layer is under `path#2`. */
export type LayerStates = Readonly<Record<string, StreamState>>;

/** The memory of the session that is running a forward now, if one is. */
export let current: Memory | undefined;

/** A layer with a memory. */
interface Owner extends Keepable {
  readonly path: string;
}

/** One of the calls of a layer in a forward. */
interface Call {
  readonly stream: Stream;
  /** The state that forward hands over, once it is known. */
  start?: readonly Tensor[] | undefined;
}

/** The memory of one session. */
export class Memory {
  /** By module. */
  readonly owners: ReadonlyMap<unknown, Owner>;
  /** By path; none before the first run, which shows them. */
  #calls: Map<string, Call>;
  /** Those of this run. */
  readonly #made = new Set<string>();
  /** Those whose start has become known since the mark. */
  readonly #begun = new Set<Call>();
  #steps = 0;
  #isFirst = true;
  /** Whether a whole run has made these calls, and not only a snapshot named them. */
  #isShown: boolean;
  #wasEmpty = true;

  constructor(owners: ReadonlyMap<unknown, Owner>, calls = new Map<string, Call>(), isShown = false) {
    this.owners = owners;
    this.#calls = calls;
    this.#isShown = isShown;
  }

  /** Runs a forward over T steps, in which every layer goes on from here. Errors: RuntimeError. */
  run<T>(steps: number, forward: () => T): T {
    const outer = current;
    current = this;
    this.#steps = steps;
    this.#isFirst = this.#calls.size === 0;
    this.#made.clear();
    try {
      const output = forward();
      for (const path of this.#calls.keys()) if (!this.#made.has(path)) throw refused(path, CALLS, "fewer");
      this.#isShown = true;
      return output;
    } finally {
      current = outer;
    }
  }

  /** What is known of a layer. Errors: RuntimeError for one that the model does not have. */
  ownerOf(layer: unknown): Owner {
    const owner = this.owners.get(layer);
    if (owner) return owner;
    throw new RuntimeError("stream: expected layers among the modules of the model, got one that is not", LISTS);
  }

  /**
   * The session of this call of a layer. `start` is what forward hands over, or empty: there the session begins, and later
   * it is to be the same.
   */
  next(layer: unknown, steps: number, batchSize: number | null, start: readonly Tensor[]): Stream {
    const owner = this.ownerOf(layer);
    let { path } = owner;
    for (let call = 2; this.#made.has(path); call += 1) path = `${owner.path}#${call}`;
    this.#made.add(path);
    if (steps !== this.#steps) throw refused(path, `all ${this.#steps} steps that have come`, steps, STEPS);
    let call = this.#calls.get(path);
    if (!call) {
      if (!this.#isFirst) throw refused(path, CALLS, "more");
      call = { stream: owner.open(batchSize, start) };
      this.#calls.set(path, call);
    }
    const { stream } = call;
    if (batchSize !== stream.batchSize) throw refused(path, `the batch size ${stream.batchSize}, as before`, batchSize);
    if (!call.start) this.#begun.add(call);
    call.start ??= start;
    if (!sameStates(call.start, start))
      throw refused(path, "the same state from forward each time, or none", "another");
    return stream;
  }

  /** Keeps all states as they are now, for `undo`. */
  mark(): void {
    this.#wasEmpty = this.#calls.size === 0;
    this.#begun.clear();
    for (const { stream } of this.#calls.values()) stream.mark();
  }

  /** All states as they were when they were marked. */
  undo(): void {
    if (this.#wasEmpty) this.reset();
    for (const call of this.#begun) call.start = undefined;
    for (const { stream } of this.#calls.values()) stream.undo();
  }

  /** Back to the beginning. */
  reset(): void {
    this.#calls.clear();
    this.#isShown = false;
  }

  /** A second memory that begins with the same states. */
  fork(): Memory {
    const calls = this.each(({ stream, start }) => ({ stream: stream.fork(), start }));
    return new Memory(this.owners, new Map(calls), this.#isShown);
  }

  /** Something of each call, by path. */
  each<T>(of: (call: Call) => T): [path: string, of: T][] {
    return Array.from(this.#calls, ([path, call]) => [path, of(call)]);
  }

  /** Goes back to states by path. Errors: ValueError; then nothing has changed. */
  restore(states: LayerStates): void {
    const owners = new Map(Array.from(this.owners.values(), (owner) => [owner.path, owner]));
    const shown = this.#isShown ? this.#calls : NONE;
    const calls = new Map<string, Call>();
    for (const [path, state] of Object.entries(states)) {
      const owner = owners.get(path) ?? owners.get(path.replace(CALL, ""));
      if (!owner) throw new ValueError(`stream.restore: expected layers of the model, got "${path}"`);
      const known = shown.get(path);
      const stream = reopened(path, owner, state);
      if (known && stream.batchSize !== known.stream.batchSize) {
        const wanted = `the batch size ${known.stream.batchSize}`;
        throw new ValueError(`stream.restore: expected ${wanted} at "${path}", got ${stream.batchSize}`);
      }
      calls.set(path, { stream, start: known?.start });
    }
    for (const path of calls.keys()) {
      const before = path.replace(CALL, (_, call: string) => (call === "2" ? "" : `#${Number(call) - 1}`));
      if (!calls.has(before) && !owners.has(path))
        throw new ValueError(`stream.restore: expected a state of "${before}", got none`);
    }
    const missing = calls.size > 0 && [...shown.keys()].find((path) => !calls.has(path));
    if (missing) throw new ValueError(`stream.restore: expected a state of "${missing}", got none`);
    const more = shown.size > 0 && [...calls.keys()].find((path) => !shown.has(path));
    if (more) throw new ValueError(`stream.restore: expected ${CALLS}, got "${more}" besides`);
    this.#calls = calls;
    this.#isShown &&= calls.size > 0;
  }
}

/** No calls. */
const NONE: ReadonlyMap<string, Call> = new Map();

/** The modules that have a memory, and how. Errors: RuntimeError for one that no session can keep, with its path. */
export function ownersAmong(modules: Iterable<readonly unknown[]>): Map<unknown, Owner> {
  const owners = new Map<unknown, Owner>();
  for (const [path, module] of modules as Iterable<readonly [path: string, module: Partial<Remembering>]>) {
    const memory = module[remembers];
    if (memory && !("open" in memory)) throw refused(path, ...memory);
    if (memory) owners.set(module, { path, ...memory });
  }
  return owners;
}

/** The error for something about a layer that does not allow a session. */
export function refused(path: string, expected: string, got: unknown, hint?: string): RuntimeError {
  return new RuntimeError(`stream: "${path}": expected ${expected}, got ${got}`, hint);
}

/** Whether two tensors have the same shape and the same bits. */
export function identical(a: Tensor, b: Tensor | undefined): boolean {
  if (a === b) return true;
  if (a.dtype !== b?.dtype || !sameDims(a.shape, b.shape)) return false;
  const [left, right] = [elements(a.value), elements(b.value)];
  return left.every((x: number | bigint, i: number) => Object.is(x, right[i]));
}

/** How the path of a second call of a layer ends, and of those after it. */
const CALL = /#([2-9]|[1-9]\d+)$/;
const LISTS = "modules are found in properties; a list of them is an nn.ModuleList";
const STEPS = "a model that changes their number cannot be cut; else see batchSize and batchFirst";
const CALLS = "as many calls as before";

const sameStates = (a: readonly Tensor[], b: readonly Tensor[]): boolean =>
  a.length === b.length && a.every((one, i) => identical(one, b[i]));

/** A session with such a state. Errors: ValueError with the path. */
function reopened(path: string, { open }: Owner, state: StreamState): Stream {
  try {
    const { batchSize, states } = Object(state) as StreamState;
    // no memory is taken for a batch whose numbers are not there
    if (Object.values(Object(states) as object).flat().length < batchSize!) {
      throw new ValueError(`stream.restore: expected the numbers of a batch of ${batchSize}`);
    }
    return open(batchSize, []).restore(state);
  } catch (error) {
    throw new ValueError(`${(error as Error).message} at "${path}"`);
  }
}
