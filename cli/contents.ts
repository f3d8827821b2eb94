/** What a file of weights holds, whatever its format: tensors by name, texts beside them, and other values. */
import * as torch from "unrolled";
import type { OnnxModel } from "unrolled/onnx";

/** The contents of a file. */
export interface Contents {
  /** What a torch file holds, whole; the other formats hold nothing but tensors. */
  readonly value?: unknown;
  /** All tensors; those in nested dicts and lists by their path, `model.rnn.weight_ih_l0`. */
  readonly tensors: ReadonlyMap<string, torch.Tensor>;
  /** The texts of formats that have such. */
  readonly metadata: ReadonlyMap<string, string>;
  /** All else, by its path, as Python would print it. */
  readonly others: ReadonlyMap<string, string>;
  /** The network itself, if the format holds more than its weights. */
  readonly model?: OnnxModel;
}

/** Contents that are tensors and nothing else. */
export function onlyTensors(
  tensors: ReadonlyMap<string, torch.Tensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Contents {
  return { tensors, metadata, others: new Map() };
}

/** What a nested value holds. Containers may hold each other in circles, so each is opened once. */
export function contentsOf(value: unknown): Contents {
  const tensors = new Map<string, torch.Tensor>();
  const others = new Map<string, string>();
  const opened = new Set<unknown>();
  const waiting: [path: string, value: unknown][] = [["", value]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [path, inner] = next;
    const entries = entriesOf(inner);
    if (torch.isTensor(inner)) tensors.set(path, inner as torch.Tensor);
    else if (entries === undefined) others.set(path, torch.repr(inner));
    else if (!opened.has(inner)) {
      opened.add(inner);
      const parts = Array.from(entries, ([key, part]): [string, unknown] => [joined(path, key), part]);
      for (const part of parts.reverse()) waiting.push(part);
    }
  }
  return { value, tensors, metadata: new Map(), others };
}

/** Numbers in a list are values, not parts: a list is opened only if it holds containers or tensors. */
function entriesOf(value: unknown): Iterable<readonly [unknown, unknown]> | undefined {
  if (value instanceof Map) return value;
  const isNested = (part: unknown): boolean => torch.isTensor(part) || part instanceof Map || Array.isArray(part);
  return Array.isArray(value) && value.some(isNested) ? value.entries() : undefined;
}

function joined(path: string, key: unknown): string {
  return path === "" ? String(key) : `${path}.${key}`;
}

/** The tensors below a prefix, by what remains of their names. */
export function below(tensors: ReadonlyMap<string, torch.Tensor>, prefix: string): Map<string, torch.Tensor> {
  const start = prefix === "" || prefix.endsWith(".") ? prefix : `${prefix}.`;
  return new Map(
    [...tensors].filter(([name]) => name.startsWith(start)).map(([name, tensor]) => [name.slice(start.length), tensor]),
  );
}

/** A name from a file as a terminal may show it. */
export function shown(name: string): string {
  const short = name.length > MAX_CHARACTERS ? `${name.slice(0, MAX_CHARACTERS)}...` : name;
  return short.replace(/\p{C}/gu, "?");
}

const MAX_CHARACTERS = 200;
