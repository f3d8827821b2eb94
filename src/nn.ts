/** torch.nn */
export { Module } from "./nn/module.ts";
