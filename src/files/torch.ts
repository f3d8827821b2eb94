/**
 * torch.save and torch.load, on bytes: reading and writing files is left to who has a file system. Values mean in a file
 * what they mean to `print`:
 *
 *     Tensor, Parameter     Tensor, Parameter; what shares memory goes on sharing it
 *     OrderedDict, dict     OrderedDict, Map (a plain object is saved as a dict, and comes back as a Map)
 *     list, tuple, set      array, Tuple, Set
 *     int                   a number without a fraction, a bigint
 *     float                 any other number, or a marked one: pyFloat(1)
 *     str, bool, None       string, boolean, null
 *     bytes                 Uint8Array
 */
import { Tensor } from "../autograd/tensor.ts";
import { type LoadOptions, readTorch } from "../formats/torch.ts";
import { writeTorch } from "../formats/torch-write.ts";
import { StoredTensor } from "../formats/values.ts";
import { Parameter } from "../nn/parameter.ts";
import { type ByteSource, type Bytes, type LaterBytes, withBytes } from "./source.ts";

/**
 * torch.save: the bytes of a file for torch.load, here or in Python.
 *
 *     await writeFile("model.pt", torch.save(model.stateDict()));
 */
export function save(value: unknown): Uint8Array<ArrayBuffer> {
  return writeTorch(value, (object) => {
    if (!(object instanceof Tensor)) return undefined;
    return new StoredTensor(object.value, object.requiresGrad, object instanceof Parameter && object.isLeaf);
  });
}

/**
 * torch.load: what torch.save wrote, here or in Python; as `weights_only=True` there, it builds tensors and plain values
 * and runs nothing. Bytes that are there are read at once; of a Blob, a Response or a promise it makes a promise. The caller
 * says what is expected, as nothing can be known before. Errors: FormatError.
 *
 *     model.loadStateDict(torch.load(await readFile("model.pt")));
 */
export function load<T = unknown>(file: Bytes, options?: LoadOptions): T;
export function load<T = unknown>(file: LaterBytes, options?: LoadOptions): Promise<T>;
export function load<T = unknown>(file: ByteSource, options: LoadOptions = {}): T | Promise<T> {
  return withBytes("load", file, (bytes) => readTorch(bytes, tensorOf, options) as T);
}

/**
 * `load` without a copy. It takes the bytes over: tensors lie in them where alignment and byte order allow it, so a file of
 * 100 MB takes no second 100 MB; what is written into a tensor is written there. `mmap: false` copies instead.
 *
 *     model.loadStateDict(await loadTorch(readFile("model.pt")));
 *     model.loadStateDict(await loadTorch(fetch("model.pt")));
 *     model.loadStateDict(await loadTorch(event.dataTransfer.files[0]));
 */
export function loadTorch<T = unknown>(file: Bytes, options?: LoadOptions): T;
export function loadTorch<T = unknown>(file: LaterBytes, options?: LoadOptions): Promise<T>;
export function loadTorch<T = unknown>(file: ByteSource, options: LoadOptions = {}): T | Promise<T> {
  return withBytes("loadTorch", file, (bytes) => readTorch(bytes, tensorOf, { mmap: true, ...options }) as T);
}

function tensorOf({ value, requiresGrad, isParameter }: StoredTensor): Tensor {
  const tensor = new Tensor(value, requiresGrad);
  return isParameter ? new Parameter(tensor, requiresGrad) : tensor;
}
