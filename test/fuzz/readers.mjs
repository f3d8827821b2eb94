// The readers that are attacked, one line each: good files to begin with (or how damage is done), and
// how they are read. A new format is one more line.
import { readFileSync } from "node:fs";
import * as torch from "unrolled";
import { loadOnnx, onnxTensors } from "unrolled/onnx";
import { entryBytes, readZip } from "../../dist/src/formats/zip.js";
import { damaged } from "./mutate.mjs";

const golden = (name) => JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), "utf8"));
const decoded = ({ base64 }) => new Uint8Array(Buffer.from(base64, "base64"));
const small = (bytes) => bytes.length < 20_000;

const torchs = Object.values(golden("files").files).map(decoded).filter(small);
const archives = torchs.filter((bytes) => bytes[0] === 0x50);
const arrays = golden("arrays");
const graphs = ["onnx-graphs", "onnx-nodes"].flatMap((name) =>
  golden(name).map(({ model }) => decoded({ base64: model })),
);

export const READERS = [
  { name: "torch", seeds: archives, read: (bytes) => torch.loadTorch(bytes) },
  { name: "pickle", damage: insideOf(archives, ".pkl"), read: (bytes) => torch.load(bytes) },
  { name: "legacy", seeds: torchs.filter((bytes) => bytes[0] !== 0x50), read: (bytes) => torch.loadTorch(bytes) },
  { name: "safetensors", seeds: seedsOf(arrays.safetensors), read: (bytes) => torch.loadSafetensors(bytes) },
  {
    name: "safetensors-by-name",
    seeds: seedsOf(arrays.safetensors),
    read: async (bytes) => {
      const file = await torch.openSafetensors(new Blob([bytes]));
      for (const name of file.tensors.keys()) await file.load(name);
    },
  },
  { name: "npy", seeds: seedsOf(arrays.npy), read: (bytes) => torch.loadNpy(bytes) },
  { name: "npz", seeds: seedsOf(arrays.npz), read: (bytes) => torch.loadNpz(bytes) },
  { name: "npz-entry", damage: insideOf(seedsOf(arrays.npz), ".npy"), read: (bytes) => torch.loadNpz(bytes) },
  { name: "onnx", seeds: graphs, read: (bytes) => loadOnnx(bytes) },
  { name: "onnx-tensors", seeds: graphs, read: (bytes) => onnxTensors(bytes) },
];

function seedsOf(files) {
  return Object.values(files).map(decoded);
}

/**
 * Damage to one entry of an archive, which is packed again around it. Its checksums are 0, which means that they were not
 * computed: otherwise they would find everything.
 */
function insideOf(archives, suffix) {
  const contents = archives.map((archive) =>
    [...readZip(archive).values()].map((one) => [one.name, entryBytes(archive, one)]),
  );
  return (random) => {
    const entries = contents[random(contents.length)];
    const chosen = entries.filter(([name]) => name.endsWith(suffix));
    const [wounded, bytes] = chosen[random(chosen.length)];
    return packed(entries.map(([name, whole]) => [name, name === wounded ? damaged([bytes], random) : whole]));
  };
}

function packed(entries) {
  const [body, directory] = [[], []];
  let position = 0;
  for (const [text, bytes] of entries) {
    const name = Buffer.from(text);
    const header = [words(4, 0x04034b50), words(2, 20, 0, 0, 0, 0), words(4, 0, bytes.length, bytes.length)];
    const local = Buffer.concat([...header, words(2, name.length, 0), name, bytes]);
    const said = [words(4, 0x02014b50), words(2, 20, 20, 0, 0, 0, 0), words(4, 0, bytes.length, bytes.length)];
    directory.push(...said, words(2, name.length, 0, 0, 0, 0), words(4, 0, position), name);
    body.push(local);
    position += local.length;
  }
  const [central, count] = [Buffer.concat(directory), body.length];
  const end = [words(4, 0x06054b50), words(2, 0, 0, count, count), words(4, central.length, position), words(2, 0)];
  return new Uint8Array(Buffer.concat([...body, central, ...end]));
}

function words(width, ...values) {
  const bytes = Buffer.alloc(width * values.length);
  for (const [at, value] of values.entries()) bytes.writeUIntLE(value, at * width, width);
  return bytes;
}
