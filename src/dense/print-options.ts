/** How much of a tensor is printed, and how: torch.set_printoptions. */
import { expectKeywords } from "../check.ts";

/** The options as they stand. */
export interface PrintOptions {
  /** Digits after the point. */
  readonly precision: number;
  /** Tensors with more elements than this are summarised. */
  readonly threshold: number;
  /** How many elements a summary shows at each end of a dimension. */
  readonly edgeitems: number;
  /** Characters in a line. */
  readonly linewidth: number;
  /** Scientific notation always, never, or (null) where the values ask for it. */
  readonly sciMode: boolean | null;
}

/** What a caller may set. `profile` is applied first. */
export type PrintOptionsChange = { readonly [Name in keyof PrintOptions]?: PrintOptions[Name] | null } & {
  readonly profile?: "default" | "short" | "full";
};

const DEFAULTS: PrintOptions = { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80, sciMode: null };

const PROFILES: Readonly<Record<string, PrintOptions>> = {
  default: DEFAULTS,
  short: { ...DEFAULTS, precision: 2, edgeitems: 2 },
  full: { ...DEFAULTS, threshold: Infinity },
};

let current = DEFAULTS;

/** torch.set_printoptions: what is not given stays, but `sciMode` always goes back to null. */
export function setPrintOptions({ profile, ...changes }: PrintOptionsChange): void {
  expectKeywords("set_printoptions", changes, Object.keys(DEFAULTS));
  const base = (profile && PROFILES[profile]) ?? current; // torch ignores an unknown profile
  current = {
    precision: changes.precision ?? base.precision,
    threshold: changes.threshold ?? base.threshold,
    edgeitems: changes.edgeitems ?? base.edgeitems,
    linewidth: changes.linewidth ?? base.linewidth,
    sciMode: changes.sciMode ?? null,
  };
}

/** The options as they stand; `setPrintOptions` takes them back. */
export function getPrintOptions(): PrintOptions {
  return { ...current };
}

/** Runs `body` under other options (torch._tensor_str.printoptions). */
export function withPrintOptions<T>(options: PrintOptionsChange, body: () => T): T {
  const before = current;
  setPrintOptions(options);
  try {
    return body();
  } finally {
    current = before;
  }
}
