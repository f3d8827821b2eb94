/** Lines of text for a terminal of 80 columns: equations in a chain, long ones folded at their signs. */

import { type Move, plainly } from "./worked.ts";

/** What a piece of text is, for those who give it a colour. */
export type Ink = "heading" | "name" | "number" | "result" | "note";

/** Gives a piece of text its colour: in a terminal, escape codes around it. */
export type Paint = (text: string, ink: Ink) => string;

const WIDTH = 80;

/** A page that grows line by line. */
export class Page {
  readonly #lines: string[] = [];
  readonly #paint: Paint;

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  /** An empty line, but never two, and none at the start. */
  gap(): void {
    if (this.#lines.length > 0 && this.#lines.at(-1) !== "") this.#lines.push("");
  }

  /** A heading, with a line under it if it is a large one. */
  heading(text: string, indent = 0, rule = ""): void {
    const lines = folded(text, WIDTH - indent);
    for (const line of lines) this.#lines.push(" ".repeat(indent) + this.#paint(line, "heading"));
    const width = lines.reduce((widest, line) => Math.max(widest, columnsOf(line)), 0);
    if (rule) this.#lines.push(this.#paint(rule.repeat(width), "note"));
  }

  /** Plain text, folded between words. */
  note(text: string, indent = 2): void {
    for (const line of folded(text, WIDTH - indent)) this.#lines.push(" ".repeat(indent) + this.#paint(line, "note"));
  }

  /**
   * `name = first = second = ... = last`: on one line if there is room, else one below the other. The last of several is
   * the result; a note stands beside it, or below. A side that is rounded comes after ≈.
   */
  chain(
    name: string,
    sides: readonly (string | Move)[],
    { indent = 2, column = name.length, note = "", result = true } = {},
  ): void {
    const start = `${" ".repeat(indent)}${this.#paint(name, "name")}${" ".repeat(Math.max(column - name.length, 0))}`;
    const used = indent + Math.max(column, name.length) + 3;
    const moves = sides.map((side) => (typeof side === "string" ? plainly(side) : side));
    // of equal sides the first stays: it has the sign
    const kept = moves.filter(({ text }, i) => text !== moves[i - 1]?.text);
    const distinct = kept.map(({ text }) => text);
    const signs = kept.map(({ rounded }) => (rounded ? "≈" : "="));
    const inks = distinct.map((_, i): Ink => (result && i === distinct.length - 1 ? "result" : "number"));
    const whole = distinct.join(" = "); // ≈ is as wide
    const ending = note ? `  ${note}` : "";
    if (columnsOf(whole) + columnsOf(ending) + used <= WIDTH) {
      const line = distinct.map((side, i) => ` ${signs[i]} ${this.#paint(side, inks[i]!)}`).join("");
      this.#lines.push(`${start}${line}${ending && this.#paint(ending, "note")}`);
      return;
    }
    const margin = " ".repeat(used - 3);
    for (const [i, side] of distinct.entries()) {
      const lines = folded(side, WIDTH - used);
      for (const [k, line] of lines.entries()) {
        const lead = k > 0 ? `${margin}   ` : `${i === 0 ? start : margin} ${signs[i]} `;
        this.#lines.push(lead + this.#paint(line, inks[i]!));
      }
    }
    if (note) this.note(note, used);
  }

  /** All lines. */
  text(): string {
    return this.#lines.join("\n").trimEnd();
  }
}

/** The columns of a text in a terminal: a Chinese character takes two. */
export function columnsOf(text: string): number {
  return Array.from(text, (character) => (isWide(character) ? 2 : 1)).reduce<number>((a, b) => a + b, 0);
}

const isWide = (character: string): boolean => /[\u2e80-\u9fff\uff00-\uffef\u3000-\u303f]/u.test(character);

/**
 * Folds at blanks, before a sign rather than after it; Chinese text between any two characters, but
 * not before a full stop or a comma.
 */
function folded(text: string, width: number): string[] {
  const pieces = text.match(
    /[+-] \.\.\. [^.]+\.\.\.|\.\.\. [^.]+\.\.\.,?|[+-] \S+|[\u2e80-\u9fff\uff00-\uffef\u3000-\u303f][，。；：、）]*|[^\s\u2e80-\u9fff\uff00-\uffef]+[，。；：、）]*| +/gu,
  ) ?? [""];
  const lines: string[] = [];
  let line = "";
  for (const piece of pieces) {
    if (line !== "" && columnsOf(line + piece.trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = "";
    }
    line += line === "" ? piece.trimStart() : piece;
  }
  return [...lines, line.trimEnd()];
}
