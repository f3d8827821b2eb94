/** Parameters without a layer around them: weights that a hand-written network keeps in a list. */
import type { Tensor } from "../autograd/tensor.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** A list of parameters that a module finds (torch.nn.ParameterList). `list[0]` is the first, `list.at(-1)` the last. */
export class ParameterList extends Module {
  static override readonly name: string = "ParameterList";

  [index: number]: Parameter;

  constructor(parameters: Iterable<Tensor> = []) {
    super();
    this.extend(parameters);
  }

  /** The number of parameters. */
  get length(): number {
    return [...this].length;
  }

  /** Adds a parameter at the end; a plain tensor becomes one. */
  append(parameter: Tensor): this {
    const added = parameter instanceof Parameter ? parameter : new Parameter(parameter);
    this.registerParameter(String(this.length), added);
    return this;
  }

  /** Adds parameters at the end. */
  extend(parameters: Iterable<Tensor>): this {
    for (const parameter of parameters) this.append(parameter);
    return this;
  }

  /** The parameter at a position, from the end if negative. */
  at(index: number): Parameter {
    return [...this].at(index)!;
  }

  *[Symbol.iterator](): IterableIterator<Parameter> {
    for (const value of Object.values(this)) if (value instanceof Parameter) yield value;
  }

  override extraRepr(): string {
    return [...this]
      .map((p, i) => `  (${i}): Parameter containing: [${p.dtype} of size ${p.shape.join("x")}]`)
      .join("\n");
  }
}
