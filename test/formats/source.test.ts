/** Wherever the bytes of a file come from. */
import { open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as torch from "unrolled";
import { loadNpy, loadSafetensors, loadTorch, nn, openSafetensors, saveSafetensors, saveTorch } from "unrolled";
import { expect, test } from "vitest";

const file = (): Uint8Array<ArrayBuffer> => new Uint8Array(saveTorch({ a: 1 }));
const value = new Map([["a", 1]]);

test("bytes that are there are read at once", () => {
  const bytes = file();
  for (const source of [bytes, bytes.buffer, Buffer.from(bytes), new DataView(bytes.buffer)]) {
    expect(loadTorch(source)).toEqual(value);
    expect(torch.load(source)).toEqual(value);
  }
});

test("bytes that are still to come make a promise", async () => {
  const bytes = file();
  const blob = new Blob([bytes]);
  for (const source of [blob, new Response(bytes), Promise.resolve(bytes), Promise.resolve(new Response(bytes))]) {
    const loaded = loadTorch(source);
    expect(loaded).toBeInstanceOf(Promise);
    expect(await loaded).toEqual(value);
  }
});

test("damage in bytes that come later is a rejection", async () => {
  await expect(loadTorch(new Blob(["damage"]))).rejects.toThrow(torch.FormatError);
});

test.each([[undefined], [null], [7], ["model.pt"], [{}], [[1, 2]]])("%j is no source of bytes", (source) => {
  for (const load of [torch.load, loadTorch, loadSafetensors, loadNpy]) {
    expect(() => load(source as never)).toThrow(TypeError);
  }
});

test("a model takes a checkpoint over in one line", async () => {
  const [model, trained] = [new nn.LSTM(3, 5), new nn.LSTM(3, 5)];
  model.loadStateDict(await loadTorch(new Blob([new Uint8Array(saveTorch(trained.stateDict()))])));
  expect(model.weight_ih_l0.tolist()).toEqual(trained.weight_ih_l0.tolist());
  model.loadStateDict(loadSafetensors(saveSafetensors(new nn.LSTM(3, 5).stateDict())));
  expect(model.weight_ih_l0.tolist()).not.toEqual(trained.weight_ih_l0.tolist());
});

test("loaded tensors lie in the bytes of the file unless they are copied", () => {
  const bytes = saveTorch(torch.ones(3));
  expect(loadTorch<torch.Tensor>(bytes).value.data.buffer).toBe(bytes.buffer);
  expect(loadTorch<torch.Tensor>(bytes, { mmap: false }).value.data.buffer).not.toBe(bytes.buffer);
});

test("a file handle of Node is read in parts", async () => {
  const path = `${tmpdir()}/unrolled-${process.pid}.safetensors`;
  await writeFile(path, saveSafetensors({ a: torch.ones(3), b: torch.zeros(2) }));
  const handle = await open(path);
  try {
    const opened = await openSafetensors(handle);
    expect((await opened.load("a")).tolist()).toEqual([1, 1, 1]);
  } finally {
    await handle.close();
    await rm(path);
  }
});
