/** Networks whose outputs are right and whose final states are not. */
import { describe, expect, it } from "vitest";
import * as torch from "../../src/index.ts";
import { nn, type Tensor, verify } from "../../src/index.ts";

describe("a final state", () => {
  const x = torch.randn(5, 3, 4);

  it("whose h and c are exchanged is told so", () => {
    const lstm = new nn.LSTM(4, 4);
    const exchanged = (input: Tensor): [Tensor, [Tensor, Tensor]] => {
      const [output, [h, c]] = lstm.forward(input);
      return [output, [c, h]];
    };
    expect(verify(exchanged, lstm, x).cause).toBe("h and c exchanged in the final state");
  });

  it("that is of another step is not taken for rounding", () => {
    const rnn = new nn.RNN(4, 4);
    const early = (input: Tensor): [Tensor, Tensor] => {
      const [output] = rnn.forward(input);
      return [output, output.at(":1")];
    };
    const verdict = verify(early, rnn, x);
    expect(verdict).toMatchObject({ agrees: false, term: "final state 0" });
    expect(verdict.cause).toMatch(/^unknown/);
    expect(verdict.hint).toContain("the outputs are right");
  });
});
