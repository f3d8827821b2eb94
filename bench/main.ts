/** `npm run bench`, on the streams of the process. */
import { CommanderError } from "commander";
import { main } from "./program.ts";

try {
  await main(process.argv.slice(2), {
    print: (text) => console.log(text),
    printError: (text) => console.error(text),
  });
} catch (error) {
  // help ends the program with 0
  if (!(error instanceof CommanderError && error.exitCode === 0)) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
// onnxruntime and jax-js leave handles open
process.exit();
