import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const at = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

/** The suites that ask a live torch: `PYTHON=... npm run conformance`, with `COUNT` and `SEED` to ask for others. */
const alias = { "unrolled/onnx": at("onnx.ts"), unrolled: at("index.ts") };

export default defineConfig({
  resolve: { alias },
  test: { include: ["test/live/**/*.test.ts"], testTimeout: 3_600_000, hookTimeout: 3_600_000, fileParallelism: false },
});
