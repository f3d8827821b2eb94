/** What torch.save writes: the value as a pickle, each storage once, in the container of torch 2.13. */
import { copyDense, type Dense } from "../dense/dense.ts";
import type { Data, DType } from "../dense/dtype.ts";
import { OrderedDict } from "../dense/ordered-dict.ts";
import { Size } from "../dense/size.ts";
import { type Tuple, tuple } from "../dense/tuple.ts";
import { crc32 } from "./crc32.ts";
import { bytesOf, STORAGE_CLASSES } from "./memory.ts";
import { Global, Persistent, pickle, Reduction } from "./pickle.ts";
import { encodeUtf8 } from "./utf8.ts";
import { Device, metadataOf, StoredTensor } from "./values.ts";
import { ALIGNMENT, type NewEntry, writeZip } from "./zip-write.ts";

/**
 * A file that torch.load reads. `describe` says which objects are tensors, besides StoredTensors themselves. Tensors on
 * one memory share a storage in the file; a view keeps its whole storage, as in torch. Errors: FormatError for values
 * that torch's safe loader would refuse.
 */
export function writeTorch(
  value: unknown,
  describe: (value: object) => StoredTensor | undefined = () => undefined,
): Uint8Array<ArrayBuffer> {
  const storages = new StorageList();
  const program = pickle(value, (object) => {
    const tensor = object instanceof StoredTensor ? object : describe(object);
    return tensor ? reduceTensor(tensor, storages) : reduceValue(object);
  });
  return writeZip(container(program, storages.contents));
}

/** The storages that the pickle names, in the order in which it names them first. */
class StorageList {
  readonly contents: Uint8Array[] = [];
  readonly #keys = new Map<DType, Map<Data, string>>();

  /** The name of the memory in the file. */
  keyOf(data: Data, dtype: DType): string {
    const keys = this.#keys.get(dtype) ?? new Map<Data, string>();
    this.#keys.set(dtype, keys);
    const key = keys.get(data) ?? String(this.contents.length);
    if (!keys.has(data)) this.contents.push(bytesOf(data, dtype));
    keys.set(data, key);
    return key;
  }
}

/** The entries in torch's order. */
function container(program: Uint8Array, blobs: readonly Uint8Array[]): NewEntry[] {
  const text = (name: string, content: string): NewEntry => [`${FOLDER}/${name}`, encodeUtf8(content)];
  return [
    [`${FOLDER}/data.pkl`, program],
    text(".format_version", "1"),
    text(".storage_alignment", String(ALIGNMENT)),
    text("byteorder", "little"),
    ...blobs.map((bytes, key): NewEntry => [`${FOLDER}/data/${key}`, bytes]),
    text("version", "3\n"),
    text(".data/serialization_id", label([program, ...blobs])),
  ];
}

/** What torch calls the folder when it does not know the name of the file. */
const FOLDER = "archive";

/** Forty digits that are the same for the same content; torch's come from hashes of its own. */
function label(contents: readonly Uint8Array[]): string {
  const checksums = Uint32Array.from(contents, (bytes) => crc32(bytes));
  const [names, data] = [contents.length, crc32(new Uint8Array(checksums.buffer))];
  return String(names).padStart(20, "0") + String(data).padStart(20, "0");
}

// ---- objects as calls. A global is one object, so that the memo finds it.

const REBUILD_TENSOR = new Global("torch._utils", "_rebuild_tensor_v2");
const REBUILD_PARAMETER = new Global("torch._utils", "_rebuild_parameter");
const SIZE = new Global("torch", "Size");
const DEVICE = new Global("torch", "device");
const ORDERED_DICT = new Global("collections", "OrderedDict");
const SET = new Global("__builtin__", "set"); // Python 2's name, which belongs to protocol 2
const ENCODE = new Global("_codecs", "encode");
const CLASSES = new Map([...STORAGE_CLASSES].map(([name, dtype]) => [dtype, new Global("torch", name)]));
const DTYPES = new Map<object, Global>(
  [...STORAGE_CLASSES.values()].map((dtype) => [dtype, new Global("torch", dtype.name)]),
);

function reduceTensor({ value, requiresGrad, isParameter }: StoredTensor, storages: StorageList): Reduction {
  if (isParameter) {
    return new Reduction(REBUILD_PARAMETER, tuple(new StoredTensor(value), requiresGrad, new OrderedDict()));
  }
  const { data, dtype, shape, strides, offset } = forward(value);
  const id = tuple<unknown[]>("storage", CLASSES.get(dtype), storages.keyOf(data, dtype), "cpu", data.length);
  const size = tuple([...shape]);
  return new Reduction(
    REBUILD_TENSOR,
    tuple<unknown[]>(new Persistent(id), offset, size, tuple([...strides]), requiresGrad, new OrderedDict()),
  );
}

/** torch has no negative strides. */
function forward(value: Dense): Dense {
  return value.strides.some((stride) => stride < 0) ? copyDense(value) : value;
}

function reduceValue(value: object): Global | Reduction | undefined {
  if (value instanceof OrderedDict) {
    const metadata = metadataOf(value);
    const state = metadata === undefined ? undefined : new Map([["_metadata", metadata]]);
    return new Reduction(ORDERED_DICT, tuple([]), [...value], state);
  }
  if (value instanceof Size) return new Reduction(SIZE, tuple([tuple([...value])]));
  if (value instanceof Device) return new Reduction(DEVICE, deviceArguments(value));
  if (value instanceof Set) return new Reduction(SET, tuple([[...value]]));
  if (value instanceof Uint8Array) return new Reduction(ENCODE, tuple(latin1(value), "latin1"));
  return DTYPES.get(value);
}

function deviceArguments({ type, index }: Device): Tuple {
  return index === undefined ? tuple(type) : tuple<unknown[]>(type, index);
}

/** One character for each byte: protocol 2 has no bytes. */
function latin1(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += CHARACTERS_AT_ONCE) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + CHARACTERS_AT_ONCE)));
  }
  return parts.join("");
}

/** Engines limit the number of arguments of a call; this is far below every limit. */
const CHARACTERS_AT_ONCE = 4096;
