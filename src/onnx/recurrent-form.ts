/** What an RNN, GRU or LSTM node says of itself: every attribute, read and checked. */
import { type Activation, readActivations } from "./activations.ts";
import type { Call } from "./call.ts";
import type { WrittenAttribute } from "./write-messages.ts";

/** The three operators. */
export type RecurrentKind = "RNN" | "GRU" | "LSTM";

/** A recurrent node without its weights. */
export interface RecurrentForm {
  readonly kind: RecurrentKind;
  readonly direction: "forward" | "reverse" | "bidirectional";
  /** D, 1 or 2. */
  readonly directions: number;
  /** H */
  readonly hiddenSize: number;
  /** Whether the batch comes first: (B, T, F) in, (B, T, D, H) out, (B, D, H) for the states. */
  readonly batchFirst: boolean;
  /** What goes into an activation is limited to ±clip. */
  readonly clip: number | undefined;
  /** One list for each direction. */
  readonly activations: readonly (readonly Activation[])[];
  /** GRU: whether the reset gate is applied after the matrix, as in torch. */
  readonly linearBeforeReset: boolean;
  /** LSTM: f = 1 − i. */
  readonly inputForget: boolean;
}

/** What the operators differ in. */
interface KindFacts {
  /** G, the blocks of rows in the weights. */
  readonly gates: number;
  readonly activations: readonly string[];
  readonly states: number;
  readonly attributes: readonly string[];
  readonly mostInputs: number;
}

const SHARED = ["activation_alpha", "activation_beta", "activations", "clip", "direction", "hidden_size", "layout"];

/** The operators by name. */
export const KINDS: Readonly<Record<RecurrentKind, KindFacts>> = {
  RNN: { gates: 1, activations: ["Tanh"], states: 1, attributes: SHARED, mostInputs: 6 },
  GRU: {
    gates: 3,
    activations: ["Sigmoid", "Tanh"],
    states: 1,
    attributes: [...SHARED, "linear_before_reset"],
    mostInputs: 6,
  },
  LSTM: {
    gates: 4,
    activations: ["Sigmoid", "Tanh", "Tanh"],
    states: 2,
    attributes: [...SHARED, "input_forget"],
    mostInputs: 8,
  },
};

/** Reads the attributes of a recurrent node; `hiddenSize` is what the weights say. Errors: FormatError. */
export function readForm(call: Call, kind: RecurrentKind, hiddenSize: number): RecurrentForm {
  const stated = call.int("hidden_size", hiddenSize);
  if (stated !== hiddenSize) throw call.error(`hidden_size is ${stated}, but the weights are for ${hiddenSize}`);
  const direction = call.string("direction", "forward");
  if (direction !== "forward" && direction !== "reverse" && direction !== "bidirectional") {
    throw call.error(`unknown direction ${direction.slice(0, 40)}`);
  }
  const directions = direction === "bidirectional" ? 2 : 1;
  const clip = call.float("clip");
  if (clip !== undefined && !(clip > 0)) throw call.error(`clip is ${clip}, a positive number expected`);
  const own = KINDS[kind].activations;
  const all = readActivations(call, directions === 2 ? [...own, ...own] : own);
  return {
    kind,
    direction,
    directions,
    hiddenSize,
    batchFirst: call.flag("layout"),
    clip,
    activations: Array.from({ length: directions }, (_, d) => all.slice(d * own.length, (d + 1) * own.length)),
    linearBeforeReset: readSwitch(call, "linear_before_reset"),
    inputForget: readSwitch(call, "input_forget"),
  };
}

/** Any number but 0 switches on, as the operators say. */
function readSwitch(call: Call, name: string): boolean {
  return call.int(name, 0) !== 0;
}

/** Whether torch has a layer that computes this: the usual activations and nothing unusual. */
export function isPlain(form: RecurrentForm): boolean {
  const { kind, clip, activations, linearBeforeReset, inputForget } = form;
  if (clip !== undefined || inputForget || (kind === "GRU" && !linearBeforeReset)) return false;
  const texts = activations.map((side) => side.map(({ name }) => name).join());
  if (kind === "RNN" && texts.every((text) => text === "Relu")) return true;
  return texts.every((text) => text === KINDS[kind].activations.join());
}

/** The attributes that say all this, with every activation written out; the batch comes second. */
export function attributesOf(form: RecurrentForm): Record<string, WrittenAttribute> {
  const all = form.activations.flat();
  const given = (values: readonly (number | undefined)[]): number[] => values.filter((value) => value !== undefined);
  const [alphas, betas] = [given(all.map(({ alpha }) => alpha)), given(all.map(({ beta }) => beta))];
  return {
    hidden_size: form.hiddenSize,
    direction: form.direction,
    activations: all.map(({ name }) => name),
    ...(alphas.length > 0 && { activation_alpha: { floats: alphas } }),
    ...(betas.length > 0 && { activation_beta: { floats: betas } }),
    ...(form.clip !== undefined && { clip: { float: form.clip } }),
    ...(form.kind === "GRU" && { linear_before_reset: Number(form.linearBeforeReset) }),
    ...(form.kind === "LSTM" && { input_forget: Number(form.inputForget) }),
  };
}
