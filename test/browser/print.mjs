// Prints the fingerprint of this platform: `node test/browser/print.mjs` (after `npm run build`).
import { engine } from "unrolled";
import { fingerprint } from "./fingerprint.js";

console.log(`${engine.name} ${engine.arithmetic} ${fingerprint()}`);
