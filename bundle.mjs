/**
 * The entries once more, each in one file, for Node: starting a program is mostly a matter of how many files it reads.
 * What entries share lies beside them in three files, so that a program that imports two has one Tensor and one state.
 * Bundlers are given the modules themselves, of which they keep what is used. Comments stay behind: nobody reads them there.
 * The second half of `npm run build`.
 */
import { readFileSync } from "node:fs";
import { build } from "rolldown";

const { exports, dependencies } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

/** What several entries use, each with all that it needs: what trained layers run on, files, and then the rest. */
const SHARED = [
  ["engine", "(?:engine/settings|cells/)"],
  ["formats", "formats/"],
  ["tensors", ""],
];

await build({
  input: Object.values(exports).map((entry) => entry.default),
  external: Object.keys(dependencies).map((name) => new RegExp(`^${name}(?:/|$)`)),
  platform: "neutral",
  output: {
    dir: "dist/node",
    cleanDir: true,
    comments: false,
    codeSplitting: {
      groups: SHARED.map(([name, path]) => ({ name, test: new RegExp(`/dist/src/${path}`), minShareCount: 2 })),
    },
  },
});
