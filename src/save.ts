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
import { Tensor } from "./autograd/tensor.ts";
import { type LoadOptions, loadTorch } from "./formats/torch.ts";
import { saveTorch } from "./formats/torch-write.ts";
import { StoredTensor } from "./formats/values.ts";
import { Parameter } from "./nn/parameter.ts";

/**
 * torch.save: the bytes of a file for torch.load, here or in Python.
 *
 *     await writeFile("model.pt", torch.save(model.stateDict()));
 */
export function save(value: unknown): Uint8Array {
  return saveTorch(value, (object) => {
    if (!(object instanceof Tensor)) return undefined;
    return new StoredTensor(object.value, object.requiresGrad, object instanceof Parameter && object.isLeaf);
  });
}

/**
 * torch.load: what torch.save wrote, here or in Python; as `weights_only=True` there, it builds tensors and plain values
 * and runs nothing. The caller says what is expected, as nothing can be known before. Errors: FormatError.
 *
 *     model.loadStateDict(torch.load(await readFile("model.pt")));
 */
export function load<T = unknown>(file: Uint8Array, options: LoadOptions = {}): T {
  const value = loadTorch(
    file,
    ({ value, requiresGrad, isParameter }) => {
      const tensor = new Tensor(value, requiresGrad);
      return isParameter ? new Parameter(tensor, requiresGrad) : tensor;
    },
    options,
  );
  return value as T;
}
