/** torch.autograd: gradients by name, and the checks that compare them with differences. */
export { type GradOptions, grad } from "./autograd/backward.ts";
export {
  type Checked,
  GradcheckError,
  type GradcheckOptions,
  gradcheck,
  gradgradcheck,
} from "./autograd/gradcheck.ts";
