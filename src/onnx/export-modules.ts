/** How each kind of module is written, as a table: a module of the library is one or a few nodes. */
import { Tensor } from "../autograd/tensor.ts";
import { scalar } from "../dense/dense.ts";
import * as activation from "../nn/activation.ts";
import { Dropout } from "../nn/dropout.ts";
import { Embedding } from "../nn/embedding.ts";
import { GRU, LSTM, RNN } from "../nn/layers.ts";
import { Identity, Linear } from "../nn/linear.ts";
import type { Module } from "../nn/module.ts";
import type { Flow, GraphWriter, Path } from "./export-graph.ts";
import { writeNode, writeRecurrent } from "./export-recurrent.ts";
import { LastStep } from "./last-step.ts";
import { RecurrentNode } from "./recurrent.ts";

type Write<M> = (graph: GraphWriter, path: Path, module: M, x: Flow) => Flow;

type Kind<M extends Module> = abstract new (...args: never[]) => M;

/** One line of the table. */
type Line = readonly [kind: Kind<Module>, write: Write<Module>];

function line<M extends Module>(kind: Kind<M>, write: Write<M>): Line {
  return [kind, write as Write<Module>];
}

/** The same shape, one node. */
const pointwise =
  (opType: string): Write<Module> =>
  (graph, path, _, x) => ({
    ...x,
    name: graph.one(path, opType, [x.name]),
  });

const same: Write<Module> = (_graph, _path, _module, x) => x;

function writeLinear(graph: GraphWriter, path: Path, { weight, bias, outFeatures }: Linear, x: Flow): Flow {
  const shape = [...x.shape.slice(0, -1), outFeatures];
  const W = graph.weight(path, "weight", weight);
  const b = bias ? graph.weight(path, "bias", bias) : undefined;
  if (x.shape.length === 2) {
    return { ...x, shape, name: graph.one(path, "Gemm", [x.name, W, ...(b ? [b] : [])], { transB: 1 }) };
  }
  const product = graph.one(path, "MatMul", [x.name, graph.one(path, "Transpose", [W], { perm: [1, 0] })]);
  return { ...x, shape, name: b ? graph.one(path, "Add", [product, b]) : product };
}

function writeEmbedding(graph: GraphWriter, path: Path, { weight, embeddingDim }: Embedding, x: Flow): Flow {
  const name = graph.one(path, "Gather", [graph.weight(path, "weight", weight), x.name], { axis: 0 });
  return { name, shape: [...x.shape, embeddingDim], dtype: weight.dtype };
}

/** The axis of softmax; without one torch takes the first of 1 and 3 axes, else the second. */
const normalising =
  (opType: string): Write<activation.Softmax | activation.LogSoftmax> =>
  (graph, path, { dim }, x) => {
    const rank = x.shape.length;
    return { ...x, name: graph.one(path, opType, [x.name], { axis: dim ?? (rank === 1 || rank === 3 ? 0 : 1) }) };
  };

function writeFlatten(graph: GraphWriter, path: Path, { startDim, endDim }: activation.Flatten, x: Flow): Flow {
  const rank = x.shape.length;
  const [start, end] = [startDim, endDim].map((d) => (d < 0 ? d + rank : d)) as [number, number];
  if (end !== rank - 1) throw graph.error(path, "only the last dimensions can be flattened in an export");
  const merged = x.shape.slice(start);
  const length = merged.every((d) => typeof d === "number") ? merged.reduce((a, b) => a * b, 1) : merged.join("*");
  const target = graph.whole(path, [...x.shape.slice(0, start).map(() => 0), -1]);
  return { ...x, shape: [...x.shape.slice(0, start), length], name: graph.one(path, "Reshape", [x.name, target]) };
}

/** x·Φ(x) = x·(1 + erf(x/√2))/2: the operator of this name came later than the versions that are written. */
function writeGelu(graph: GraphWriter, path: Path, _: activation.GELU, x: Flow): Flow {
  const constant = (name: string, value: number): string => graph.weight(path, name, one(value, x));
  const erf = graph.one(path, "Erf", [graph.one(path, "Div", [x.name, constant("root_two", Math.SQRT2)])]);
  const raised = graph.one(path, "Add", [erf, constant("one", 1)]);
  const doubled = graph.one(path, "Mul", [x.name, raised]);
  return { ...x, name: graph.one(path, "Mul", [doubled, constant("half", 0.5)]) };
}

function one(value: number, { dtype }: Flow): Tensor {
  return new Tensor(scalar(value, dtype));
}

function writeSilu(graph: GraphWriter, path: Path, _: activation.SiLU, x: Flow): Flow {
  return { ...x, name: graph.one(path, "Mul", [x.name, graph.one(path, "Sigmoid", [x.name])]) };
}

function writeLast(graph: GraphWriter, path: Path, { dim }: LastStep, x: Flow): Flow {
  const index = graph.whole(path, [-1], []);
  return {
    ...x,
    shape: x.shape.filter((_, d) => d !== dim),
    name: graph.one(path, "Gather", [x.name, index], { axis: dim }),
  };
}

const LINES: readonly Line[] = [
  line(RNN, writeRecurrent),
  line(LSTM, writeRecurrent),
  line(GRU, writeRecurrent),
  line(RecurrentNode, writeNode),
  line(LastStep, writeLast),
  line(Linear, writeLinear),
  line(Embedding, writeEmbedding),
  line(Dropout, same),
  line(Identity, same),
  line(activation.Tanh, pointwise("Tanh")),
  line(activation.ReLU, pointwise("Relu")),
  line(activation.Sigmoid, pointwise("Sigmoid")),
  line(activation.GELU, writeGelu),
  line(activation.SiLU, writeSilu),
  line(activation.LeakyReLU, (graph, path, { negativeSlope }, x) => ({
    ...x,
    name: graph.one(path, "LeakyRelu", [x.name], { alpha: { float: negativeSlope } }),
  })),
  line(activation.Softmax, normalising("Softmax")),
  line(activation.LogSoftmax, normalising("LogSoftmax")),
  line(activation.Flatten, writeFlatten),
];

/** Writes one module. Errors: FormatError for kinds that are not in the table. */
export function writeModule(graph: GraphWriter, path: Path, module: Module, x: Flow): Flow {
  // A class of the user's own may extend one of these and do something else.
  const found = LINES.find(([kind]) => module.constructor === kind);
  if (found) return found[1](graph, path, module, x);
  throw graph.error(
    path,
    `a module of the class ${module.name()} cannot be exported`,
    "give its parts in the order in which they run: exportOnnx({ rnn: net.rnn, last: new LastStep(), fc: net.fc })",
  );
}
