/** Where the peers live: `bench/node_modules`, beside the sources and not beside what is compiled from them. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the package. */
export const ROOT = packageFolder(dirname(fileURLToPath(import.meta.url)));

/** The folder of the sources, and of `node_modules`. */
export const BENCH = join(ROOT, "bench");

/** How a user gets them. */
export const INSTALL = "npm run bench:install";

/** Whether a package is there. */
export function isInstalled(name: string): boolean {
  return existsSync(join(BENCH, "node_modules", name, "package.json"));
}

/** A package in the form for `require`. */
export const requirePeer = createRequire(join(BENCH, "package.json"));

/** A package as a module: the import has to stand in a file beside `node_modules`. */
export async function importPeer<T>(name: string): Promise<T> {
  const { load } = (await import(join(BENCH, "load.mjs"))) as { load: (name: string) => Promise<T> };
  return load(name);
}

function packageFolder(folder: string): string {
  return existsSync(join(folder, "bench", "package.json")) ? folder : packageFolder(dirname(folder));
}
