/** The program that `npm run cold` starts: reads the file, runs the LSTM in it once, writes a number of the output. */
import { readFileSync } from "node:fs";

const [program, path] = process.argv.slice(2);
const file = readFileSync(path!);
const x = new Float32Array(64).fill(0.5);

const PROGRAMS: Record<string, () => Promise<number>> = {
  async node() {
    return file.length;
  },
  async "unrolled/inference"() {
    const { LSTM, load } = await import("unrolled/inference");
    return new LSTM(load(file)).run(x).output[0]!;
  },
  async unrolled() {
    const { fromNumpy, load, nn, noGrad } = await import("unrolled");
    const lstm = new nn.LSTM(64, 128);
    lstm.loadStateDict(load(file));
    const [output] = noGrad(() => lstm.forward(fromNumpy(x).view(1, 1, 64)));
    return (output.numpy() as Float32Array)[0]!;
  },
};

console.log(await PROGRAMS[program!]!());
