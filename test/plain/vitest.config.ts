import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The fast tests once more, on the plain engine. */
export default defineConfig({
  resolve: {
    alias: {
      "unrolled/onnx": at("src/onnx.ts"),
      "unrolled/inference": at("src/inference.ts"),
      unrolled: at("src/index.ts"),
    },
  },
  test: {
    root: at(""),
    include: ["test/**/*.test.ts"],
    exclude: ["test/live/**", "test/shared/**", "test/engine/**", "test/project/**"],
    setupFiles: [at("test/plain/setup.ts")],
    testTimeout: 60_000,
  },
});
