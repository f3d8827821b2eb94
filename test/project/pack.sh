#!/usr/bin/env bash
# The package as a user gets it: packed, installed into an empty folder, imported, type-checked, run.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

cd "$root"
rm -rf dist
tarball="$(npm pack --silent --pack-destination "$folder")"

cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund "./$tarball"

cp "$root/examples/blog.ts" blog.ts
"$root/node_modules/.bin/tsc" blog.ts --noEmit --ignoreConfig --strict --target es2023 --module nodenext --types ""
cp "$root/dist/examples/blog.js" blog.mjs
node blog.mjs 2>/dev/null | diff - "$root/test/transcripts/01-blog-single-rnn/stdout.txt"

# The program, as npm links it.
node_modules/.bin/unrolled explain --kind gru --steps 2 >page.txt
grep -q "h'  = n + z·(h - n)" page.txt
node --input-type=module --eval '
  import { writeFileSync } from "node:fs";
  import { nn, save } from "unrolled";
  writeFileSync("model.pt", save(new nn.GRU(2, 3).stateDict()));
'
node_modules/.bin/unrolled explain model.pt --step 0 >page.txt
grep -q "^GRU(2, 3)$" page.txt
# ONNX, which the program loads when there is such a file.
node_modules/.bin/unrolled convert model.pt model.onnx >page.txt
node_modules/.bin/unrolled convert model.onnx again.pt >>page.txt
node_modules/.bin/unrolled diff model.pt again.pt >>page.txt
grep -q "^the same: 4 tensors, every number$" page.txt
# The other entry, with its types.
cat >run.mts <<'RUN'
import { GRU, load } from "unrolled/inference";
export const run = (file: Uint8Array): Float32Array => new GRU(load(file)).run(new Float32Array(4)).output;
RUN
"$root/node_modules/.bin/tsc" run.mts --ignoreConfig --strict --target es2023 --module nodenext --types ""
node --input-type=module --eval '
  import { readFileSync } from "node:fs";
  import { run } from "./run.mjs";
  if (run(readFileSync("model.pt")).length !== 6) throw new Error("the packed layer gives another output");
'
# The core, with functions only, for Node and for the compiler; beside the whole library it has the same tensors and state.
cat >train.mts <<'RUN'
import { backward, nn, noGrad, randn, sum, type Tensor } from "unrolled/core";
const gru = new nn.GRU(2, 3);
backward(sum(gru.forward(randn(5, 2))[0]));
export const slope: Tensor | null = noGrad(() => gru.weight_ih_l0.grad);
// @ts-expect-error: a function, not a method
export const wrong = () => slope!.add(1);
RUN
"$root/node_modules/.bin/tsc" train.mts --ignoreConfig --strict --noUncheckedIndexedAccess --target es2023 --module nodenext --types ""
node --input-type=module --eval '
  import { slope, wrong } from "./train.mjs";
  import { manualSeed, randn, Tensor } from "unrolled/core";
  if (!(slope instanceof Tensor) || "add" in slope) throw new Error("the core has no tensors of its own");
  const whole = await import("unrolled");
  manualSeed(3);
  const drawn = randn(5);
  whole.manualSeed(3);
  if (whole.Tensor !== Tensor || !drawn.equal(whole.randn(5))) throw new Error("the entries share no state");
'
code=0
node_modules/.bin/unrolled explain missing.pt 2>error.txt || code=$?
test "$code" = 2
test "$(wc -l <error.txt)" = 1
# A full disk is one line as well, where the system has one to try.
if [ -w /dev/full ]; then
  code=0
  node_modules/.bin/unrolled --help >/dev/full 2>error.txt || code=$?
  test "$code" = 2
  test "$(wc -l <error.txt)" = 1
fi

# ONNX, by its own entry.
node --input-type=module --eval '
  import { nn, ones } from "unrolled";
  import { exportOnnx, loadOnnx } from "unrolled/onnx";
  const [output] = loadOnnx(exportOnnx(new nn.GRU(2, 3))).run(ones(4, 1, 2));
  console.log(String(output.shape));
' >shape.txt
grep -qF "torch.Size([4, 1, 3])" shape.txt

# What runs trained layers starts soonest: beside its entry it reads one file, and that reads none.
if grep -qE '^(import|export \* from) ' node_modules/unrolled/dist/node/trained-*.js; then
  echo "unrolled/inference reads more than one file" >&2
  exit 1
fi

# Nothing that a user does not need.
if tar -tf "$tarball" | grep -Ev '^package/(dist/src/|dist/node/|dist/cli/|package.json|README|CHANGELOG|LICENSE)'; then
  echo "the package holds files that nobody needs" >&2
  exit 1
fi
echo "the packed package imports, type-checks, prints the transcript and explains a model"
