/**
 * The recurrent operators in all their variants, step by step, with the formulas of the operators' pages. f, g and h are a
 * direction's activations, P the peepholes.
 */
import { add, clamp, mul, sub, where } from "../autograd/arithmetic.ts";
import { zeros } from "../autograd/create.ts";
import { chunk, stack, unbind } from "../autograd/join.ts";
import { linear } from "../autograd/linear.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { slice } from "../autograd/views.ts";
import type { RecurrentForm } from "./recurrent-form.ts";
import { livingAt } from "./sequences.ts";

/** The weights of one direction: W (G·H, F), R (G·H, H), the two halves of B (G·H), P cut into i, o, f (H) each. */
export interface SideWeights {
  readonly W: Tensor;
  readonly R: Tensor;
  readonly Wb: Tensor | undefined;
  readonly Rb: Tensor | undefined;
  readonly peepholes: readonly Tensor[] | undefined;
}

/** The states h, and c of an LSTM: (B, H) each. */
export type States = readonly Tensor[];

type Activate = (x: Tensor) => Tensor;

/** One step, from W·x + Wb (B, G·H) and the states to the states. */
type Step = (projected: Tensor, states: States) => States;

/** Runs x (T, B, F) from its first step to its last. Gives the outputs (T, B, H) and the last states. */
export function runSteps(
  form: RecurrentForm,
  direction: number,
  weights: SideWeights,
  x: Tensor,
  start: States,
  lengths: readonly number[] | undefined,
): { output: Tensor; states: States } {
  const step = STEPS[form.kind](form, activationsOf(form, direction), weights);
  const outputs: Tensor[] = [];
  let states = start;
  for (const [t, projected] of unbind(linear(x, weights.W, weights.Wb)).entries()) {
    const next = step(projected, states);
    const living = lengths && livingAt(t, lengths);
    outputs.push(living ? where(living, next[0]!, zeros(next[0]!.shape, { dtype: x.dtype })) : next[0]!);
    const before = states;
    states = living ? next.map((state, i) => where(living, state, before[i]!)) : next;
  }
  return { output: stack(outputs), states };
}

/** f and g limit their argument to ±clip; h, which looks at the cell, does not (as onnxruntime does it). */
function activationsOf({ clip, activations }: RecurrentForm, direction: number): Activate[] {
  return activations[direction]!.map(({ run }, i) =>
    clip === undefined || i === 2 ? run : (x) => run(clamp(x, -clip, clip)),
  );
}

type Make = (form: RecurrentForm, activations: readonly Activate[], weights: SideWeights) => Step;

const STEPS: Readonly<Record<RecurrentForm["kind"], Make>> = { RNN: rnnStep, GRU: gruStep, LSTM: lstmStep };

/** h' = f(W·x + R·h + b) */
function rnnStep(_: RecurrentForm, [f]: readonly Activate[], { R, Rb }: SideWeights): Step {
  return (x, [h]) => [f!(add(x, linear(h!, R, Rb)))];
}

/**
 *     z  = f(Wz·x + Rz·h + b)
 *     r  = f(Wr·x + Rr·h + b)
 *     h~ = g(Wh·x + Wb + Rh·(r∘h) + Rb)      or, with linear_before_reset, g(Wh·x + Wb + r∘(Rh·h + Rb))
 *     h' = (1 − z)∘h~ + z∘h
 */
function gruStep(form: RecurrentForm, [f, g]: readonly Activate[], { R, Rb }: SideWeights): Step {
  const H = form.hiddenSize;
  const rows = (x: Tensor, from: number, to: number): Tensor => slice(x, 0, from * H, to * H);
  const [gates, candidate] = [rows(R, 0, 2), rows(R, 2, 3)];
  const [gatesBias, candidateBias] = [Rb && rows(Rb, 0, 2), Rb && rows(Rb, 2, 3)];
  return (x, [h]) => {
    const [xz, xr, xh] = chunk(x, 3, 1);
    const [hz, hr] = chunk(linear(h!, gates, gatesBias), 2, 1);
    const z = f!(add(xz!, hz!));
    const r = f!(add(xr!, hr!));
    const past = form.linearBeforeReset
      ? mul(r, linear(h!, candidate, candidateBias))
      : linear(mul(r, h!), candidate, candidateBias);
    const proposed = g!(add(xh!, past));
    return [add(mul(sub(1, z), proposed), mul(z, h!))];
  };
}

/**
 *     i  = f(Wi·x + Ri·h + Pi∘c + b)
 *     f  = f(Wf·x + Rf·h + Pf∘c + b)         or, with input_forget, 1 − i
 *     c~ = g(Wc·x + Rc·h + b)
 *     c' = f∘c + i∘c~
 *     o  = f(Wo·x + Ro·h + Po∘c' + b)
 *     h' = o∘h(c')
 */
function lstmStep(form: RecurrentForm, [f, g, h]: readonly Activate[], { R, Rb, peepholes }: SideWeights): Step {
  const [pi, po, pf] = peepholes ?? [];
  const seen = (sum: Tensor, peephole: Tensor | undefined, c: Tensor): Tensor =>
    peephole ? add(sum, mul(peephole, c)) : sum;
  return (x, [before, c]) => {
    const [si, so, sf, sc] = chunk(add(x, linear(before!, R, Rb)), 4, 1);
    const input = f!(seen(si!, pi, c!));
    const forget = form.inputForget ? sub(1, input) : f!(seen(sf!, pf, c!));
    const next = add(mul(forget, c!), mul(input, g!(sc!)));
    const output = f!(seen(so!, po, next));
    return [mul(output, h!(next)), next];
  };
}
