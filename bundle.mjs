/**
 * The entries once more, each in one file, for Node: starting a program is mostly a matter of how much code it reads, in
 * how many files. What entries share lies beside them in two files (and a few lines of rolldown's own), so that a program
 * that imports several has one Tensor and one state: all that `unrolled/inference` needs, which is to start soonest and
 * therefore reads nothing else; and the rest. Bundlers are given the modules themselves, of which they keep what is used.
 * Comments stay behind: nobody reads them there. The second half of `npm run build`.
 */
import { readFileSync } from "node:fs";
import { build } from "rolldown";

const { exports, dependencies } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

const options = {
  external: Object.keys(dependencies).map((name) => new RegExp(`^${name}(?:/|$)`)),
  platform: "neutral",
};

const { output } = await build({ ...options, input: exports["./inference"].default, write: false });
const inference = new Set(output[0].moduleIds);

await build({
  ...options,
  input: Object.values(exports).map((entry) => entry.default),
  output: {
    dir: "dist/node",
    cleanDir: true,
    comments: false,
    codeSplitting: {
      groups: [
        { name: "trained", test: (id) => inference.has(id) },
        { name: "tensors", test: /\/dist\/src\//, minShareCount: 2 },
      ],
    },
  },
});
