/** numpy's files: .npy holds an array, .npz several by name. */
import { Tensor } from "../autograd/tensor.ts";
import { pythonTypeOf } from "../check.ts";
import { OrderedDict } from "../dense/ordered-dict.ts";
import { readNpy, writeNpy } from "../formats/npy.ts";
import { readNpz, writeNpz } from "../formats/npz.ts";
import { type ByteSource, type Bytes, type LaterBytes, withBytes } from "./source.ts";
import { type NamedTensors, tensorsByName } from "./tensors.ts";

/**
 * The array of a .npy file, in the file's own bytes where alignment and byte order allow it. One in Fortran's order comes
 * with its strides. Errors: FormatError; arrays of objects are pickles and are refused.
 */
export function loadNpy(file: Bytes): Tensor;
export function loadNpy(file: LaterBytes): Promise<Tensor>;
export function loadNpy(file: ByteSource): Tensor | Promise<Tensor> {
  return withBytes("loadNpy", file, (bytes) => new Tensor(readNpy(bytes, false)));
}

/** The arrays of a .npz file by name. Errors: FormatError; what numpy.savez_compressed writes is refused. */
export function loadNpz(file: Bytes): OrderedDict<string, Tensor>;
export function loadNpz(file: LaterBytes): Promise<OrderedDict<string, Tensor>>;
export function loadNpz(file: ByteSource): OrderedDict<string, Tensor> | Promise<OrderedDict<string, Tensor>> {
  return withBytes("loadNpz", file, (bytes) => {
    return new OrderedDict(Array.from(readNpz(bytes, false), ([name, dense]) => [name, new Tensor(dense)] as const));
  });
}

/** The bytes of a .npy file. Errors: FormatError for bfloat16, which numpy does not have. */
export function saveNpy(tensor: Tensor): Uint8Array<ArrayBuffer> {
  if (!(tensor instanceof Tensor)) throw new TypeError(`saveNpy: expected a tensor, got ${pythonTypeOf(tensor)}`);
  return writeNpy(tensor.value);
}

/** The bytes of a .npz file. Errors: FormatError for bfloat16, and for names that are no names of files: `a//b`, `../a`. */
export function saveNpz(tensors: NamedTensors): Uint8Array<ArrayBuffer> {
  return writeNpz(tensorsByName("saveNpz", tensors));
}
