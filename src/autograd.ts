/** torch.autograd: gradients by name, and the checks that compare them with differences. */
export { type GradOptions, grad } from "./autograd/backward.ts";
