/** Giving a module its parts: which names are possible, and what may stand under the name of a parameter. */
import { Tensor } from "../autograd/tensor.ts";
import { KeyError, pythonTypeOf } from "../check.ts";
import type { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Demands a name that is free, or that stands for a part of the same kind. */
export function expectName(
  module: Module,
  kind: "parameter" | "buffer" | "module",
  name: string,
  isOfKind: (present: unknown) => boolean,
): void {
  const given = kind === "module" ? `, got: ${name}` : "";
  if (name.includes(".")) throw new KeyError(`${kind} name can't contain "."${given}`);
  if (name === "") throw new KeyError(`${kind} name can't be empty string ""`);
  const present: unknown = name in module ? Reflect.get(module, name) : undefined;
  if (present === undefined || present === null || isOfKind(present)) return;
  throw new KeyError(`attribute '${name}' already exists`);
}

/** Makes a property that holds a parameter or null, and refuses everything else. */
export function guardParameter(module: Module, name: string, parameter: Parameter | null): void {
  let current = parameter;
  Object.defineProperty(module, name, {
    enumerable: true,
    configurable: true,
    get: () => current,
    set: (value: Parameter | null) => {
      if (value !== null && !(value instanceof Parameter)) {
        throw new TypeError(
          `cannot assign '${typeText(value)}' as parameter '${name}' (torch.nn.Parameter or None expected)`,
        );
      }
      current = value;
    },
  });
}

/** What torch calls the type of a value in messages: `torch.FloatTensor`, `int`. */
export function typeText(value: unknown): string {
  return value instanceof Tensor ? `torch.${value.dtype.scalarType}Tensor` : pythonTypeOf(value);
}
