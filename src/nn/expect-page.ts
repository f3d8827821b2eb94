/**
 * The questions to a page before it becomes a layer. They are answered by reading it: with an arithmetic that writes down
 * each operation by the places of its operands, twice, since a page must say the same every time.
 */
import type { Algebra, Cell, Named } from "../cells/cell.ts";
import { recurrentGates, vectors } from "../cells/cell.ts";
import { ValueError, valueText } from "../check.ts";

/** Checks a page. `who` is what the messages begin with. Errors: ValueError. */
export function expectPage(who: string, cell: Cell): void {
  const wrong: Wrong = (text, hint) => new ValueError(`${who}: ${text}`, hint);
  // a class with static members is a page as well
  if (Object(cell) !== cell) throw wrong(`expected a page, got ${valueText(cell)}`);
  if (typeof cell.name !== "string" || !/^[A-Za-z]\w*$/.test(cell.name)) {
    throw wrong(`expected a name that a class can have, got ${valueText(cell.name)}`);
  }
  const about: Wrong = (text, hint) => wrong(`${cell.name}: ${text}`, hint);
  expectNames(about, cell);
  const first = read(about, cell);
  expectResults(about, cell, first);
  expectUse(about, cell, first);
  if (first.lines.join() !== read(about, cell).lines.join()) {
    throw about(
      "step does not do the same every time",
      "a page is read many times; it may depend on its arguments only",
    );
  }
}

type Wrong = (text: string, hint?: string) => ValueError;

/** A legal name: without _, so that formulas can be cut at it. x is the input. */
const NAME = /^(?!x$)[A-Za-z][A-Za-z0-9]*$/;
/** The weights that every layer may have: W_ih, W_hh, W_hr. */
const TAKEN = ["ih", "hh", "hr"];

function expectNames(wrong: Wrong, cell: Cell): void {
  const { gates, state, equations } = cell;
  for (const [what, list, least] of [
    ["gates", gates, 1],
    ["state", state, 1],
    ["vectors", vectors(cell), 0],
    ["recurrentGates", recurrentGates(cell), 0],
  ] as const) {
    if (!Array.isArray(list) || list.length < least) throw wrong(`expected ${what} to be a list of names`);
    for (const name of list) {
      if (typeof name === "string" && NAME.test(name)) continue;
      throw wrong(`${valueText(name)} is no name for one of the ${what}`, "letters and digits, and not x");
    }
  }
  const all = [...gates, ...state, ...vectors(cell)];
  const twice = all.find((name, i) => all.indexOf(name) !== i);
  if (twice !== undefined) throw wrong(`the name ${twice} is there twice`, "gates, states and vectors differ in name");
  const taken = vectors(cell).find((name) => TAKEN.includes(name));
  if (taken !== undefined) throw wrong(`a vector cannot be called ${taken}`, `weight_${taken}_l0 is a matrix`);
  const order = recurrentGates(cell).map((gate) => gates.indexOf(gate));
  if (order.some((at, i) => at < 0 || at <= (order[i - 1] ?? -1))) {
    throw wrong("recurrentGates are some of the gates, in the order of gates", `the gates are ${gates.join(", ")}`);
  }
  if (typeof equations !== "object" || equations === null) throw wrong("expected equations by name");
  if (typeof cell.step !== "function") throw wrong("expected a function step(m, x, r, s, v)");
}

/** A value of the page: the line of the reading that it comes from. */
interface Place {
  readonly at: number;
}

/** What a reading has written down. */
interface Reading {
  /** `x.i`, or an operation with the lines of its operands; at the end one line that gives the results. */
  readonly lines: readonly string[];
  /** The lines that each line was made from. */
  readonly from: readonly (readonly number[])[];
  readonly results: Readonly<Record<string, Place>>;
}

const OPERATIONS = { add: 2, sub: 2, mul: 2, sigmoid: 1, tanh: 1, relu: 1 };

function read(wrong: Wrong, cell: Cell): Reading {
  const lines: string[] = [];
  const from: (readonly number[])[] = [];
  const values = new Set<unknown>();
  const write = (line: string, operands: readonly Place[]): Place => {
    const value = {
      at: lines.push(line) - 1,
      [Symbol.toPrimitive](): never {
        throw wrong("step takes a value for a number or a text", "a page is written with m.add, m.mul ... only");
      },
    };
    from.push(operands.map(({ at }) => at));
    values.add(value);
    return value;
  };
  const given = (letter: string, names: readonly string[]): Named<string, Place> => {
    const parts = Object.fromEntries(names.map((name) => [name, write(`${letter}.${name}`, [])]));
    const known = names.length > 0 ? `there are ${names.map((name) => `${letter}.${name}`).join(", ")}` : undefined;
    return guarded(parts, (name) => wrong(`step reads ${letter}.${name}, which is not there`, known));
  };
  const operation = (kind: string, count: number) => {
    return (...operands: Place[]): Place => {
      const stranger = operands.length === count ? operands.find((one) => !values.has(one)) : operands;
      if (stranger === undefined) return write(`${kind} ${operands.map(({ at }) => at).join(" ")}`, operands);
      const given = operands.map((one) => (values.has(one) ? "..." : valueText(one))).join(", ");
      throw wrong(`step asks for m.${kind}(${given})`, "operands are what step was given, and what m has made of it");
    };
  };
  const made = Object.entries(OPERATIONS).map(([kind, count]) => [kind, operation(kind, count)]);
  const m = guarded(Object.fromEntries(made) as Algebra<Place>, (name) => {
    return wrong(`step asks for m.${name}, which is not there`, `there are ${Object.keys(OPERATIONS).join(", ")}`);
  });
  const inputs = [
    given("x", cell.gates),
    given("r", recurrentGates(cell)),
    given("s", cell.state),
    given("v", vectors(cell)),
  ] as const;
  const results = answer(wrong, () => cell.step(m, ...inputs));
  for (const [name, value] of Object.entries(results)) {
    if (!values.has(value)) throw wrong(`step returns ${valueText(value)} as ${name}`, "results are what m has made");
  }
  lines.push(
    Object.entries(results)
      .map(([name, { at }]) => `${name} ${at}`)
      .join(),
  );
  return { lines, from, results };
}

/** The same object, which is not silent about what it does not have, and cannot be written to. */
function guarded<T extends object>(known: T, missing: (name: string) => Error): T {
  return new Proxy(Object.freeze(known), {
    get(target, name, self) {
      if (typeof name === "string" && !Object.hasOwn(target, name)) throw missing(name);
      return Reflect.get(target, name, self);
    },
  });
}

function answer(wrong: Wrong, step: () => Named<string, Place>): Named<string, Place> {
  let results: Named<string, Place>;
  try {
    results = step();
  } catch (error) {
    if (error instanceof ValueError) throw error;
    throw wrong(`step fails: ${error instanceof Error ? error.message : valueText(error)}`);
  }
  if (results instanceof Promise) {
    // why it fails does not matter any more
    results.catch(() => {});
    throw wrong("step returns a promise", "a page is read at once: step is no async function");
  }
  if (typeof results !== "object" || results === null) throw wrong("step returns no results by name");
  return results;
}

function expectResults(wrong: Wrong, { gates, state, equations }: Cell, { results }: Reading): void {
  const missing = [...gates, ...state].find((name) => !Object.hasOwn(results, name));
  if (missing !== undefined) throw wrong(`step does not return ${missing}`, "it returns all gates and all states");
  for (const name of Object.keys(results)) {
    if (!NAME.test(name)) throw wrong(`${valueText(name)} is no name for a result`, "letters and digits, and not x");
    if (typeof equations[name] !== "string") throw wrong(`there is no equation of ${name}`);
  }
  const idle = Object.keys(equations).find((name) => !Object.hasOwn(results, name));
  if (idle !== undefined) throw wrong(`step does not return ${idle}, which has an equation`);
}

/** Whatever has weights must make a difference to the new state. */
function expectUse(wrong: Wrong, cell: Cell, { lines, from, results }: Reading): void {
  const used = new Set<number>();
  const open = cell.state.map((name) => results[name]!.at);
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (!used.has(at)) open.push(...from[at]!);
    used.add(at);
  }
  const unused = (letter: string, names: readonly string[]): string | undefined =>
    names.find((name) => !used.has(lines.indexOf(`${letter}.${name}`)));
  const gate = unused("x", cell.gates);
  if (gate !== undefined) throw wrong(`the new state does not depend on x.${gate}`, `leave the gate ${gate} out`);
  const half = unused("r", recurrentGates(cell));
  if (half !== undefined) {
    throw wrong(
      `the new state does not depend on r.${half}`,
      `name the gates that do read the state in recurrentGates`,
    );
  }
  const vector = unused("v", vectors(cell));
  if (vector !== undefined) throw wrong(`the new state does not depend on v.${vector}`, "leave the vector out");
}
