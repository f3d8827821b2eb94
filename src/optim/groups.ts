/**
 * What an optimiser is given: parameters, parameters with names, or groups of them with options of their own. And the
 * names of options: camelCase in JavaScript, torch's in state dicts and in print.
 */
import { Tensor } from "../autograd/tensor.ts";
import { KeyError, pythonTypeOf, ValueError, warn } from "../check.ts";
import { tuple } from "../dense/tuple.ts";

/** A parameter, or its name and itself as `namedParameters` gives them. */
export type ParameterEntry = Tensor | readonly [name: string, parameter: Tensor];

/** Parameters that share options: those given here, and the optimiser's own for the rest. */
export type GroupOptions<Options> = Partial<Options> & { readonly params: Tensor | Iterable<ParameterEntry> };

/** What an optimiser accepts: `model.parameters()`, `model.namedParameters()`, a list of tensors or of groups. */
export type Optimizable<Options> = Iterable<ParameterEntry> | Iterable<GroupOptions<Options>>;

/** A group as an optimiser keeps it. */
export type Group<Options> = { params: Tensor[]; paramNames?: string[] } & Options;

/** Reads what an optimiser was given as a list of groups. Errors: torch's. */
export function asGroups<Options>(given: Optimizable<Options>): GroupOptions<Options>[] {
  if (given instanceof Tensor) {
    throw new TypeError(
      `params argument given to the optimizer should be an iterable of Tensors or dicts, but got ${typeText(given)}`,
    );
  }
  if (typeof (given as Iterable<unknown> | undefined)?.[Symbol.iterator] !== "function") {
    throw new TypeError(`'${typeText(given)}' object is not iterable`);
  }
  const entries = [...given];
  if (entries.length === 0) throw new ValueError("optimizer got an empty parameter list");
  if (isGroup(entries[0])) return entries as GroupOptions<Options>[];
  return [{ params: entries } as unknown as GroupOptions<Options>];
}

/** A group with every option, checked. `present` are the groups that the optimiser has already. */
export function makeGroup<Options extends object>(
  given: GroupOptions<Options>,
  defaults: Options,
  present: readonly Group<Options>[],
): Group<Options> {
  if (!isGroup(given)) throw new TypeError(`param_group must be a dict, but got <class '${typeText(given)}'>`);
  if (given.params === undefined) throw new KeyError("params");
  if (given.params instanceof Set) {
    throw new TypeError(
      "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets will change between runs. Please use a list instead.",
    );
  }
  const entries = given.params instanceof Tensor ? [given.params] : [...given.params];
  const params = entries.map((entry) => (isNamed(entry) ? entry[1] : (entry as Tensor)));
  const paramNames = entries.filter(isNamed).map(([name]) => name);
  if (paramNames.length > 0 && paramNames.length < params.length) {
    throw new ValueError("all optimizer params should be with/without names. Some param names are missing");
  }
  params.forEach(expectParameter);
  const group = { ...given, params, ...(paramNames.length > 0 && { paramNames }) } as Group<Options>;
  for (const [name, value] of Object.entries(defaults)) {
    const own: unknown = Reflect.get(group, name);
    if (own === undefined) Reflect.set(group, name, value);
    else if (Array.isArray(value) && Array.isArray(own)) Reflect.set(group, name, tuple(own));
  }
  expectDistinct(group, present);
  return group;
}

/** `weightDecay` as `weight_decay`. */
export function torchName(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `weight_decay` as `weightDecay`. */
export function optionName(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function expectParameter(parameter: unknown): void {
  if (!(parameter instanceof Tensor)) {
    throw new TypeError(`optimizer can only optimize Tensors, but one of the params is ${typeText(parameter)}`);
  }
  if (!parameter.isLeaf && !parameter.retainsGrad) throw new ValueError("can't optimize a non-leaf Tensor");
}

function expectDistinct<Options>(group: Group<Options>, present: readonly Group<Options>[]): void {
  const own = new Set(group.params);
  if (own.size < group.params.length) {
    warn(
      "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; see github.com/pytorch/pytorch/issues/40967 for more information",
    );
  }
  for (const other of present) {
    if ((group.paramNames === undefined) !== (other.paramNames === undefined)) {
      const manner = group.paramNames ? "with names" : "without names";
      throw new ValueError(
        `all optimizer param groups should be with/without names. cannot add param group ${manner} to the optimizer`,
      );
    }
  }
  if (present.some(({ params }) => params.some((parameter) => own.has(parameter)))) {
    throw new ValueError("some parameters appear in more than one parameter group");
  }
}

function isGroup(entry: unknown): boolean {
  return typeof entry === "object" && entry !== null && !Array.isArray(entry) && !(entry instanceof Tensor);
}

function isNamed(entry: unknown): entry is readonly [string, Tensor] {
  return Array.isArray(entry) && entry.length === 2 && typeof entry[0] === "string";
}

/** What Python calls the type of a value; of a tensor, torch's name for it. */
function typeText(value: unknown): string {
  return value instanceof Tensor ? `torch.${value.dtype.scalarType}Tensor` : pythonTypeOf(value);
}
