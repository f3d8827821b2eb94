/** All operators, and the question whether a node is one of them and used as it must be. */
import { RuntimeError } from "../../check.ts";
import type { Call } from "../call.ts";
import { KINDS, type RecurrentKind } from "../recurrent-form.ts";
import { ARRANGING } from "./arranging.ts";
import { MAKING } from "./making.ts";
import type { Operator } from "./operator.ts";
import { POINTWISE } from "./pointwise.ts";
import { REDUCING } from "./reducing.ts";

/** Recurrent nodes are modules, which the model runs: here stands what they know and read. */
const RECURRENT = Object.entries(KINDS).map(([kind, { attributes, mostInputs }]): [string, Operator] => {
  const run = (): never => {
    throw new RuntimeError(`${kind} runs as a module`);
  };
  return [kind, { attributes, inputs: [3, mostInputs], run }];
});

const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  [POINTWISE, ARRANGING, REDUCING, MAKING].flatMap((some) => Object.entries(some)).concat(RECURRENT),
);

/** The names of all operators. */
export const OPERATOR_NAMES: readonly string[] = [...OPERATORS.keys()];

/** The operator of a node. Errors: FormatError for one that is not known, or has what is not known. */
export function operatorOf(call: Call): Operator {
  const { domain, opType, inputs } = call.node;
  if (domain !== "") throw call.error(`operators of the domain ${domain.slice(0, 40)} are not supported`);
  const operator = OPERATORS.get(opType);
  if (!operator) throw call.error(`the operator ${opType.slice(0, 40)} is not supported`);
  const unknown = call.attributeNames.find((name) => !operator.attributes.includes(name));
  if (unknown !== undefined) throw call.error(`unknown attribute ${unknown.slice(0, 40)}`);
  const [least, most] = operator.inputs;
  if (inputs.length > most) throw call.error(`${inputs.length} inputs, at most ${most} expected`);
  const missing = Array.from({ length: least }, (_, i) => i).find((i) => !inputs[i]);
  if (missing !== undefined) throw call.error(`input ${missing} is missing`);
  return operator;
}

/** Which recurrent operator a node is, if it is one. */
export function recurrentKind(call: Call): RecurrentKind | undefined {
  const { opType } = call.node;
  return Object.hasOwn(KINDS, opType) ? (opType as RecurrentKind) : undefined;
}
