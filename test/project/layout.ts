/** The layout as data: which folder of `src` may import which. The order is the order in which one reads. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  arithmetic: [],
  check: [],
  cells: [],
  random: ["arithmetic", "check"],
  engine: ["arithmetic", "check", "cells"],
  dense: ["arithmetic", "check", "random", "engine"],
  autograd: ["arithmetic", "check", "cells", "random", "engine", "dense"],
  nn: ["arithmetic", "check", "cells", "random", "dense", "autograd"],
  optim: ["arithmetic", "check", "dense", "autograd"],
  learn: ["check", "cells", "dense", "autograd", "nn"],
  formats: ["arithmetic", "check", "engine", "dense"],
  files: ["check", "dense", "autograd", "nn", "formats"],
  onnx: ["check", "dense", "autograd", "nn", "formats"],
  inference: ["check", "cells", "dense", "engine", "formats"],
};

/** The files at the top of `src` that re-export by name; nothing else does, and they have no code. */
export const ENTRIES: readonly string[] = [
  "autograd.ts",
  "cells.ts",
  "core.ts",
  "functional.ts",
  "index.ts",
  "inference.ts",
  "init.ts",
  "nn.ts",
  "onnx.ts",
  "optim.ts",
  "utils.ts",
];

/** No source file is longer. */
export const LONGEST = 400;

/** The only packages that `src` may import, and the folder that may. */
export const DEPENDENCIES: Readonly<Record<string, readonly string[]>> = {
  onnx: ["@bufbuild/protobuf/wire"],
};
