// The bits of all three layers, large enough for the SIMD engine, as one number: the same on every platform with fma.
import { manualSeed, nn, noGrad, randn } from "unrolled";

export function fingerprint(steps = 11) {
  manualSeed(7);
  let hash = 2166136261; // FNV-1a over the bytes of the outputs
  for (const Layer of [nn.RNN, nn.LSTM, nn.GRU]) {
    const layer = new Layer(37, 53, { numLayers: 2, bidirectional: true });
    const [output] = noGrad(() => layer.forward(randn(steps, 5, 37)));
    const values = output.numpy();
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  }
  return hash.toString(16);
}
