/** Files of torch, read and written again, loaded by torch with weights_only=True: the same to the bit. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as torch from "unrolled";
import { loadSafetensors, loadTorch, nn, optim, saveSafetensors, saveTorch } from "unrolled";
import { afterAll, expect, test } from "vitest";
import { linesFrom } from "./python.ts";

const folder = mkdtempSync(join(tmpdir(), "unrolled-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("what torch saved is the same for torch after it was read and written here", () => {
  const names = linesFrom("files.py", "write", folder);
  for (const name of names) {
    writeFileSync(join(folder, `${name}.again`), saveTorch(loadTorch(readFileSync(join(folder, name)))));
  }
  const lines = linesFrom("files.py", "check", folder);
  expect(lines.filter((line) => !line.startsWith("checked "))).toEqual([]);
  expect(lines.length).toBe(names.length);
  expect(names.length).toBeGreaterThan(250);
}, 600_000);

test("what is made here is the same after torch has loaded and saved it", () => {
  const model = new nn.LSTM(3, 5, { numLayers: 2, bidirectional: true, projSize: 2 });
  const optimizer = new optim.Adam(model.parameters(), { lr: 1 });
  const [output] = model.forward(torch.randn(4, 3));
  output.sum().backward();
  optimizer.step();
  const base = torch.randn(4, 6);
  const value = {
    model: model.stateDict(),
    optimizer: optimizer.stateDict(),
    generator: torch.getRngState(),
    views: [base, base.t(), base.at("1:3, ::2"), base],
    epoch: 3,
    loss: torch.pyFloat(1),
  };
  const path = join(folder, "ours.pt");
  writeFileSync(path, saveTorch(value));
  const [line] = linesFrom("resave.py", path, join(folder, "theirs.pt"));
  expect(line).toBe("saved");
  const [ours, theirs] = [path, join(folder, "theirs.pt")].map((file) => loadTorch(readFileSync(file)));
  expect(torch.repr(theirs)).toBe(torch.repr(ours));
  // the files are torch's own, byte for byte: so are types, order, sharing and layout
  const written = saveTorch(theirs);
  expect(Buffer.from(written).equals(saveTorch(ours))).toBe(true);
});

test("safetensors of every layer are read by the reference, and the other way round", () => {
  for (const [at, layer] of [new nn.RNN(3, 5), new nn.LSTM(3, 5, { projSize: 2 }), new nn.GRU(3, 5)].entries()) {
    const path = join(folder, `${at}.safetensors`);
    writeFileSync(path, saveSafetensors(layer.stateDict(), { kind: `${layer}` }));
    const [line] = linesFrom("resave.py", path, join(folder, "theirs.safetensors"));
    expect(line).toBe("saved");
    const theirs = loadSafetensors(readFileSync(join(folder, "theirs.safetensors")));
    expect(theirs.metadata.get("kind")).toBe(`${layer}`);
    const state = layer.stateDict();
    expect([...theirs.keys()].sort()).toEqual([...state.keys()].sort());
    for (const [name, tensor] of theirs) expect(torch.equal(tensor, state.get(name)!), name).toBe(true);
  }
});
