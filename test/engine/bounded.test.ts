import { beforeAll, describe, expect, test } from "vitest";
import { WebAssembly } from "./web-assembly.ts";

type GRU = InstanceType<typeof import("unrolled").nn.GRU>;

/** Every memory that the engine makes: this file loads it, so all of them are seen. */
const memories: { readonly buffer: ArrayBuffer }[] = [];

class Watched extends WebAssembly.Memory {
  constructor(limits: { initial: number }) {
    super(limits);
    memories.push(this);
  }
}

const megabytes = (): number => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) / 2 ** 20;

let torch: typeof import("unrolled");

beforeAll(async () => {
  (WebAssembly as { Memory: typeof WebAssembly.Memory }).Memory = Watched;
  torch = await import("unrolled");
  torch.engine.use("wasm");
});

describe("however long a sequence is, the engine's memory", () => {
  const kinds = ["RNN", "LSTM", "GRU"] as const;

  test.each(kinds)("is bounded while %s runs", (kind) => {
    const layer = new torch.nn[kind](3, 17, { numLayers: 2, bidirectional: true }) as GRU;
    const run = (T: number): void => void torch.noGrad(() => layer.forward(torch.ones(T, 1, 3)));
    run(1000);
    const before = megabytes();
    expect(before).toBeGreaterThan(0);
    run(100_000);
    expect(megabytes()).toBe(before);
  });

  test.each(kinds)("is bounded while %s is trained", (kind) => {
    const layer = new torch.nn[kind](3, 17) as GRU;
    const train = (T: number): void =>
      layer
        .forward(torch.ones(T, 1, 3))[0]
        .sum()
        .backward();
    // of this many steps the chunks of all loops are full
    train(70_000);
    const before = megabytes();
    train(100_000);
    expect(megabytes()).toBe(before);
    // a chunk of a loop, its saved values and the blocks of a product
    expect(before).toBeLessThan(64);
  });

  test("is bounded over many steps of a session and many sessions", () => {
    const layer = new torch.nn.LSTM(3, 17, { numLayers: 2 });
    const x = Float32Array.of(1, 2, 3);
    layer.stream().step(x);
    const before = megabytes();
    for (let session = 0; session < 100; session += 1) {
      const own = layer.stream();
      for (let t = 0; t < 1000; t += 1) own.step(x);
    }
    expect(megabytes()).toBe(before);
  });
});
