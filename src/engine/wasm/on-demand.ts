/**
 * The reader that writes no instruction before its result is asked for. A page read backwards mentions much that nobody
 * needs: the sums inside activations whose results are at hand, the gradients of what is constant. What is not asked for
 * leaves no trace, and what is asked for first is where a value has to be loaded.
 */
import type { DifferentiableAlgebra } from "../../cells/cell.ts";
import type { Lane, Lanes } from "./lanes.ts";

/** A value that is computed when it is first asked for. */
export type Wanted = () => Lane;

/** A value that is computed once. */
export function once(compute: Wanted): Wanted {
  let lane: Lane | undefined;
  return () => {
    lane ??= compute();
    return lane;
  };
}

/** Reads a page over lanes on demand. The n-th activation is not computed: `activation` says what it is. */
export function onDemand(lanes: Lanes, activation: (n: number) => Wanted): DifferentiableAlgebra<Wanted> {
  let activations = 0;
  const next = (): Wanted => {
    activations += 1;
    return activation(activations - 1);
  };
  return {
    add: (a, b) => once(() => lanes.add(a(), b())),
    sub: (a, b) => once(() => lanes.sub(a(), b())),
    mul: (a, b) => once(() => lanes.mul(a(), b())),
    neg: (a) => once(() => lanes.neg(a())),
    sigmoid: next,
    tanh: next,
    relu: next,
    sigmoidGrad: (g, y) => once(() => lanes.sigmoidGrad(g(), y())),
    tanhGrad: (g, y) => once(() => lanes.tanhGrad(g(), y())),
    reluGrad: (g, y) => once(() => lanes.reluGrad(g(), y())),
  };
}
