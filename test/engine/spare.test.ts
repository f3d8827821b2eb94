import * as torch from "unrolled";
import { nn, type Tensor } from "unrolled";
import { describe, expect, it } from "vitest";
import { Spare } from "../../src/engine/wasm/spare.ts";

/** A layer as these tests see it. */
interface Layer {
  forward(x: Tensor): readonly [output: Tensor, state: unknown];
  parameters(): Iterable<Tensor>;
}

describe("spare memory", () => {
  const LARGE = 2 ** 16;

  it("is given again to who asks for as much, or for somewhat less", () => {
    const spare = new Spare();
    const first = spare.take(LARGE + 101);
    spare.give(first);
    const second = spare.take(LARGE);
    expect([second.buffer === first.buffer, second.length]).toEqual([true, LARGE]);
    spare.give(second);
    expect(spare.take(LARGE + 101).buffer).toBe(first.buffer);
  });

  it("is not given twice, nor to who asks for more, or for much less, or for little", () => {
    const spare = new Spare();
    const first = spare.take(3 * LARGE);
    spare.give(first);
    for (const length of [3 * LARGE + 1, LARGE, 7]) {
      const other = spare.take(length);
      expect([other.buffer === first.buffer, other.length]).toEqual([false, length]);
    }
    expect(spare.take(3 * LARGE).buffer).toBe(first.buffer);
    expect(spare.take(3 * LARGE).buffer).not.toBe(first.buffer);
    const little = spare.take(7);
    spare.give(little);
    expect(spare.take(7).buffer).not.toBe(little.buffer);
  });
});

// What these layers save, and the gradients of their inputs, are large enough to be given again.
describe.each(["RNN", "LSTM", "GRU"] as const)("the gradients of a large %s", (kind) => {
  const [T, B, F, H] = [41, 29, 5, 67];

  /** A layer, and two inputs of different length. */
  function problem(): { layer: Layer; xs: Tensor[]; losses: () => Tensor[] } {
    torch.manualSeed(11);
    const layer = new nn[kind](F, H) as unknown as Layer;
    const xs = [torch.randn(T, B, F).requiresGrad_(), torch.randn(T - 3, B, F).requiresGrad_()];
    return { layer, xs, losses: () => xs.map((x) => layer.forward(x)[0].square().sum()) };
  }

  const bits = ({ layer, xs }: ReturnType<typeof problem>): Int32Array[] =>
    [...layer.parameters(), ...xs].map(({ grad }) => new Int32Array((grad!.numpy() as Float32Array).slice().buffer));

  /** One backward after the other, each with a graph of its own. */
  function expected(): Int32Array[] {
    const own = problem();
    for (let i = 0; i < 2; i += 1) own.losses()[i]!.backward();
    return bits(own);
  }

  it("are the same when two graphs are alive at once", () => {
    const own = problem();
    const [first, second] = own.losses() as [Tensor, Tensor];
    first.backward();
    const [third] = own.losses() as [Tensor];
    second.backward();
    expect(bits(own)).toEqual(expected());
    for (const x of [...own.layer.parameters(), ...own.xs]) x.grad = null;
    third.backward();
    own.losses()[1]!.backward();
    expect(bits(own)).toEqual(expected());
  });

  it("are the same each time that a graph is kept, and the last time, too", () => {
    const own = problem();
    const [loss] = own.losses() as [Tensor];
    const weights = [...own.layer.parameters()];
    const rounds = [true, true, false].map((retainGraph) => {
      const grads = torch.autograd.grad(loss, [...weights, own.xs[0]!], { retainGraph });
      return grads.map((grad) => new Int32Array((grad!.numpy() as Float32Array).slice().buffer));
    });
    expect(rounds[1]).toEqual(rounds[0]);
    expect(rounds[2]).toEqual(rounds[0]);
  });

  it("do not change when another graph is walked back later", () => {
    const own = problem();
    const [first, second] = own.losses() as [Tensor, Tensor];
    const weights = [...own.layer.parameters()];
    const grads = torch.autograd.grad(first, [...weights, own.xs[0]!]);
    const before = grads.map((grad) => (grad!.numpy() as Float32Array).slice());
    second.backward();
    own.losses()[1]!.backward();
    expect(grads.map((grad) => grad!.numpy())).toEqual(before);
  });
});
