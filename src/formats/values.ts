/** What torch's files hold besides Python's own values: tensors, devices, and the attributes of a state dict. */
import type { Dense } from "../dense/dense.ts";
import type { OrderedDict } from "../dense/ordered-dict.ts";

/** A tensor in a file: numbers, and how autograd is to see them. */
export class StoredTensor {
  readonly value: Dense;
  readonly requiresGrad: boolean;
  /** Whether it is a torch.nn.Parameter. */
  readonly isParameter: boolean;
  /** Whether the file keeps the numbers with the other sign, as the imaginary part of a conjugate. */
  readonly negated: boolean;

  constructor(value: Dense, requiresGrad = false, isParameter = false, negated = false) {
    this.value = value;
    this.requiresGrad = requiresGrad;
    this.isParameter = isParameter;
    this.negated = negated;
  }
}

/** A torch.device. Everything lives in ordinary memory here; a file may still say where it lived before. */
export class Device {
  readonly type: string;
  readonly index: number | undefined;

  constructor(type: string, index?: number) {
    this.type = type;
    this.index = index;
  }

  toString(): string {
    return `device(type='${this.type}'${this.index === undefined ? "" : `, index=${this.index}`})`;
  }
}

interface Attributed {
  _metadata?: unknown;
}

/** The `_metadata` of a state dict: a dict that maps the path of each module to `{ version: 1 }`. */
export function metadataOf(dict: OrderedDict<unknown, unknown>): unknown {
  return (dict as Attributed)._metadata;
}

/** Gives a state dict its `_metadata`; it is no item, and does not print. */
export function setMetadata(dict: OrderedDict<unknown, unknown>, metadata: unknown): void {
  Object.defineProperty(dict, "_metadata", { value: metadata, writable: true, configurable: true });
}
