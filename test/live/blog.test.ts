/** The script this project began with, for many seeds: the same weights and inputs, bit by bit, and the same text. */
import { expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import { f, nn, str } from "../../src/index.ts";
import { linesFrom } from "./python.ts";

const LAST = 2000;

test(`the blog's script prints the same text for the seeds 0 to ${LAST}`, () => {
  const wrong: string[] = [];
  torch.withPrintOptions({ precision: 3, sciMode: false }, () => {
    for (const line of linesFrom("blog.py", LAST)) {
      const theirs = JSON.parse(line) as { seed: number; bits: string; text: string };
      const ours = transcript(theirs.seed);
      if (ours.bits !== theirs.bits) wrong.push(`seed ${theirs.seed}: other weights or inputs`);
      const [our, their] = [ours.text.split("\n"), theirs.text.split("\n")];
      for (const [at, text] of their.entries()) {
        if (our[at] !== text) wrong.push(`seed ${theirs.seed}, line ${at}: ${our[at]} instead of ${text}`);
      }
    }
  });
  expect(wrong.join("\n")).toBe("");
});

function transcript(seed: number): { bits: string; text: string } {
  torch.manualSeed(seed);
  const rnn = new nn.RNN(4, 3, { batchFirst: true });
  const lines = [f`${rnn}`, ...[...rnn.namedParameters()].map((pair) => str(pair))];
  const x = torch.randn(1, 2, 4);
  const [output, hn] = rnn.forward(x);
  lines.push(f`output_matrix=\n${output}`, f`output_hn=\n${hn}`);
  const byInput = x.matmul(rnn.weight_ih_l0.T).add(rnn.bias_ih_l0);
  const ht1 = torch.zerosLike(byInput);
  lines.push(f`ht_1=\n${ht1}`, f`ht_1.shape=\n${ht1.shape}`);
  let byState = ht1.matmul(rnn.weight_hh_l0.T).add(rnn.bias_hh_l0);
  let byHand = torch.tanh(byState.add(byInput));
  ht1.set(":, 1, :", byHand.at(":, 0, :"));
  byState = ht1.matmul(rnn.weight_hh_l0.T).add(rnn.bias_hh_l0);
  byHand = torch.tanh(byState.add(byInput));
  lines.push(f`test_output=\n${byHand}`, f`test_output.shape=\n${byHand.shape}`);
  const parts = [...rnn.parameters()].map((weight) => weight.detach().flatten());
  const numbers = torch.cat([...parts, x.flatten()]).numpy();
  return { bits: Buffer.from(numbers.buffer).toString("base64"), text: lines.join("\n") };
}
