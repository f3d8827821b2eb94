/** torch.optim */
export { SGD } from "./optim/sgd.ts";
