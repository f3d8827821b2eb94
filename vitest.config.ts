import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The suites see the package as a user does: by its public entries, read from source. */
const alias = {
  "unrolled/onnx": at("./src/onnx.ts"),
  "unrolled/core": at("./src/core.ts"),
  "unrolled/inference": at("./src/inference.ts"),
  unrolled: at("./src/index.ts"),
};

/** The fast tests by default; a suite with needs of its own (`live` torch, `shared` vectors) only when it is named. */
const suite = process.env.SUITE;
const slow = ["test/live/**", "test/shared/**"];

export default defineConfig({
  resolve: { alias },
  test: suite
    ? { include: [`test/${suite}/**/*.test.ts`], testTimeout: 600_000 }
    : { include: ["test/**/*.test.ts"], exclude: slow, testTimeout: 30_000 },
});
