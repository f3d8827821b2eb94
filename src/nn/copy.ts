/**
 * Python's copy.deepcopy, for modules, tensors and what holds them. A copy shares no memory with its original; what is
 * one and the same inside the original (a tied weight, say) is one and the same inside the copy.
 */
import { Tensor } from "../autograd/tensor.ts";
import { RuntimeError } from "../check.ts";
import { Dense, type Storage } from "../dense/dense.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/**
 * copy.deepcopy. Modules, tensors, lists, maps, sets and records are copied with everything in them; functions, and
 * instances of classes that this library does not know, are the same in the copy.
 * Errors: RuntimeError for a tensor that is the result of a recorded operation.
 */
export function deepcopy<T>(value: T): T {
  return copyAny(value, new Map()) as T;
}

/** What has been copied, by its original: each thing is copied once, whoever holds it, also in circles. */
type Copies = Map<object, unknown>;

function copyAny(value: unknown, copies: Copies): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (copies.has(value)) return copies.get(value);
  if (value instanceof Tensor) return copyTensor(value, copies);
  const isKnown = [Module, Array, Map, Set].some((known) => value instanceof known) || isRecord(value);
  return isKnown ? copyContents(value, copies) : value;
}

function copyTensor(tensor: Tensor, copies: Copies): Tensor {
  if (!tensor.isLeaf) {
    throw new RuntimeError(
      "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  If you were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, see https://github.com/pytorch/pytorch/pull/103001",
    );
  }
  const { storage, dtype, shape, strides, offset } = tensor.value;
  // Tensors on the same memory stay on the same memory.
  const memory = (copies.get(storage) ?? keep(storage, { data: storage.data.slice(), version: 0 }, copies)) as Storage;
  const leaf = new Tensor(new Dense(memory, dtype, shape, strides, offset), tensor.requiresGrad);
  const copy = tensor instanceof Parameter ? new Parameter(leaf, tensor.requiresGrad) : leaf;
  // torch leaves the gradient of a parameter behind, and takes that of a plain tensor along
  if (!(tensor instanceof Parameter)) copy.grad = copyAny(tensor.grad, copies) as Tensor | null;
  return keep(tensor, copy, copies);
}

function copyContents(original: object, copies: Copies): object {
  const copy = keep(original, emptyLike(original), copies);
  Object.setPrototypeOf(copy, Object.getPrototypeOf(original));
  if (copy instanceof Map)
    for (const [key, entry] of original as Map<unknown, unknown>) copy.set(key, copyAny(entry, copies));
  if (copy instanceof Set) for (const entry of original as Set<unknown>) copy.add(copyAny(entry, copies));
  for (const key of Reflect.ownKeys(original)) {
    const property = Object.getOwnPropertyDescriptor(original, key)!;
    const entry = copyAny(Reflect.get(original, key), copies);
    // The guarded properties of a module are its registered parameters.
    if (property.get && copy instanceof Module) copy.registerParameter(key as string, entry as Parameter | null);
    else Object.defineProperty(copy, key, property.get ? property : { ...property, value: entry });
  }
  return copy;
}

function emptyLike(original: object): object {
  if (original instanceof Map) return new Map();
  if (original instanceof Set) return new Set();
  return Array.isArray(original) ? [] : {};
}

/** A plain object that holds nothing but data. One with functions is a thing known by its identity: a dtype, a cell. */
function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain = prototype === Object.prototype || prototype === null;
  return plain && !Object.values(value).some((entry) => typeof entry === "function");
}

function keep<T>(original: object, copy: T, copies: Copies): T {
  copies.set(original, copy);
  return copy;
}
