/** torch.nn.functional */
export { linear } from "./autograd/linear.ts";
