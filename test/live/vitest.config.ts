import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** The suites that ask a live torch: `PYTHON=... npm run conformance`, with `COUNT` and `SEED` to ask for others. */
const alias = { unrolled: fileURLToPath(new URL("../../src/index.ts", import.meta.url)) };

export default defineConfig({
  resolve: { alias },
  test: { include: ["test/live/**/*.test.ts"], testTimeout: 3_600_000, hookTimeout: 3_600_000, fileParallelism: false },
});
