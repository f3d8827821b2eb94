/** All parameters of a model as one vector, and back. */
import { data, setData } from "../autograd/data.ts";
import { cat } from "../autograd/join.ts";
import { noGrad } from "../autograd/mode.ts";
import { view, viewAs } from "../autograd/shape.ts";
import { Tensor } from "../autograd/tensor.ts";
import { slice } from "../autograd/views.ts";
import { expectIterable, pythonTypeOf } from "../check.ts";
import { expectTensor } from "./recurrent-input.ts";

/** torch.nn.utils.parameters_to_vector: the elements of all parameters in their order; gradients flow through. */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  expectIterable(parameters);
  const pieces = Array.from(parameters, (parameter) => {
    expectTensor(parameter, "device");
    return view(parameter, -1);
  });
  return cat(pieces);
}

/**
 * torch.nn.utils.vector_to_parameters: gives the parameters the numbers of `vector`, piece by piece. They share its memory
 * from then on. Errors: RuntimeError if the vector is too short.
 */
export function vectorToParameters(vector: Tensor, parameters: Iterable<Tensor>): void {
  if (!(vector instanceof Tensor)) throw new TypeError(`expected torch.Tensor, but got: ${pythonTypeOf(vector)}`);
  noGrad(() => {
    let start = 0;
    for (const parameter of parameters) {
      const end = start + parameter.value.count;
      const piece = slice(vector, 0, start, Math.min(end, vector.shape[0]!));
      setData(parameter, data(viewAs(piece, parameter)));
      start = end;
    }
  });
}
