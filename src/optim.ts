/** torch.optim. */
export { Adagrad, type AdagradOptions } from "./optim/adagrad.ts";
export { Adam, type AdamOptions, AdamW } from "./optim/adam.ts";
export type { Group, GroupOptions, Optimizable, ParameterEntry } from "./optim/groups.ts";
export { Optimizer, type OptimizerOptions, type OptimizerState, type ParameterState } from "./optim/optimizer.ts";
export { RMSprop, type RMSpropOptions } from "./optim/rmsprop.ts";
export { SGD, type SGDOptions } from "./optim/sgd.ts";
