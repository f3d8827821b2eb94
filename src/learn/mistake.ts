/** What a mistake is to the diagnosis: a network that makes it. */
import type { Network, SideNumbers, Where } from "./replay.ts";

/** A mistake and what to do about it. */
export interface Mistake {
  readonly cause: string;
  readonly hint: string;
  /** The network with this mistake, in all layers and directions or in those that are chosen. */
  readonly make: (network: Network, where: Where) => Network;
  /** It concerns the order in time, the batch or the stack as a whole: nothing can be said from a part of the input. */
  readonly whole?: boolean;
  /** So unlikely that it is not tried together with another. */
  readonly rare?: boolean;
}

/** Other weights in place of one side's own. */
export type Change = (own: SideNumbers, index: number, network: Network) => Partial<SideNumbers>;

/** A mistake with weights. */
export function withWeights(change: Change): Mistake["make"] {
  return (network, where) => ({
    ...network,
    weights: network.weights.map((own, index) => (where(index) ? { ...own, ...change(own, index, network) } : own)),
  });
}
