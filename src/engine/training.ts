/** The recurrence with a way back, by the engine in use. */
import { engine } from "./engine.ts";
import type { Recurrence, WayBack } from "./plain.ts";
import { runSaving } from "./wasm/training.ts";

/** Runs the recurrence, and gives the way back; undefined: this engine cannot, nothing is done, and steps are taken. */
export function recurSaving(problem: Recurrence): WayBack | undefined {
  const { workshop } = engine;
  return workshop && runSaving(workshop, problem);
}
