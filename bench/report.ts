/** Results as text: a line of JSON for each, and the table for people. */
import type { Result } from "./measure.ts";
import type { Peak } from "./peak.ts";

/** One measurement as a line of JSON. */
export function jsonLine({ peer, workload, cell, threads, median, gflops }: Result): string {
  return JSON.stringify({ peer, workload, cell, threads, median_us: digits(median!), gflops: digits(gflops!) });
}

/** Times, and in brackets how many times that of `unrolled` they are. */
export function timeTable(results: readonly Result[], columns: readonly string[]): string {
  return table(results, columns, ({ median, ratio, column }) => {
    if (median === undefined) return "-";
    return ratio === undefined || column === "unrolled"
      ? duration(median)
      : `${duration(median)} (${digits(ratio, 3)}x)`;
  });
}

/** The largest difference of each output from the reference's. */
export function differenceTable(results: readonly Result[], columns: readonly string[]): string {
  return table(results, columns, ({ difference }) => (difference === undefined ? "-" : String(digits(difference, 2))));
}

/** Why some have no time. */
export function notes(results: readonly Result[]): string[] {
  return results.flatMap(({ workload, cell, column, note }) =>
    note ? [`${workload} ${cell}: ${column} ${note}`] : [],
  );
}

/** How much of the machine's limit the batch reaches. */
export function shares(results: readonly Result[], { gflops, kind }: Peak): string[] {
  const peak = `128-bit ${kind} on this machine: ${gflops.toFixed(1)} GFLOP/s on one thread`;
  const rows = results.filter(({ workload, peer, median }) => workload === "W5" && peer === "unrolled" && median);
  const share = (result: Result) =>
    `W5 ${result.cell}: ${result.gflops!.toFixed(1)} GFLOP/s, ${((100 * result.gflops!) / gflops / result.threads).toFixed(0)} % of it${result.threads > 1 ? ` for each of ${result.threads}` : ""}`;
  return [peak, ...rows.map(share)];
}

/** How much faster than one thread several can be at all, as quartiles. */
export function together(threads: number, quartiles: readonly number[]): string {
  const [low, middle, high] = quartiles.map((value) => value.toFixed(2));
  return `${threads} threads together: ${middle} times the rate of one (quartiles ${low} to ${high})`;
}

function table(results: readonly Result[], columns: readonly string[], cellOf: (result: Result) => string): string {
  const rows = new Map<string, Map<string, string>>();
  for (const result of results) {
    const key = `${result.workload} ${result.cell}`;
    if (!rows.has(key)) rows.set(key, new Map());
    rows.get(key)!.set(result.column, cellOf(result));
  }
  const lines = [
    ["", ...columns],
    ...[...rows].map(([key, row]) => [key, ...columns.map((column) => row.get(column) ?? "")]),
  ];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const padded = (line: readonly string[]) =>
    line.map((text, column) => (column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!))).join("  ");
  return lines.map((line) => padded(line).trimEnd()).join("\n");
}

function duration(microseconds: number): string {
  if (microseconds < 1e3) return `${digits(microseconds, 3)} us`;
  if (microseconds < 1e6) return `${digits(microseconds / 1e3, 3)} ms`;
  return `${digits(microseconds / 1e6, 3)} s`;
}

function digits(value: number, count = 4): number {
  return Number(value.toPrecision(count));
}
