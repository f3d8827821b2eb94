import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rolldown } from "rolldown";
import type { nn, optim } from "unrolled";
import * as torch from "unrolled";
import { expect, it } from "vitest";

/** Everything of torch's that prints its own name. */
function shown(own: Readonly<Record<string, unknown>>): string[] {
  const { nn: modules, optim: rules } = own as { nn: typeof nn; optim: typeof optim };
  const rnn = new modules.RNN(2, 3);
  return [
    ...[modules.RNN, modules.LSTM, modules.GRU, modules.PeepholeLSTM, modules.CoupledLSTM, modules.MGU, modules.IndRNN],
    ...[modules.RNNCell, modules.LSTMCell, modules.GRUCell, modules.Linear, modules.Embedding],
  ]
    .map((Layer) => String(new Layer(2, 3)))
    .concat(
      [
        modules.Tanh,
        modules.ReLU,
        modules.Sigmoid,
        modules.GELU,
        modules.Dropout,
        modules.MSELoss,
        modules.Identity,
      ].map((Layer) => String(new Layer())),
    )
    .concat([rules.SGD, rules.Adam, rules.AdamW, rules.RMSprop].map((Rule) => String(new Rule(rnn.parameters()))))
    .concat(String(new modules.ModuleList([rnn])), String(rnn.stateDict().constructor.name));
}

it("prints the same names when it is minified", async () => {
  const folder = mkdtempSync(join(tmpdir(), "unrolled-minified-"));
  try {
    const bundle = await rolldown({ input: fileURLToPath(new URL("../../src/index.ts", import.meta.url)) });
    const file = join(folder, "index.mjs");
    await bundle.write({ file, minify: true });
    await bundle.close();
    expect(shown((await import(pathToFileURL(file).href)) as Record<string, unknown>)).toEqual(shown(torch));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
