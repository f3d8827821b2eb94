/** What an explanation says beside its numbers, in two languages. */
import type { Direction } from "./terms.ts";

/** The languages there are. */
export type Language = "en" | "zh";

/** The sentences of one language. */
export interface Words {
  readonly formula: string;
  readonly afterStep: (states: string) => string;
  readonly byUnit: string;
  readonly halves: (gate: string) => string;
  readonly noSecondHalf: (names: string) => string;
  readonly onlyInput: (gate: string) => string;
  readonly vectors: (names: string) => string;
  readonly fromInput: string;
  readonly fromState: string;
  readonly rows: (names: string, rows: string) => string;
  readonly projected: (h: string) => string;
  readonly rounding: (digits: number) => string;
  readonly layer: (layer: number) => string;
  readonly direction: Named<Direction>;
  readonly step: (t: number, T: number) => string;
  readonly sequence: (b: number) => string;
  readonly given: string;
  readonly input: (t: number) => string;
  readonly fromBelow: (layer: number, both: boolean) => string;
  readonly start: string;
  readonly fromStep: (t: number) => string;
  readonly unit: (j: number) => string;
  readonly projection: string;
  readonly gives: string;
  readonly goesToStep: (t: number) => string;
  readonly goesToLayer: (layer: number, columns: string) => string;
  readonly goesOut: (place: string) => string;
  readonly goesToEnd: string;
  readonly moreNumbers: (n: number) => string;
  readonly moreUnits: (shown: number, all: number) => string;
  readonly ended: string;
}

type Named<Name extends string> = { readonly [name in Name]: string };

/** The words of each language. */
export const WORDS: { readonly [language in Language]: Words } = {
  en: {
    formula: "The formula",
    afterStep: (states) => `${states}: the state after the step. Without the prime: the state before it.`,
    byUnit: "The products with a W mix all units; everything else happens unit by unit, with plain numbers.",
    halves: (gate) => `Each gate reads two halves. Below, x.${gate} and r.${gate} are one name each, not a product:`,
    noSecondHalf: (names) => `There is no ${names}: this part reads the input alone.`,
    onlyInput: (gate) => `A gate reads the input alone. Below, x.${gate} is one name, not a product:`,
    vectors: (names) => `${names}: weights with one number for each unit.`,
    fromInput: "what it makes of the input",
    fromState: "what it makes of the state before",
    rows: (names, rows) => `The rows of ${names}: ${rows}.`,
    projected: (h) => `W_hr·${h}' is what is given out, and what the next step gets as ${h}.`,
    rounding: (digits) =>
      `Numbers are shown with ${digits} digits after the point; the layer computes with more. Where a calculator that is given the shown numbers comes out at other last digits, the sign is ≈ instead of =.`,
    layer: (layer) => `Layer ${layer}`,
    direction: { forward: "forward", reverse: "reverse" },
    step: (t, T) => `step ${t} of 0..${T - 1}`,
    sequence: (b) => `sequence ${b}`,
    given: "Given",
    input: (t) => `the input at step ${t}`,
    fromBelow: (layer, both) => (both ? `layer ${layer}: forward, then reverse` : `h' of layer ${layer}`),
    start: "the initial state",
    fromStep: (t) => `from step ${t}`,
    unit: (j) => `Unit ${j}`,
    projection: "Projection",
    gives: "Result",
    goesToStep: (t) => `goes to step ${t}`,
    goesToLayer: (layer, columns) => `and to layer ${layer}, as x${columns}`,
    goesOut: (place) => `and out, as output${place}`,
    goesToEnd: "the final state",
    moreNumbers: (n) => `... ${n} more ...`,
    moreUnits: (shown, all) => `Units ${shown} to ${all - 1} are not written out; choose one to see it.`,
    ended: "This sequence has no such step: it is shorter.",
  },
  zh: {
    formula: "公式",
    afterStep: (states) => `${states}：这一步之后的状态；不带撇号的是这一步之前的状态。`,
    byUnit: "与 W 的乘积混合所有单元；其余运算都逐个单元进行，只是普通的数。",
    halves: (gate) => `每个门读取两个部分。下面的 x.${gate} 和 r.${gate} 各是一个名字，不是乘积：`,
    noSecondHalf: (names) => `没有 ${names}：这一部分只读取输入。`,
    onlyInput: (gate) => `门只读取输入。下面的 x.${gate} 是一个名字，不是乘积：`,
    vectors: (names) => `${names}：每个单元一个数的权重。`,
    fromInput: "来自输入的一半",
    fromState: "来自前一状态的一半",
    rows: (names, rows) => `${names} 的各行：${rows}。`,
    projected: (h) => `W_hr·${h}' 是这一步的输出，也是下一步的 ${h}。`,
    rounding: (digits) =>
      `数字显示到小数点后 ${digits} 位；层内计算的精度更高。若用所示的数手算会得到不同的末位，等号写作“≈”。`,
    layer: (layer) => `第 ${layer} 层`,
    direction: { forward: "正向", reverse: "反向" },
    step: (t, T) => `第 ${t} 步（0..${T - 1}）`,
    sequence: (b) => `序列 ${b}`,
    given: "已知",
    input: (t) => `第 ${t} 步的输入`,
    fromBelow: (layer, both) => (both ? `第 ${layer} 层的输出：先正向，后反向` : `第 ${layer} 层的 h'`),
    start: "初始状态",
    fromStep: (t) => `来自第 ${t} 步`,
    unit: (j) => `单元 ${j}`,
    projection: "投影",
    gives: "结果",
    goesToStep: (t) => `传给第 ${t} 步`,
    goesToLayer: (layer, columns) => `并作为 x${columns} 传给第 ${layer} 层`,
    goesOut: (place) => `并作为 output${place} 输出`,
    goesToEnd: "最终状态",
    moreNumbers: (n) => `... 另有 ${n} 个 ...`,
    moreUnits: (shown, all) => `单元 ${shown} 至 ${all - 1} 未写出；可指定其中一个来查看。`,
    ended: "这个序列较短，没有这一步。",
  },
};
