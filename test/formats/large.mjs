// `npm run build && node test/formats/large.mjs [megabytes]`: what reading a large checkpoint costs beside reading its file, in
// time and in memory. The two are measured in turns, and ratios of neighbours are compared, since machines are shared.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as torch from "unrolled";

const megabytes = Number(process.argv[2] ?? 100);
const ROUNDS = 15;

const folder = await mkdtemp(join(tmpdir(), "unrolled-"));
try {
  const weights = Array.from({ length: 10 }, (_, i) => [`w${i}`, torch.randn(megabytes * 25_000)]);
  for (const [name, save, load] of [
    ["torch", torch.saveTorch, torch.loadTorch],
    ["safetensors", torch.saveSafetensors, torch.loadSafetensors],
    ["npz", torch.saveNpz, torch.loadNpz],
  ]) {
    const path = join(folder, name);
    await writeFile(path, save(new Map(weights)));
    console.log(`${name}: ${await measured(path, load)}`);
  }
} finally {
  await rm(folder, { recursive: true });
}

async function measured(path, load) {
  const [reading, loading, ratios] = [[], [], []];
  let memory = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    const bytes = await readFile(path);
    const read = performance.now();
    const before = process.memoryUsage().arrayBuffers;
    load(bytes);
    const done = performance.now();
    memory = Math.max(memory, (process.memoryUsage().arrayBuffers - before + bytes.length) / bytes.length);
    reading.push(read - start);
    loading.push(done - read);
    ratios.push((done - start) / (read - start));
  }
  const [r, l, both] = [reading, loading, ratios].map(median);
  return `read ${r.toFixed(0)} ms, load ${l.toFixed(0)} ms, both ${both.toFixed(2)} x reading, memory ${memory.toFixed(2)} x the file`;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
