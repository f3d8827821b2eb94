/** The layers of nn/more-layers.ts, and what comes out of one that follows test/golden/more-layers.py. */
import * as torch from "../../src/index.ts";
import { nn, type Tensor } from "../../src/index.ts";

export const KINDS = {
  PeepholeLSTM: nn.PeepholeLSTM,
  CoupledLSTM: nn.CoupledLSTM,
  MGU: nn.MGU,
  IndRNN: nn.IndRNN,
} as const;

export const DTYPES = { float32: torch.float32, float64: torch.float64 };

/** T steps, B sequences, F features, H units, L layers. */
export interface Sizes {
  readonly T: number;
  readonly B: number;
  readonly F: number;
  readonly H: number;
  readonly L: number;
}

/** A layer in both directions over sequences of these lengths, all drawn from the seed. */
export interface Recipe {
  readonly kind: keyof typeof KINDS;
  readonly seed: number;
  readonly sizes: Sizes;
  readonly lengths: readonly number[];
  readonly bias: boolean;
}

type States = Tensor | readonly Tensor[];
export type Layer = nn.Recurrent<States>;

/** A list of states as a layer takes it. */
export const together = (states: readonly Tensor[]): States => (states.length > 1 ? states : states[0]!);
/** What a layer gives as a list of states. */
export const apart = (states: States): readonly Tensor[] => (states instanceof torch.Tensor ? [states] : states);

/** Results and gradients by name. The numbers are drawn in float32, whatever is computed with them. */
export function follow(
  { kind, seed, sizes, lengths, bias }: Recipe,
  dtype: keyof typeof DTYPES,
): Record<string, Tensor> {
  const { T, B, F, H, L } = sizes;
  torch.manualSeed(seed);
  const layer = new KINDS[kind](F, H, { numLayers: L, bidirectional: true, bias }) as unknown as Layer;
  const x = torch.randn(T, B, F);
  const randomStates = (): Tensor[] => layer.cell.state.map(() => torch.randn(2 * L, B, H));
  const [starts, towards, towardsStates] = [randomStates(), torch.randn(T, B, 2 * H), randomStates()];
  layer.to(DTYPES[dtype]);
  const [dx, ...state] = [x, ...starts].map((given) => given.detach().to(DTYPES[dtype]).requiresGrad_()) as [
    Tensor,
    ...Tensor[],
  ];
  const whole = lengths.every((length) => length === T);
  const [output, end] = layer.forward(dx, together(state), whole ? {} : { lengths });
  apart(end)
    .map((value, i) => value.mul(towardsStates[i]!).sum())
    .reduce((a, b) => a.add(b), output.mul(towards).sum())
    .backward();
  const results: Record<string, Tensor> = { output: output.detach(), dx: dx.grad! };
  for (const [i, value] of apart(end).entries()) results[`state${i}`] = value.detach();
  for (const [i, start] of state.entries()) results[`dstate${i}`] = start.grad!;
  for (const [name, weight] of layer.namedParameters()) results[`d${name}`] = weight.grad!;
  return results;
}
