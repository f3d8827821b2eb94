/**
 * The entries once more, each in one file, for Node: starting a program is mostly a matter of how many files it reads.
 * Bundlers are given the modules themselves, of which they keep what is used. Comments stay behind: nobody reads them there.
 * The second half of `npm run build`.
 */
import { readFileSync } from "node:fs";
import { build } from "rolldown";

const { exports, dependencies } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

await build({
  input: Object.values(exports).map((entry) => entry.default),
  external: Object.keys(dependencies).map((name) => new RegExp(`^${name}(?:/|$)`)),
  platform: "neutral",
  output: { dir: "dist/node", cleanDir: true, comments: false },
});
