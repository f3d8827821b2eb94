/**
 * A graph made ready to run: every node known, every value made once and before it is read. Nothing is computed here, so a
 * file that is refused is refused at once.
 */
import { FormatError, shown } from "../formats/format-error.ts";
import { Call } from "./call.ts";
import type { GraphMessage, NodeMessage } from "./messages.ts";
import type { Operator } from "./operators/operator.ts";
import { operatorOf } from "./operators/table.ts";

/** One node, ready. */
export interface Step {
  readonly call: Call;
  readonly operator: Operator;
}

/** A graph, ready, and those within its nodes. */
export interface Plan {
  readonly graph: GraphMessage;
  readonly steps: readonly Step[];
  readonly within: ReadonlyMap<GraphMessage, Plan>;
}

/** The versions of the operators that are known. Before 7, operands were not broadcast as they are now. */
const [OLDEST, NEWEST] = [7, 28];

/** Demands a version whose operators are known. Errors: FormatError. */
export function expectOpset(opset: number | undefined): number {
  if (opset === undefined)
    throw new FormatError("the file does not name the version of its operators", { format: "onnx" });
  if (opset >= OLDEST && opset <= NEWEST) return opset;
  throw new FormatError(`operators of version ${opset}; ${OLDEST} to ${NEWEST} are known`, { format: "onnx" });
}

/** The names that a graph knows: its own, and behind them those of the graph around it. */
class Names {
  readonly own = new Set<string>();
  readonly #around: Names | undefined;

  constructor(around?: Names) {
    this.#around = around;
  }

  has(name: string): boolean {
    return this.own.has(name) || this.#around?.has(name) === true;
  }
}

/** Looks at all of a graph; `around` are the names that it sees besides its own. Errors: FormatError. */
export function planGraph(graph: GraphMessage, opset: number, around?: Names): Plan {
  if (graph.sparse > 0) throw new FormatError("sparse initialisers are not supported", { format: "onnx" });
  const known = new Names(around);
  const define = (name: string, fail: (text: string) => FormatError): void => {
    if (known.own.has(name)) throw fail(`the value ${shown(name)} is made twice`);
    known.own.add(name);
  };
  const fail = (text: string): FormatError => new FormatError(text, { format: "onnx", part: "graph" });
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  for (const { name } of graph.inputs) define(name, fail);
  const initialised = new Set<string>();
  for (const { name } of graph.initializers) {
    if (initialised.has(name)) throw fail(`the value ${shown(name)} is made twice`);
    initialised.add(name);
    if (!inputs.has(name)) define(name, fail); // an initialiser may be what an input is when it is not given
  }
  const later = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  const within = new Map<GraphMessage, Plan>();
  const steps = graph.nodes.map((node) => {
    const call = new Call(node, opset);
    const operator = operatorOf(call);
    expectKnown(call, node, known, later);
    for (const { value } of node.attributes) {
      if (value.graph) within.set(value.graph, planGraph(value.graph, opset, known));
    }
    for (const output of node.outputs) if (output !== "") define(output, (text) => call.error(text));
    return { call, operator };
  });
  for (const { name } of graph.outputs) {
    if (!known.has(name)) throw fail(`nothing makes the output ${shown(name)}`);
  }
  if (new Set(graph.outputs.map(({ name }) => name)).size < graph.outputs.length)
    throw fail("an output is there twice");
  return { graph, steps, within };
}

function expectKnown(call: Call, node: NodeMessage, known: Names, later: ReadonlySet<string>): void {
  for (const input of node.inputs) {
    if (input === "" || known.has(input)) continue;
    const reason = later.has(input) ? "is made only later: the nodes are out of order, or in a circle" : "is not made";
    throw call.error(`the value ${shown(input)} ${reason}`);
  }
}
