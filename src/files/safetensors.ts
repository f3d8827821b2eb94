/** safetensors: tensors by name and nothing else. A whole file at once, or one tensor at a time from a file of any size. */
import { Tensor } from "../autograd/tensor.ts";
import { KeyError, pythonTypeOf } from "../check.ts";
import { OrderedDict } from "../dense/ordered-dict.ts";
import {
  type Contents,
  denseFrom,
  headerLength,
  PREFIX,
  readContents,
  writeSafetensors,
} from "../formats/safetensors.ts";
import { type Handle, type Reach, reachOf, type Sliceable } from "./reach.ts";
import { type ByteSource, type Bytes, type LaterBytes, withBytes } from "./source.ts";
import { type NamedTensors, tensorsByName } from "./tensors.ts";

/** The texts that a file carries beside its tensors. */
export type Metadata = ReadonlyMap<string, string> | { readonly [key: string]: string };

/** The tensors of a file in the order of their bytes, and its metadata. */
export class SafetensorsDict extends OrderedDict<string, Tensor> {
  readonly metadata: ReadonlyMap<string, string>;

  constructor(metadata: ReadonlyMap<string, string>) {
    super();
    this.metadata = metadata;
  }
}

/**
 * All tensors of a safetensors file. They lie in the file's own bytes where alignment allows it, as with `loadTorch`;
 * `mmap: false` copies. Errors: FormatError, for everything that breaks a rule of the format.
 *
 *     model.loadStateDict(await loadSafetensors(readFile("model.safetensors")));
 */
export function loadSafetensors(file: Bytes, options?: { readonly mmap?: boolean }): SafetensorsDict;
export function loadSafetensors(file: LaterBytes, options?: { readonly mmap?: boolean }): Promise<SafetensorsDict>;
export function loadSafetensors(
  file: ByteSource,
  { mmap = true }: { readonly mmap?: boolean } = {},
): SafetensorsDict | Promise<SafetensorsDict> {
  return withBytes("loadSafetensors", file, (bytes) => {
    const head = bytes.subarray(0, PREFIX + headerLength(bytes, bytes.length));
    const { entries, metadata } = readContents(head, bytes.length);
    const tensors = new SafetensorsDict(metadata);
    for (const [name, entry] of entries) {
      tensors.set(name, new Tensor(denseFrom(bytes.subarray(entry.start, entry.end), entry, !mmap)));
    }
    return tensors;
  });
}

/** What is known of a tensor before its numbers are read. */
export interface TensorInfo {
  /** The format's word: `F32`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Its bytes in the file. */
  readonly start: number;
  readonly end: number;
}

/** An open file of which only the header has been read. */
export class SafetensorsFile {
  readonly metadata: ReadonlyMap<string, string>;
  /** The tensors by name, in the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly #reach: Reach;
  readonly #contents: Contents;

  constructor(reach: Reach, contents: Contents) {
    this.#reach = reach;
    this.#contents = contents;
    this.metadata = contents.metadata;
    this.tensors = contents.entries;
  }

  /** Reads one tensor: only its bytes. Errors: KeyError for a name that is not there. */
  async load(name: string): Promise<Tensor> {
    const entry = this.#contents.entries.get(name);
    if (!entry) throw new KeyError(`'${name}'`);
    return new Tensor(denseFrom(await this.#reach.read(entry.start, entry.end), entry, false));
  }
}

/**
 * Opens a file to read tensors from it by name, without loading the rest.
 *
 *     const file = await openSafetensors(event.dataTransfer.files[0]);   // or of: await open("model.safetensors")
 *     const weight = await file.load("rnn.weight_ih_l0");
 */
export async function openSafetensors(file: Sliceable | Handle): Promise<SafetensorsFile> {
  const reach = await reachOf(file);
  const length = headerLength(await reach.read(0, Math.min(PREFIX, reach.size)), reach.size);
  return new SafetensorsFile(reach, readContents(await reach.read(0, PREFIX + length), reach.size));
}

/**
 * The bytes of a safetensors file, laid out as the reference does: aligned, widest dtypes first. The format knows no views:
 * what shares memory is written twice.
 *
 *     await writeFile("model.safetensors", saveSafetensors(model.stateDict(), { made: "by hand" }));
 */
export function saveSafetensors(tensors: NamedTensors, metadata: Metadata = {}): Uint8Array<ArrayBuffer> {
  const texts = metadata instanceof Map ? metadata : new Map(Object.entries(metadata));
  for (const value of texts.values()) {
    if (typeof value !== "string") throw new TypeError(`saveSafetensors: metadata is text, not ${pythonTypeOf(value)}`);
  }
  return writeSafetensors(tensorsByName("saveSafetensors", tensors), texts);
}
