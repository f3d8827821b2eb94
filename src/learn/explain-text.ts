/**
 * An explanation as a page that can be followed with a pocket calculator: the formula; then for each step what is given,
 * for each unit every equation with its numbers, and where the results go.
 */
import type { Tensor } from "../autograd/tensor.ts";
import { selectAt } from "../autograd/views.ts";
import { recurrentGates, vectors } from "../cells/cell.ts";
import { type Expression, evaluate, expressions, leavesOf, type Part, uses } from "../cells/expression.ts";
import { phrases } from "../cells/text.ts";
import { ValueError } from "../check.ts";
import { elements } from "../dense/dense.ts";
import { Page, type Paint } from "./page.ts";
import {
  type Direction,
  type ExplainedStep,
  equationsOf,
  findTerm,
  type NamedWeight,
  primed,
  type Run,
  type Side,
} from "./terms.ts";
import { type Language, WORDS, type Words } from "./words.ts";
import { enclosed, movesOf, numberWriter, products, sumOf, vectorText, type WriteNumber } from "./worked.ts";

/** What `toText` shows; all layers, directions, steps and units where none is chosen. */
export interface TextOptions {
  /** Default "en". */
  readonly lang?: Language;
  readonly layer?: number;
  readonly direction?: Direction;
  /** The time, counted from the start of the sequence in both directions. */
  readonly step?: number;
  /** Which sequence of the batch. Default the first, 0. */
  readonly batch?: number;
  /** Which unit; without it the first few of a large layer. */
  readonly unit?: number;
  /** Digits after the point, at most 17, beyond which a double has none. Default 4, as tensors are printed. */
  readonly precision?: number;
  /** Gives colours to the text; plain without it. */
  readonly color?: Paint;
}

/** Of a layer with more units than `MANY`, only the first `FEW` are written out. */
const MANY = 8;
const FEW = 2;

/** All that the parts of a page have in common. */
interface Writing {
  readonly run: Run;
  readonly words: Words;
  readonly page: Page;
  readonly write: WriteNumber;
  /** The formulas of the page, with names for the results before. */
  readonly formulas: Readonly<Record<string, Expression<Part>>>;
  /** How wide names are on the left of equations. */
  readonly column: number;
}

/** The page of the chosen steps. Errors: ValueError if there are none. */
export function explanationText(run: Run, options: TextOptions): string {
  const { lang = "en", batch = 0, precision = 4, color = (text) => text } = options;
  const chosen = run.steps.filter((step) => {
    return (
      (["layer", "direction"] as const).every((key) => (options[key] ?? step[key]) === step[key]) &&
      (options.step ?? step.t) === step.t
    );
  });
  expectChoice(run, options, chosen, batch);
  const formulas = expressions(run.cell);
  const names = [
    ...Object.keys(formulas).map((name) => primed(run.cell, name)),
    ...run.cell.gates.map((g) => `x.${g}`),
    ...vectors(run.cell).map((v) => `v.${v}`),
  ];
  const column = names.reduce((width, name) => Math.max(width, name.length), 0);
  const writing = { run, words: WORDS[lang], page: new Page(color), write: numberWriter(precision), formulas, column };
  writeFormula(writing, precision);
  for (const step of chosen) writeStep(writing, step, batch, options.unit);
  return writing.page.text();
}

function expectChoice(run: Run, options: TextOptions, chosen: readonly ExplainedStep[], batch: number): void {
  const { lang = "en", layer, direction, step, unit, precision = 4 } = options;
  if (!Object.hasOwn(WORDS, lang)) {
    throw new ValueError(`explain: there is no language ${lang}; there are ${Object.keys(WORDS).join(" and ")}`);
  }
  if (!(Number.isInteger(precision) && precision >= 0 && precision <= 17)) {
    throw new ValueError(`explain: precision must be a whole number from 0 to 17, not ${precision}`);
  }
  const all = Math.max(0, ...run.steps.flatMap((one) => one.sequences)) + 1;
  const H = unitsOf(run);
  if (unit !== undefined && !(Number.isInteger(unit) && unit >= 0 && unit < H)) {
    throw new ValueError(`explain: there is no unit ${unit}; there are ${H}, counted from 0`);
  }
  if (!(Number.isInteger(batch) && batch >= 0 && batch < all)) {
    throw new ValueError(`explain: there is no sequence ${batch}; there are ${all}, counted from 0`);
  }
  if (chosen.length > 0) return;
  const wanted = Object.entries({ layer, direction, step }).filter(([, value]) => value !== undefined);
  const last = run.sides.at(-1)!;
  throw new ValueError(
    `explain: there is no ${wanted.map(([key, value]) => `${key} ${value}`).join(", ")}; layers are 0 to ${last.layer}, steps 0 to ${run.T - 1}, directions ${directionsOf(run).join(" and ")}`,
  );
}

const unitsOf = (run: Run): number => findTerm(run.steps[0]!, `x.${run.cell.gates[0]}`)!.value.shape.at(-1)!;
const directionsOf = (run: Run): Direction[] => [...new Set(run.sides.map((side) => side.direction))];
const weightOf = (side: Side, name: string): NamedWeight | undefined => side.weights.find((w) => w.name === name);
const numbersOf = (x: Tensor): number[] => Array.from(elements(x.value), Number);

// ---- the formula

function writeFormula(writing: Writing, precision: number): void {
  const { run, words, page, column, formulas } = writing;
  const { cell } = run;
  const side = run.sides[0]!;
  page.heading(run.layer, 0, "═");
  page.gap();
  page.heading(words.formula);
  for (const [name, equation] of Object.entries(equationsOf(run))) {
    page.chain(primed(cell, name), [equation], { column, result: false });
  }
  page.gap();
  const functions = FUNCTIONS.filter((one) => Object.values(formulas).some((tree) => uses(tree, one.name)));
  for (const { name, meaning } of functions) {
    page.chain(`${name}(v)`, [meaning], { column: functions[0]!.name.length + 3, result: false });
  }
  page.gap();
  page.note(words.afterStep(cell.state.map((name) => primed(cell, name)).join(", ")));
  if (weightOf(side, "W_hr")) page.note(words.projected(cell.state[0]!));
  page.note(words.byUnit);
  writeParts(writing, side);
  page.note(words.rounding(precision));
}

/** What the parts of the formula are, and where in the weights they stand. */
function writeParts({ run, words, page }: Writing, side: Side): void {
  const { cell } = run;
  const H = unitsOf(run);
  const bias = (name: string): string => (weightOf(side, name) ? ` + ${name}` : "");
  const any = cell.gates.length === 1 ? cell.gates[0]! : "gate";
  const recurrent = recurrentGates(cell);
  page.note(recurrent.length > 0 ? words.halves(any) : words.onlyInput(any));
  page.chain(`x.${any}`, [`W_ih·x${bias("b_ih")}`], { indent: 4, note: words.fromInput, result: false });
  if (recurrent.length > 0) {
    page.chain(`r.${any}`, [`W_hh·${cell.state[0]}${bias("b_hh")}`], {
      indent: 4,
      note: words.fromState,
      result: false,
    });
  }
  const deaf = cell.gates.filter((gate) => recurrent.length > 0 && !recurrent.includes(gate));
  if (deaf.length > 0) page.note(words.noSecondHalf(deaf.map((gate) => `r.${gate}`).join(", ")));
  const own = vectors(cell).map((name) => `v.${name} = w_${name}`);
  if (own.length > 0) page.note(words.vectors(own.join(", ")));
  // W_ih and W_hh have the same rows where all gates are recurrent
  const blocks =
    recurrent.length === cell.gates.length
      ? [[/_(ih|hh)$/, cell.gates] as const]
      : [[/_ih$/, cell.gates] as const, [/_hh$/, recurrent] as const];
  for (const [which, gates] of blocks) {
    if (cell.gates.length === 1 || gates.length === 0) continue;
    const rows = gates.map((gate, k) => (H === 1 ? `${gate} ${k}` : `${gate} ${k * H}-${(k + 1) * H - 1}`));
    const names = side.weights.map(({ name }) => name).filter((name) => which.test(name));
    page.note(words.rows(names.join(", "), rows.join(", ")));
  }
}

/** What the keys of a calculator are to be pressed for. */
const FUNCTIONS = [
  { name: "sigmoid", meaning: "1/(1 + e^-v)" },
  { name: "tanh", meaning: "(e^v - e^-v)/(e^v + e^-v)" },
  { name: "relu", meaning: "max(v, 0)" },
] as const;

// ---- one step

function writeStep(writing: Writing, step: ExplainedStep, batch: number, unit: number | undefined): void {
  const { run, words, page } = writing;
  const both = directionsOf(run).length > 1;
  const places = [
    words.layer(step.layer),
    ...(both ? [words.direction[step.direction]] : []),
    words.step(step.t, run.T),
    ...(run.batched ? [words.sequence(batch)] : []),
  ];
  page.gap();
  page.heading(places.join(" · "), 0, "─");
  const row = step.sequences.indexOf(batch);
  if (row < 0) {
    page.note(words.ended);
    return;
  }
  const side = run.sides.find((own) => own.layer === step.layer && own.direction === step.direction)!;
  const read = (name: string, gate?: string): Tensor => {
    const { axes, value } = findTerm(step, name, gate)!;
    return axes[0] === "batch" ? selectAt(value, 0, row) : value;
  };
  for (const which of [/_ih$/, /_hh$/, /_hr$/, /^v\./]) {
    const pair = side.weights.filter(({ name }) => which.test(name));
    if (pair.length > 0) page.note(pair.map(({ name, parameter }) => `${name} = ${parameter}`).join(", "));
  }
  writeGiven(writing, step, batch, read);
  const H = unitsOf(run);
  const units = unit !== undefined ? [unit] : Array.from({ length: H > MANY ? FEW : H }, (_, j) => j);
  for (const j of units) writeUnit(writing, side, j, read);
  if (unit === undefined && units.length < H) {
    page.gap();
    page.note(words.moreUnits(units.length, H));
  }
  if (weightOf(side, "W_hr")) writeProjection(writing, side, read);
  writeResult(writing, step, side, batch, read);
}

type ValueOf = (name: string, gate?: string) => Tensor;

function writeGiven(writing: Writing, step: ExplainedStep, batch: number, read: ValueOf): void {
  const { run, words, page, column } = writing;
  const both = directionsOf(run).length > 1;
  const before = neighbour(run, step, batch, -1);
  const notes = { x: step.layer === 0 ? words.input(step.t) : words.fromBelow(step.layer - 1, both) };
  page.gap();
  page.heading(words.given, 2);
  for (const name of ["x", ...run.cell.state]) {
    const from = name === "x" ? notes.x : before === undefined ? words.start : words.fromStep(before);
    page.chain(name, [vector(writing, read(name))], { indent: 4, column, note: from, result: false });
  }
  for (const name of vectors(run.cell).map((own) => `v.${own}`)) {
    page.chain(name, [vector(writing, read(name))], { indent: 4, column, result: false });
  }
}

/** The time of the step before (-1) or after (+1) in the direction in which the sequence is read. */
function neighbour(run: Run, step: ExplainedStep, batch: number, way: 1 | -1): number | undefined {
  const t = step.direction === "forward" ? step.t + way : step.t - way;
  const found = run.steps.find(
    (one) =>
      one.layer === step.layer && one.direction === step.direction && one.t === t && one.sequences.includes(batch),
  );
  return found?.t;
}

function vector({ words, write }: Writing, value: Tensor): string {
  return vectorText(numbersOf(value), write, words.moreNumbers);
}

/** Everything that one unit computes, each half of a gate just before it is used. */
function writeUnit(writing: Writing, side: Side, unit: number, read: ValueOf): void {
  const { run, words, page, write, formulas, column } = writing;
  const { cell } = run;
  const named = (part: Part): string => {
    if (part.kind === "x" || part.kind === "r" || part.kind === "v") return `${part.kind}.${part.name}`;
    return part.kind === "result" ? primed(cell, part.name) : part.name;
  };
  page.gap();
  page.heading(words.unit(unit), 2);
  const written = new Set<string>();
  let apart = false;
  for (const [name, formula] of Object.entries(formulas)) {
    const halves = leavesOf(formula).filter(({ kind, name }) => {
      return (kind === "x" || kind === "r") && !written.has(`${kind}.${name}`);
    });
    // a blank line around all that belongs to one gate, none between the equations that follow
    if (apart || (halves.length > 0 && written.size > 0)) page.gap();
    apart = halves.length > 0;
    for (const half of halves) {
      written.add(named(half));
      writeHalf(writing, side, half, unit, read);
    }
    const symbols = evaluate(phrases, formula, (part) => ({ text: named(part), rank: 2 })).text;
    const moves = movesOf(formula, (part) => selectAt(read(named(part)), 0, unit), write);
    page.chain(primed(cell, name), [symbols, ...moves], { indent: 4, column });
  }
}

/** `x.i = W_ih[0]·x + b_ih[0]`, with every product. */
function writeHalf(writing: Writing, side: Side, { kind, name: gate }: Part, unit: number, read: ValueOf): void {
  const { run, words, page, write, column } = writing;
  const [letter, variable] = kind === "x" ? ["ih", "x"] : ["hh", run.cell.state[0]!];
  const gates = kind === "x" ? run.cell.gates : recurrentGates(run.cell);
  const row = gates.indexOf(gate) * unitsOf(run) + unit;
  const weights = numbersOf(selectAt(weightOf(side, `W_${letter}`)!.value, 0, row));
  const at = (name: string): number => numbersOf(read(name, gate))[unit]!;
  const product = at(`W_${letter}·${variable}`);
  const added = weightOf(side, `b_${letter}`) ? [at(`b_${letter}`)] : [];
  const bias = added.map((value) => ` + ${enclosed(write(value))}`).join("");
  const factors = numbersOf(read(variable));
  const shown = (value: number): number => Number(write(value));
  const summed = sumOf(
    product,
    weights.map((w, k) => shown(w) * shown(factors[k]!)),
    write,
  );
  const sides = [
    `W_${letter}[${row}]·${variable}${bias && ` + b_${letter}[${row}]`}`,
    products(weights, factors, write, words.moreNumbers) + bias,
    { ...summed, text: summed.text + bias },
    ...(bias ? [sumOf(at(`${kind}.${gate}`), [product, ...added].map(shown), write)] : []),
  ];
  page.chain(`${kind}.${gate}`, sides, { indent: 4, column });
}

function writeProjection(writing: Writing, side: Side, read: ValueOf): void {
  const { run, words, page, write } = writing;
  const output = primed(run.cell, run.cell.state[0]!);
  const { value } = weightOf(side, "W_hr")!;
  const h = numbersOf(read(output));
  const projected = numbersOf(read(`W_hr·${output}`));
  page.gap();
  page.heading(words.projection, 2);
  for (const [p, result] of projected.entries()) {
    const row = numbersOf(selectAt(value, 0, p));
    const worked = products(row, h, write, words.moreNumbers);
    const shown = row.map((w, k) => Number(write(w)) * Number(write(h[k]!)));
    page.chain(`W_hr[${p}]·${output}`, [worked, sumOf(result, shown, write)], { indent: 4 });
  }
}

function writeResult(writing: Writing, step: ExplainedStep, side: Side, batch: number, read: ValueOf): void {
  const { run, words, page, column } = writing;
  const after = neighbour(run, step, batch, 1);
  const to = after === undefined ? words.goesToEnd : words.goesToStep(after);
  page.gap();
  page.heading(words.gives, 2);
  const [output] = run.cell.state;
  const names = run.cell.state.map((state) => {
    const projected = state === output && weightOf(side, "W_hr");
    return (projected ? "W_hr·" : "") + primed(run.cell, state);
  });
  const width = names.reduce((widest, name) => Math.max(widest, name.length), column);
  for (const [i, name] of names.entries()) {
    const value = read(name);
    page.chain(name, [vector(writing, value)], { indent: 4, column: width, note: to });
    if (i === 0) page.note(onward(writing, step, batch, value.shape[0]!), 4 + width + 3);
  }
}

/** Where the output of a step goes besides the next step. */
function onward({ run, words }: Writing, step: ExplainedStep, batch: number, size: number): string {
  const start = step.direction === "reverse" ? size : 0;
  const columns = size === 1 ? `${start}` : `${start}:${start + size}`;
  if (step.layer < run.sides.at(-1)!.layer) return words.goesToLayer(step.layer + 1, `[${columns}]`);
  const rows = run.batched ? (run.batchFirst ? [batch, step.t] : [step.t, batch]) : [step.t];
  return words.goesOut(`[${[...rows, columns].join(", ")}]`);
}
