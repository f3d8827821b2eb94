/** The flow of gradients as a chart: a bar for each step, its length the logarithm of the size of the gradient. */
import { norm } from "../autograd/reduce.ts";
import type { GradientFlow, SideFlow } from "./gradients.ts";
import type { Paint } from "./page.ts";

/** How a chart is drawn. */
export interface ChartOptions {
  /** The columns of the longest bar. Default 32. */
  readonly width?: number;
  /** Gives the pieces of the text their colours. Default: none. */
  readonly color?: Paint;
}

/** The growth or loss per step from which a gradient is said to explode or to vanish. */
const STEADY = 0.1;

/** Draws all sides, each state of each, on one scale. */
export function flowText(flow: GradientFlow, { width = 32, color = (text) => text }: ChartOptions): string {
  const sizes = flow.sides.flatMap(({ norms }) => Object.values<readonly number[]>(norms).flat());
  const scale = scaleOf(sizes);
  const charts = flow.sides.flatMap((side) =>
    Object.entries<readonly number[]>(side.norms).map(([state, norms]) =>
      chart(side, state, norms, scale, width, color),
    ),
  );
  const legend = `bars: |dL/dh_t| from 1e${scale.low} to 1e${scale.high}, logarithmic`;
  return [`loss = ${short(flow.loss)}`, color(legend, "note"), "", charts.join("\n\n")].join("\n");
}

interface Scale {
  /** Exponents of ten. */
  readonly low: number;
  readonly high: number;
}

function scaleOf(sizes: readonly number[]): Scale {
  const logarithms = sizes.filter((size) => size > 0 && Number.isFinite(size)).map((size) => Math.log10(size));
  if (logarithms.length === 0) return { low: -1, high: 0 };
  const least = logarithms.reduce((a, b) => Math.min(a, b));
  const most = logarithms.reduce((a, b) => Math.max(a, b));
  // the smallest bar must be seen as well, and a last bit beside a power of ten must not move the scale
  return { low: Math.floor(least - 0.5), high: Math.ceil(most - 0.01) };
}

function chart(
  side: SideFlow,
  state: string,
  norms: readonly number[],
  scale: Scale,
  width: number,
  color: Paint,
): string {
  const heading = `layer ${side.layer}, ${side.direction}: dL/d${state}_t   ${trend(side, norms)}`;
  const matrices = side.weights.filter(({ name }) => name.startsWith("weight"));
  const columns = matrices.map(({ name }) => name.replace(/_l\d.*$/, ""));
  const digits = `${norms.length - 1}`.length;
  const head = [" ".repeat(digits + 3 + width), "size".padStart(9), ...columns.map((name) => name.padStart(10))].join(
    " ",
  );
  const rows = norms.map((size, t) => {
    const shares = matrices.map(({ shares: list }) => short(norm(list[t]!).item()).padStart(10));
    const bar = color(barOf(size, scale, width).padEnd(width), "result");
    return `t=${`${t}`.padStart(digits)} ${bar} ${[short(size).padStart(9), ...shares].join(" ")}`;
  });
  return [color(heading, "heading"), color(head, "note"), ...rows].join("\n");
}

/** How the gradient changes on its way back, per step, from the step that ran last to the first. */
function trend({ direction }: SideFlow, norms: readonly number[]): string {
  const backwards = direction === "forward" ? norms.toReversed() : norms;
  const reached = backwards.filter((size) => size > 0);
  if (reached.length < 2) return "";
  const factor = (reached.at(-1)! / reached[0]!) ** (1 / (reached.length - 1));
  const verdict = factor < 1 - STEADY ? "vanishing" : factor > 1 + STEADY ? "exploding" : "steady";
  return `${verdict}: ×${factor.toPrecision(3)} per step back`;
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

function barOf(size: number, { low, high }: Scale, width: number): string {
  if (Number.isNaN(size) || size === 0) return "";
  const part = size === Number.POSITIVE_INFINITY ? 1 : (Math.log10(size) - low) / (high - low);
  const eighths = Math.round(Math.min(Math.max(part, 0), 1) * width * 8);
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}

const short = (x: number): string => x.toExponential(2);
