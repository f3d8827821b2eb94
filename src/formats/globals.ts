/**
 * What the pickles of torch may name: the one table of everything that a file can call or refer to. What is not here is
 * refused, even if it would never be called.
 */
import { Dense } from "../dense/dense.ts";
import * as dtypes from "../dense/dtype.ts";
import { OrderedDict } from "../dense/ordered-dict.ts";
import { type Size, size } from "../dense/size.ts";
import { Tuple } from "../dense/tuple.ts";
import { shown } from "./format-error.ts";
import { STORAGE_CLASSES } from "./memory.ts";
import { naturalNumber, StorageClass, type StorageTable, StorageWindow } from "./storages.ts";
import { Callable, describe, isList, type Surroundings, type Unpickler } from "./unpickle.ts";
import { Device, StoredTensor, setMetadata } from "./values.ts";

/** What a pickle of torch sees: the table below, and the storages of its file. */
export function torchSurroundings(storages: StorageTable): Surroundings {
  return {
    persistent: (id, machine) => storages.refer(id, machine),
    build: buildAttributes,
    find(module, name, machine) {
      const found = TABLE.get(`${module} ${name}`);
      if (found === undefined) throw refusal(module, name, machine);
      return found;
    },
  };
}

/** What a pickle of plain values sees: nothing. */
export const NO_SURROUNDINGS: Surroundings = {
  persistent: (_, machine) => {
    throw machine.error("a reference to a storage has no place here");
  },
  build: (_object, _state, machine) => {
    throw machine.error("an object has no place here");
  },
  find: (module, name, machine) => {
    throw refusal(module, name, machine);
  },
};

// ---- the table

const DTYPES = [...STORAGE_CLASSES.values()];

const TABLE: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...[...STORAGE_CLASSES].map(([name, dtype]) => [`torch ${name}`, new StorageClass(name, dtype)] as const),
  ["torch.storage UntypedStorage", new StorageClass("UntypedStorage", undefined)],
  ...DTYPES.map((dtype) => [`torch ${dtype.name}`, dtype] as const),
  ...functions("torch._utils", {
    _rebuild_tensor: (args, machine) => rebuildTensor([...args.slice(0, 4), false], undefined, machine),
    _rebuild_tensor_v2: (args, machine) => rebuildTensor(args, undefined, machine, args[6]),
    _rebuild_tensor_v3: (args, machine) => rebuildTensor(args, args[6], machine, args[7]),
    _rebuild_parameter: rebuildParameter,
  }),
  ...functions("torch.nn.parameter", { Parameter: rebuildParameter }),
  ...functions("torch", { Size: rebuildSize, device: rebuildDevice }),
  ...functions("collections", {
    OrderedDict: (args, machine) => new OrderedDict(items(args, machine)),
    Counter: (args, machine) => new Map(items(args, machine)),
  }),
  ...functions("_codecs", { encode: rebuildBytes }),
  // the names of Python 2, which protocol 2 writes, and those of Python 3
  ...["__builtin__", "builtins"].flatMap((module) => functions(module, { bytearray: rebuildBytes, set: rebuildSet })),
]);

function functions(module: string, calls: Readonly<Record<string, Callable["call"]>>): [string, Callable][] {
  return Object.entries(calls).map(([name, call]) => [`${module} ${name}`, new Callable(name, call)]);
}

/** Names that torch's safe loader knows and this one does not. */
const UNSUPPORTED = new RegExp(
  [
    /^torch(\.cuda|\.sparse|\.cuda\.sparse)? [A-Z]\w*(Storage|Tensor)$/, // complex and quantised storages
    /^torch (Tensor|(uint|int|qu?int|bits|float|complex)\d\w*|per_\w+)$/, // dtypes and schemes of quantisation
    /^torch\._utils _rebuild_\w+$/, // sparse, nested, quantised and other tensors
    /^(torch\._tensor _rebuild_from_type_v2|torch\.serialization _get_layout|torch\.storage TypedStorage)$/,
    /^(__builtin__|builtins) complex$/,
  ]
    .map(({ source }) => source)
    .join("|"),
);

/** What to do instead. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^(__main__$|torch\.nn\.modules\b)/, "this is a whole module: save model.state_dict() instead"],
  [/^numpy\b/, "save float(x) or torch.from_numpy(x) instead of numpy's own values"],
];

function refusal(module: string, name: string, machine: Unpickler): Error {
  const full = shown(`${module}.${name}`);
  if (UNSUPPORTED.test(`${module} ${name}`)) return machine.error(`${full} is not supported`);
  const hint = HINTS.find(([pattern]) => pattern.test(module))?.[1];
  return machine.error(`GLOBAL ${full} is not allowed`, hint);
}

// ---- tensors

/** More dimensions than any tensor of torch has. */
const MAX_RANK = 64;

/** An expanded tensor repeats its storage: no more than this, a gigabyte of float32 if somebody copies it. */
export const MAX_EXPANDED = 2 ** 28;

/** (storage, offset, size, stride, requires_grad, backward_hooks); `dtype` where the storage has none. */
function rebuildTensor(args: readonly unknown[], dtype: unknown, machine: Unpickler, metadata?: unknown): StoredTensor {
  const [storage, offset, shape, strides, requiresGrad] = args;
  if (!(storage instanceof StorageWindow)) throw machine.error(`a tensor on ${describe(storage)}, not on a storage`);
  if (typeof requiresGrad !== "boolean") throw machine.error(`requires_grad cannot be ${describe(requiresGrad)}`);
  const marks = metadata instanceof Map ? metadata : new Map<unknown, unknown>();
  const negated = marks.get("neg") === true;
  if ([...marks].some(([mark, value]) => mark !== "neg" && value === true)) {
    throw machine.error("a conjugated tensor is not supported");
  }
  const type = elementType(storage, dtype, machine);
  const start = naturalNumber(offset, "the offset of a tensor", machine);
  const lengths = naturalNumbers(shape, "the size of a tensor", machine);
  const steps = naturalNumbers(strides, "the stride of a tensor", machine);
  if (lengths.length !== steps.length) throw machine.error("size and stride have different ranks");
  const { itemsize } = storage.stored.kind;
  const bytes = storage.length * itemsize;
  const shift = (storage.start * itemsize) / type.itemsize;
  if (!Number.isInteger(shift)) throw machine.error("a part of a storage that begins inside an element");
  expectInside(lengths, steps, start, Math.floor(bytes / type.itemsize), machine);
  if (requiresGrad && type.kind !== "float") throw machine.error(`a tensor of ${type} cannot require a gradient`);
  const value = new Dense(storage.stored.memory(type), type, lengths, steps, start + shift);
  // negating makes a copy, which must not be larger than what the file holds
  if (negated && (type.kind !== "float" || value.count > storage.length)) {
    throw machine.error("a negated tensor of integers, or one that is expanded");
  }
  return new StoredTensor(value, requiresGrad, false, negated);
}

function elementType({ stored }: StorageWindow, dtype: unknown, machine: Unpickler): dtypes.DType {
  const own = stored.kind.dtype;
  if (dtype === undefined) return own ?? dtypes.uint8;
  const named = DTYPES.find((known) => known === dtype);
  if (!named || (own && own !== named)) throw machine.error(`${describe(dtype)} is no dtype for this storage`);
  return named;
}

/** Demands that every element lies in the storage. Sums beyond 2^53 lose digits, but are too large all the same. */
function expectInside(
  lengths: readonly number[],
  steps: readonly number[],
  start: number,
  available: number,
  machine: Unpickler,
): void {
  const count = lengths.reduce((product, length) => product * length, 1);
  if (count === 0) return;
  if (Number.isNaN(count)) throw machine.error("a tensor without elements whose size overflows");
  const last = lengths.reduce((at, length, d) => at + (length - 1) * steps[d]!, start);
  if (last >= available) throw machine.error(`a tensor reaches to element ${last} of a storage of ${available}`);
  if (count > Math.max(available, MAX_EXPANDED)) throw machine.error(`a tensor of ${count} elements on ${available}`);
}

function naturalNumbers(values: unknown, what: string, machine: Unpickler): number[] {
  if (!(values instanceof Tuple || isSize(values))) throw machine.error(`${what} cannot be ${describe(values)}`);
  if (values.length > MAX_RANK) throw machine.error(`a tensor of ${values.length} dimensions`);
  machine.spend(values.length);
  return Array.from(values, (value) => naturalNumber(value, what, machine));
}

function isSize(value: unknown): value is Size {
  return Array.isArray(value) && !isList(value) && !(value instanceof Tuple);
}

/** (tensor, requires_grad, backward_hooks) */
function rebuildParameter([tensor, requiresGrad = true]: readonly unknown[], machine: Unpickler): StoredTensor {
  if (!(tensor instanceof StoredTensor)) throw machine.error(`a parameter cannot be made of ${describe(tensor)}`);
  if (typeof requiresGrad !== "boolean") throw machine.error(`requires_grad cannot be ${describe(requiresGrad)}`);
  if (requiresGrad && tensor.value.dtype.kind !== "float") {
    throw machine.error(`a parameter of ${tensor.value.dtype} cannot require a gradient`);
  }
  return new StoredTensor(tensor.value, requiresGrad, true, tensor.negated);
}

// ---- other values

function rebuildSize([lengths]: readonly unknown[], machine: Unpickler): Size {
  return size(naturalNumbers(lengths, "a torch.Size", machine));
}

function rebuildDevice([type, index]: readonly unknown[], machine: Unpickler): Device {
  if (typeof type !== "string") throw machine.error(`a device cannot be ${describe(type)}`);
  return new Device(type, index === undefined ? undefined : naturalNumber(index, "the index of a device", machine));
}

/** bytes from (text, 'latin1'), one character for each byte; a bytearray also from such bytes. */
function rebuildBytes([text = "", encoding]: readonly unknown[], machine: Unpickler): Uint8Array {
  if (typeof text !== "string" && !(text instanceof Uint8Array)) throw machine.error(`bytes of ${describe(text)}`);
  machine.spend(text.length);
  if (text instanceof Uint8Array) return new Uint8Array(text);
  if (text !== "" && encoding !== "latin1" && encoding !== "latin-1") {
    throw machine.error(`bytes in the encoding ${describe(encoding)}`);
  }
  const codes = Uint16Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
  if (codes.some((code) => code > 0xff)) throw machine.error("a character that is no byte");
  return Uint8Array.from(codes);
}

function rebuildSet([list = []]: readonly unknown[], machine: Unpickler): Set<unknown> {
  if (!isList(list)) throw machine.error(`a set of ${describe(list)}`);
  machine.spend(list.length);
  return new Set(list.map((member) => machine.hashable(member)));
}

/** The items of a dict that is made from another, or from a list of pairs. */
function items([source = new Map()]: readonly unknown[], machine: Unpickler): [unknown, unknown][] {
  if (source instanceof Map) {
    machine.spend(source.size);
    return [...source];
  }
  if (!isList(source)) throw machine.error(`a dict of ${describe(source)}`);
  machine.spend(source.length);
  return source.map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw machine.error("a dict of something else than pairs");
    return [machine.hashable(pair[0]), pair[1]];
  });
}

/** The attributes of a state dict. Only `_metadata` means anything here; no attribute ever becomes a property by its name. */
function buildAttributes(object: unknown, state: unknown, machine: Unpickler): void {
  if (!(object instanceof OrderedDict)) throw machine.error(`${describe(object)} cannot be given attributes`);
  if (!(state instanceof Map)) throw machine.error(`attributes cannot be ${describe(state)}`);
  if (state.has("_metadata")) setMetadata(object, state.get("_metadata"));
}
