/**
 * The formats, one line each. What a file is, its first bytes say; what is to be written, the suffix of its name. A new
 * format is one more line.
 */
import * as torch from "unrolled";
import { CommandError } from "./command.ts";
import { type Contents, contentsOf, onlyTensors } from "./contents.ts";
import { readOnnx } from "./onnx.ts";
import { type Unsaid, writeOnnx } from "./onnx-row.ts";

/** A format of files of weights. */
export interface Format {
  readonly name: string;
  readonly suffixes: readonly string[];
  /** Whether a file begins, or is called, as one of this format. */
  readonly recognises: (bytes: Uint8Array, path: string) => boolean;
  readonly read: (bytes: Uint8Array, path: string) => Contents | Promise<Contents>;
  readonly write: (contents: Contents, unsaid: Unsaid) => Uint8Array | Promise<Uint8Array>;
}

const begins = (bytes: Uint8Array, text: string): boolean =>
  Buffer.from(bytes.subarray(0, 64)).includes(text, 0, "latin1");
const starts = (bytes: Uint8Array, text: string): boolean =>
  Buffer.from(bytes.subarray(0, text.length)).toString("latin1") === text;

/** All formats; the first that recognises a file reads it. */
export const FORMATS: readonly Format[] = [
  {
    name: "npz",
    suffixes: [".npz"],
    recognises: (bytes, path) => starts(bytes, "PK") && (path.endsWith(".npz") || begins(bytes, ".npy")),
    read: (bytes) => onlyTensors(torch.loadNpz(bytes)),
    write: ({ tensors }) => torch.saveNpz(tensors),
  },
  {
    name: "npy",
    suffixes: [".npy"],
    recognises: (bytes) => starts(bytes, "\x93NUMPY"),
    read: (bytes) => onlyTensors(new Map([["", torch.loadNpy(bytes)]])),
    write: ({ tensors }) => torch.saveNpy(theOnlyOne(tensors)),
  },
  {
    name: "safetensors",
    suffixes: [".safetensors"],
    recognises: (bytes, path) => starts(bytes.subarray(8), "{") || path.endsWith(".safetensors"),
    read: (bytes) => {
      const tensors = torch.loadSafetensors(bytes);
      return onlyTensors(tensors, tensors.metadata);
    },
    write: ({ tensors, metadata }) => torch.saveSafetensors(tensors, metadata),
  },
  {
    name: "onnx",
    suffixes: [".onnx"],
    // the first field is the version of the format, a small number
    recognises: (bytes, path) => path.endsWith(".onnx") || (bytes[0] === 0x08 && bytes[1]! < 0x20),
    read: readOnnx,
    write: writeOnnx,
  },
  {
    name: "torch",
    suffixes: [".pt", ".pth", ".bin", ".ckpt"],
    // it knows best what to say of a file that is none of ours
    recognises: () => true,
    read: (bytes) => contentsOf(torch.loadTorch(bytes)),
    write: ({ value, tensors }) => torch.saveTorch(value ?? new torch.OrderedDict(tensors)),
  },
];

/** The format of a file that is there. */
export function formatOf(bytes: Uint8Array, path: string): Format {
  return FORMATS.find(({ recognises }) => recognises(bytes, path))!;
}

/** The format of a file that is to be written. */
export function formatFor(path: string): Format {
  const format = FORMATS.find(({ suffixes }) => suffixes.some((suffix) => path.endsWith(suffix)));
  if (format) return format;
  const known = FORMATS.flatMap(({ suffixes }) => suffixes).join(", ");
  throw new CommandError(`${path}: the suffix says no format; known are ${known}`);
}

function theOnlyOne(tensors: ReadonlyMap<string, torch.Tensor>): torch.Tensor {
  const [tensor] = tensors.values();
  if (tensors.size !== 1 || !tensor) throw new CommandError(`a .npy file holds one tensor, not ${tensors.size}`);
  return tensor;
}
