/** The program: its commands, and what becomes of errors. */
import { Command, CommanderError } from "commander";
import { TorchError } from "unrolled";
import { CommandError, EXIT, type Register, type Terminal } from "./command.ts";
import { convert } from "./convert.ts";
import { diff } from "./diff.ts";
import { explain } from "./explain.ts";
import { inspect } from "./inspect.ts";
import { run } from "./run.ts";
import { verify } from "./verify.ts";
import { version } from "./version.ts";

const COMMANDS: readonly Register[] = [explain, verify, inspect, convert, diff, run];

const CODES = `
Exit codes:
  0  all is well
  1  a check has failed
  2  wrong usage, or a file that cannot be read`;

/** Runs a command line, without the names of node and the script, and gives the exit code. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  const program = new Command("unrolled")
    .description("PyTorch's recurrent networks, written by hand: every term in the open.")
    .version(version(), "-V, --version", "print the version")
    .addHelpText("after", CODES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.printError(text.trimEnd()),
      // errors are written below, all in one way
      outputError: () => {},
    });
  for (const register of COMMANDS) register(program, terminal);
  for (const command of program.commands) command.copyInheritedSettings(program);
  if (argv.length === 0) {
    program.outputHelp();
    return EXIT.ok;
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
    return EXIT.ok;
  } catch (error) {
    // help and version end the program with 0
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    terminal.printError(`unrolled: ${oneLine(error)}`);
    return error instanceof CommandError ? error.exitCode : EXIT.badUsage;
  }
}

function oneLine(error: unknown): string {
  const hint = error instanceof TorchError && error.hint !== undefined ? ` (${error.hint})` : "";
  const message = (error instanceof Error ? error.message : String(error)) + hint;
  return message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
}
