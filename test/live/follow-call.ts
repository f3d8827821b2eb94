/** Python's calls, as calls.py writes them down, made in TypeScript. */
import * as torch from "unrolled";
import { nn, repr, type Tensor } from "unrolled";

/** An expression as calls.py writes it: what it is, then its parts. */
export type Tree =
  | readonly ["value", unknown]
  | readonly ["name", string]
  | readonly ["attribute", Tree, string]
  | readonly ["call", Tree, readonly Tree[], Readonly<Record<string, Tree>>]
  | readonly ["list" | "tuple", readonly Tree[]]
  | readonly ["dict", readonly (readonly [string, Tree])[]]
  | readonly ["item", Tree, Tree];

/** What a call gives: "OK" and its text, or the class of the error and its message. */
export type Answer = readonly [kind: string, text: string];

/** Makes the call, from the same seed as calls.py does. */
export function answer(call: Tree): Answer {
  torch.manualSeed(1);
  try {
    return ["OK", repr(value(call))];
  } catch (error) {
    const { name, message } = error as Error;
    return [name, message];
  }
}

type State = ReadonlyMap<string, Tensor>;
const entries = (state: State | object): (readonly [string, unknown])[] =>
  state instanceof Map ? [...state] : Object.entries(state);

const integers = (...values: number[]): Tensor => torch.tensor(values, { dtype: torch.int64 });

function eighths(...shape: number[]): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  return torch.tensor(Array.from({ length: count }, (_, i) => ((i % 7) - 3) / 8)).reshape(shape);
}

const { utils } = nn;

/** What the calls are written with, beside torch and nn; Python's own definitions stand in calls.py. */
const WORDS: Readonly<Record<string, unknown>> = {
  torch,
  nn,
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
  Z: eighths,
  G: (...shape: number[]) => eighths(...shape).requiresGrad_(),
  n: integers,
  P: (data: Tensor, sizes: number[], order?: number[]) =>
    new utils.PackedSequence(data, integers(...sizes), order && integers(...order)),
  without: (state: State, name: string) => new torch.OrderedDict(entries(state).filter(([key]) => key !== name)),
  merged: (state: State, changes: object) => new torch.OrderedDict([...entries(state), ...entries(changes)]),
  graded: (shape: number[], number: number) => {
    const parameter = new nn.Parameter(eighths(...shape));
    parameter.grad = torch.full(shape, number);
    return parameter;
  },
  hooked: (module: nn.Module, what: unknown) => {
    module.registerForwardHook(() => what);
    return module;
  },
  prepared: (module: nn.Module, what: unknown) => {
    module.registerForwardPreHook(() => what);
    return module;
  },
  put: (target: nn.Module, name: string, what: unknown) => Object.assign(target, { [name]: what }),
};

function value(tree: Tree): unknown {
  switch (tree[0]) {
    case "value":
      return typeof tree[1] === "string" && tree[1] in WORDS ? WORDS[tree[1]] : tree[1];
    case "name":
      return WORDS[tree[1]] ?? Reflect.get(utils, translated(tree[1]));
    case "attribute":
      return attribute(value(tree[1]) as object, tree[2]);
    case "call":
      return called(tree);
    case "list":
    case "tuple":
      return tree[1].map(value);
    case "dict":
      return Object.fromEntries(tree[1].map(([key, own]) => [key, value(own)]));
    case "item":
      return Reflect.get(value(tree[1]) as object, value(tree[2]) as number);
  }
}

function called([, callee, args, keywords]: Tree & readonly ["call", ...unknown[]]): unknown {
  const settings = Object.entries(keywords).map(([name, own]) => [translated(name), value(own)] as const);
  const given = [...args.map(value), ...(settings.length > 0 ? [Object.fromEntries(settings)] : [])];
  if (callee[0] === "attribute") {
    const owner = value(callee[1]) as object;
    const method = attribute(owner, callee[2]);
    return isClass(method) ? Reflect.construct(method, given) : Reflect.apply(method as () => unknown, owner, given);
  }
  const target = value(callee);
  if (isClass(target)) return Reflect.construct(target, given);
  if (target instanceof nn.Module) return (target.forward as (...all: unknown[]) => unknown)(...given);
  return (target as (...all: unknown[]) => unknown)(...given);
}

/** A property by torch's name or by ours. */
function attribute(owner: object, name: string): unknown {
  return Reflect.get(owner, !(name in owner) && translated(name) in owner ? translated(name) : name);
}

/** `batch_first` as `batchFirst`, `ones_` as `ones_`. */
function translated(name: string): string {
  return name.replaceAll(/(?<=\w)_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function isClass(target: unknown): target is new (...args: unknown[]) => unknown {
  return typeof target === "function" && String(target).startsWith("class");
}
