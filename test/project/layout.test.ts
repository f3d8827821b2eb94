import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { DEPENDENCIES, ENTRIES, LONGEST, MAY_IMPORT } from "./layout.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SRC = join(ROOT, "src");

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));

/** Without `node_modules`, where the peers are. */
const bench = ["bench", "bench/peers"].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(ROOT, folder, name)),
);

const read = (file: string): string => readFileSync(file, "utf8");
const code = (file: string): string => read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
const sources = filesBelow(SRC);
const folderOf = (file: string): string => {
  const [first] = relative(SRC, file).split("/");
  return first!.replace(/\.ts$/, "");
};
const isEntry = (file: string): boolean => ENTRIES.includes(relative(SRC, file));

/** What a file imports or re-exports. */
const importsOf = (file: string): string[] =>
  [
    ...read(file).matchAll(/^(?:import|export)\b[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gms),
  ].map((match) => (match[1] ?? match[2] ?? match[3])!);

describe("the layout", () => {
  test.each(sources.map((file) => [relative(ROOT, file), file]))("%s imports in one direction", (_, file) => {
    for (const specifier of importsOf(file)) {
      if (DEPENDENCIES[folderOf(file)]?.includes(specifier)) continue;
      expect(specifier, "src has no other dependency").toMatch(/^\.\.?\//);
      const target = normalize(join(dirname(file), specifier));
      if (isEntry(file) || folderOf(target) === folderOf(file)) continue;
      expect(isEntry(target), `${specifier} is a public entry: only users import it`).toBe(false);
      expect(MAY_IMPORT[folderOf(file)], `${folderOf(file)} may not import ${folderOf(target)}`).toContain(
        folderOf(target),
      );
    }
  });

  test("every folder of src has its line in the table", () => {
    const folders = new Set(sources.filter((file) => !isEntry(file)).map(folderOf));
    expect([...folders].filter((folder) => !(folder in MAY_IMPORT))).toEqual([]);
  });

  test("the table has no cycle", () => {
    const order: string[] = [];
    const visit = (folder: string, path: readonly string[]): void => {
      expect(path, `a cycle through ${folder}`).not.toContain(folder);
      for (const next of MAY_IMPORT[folder] ?? []) visit(next, [...path, folder]);
      order.push(folder);
    };
    for (const folder of Object.keys(MAY_IMPORT)) visit(folder, []);
    expect(order.length).toBeGreaterThan(0);
  });

  test("only the public entries re-export, and they hold no code", () => {
    for (const file of sources) {
      const reexports = /^export\s+(?:type\s+)?(?:\*|\{[^}]*\})[^;]*from/m.test(read(file));
      expect(reexports && !isEntry(file), `${relative(ROOT, file)} re-exports`).toBe(false);
      if (isEntry(file)) expect(read(file)).not.toMatch(/^(?:export )?(?:const|let|function|class) /m);
    }
  });

  test("examples see the public entry and nothing else", () => {
    for (const file of filesBelow(join(ROOT, "examples"))) {
      expect(importsOf(file).filter((specifier) => specifier !== "unrolled")).toEqual([]);
    }
  });

  test("the command line sees the public entries, Node and its libraries, and nothing else", () => {
    for (const file of filesBelow(join(ROOT, "cli"))) {
      const others = importsOf(file).filter(
        (specifier) => !/^(?:unrolled(?:\/onnx)?|commander|cli-progress|node:.+|\.\/[\w-]+\.ts)$/.test(specifier),
      );
      expect(others, relative(ROOT, file)).toEqual([]);
    }
  });

  test("the bench sees the public entries, Node, the parser of the command line and the bundler, and nothing else", () => {
    for (const file of bench) {
      const others = importsOf(file).filter(
        (specifier) =>
          !/^(?:unrolled(?:\/\w+)?|commander|rolldown|node:.+|\.\.?\/(?:peers\/)?[\w-]+\.ts)$/.test(specifier),
      );
      expect(others, relative(ROOT, file)).toEqual([]);
    }
  });

  test("src uses neither the DOM nor Node", () => {
    for (const file of sources) {
      expect(code(file), relative(ROOT, file)).not.toMatch(/(?<!\.)\b(?:document|window|process)\.|\brequire\(|"node:/);
    }
  });
});

describe("the style", () => {
  const everything = [
    ...sources,
    ...filesBelow(join(ROOT, "cli")),
    ...bench,
    ...filesBelow(join(ROOT, "examples")),
    ...filesBelow(join(ROOT, "test")),
  ];

  test(`no file is longer than ${LONGEST} lines`, () => {
    const long = everything.filter((file) => read(file).split("\n").length > LONGEST + 1);
    expect(long.map((file) => relative(ROOT, file))).toEqual([]);
  });

  test("every exported thing has a doc comment", () => {
    const bare: string[] = [];
    for (const file of sources.filter((source) => !isEntry(source))) {
      const lines = read(file).split("\n");
      for (const [i, line] of lines.entries()) {
        const exported = /^export (?:abstract )?(?:function\*?|const|class|interface|type|let) (\w+)/.exec(line);
        if (!exported) continue;
        const before = lines[i - 1] ?? "";
        const overload = lines.slice(0, i).some((other) => other.startsWith(`export function ${exported[1]}`));
        if (!before.trim().endsWith("*/") && !overload) bare.push(`${relative(ROOT, file)}: ${exported[1]}`);
      }
    }
    expect(bare).toEqual([]);
  });

  test("every file begins by saying its idea", () => {
    const silent = sources.filter((file) => !/^\/\*\*|^import type[^\n]*\n\n\/\*\*/.test(read(file)));
    expect(silent.map((file) => relative(ROOT, file))).toEqual([]);
  });

  test("no default exports, no any, no enums, no leftovers", () => {
    for (const file of sources) {
      expect(code(file), relative(ROOT, file)).not.toMatch(
        /^export default|: any\b|<any>|\bas any\b|^(?:export )?(?:const )?enum /m,
      );
      expect(read(file), relative(ROOT, file)).not.toMatch(/\b(?:TODO|FIXME|XXX)\b|@ts-(?:ignore|nocheck)/);
    }
  });
});
