/** Run before each file of tests. */
import { engine } from "../../src/engine/engine.ts";

engine.use("plain");
