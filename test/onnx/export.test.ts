/** What an exported file says of itself, what comes back out of it, and what is not exported. */
import { describe, expect, test } from "vitest";
import * as torch from "../../src/index.ts";
import { getRngState, nn, type Tensor } from "../../src/index.ts";
import { exportOnnx, LastStep, loadOnnx, onnxStateDict, onnxTensors } from "../../src/onnx.ts";

const KINDS = { RNN: nn.RNN, LSTM: nn.LSTM, GRU: nn.GRU };
const ALL = { numLayers: 2, bidirectional: true };

describe.each(["RNN", "LSTM", "GRU"] as const)("an exported %s", (kind) => {
  test("has the layer's weights in it, to the bit, under torch's names", () => {
    const layer = new KINDS[kind](5, 3, ALL);
    const wanted = layer.stateDict();
    const found = onnxStateDict(exportOnnx(layer));
    expect([...found.keys()]).toEqual([...wanted.keys()]);
    for (const [name, tensor] of wanted) expect(torch.equal(found.get(name)!, tensor)).toBe(true);
    const named = onnxStateDict(exportOnnx({ "deep.rnn": layer }));
    expect([...named.keys()]).toEqual([...wanted.keys()].map((name) => `deep.rnn.${name}`));
  });

  test("gives to the bit what the layer gives, for other lengths and batches than it was proved with", () => {
    const layer = new KINDS[kind](5, 3, { ...ALL, batchFirst: true });
    const loaded = loadOnnx(exportOnnx(layer, { lengths: true }));
    const x = torch.randn(4, 7, 5);
    const lengths = torch.tensor([7, 2, 5, 1], { dtype: torch.int32 });
    const [wanted] = (layer as torch.nn.GRU).forward(x, null, { lengths });
    expect(torch.equal(loaded.run(x, lengths)[0]!, wanted)).toBe(true);
  });
});

describe("an exported network", () => {
  const network = {
    embedding: new nn.Embedding(11, 5),
    rnn: new nn.LSTM(5, 3, { batchFirst: true, dropout: 0.5, numLayers: 2 }),
    last: new LastStep({ batchFirst: true }),
    dropout: new nn.Dropout(0.9),
    fc: new nn.Linear(3, 2),
  };

  test("names its inputs, its outputs and the lengths that are free", () => {
    const { inputs, outputs, opset } = loadOnnx(exportOnnx(network, { states: true, lengths: true, opset: 18 }));
    const told = [...inputs, ...outputs].map(({ name, dtype, shape }) => `${name} ${dtype} (${shape})`);
    expect(told).toEqual([
      "input torch.int64 (batch,time)",
      "lengths torch.int32 (batch)",
      "h0 torch.float32 (2,batch,3)",
      "c0 torch.float32 (2,batch,3)",
      "output torch.float32 (batch,2)",
      "hn torch.float32 (2,batch,3)",
      "cn torch.float32 (2,batch,3)",
    ]);
    expect(opset).toBe(18);
  });

  test("begins with zeros where states are not asked for, and drops nothing out", () => {
    const bytes = exportOnnx(network);
    const x = torch.randint(11, [3, 4]);
    for (const layer of Object.values(network)) layer.eval();
    const [output] = network.rnn.forward(network.embedding.forward(x));
    const wanted = network.fc.forward(network.last.forward(output));
    expect(torch.equal(loadOnnx(bytes).run(x)[0]!, wanted)).toBe(true);
  });

  test("is as it was before: still training, and nothing drawn", () => {
    network.rnn.train();
    const state = getRngState();
    exportOnnx(network);
    expect(network.rnn.training).toBe(true);
    expect(torch.equal(getRngState(), state)).toBe(true);
  });

  test("keeps layers by number where they have no names", () => {
    const layers = [new nn.GRU(5, 3), new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2))];
    const names = [...onnxStateDict(exportOnnx(layers)).keys()];
    expect(names.filter((name) => name.endsWith("weight"))).toEqual(["1.0.weight", "1.2.weight"]);
    expect(names).toContain("0.weight_ih_l0");
    expect(onnxTensors(exportOnnx(layers)).get("1.0.weight")!.shape.join()).toBe("4,3");
  });

  test.each([torch.float16, torch.bfloat16, torch.float64])("keeps its dtype, %s", (dtype) => {
    const layer = new nn.GRU(5, 3, { dtype });
    const [output] = loadOnnx(exportOnnx(layer)).run(torch.ones(4, 2, 5).to(dtype));
    expect(output!.dtype).toBe(dtype);
  });
});

describe("not exported:", () => {
  class Own extends nn.Module {
    rnn = new nn.RNN(2, 3);
    override forward(x: Tensor): Tensor {
      return this.rnn.forward(x)[0];
    }
  }
  class Doubled extends nn.Linear {
    override forward(x: Tensor): Tensor {
      return super.forward(x).mul(2);
    }
  }

  test.each<[string, () => unknown, string]>([
    [
      "a projection",
      () => exportOnnx({ rnn: new nn.LSTM(2, 5, { projSize: 3 }) }),
      "onnx, rnn: ONNX's LSTM has no projection",
    ],
    ["a class of the user's own", () => exportOnnx(new Own()), "a module of the class Own cannot be exported"],
    [
      "a class that changes a layer",
      () => exportOnnx([new Doubled(2, 3)]),
      "onnx, 0: a module of the class Doubled cannot",
    ],
    ["nothing", () => exportOnnx([]), "there is no layer to export"],
    ["an old version", () => exportOnnx(new nn.RNN(2, 3), { opset: 16 }), "opset 16; 17 to 24 can be written"],
    [
      "states where there are none",
      () => exportOnnx(new nn.Linear(2, 3), { states: true }),
      "there is no recurrent layer",
    ],
    ["layers that do not fit", () => exportOnnx([new nn.GRU(2, 3), new nn.Linear(4, 1)]), "mat1 and mat2"],
    [
      "layers of two orders",
      () => exportOnnx([new nn.GRU(2, 3, { batchFirst: true }), new nn.GRU(3, 3)]),
      "some recurrent layers have the batch first",
    ],
  ])("%s", (_, body, message) => {
    expect(body).toThrow(message);
  });
});
