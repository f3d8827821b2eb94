/** Weights of cells that torch does not have: the commands know their tensors, and do not take them for a layer of torch. */
import * as torch from "unrolled";
import { nn } from "unrolled";
import { afterAll, describe, expect, it } from "vitest";
import { Folder, runProgram } from "./program.ts";

const folder = new Folder();
afterAll(() => folder.remove());
const run = (...argv: string[]) => runProgram(argv);
const input = folder.file("x.csv", "1,2\n3,4\n");

describe.each([
  ["MGU", new nn.MGU(2, 3), "no known layer has 6 rows for 3 units"],
  ["IndRNN", new nn.IndRNN(2, 3), "no known layer has a weight_u_l0"],
  ["PeepholeLSTM", new nn.PeepholeLSTM(2, 3), "no known layer has a weight_ci_l0"],
])("a file of %s", (name, layer, complaint) => {
  const path = folder.file(`${name}.pt`, torch.save(layer.stateDict()));

  it("is converted and compared", async () => {
    const target = folder.file(`${name}.safetensors`);
    const { code, out, err } = await run("convert", path, target);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("every bit the same");
    expect(await run("diff", path, target)).toMatchObject({ code: 0, err: "" });
  });

  it("is shown with the reason why it is no layer, and not run as another", async () => {
    expect((await run("inspect", path)).out).toContain(complaint);
    for (const argv of [
      ["run", path, "--input", input],
      ["explain", path],
    ] as const) {
      expect(await run(...argv)).toMatchObject({ code: 2, out: "", err: `unrolled: ${path}: ${complaint}` });
    }
    const target = folder.file(`${name}.onnx`);
    expect(await run("convert", path, target)).toMatchObject({ code: 2, err: expect.stringContaining(complaint) });
  });
});
