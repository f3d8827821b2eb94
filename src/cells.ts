/** The pages of mathematics: what torch's layers compute in one step, and the vocabulary to write another. */
export type { Algebra, Cell } from "./cells/cell.ts";
export { elman } from "./cells/elman.ts";
export { gru } from "./cells/gru.ts";
export { lstm } from "./cells/lstm.ts";
