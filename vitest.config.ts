import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** The suites see the package as a user does: `unrolled` is the public entry, read from source. */
const alias = { unrolled: fileURLToPath(new URL("./src/index.ts", import.meta.url)) };

export default defineConfig({
  resolve: { alias },
  test: { include: ["test/**/*.test.ts"], exclude: ["test/live/**"] },
});
