#!/usr/bin/env bash
# The package as a user gets it: packed, installed into an empty folder, imported, type-checked.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

cd "$root"
npm run --silent build
tarball="$(npm pack --silent --pack-destination "$folder")"

cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund "./$tarball"

cp "$root/examples/blog.ts" blog.ts
"$root/node_modules/.bin/tsc" blog.ts --noEmit --ignoreConfig --strict --target es2023 --module nodenext --types ""
cp "$root/dist/examples/blog.js" blog.mjs
node blog.mjs 2>/dev/null | diff - "$root/test/transcripts/01-blog-single-rnn/stdout.txt"

# Nothing that a user does not need.
if tar -tf "$tarball" | grep -Ev '^package/(dist/src/|package.json|README|CHANGELOG|LICENSE)'; then
  echo "the package holds files that nobody needs" >&2
  exit 1
fi
echo "the packed package imports, type-checks and prints the transcript"
