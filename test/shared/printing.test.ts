import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Dense, wrap } from "../../src/dense/dense.ts";
import { bfloat16, convertScalar, type DType, float16, float32 } from "../../src/dense/dtype.ts";
import { fixedText, scientificText } from "../../src/dense/number-text.ts";
import { withPrintOptions } from "../../src/dense/print-options.ts";
import { tensorText } from "../../src/dense/tensor-text.ts";
import { type Coded, denseOf, dtypeNamed, optionsOf } from "../dense/case.ts";

const shared = (name: string): string => readFileSync(new URL(`../../../shared/${name}`, import.meta.url), "utf8");

describe("the prints measured from torch's own generator", () => {
  interface Case {
    readonly t: { readonly dtype: string; readonly shape: readonly number[]; readonly b64: string };
    readonly opts: Readonly<Record<string, Coded | null>>;
    readonly str: string;
    readonly requires_grad: boolean;
  }
  const { cases } = JSON.parse(shared("golden/rng/print.json")) as { cases: Case[] };

  const LONG: Readonly<Record<string, string>> = { f: "float", bf: "bfloat", i: "int", u: "uint", b: "b" };

  function named(short: string): DType {
    return dtypeNamed(short.replace(/^(bf|f|i|u)(?=\d)/, (letters) => LONG[letters]!));
  }

  function read({ dtype, shape, b64 }: Case["t"]): Dense {
    const type = named(dtype);
    const { buffer } = Uint8Array.from(Buffer.from(b64, "base64"));
    if (type === float16 || type === bfloat16) {
      const bits = [...new Uint16Array(buffer)];
      return wrap(Float32Array.from(bits, type === float16 ? halfOf : brainOf), shape, type);
    }
    const like = type.allocate(0).constructor as new (buffer: ArrayBuffer) => Float32Array;
    return wrap(new like(buffer), shape, type);
  }

  function halfOf(bits: number): number {
    const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
    const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
    return bits >> 15 ? -magnitude : magnitude;
  }

  function brainOf(bits: number): number {
    return new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;
  }

  test.each(cases.map((each, at) => ({ at, ...each })))("case $at, $t.dtype, prints its bytes", (each) => {
    const text = withPrintOptions(optionsOf(each.opts), () =>
      tensorText(read(each.t), { requiresGrad: each.requires_grad }),
    );
    expect(text).toBe(each.str.replace("Parameter containing:\n", ""));
  });
});

test("every measured number format has its bytes", () => {
  const { cases } = JSON.parse(shared("golden/rng/format.json")) as { cases: string[][] };
  expect(cases.length).toBeGreaterThan(700);
  for (const [hex, ...texts] of cases) {
    const x = Buffer.from(hex!, "hex").readDoubleBE();
    const written = [
      ...[4, 2, 0].map((places) => fixedText(x, places)),
      ...[4, 2].map((places) => scientificText(x, places)),
    ];
    expect(written).toEqual(texts);
  }
});

describe("the prints listed in torch-surface.md", () => {
  const listing = shared("torch-surface.md").split("## Appendix 4")[1]!.split("## Appendix 5")[0]!;
  const entries = listing
    .split("````")[1]!
    .split(/^--- /m)
    .slice(1)
    .map((entry) => {
      const [call, ...lines] = entry.trimEnd().split("\n");
      return { call: call!, text: lines.join("\n").split("\n===")[0]!.split("\nsci_mode is")[0]! };
    });
  const built = entries.flatMap(({ call, text }) => {
    const one = build(call);
    return one ? [{ call, text, ...one }] : [];
  });

  test("are mostly ones that can be built here", () => {
    expect(entries.length).toBeGreaterThan(160);
    expect(built.length).toBeGreaterThan(125);
  });

  test.each(built)("$call", ({ text, dense, options, requiresGrad }) => {
    const gradFn = /grad_fn=<(\w+)>/.exec(text)?.[1];
    expect(withPrintOptions(optionsOf(options), () => tensorText(dense, { gradFn, requiresGrad }))).toBe(
      text.replace("Parameter containing:\n", ""),
    );
  });
});

interface Built {
  readonly dense: Dense;
  readonly options: Record<string, Coded | null>;
  readonly requiresGrad: boolean;
}

/** Reads the few forms of torch expression that the listing uses, or gives up. */
function build(call: string): Built | undefined {
  const [, expression, optionsText] = /^(.*?)(?: (\{.*\}))?$/.exec(call)!;
  if (
    /^[[({]|item|tolist|numpy|len|finfo|size\(\)|shape$|dtype$|device|stride|f'|%|int\(|float\(|bool\(|2j/.test(
      expression!,
    )
  ) {
    return undefined;
  }
  const options = optionsText === undefined ? {} : (parsePython(optionsText) as Record<string, Coded | null>);
  const dense = numbersOf(expression!);
  if (!dense) return undefined;
  const frozen = /requires_grad=False/.test(expression!);
  const requiresGrad = !frozen && /requires_grad=True|nn\.Parameter/.test(expression!);
  return { dense, options, requiresGrad };
}

function numbersOf(expression: string): Dense | undefined {
  const inner = /^(?:nn\.Parameter|str|repr)\((.*?)\)?(?:,requires_grad=\w+)?\)(?:\.double\(\))?$/.exec(expression);
  const source = NAMED[expression] ?? (inner ? balanced(inner[1]!) : expression);
  const dtype = /dtype=torch\.(\w+)/.exec(expression)?.[1] ?? /\.(half|bfloat16|double)\(\)/.exec(expression)?.[1];
  const type = dtype === undefined ? undefined : dtypeNamed({ half: "float16", double: "float64" }[dtype] ?? dtype);
  const literal = /^T\((\[.*\]|[^,()]+)(?:[,)]|$)/.exec(source);
  if (literal) return literalDense(literal[1]!, type);
  const filled = /^(?:torch\.)?(zeros|ones|empty)\(([\d,]+?),?(?:[a-z].*)?\)(?:\.sum\(\))?/.exec(source);
  const counted = /^(?:torch\.)?arange\((\d+)(\.?)\)(?:\.reshape\(([\d,]+)\))?/.exec(source);
  const [, operator, operand] = /([*+/])([\d.]+)$/.exec(source) ?? [];
  const apply = (x: number): number => {
    if (operator === undefined) return x;
    return operator === "+" ? x + Number(operand) : operator === "*" ? x * Number(operand) : x / Number(operand);
  };
  if (filled) {
    const shape = filled[2]!.split(",").map(Number);
    const value = apply(filled[1] === "ones" ? 1 : 0);
    const summed = source.includes(".sum()");
    const count = summed ? 1 : shape.reduce((a, b) => a * b, 1);
    const total = shape.reduce((a, b) => a * b, 1);
    return denseOf(type ?? float32, summed ? [] : shape, new Array<number>(count).fill(summed ? total : value));
  }
  if (!counted) return undefined;
  const count = Number(counted[1]);
  const shape = counted[3] === undefined ? [count] : counted[3].split(",").map(Number);
  const values = Array.from({ length: count }, (_, i) => apply(i));
  return denseOf(counted[2] === "." ? float32 : dtypeNamed("int64"), shape, values);
}

/** What the listing names without saying: its comment gives the values. */
const NAMED: Readonly<Record<string, string>> = {
  x: "T([[0.12345679,-12.5],[0.001,100.]])",
  int: "T([1,2])",
  "intmode float": "T([1.,2.])",
  "sci False intmode": "T([1e10,1.])",
  "nan sci": "T([nan,1.5,inf])",
  "zeros prec 2": "T([0.,0.])",
  "linewidth suffix": "torch.ones(3)*1.5",
  "arange(24.).reshape(4,6)": "arange(24.).reshape(4,6)/3",
  "arange(8)/7": "arange(8.)/7",
};

function balanced(text: string): string {
  const missing = text.split("(").length - text.split(")").length;
  return text + ")".repeat(Math.max(0, missing));
}

function literalDense(text: string, type: DType | undefined): Dense | undefined {
  const nested = parsePython(text);
  const shape: number[] = [];
  for (let level = nested; Array.isArray(level); level = level[0]) shape.push(level.length);
  const values = [nested].flat(9) as Coded[];
  const float = /[.en]/.test(text.replace(/True|False/g, "")) || values.length === 0 || /\//.test(text);
  const implied = float ? "float32" : typeof values[0] === "boolean" ? "bool" : "int64";
  const target = type ?? dtypeNamed(implied);
  const dense = denseOf(target, shape, values);
  // A literal is a float32 before it is narrowed.
  if (type?.round) for (const [i, x] of values.entries()) dense.data[i] = convertScalar(Math.fround(Number(x)), type);
  return dense;
}

/** A literal of Python's as JSON reads it. */
function parsePython(text: string): unknown {
  const json = text
    .replace("1/3", String(1 / 3))
    .replace("1e8+8", "100000008.")
    .replace(/'/g, '"')
    .replace(/True/g, "true")
    .replace(/False/g, "false")
    .replace(/None/g, "null")
    .replace(/-?\b(?:inf|nan)\b/g, '"$&"')
    .replace(/(\d)\.(?!\d)/g, "$1.0")
    .replace(/(^|[^\d])\.(\d)/g, "$10.$2");
  return JSON.parse(json);
}
