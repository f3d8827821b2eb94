// The package in real browsers: `node test/browser/run.mjs` (after `npm run build`) serves the built package, lets headless
// Chromium and Firefox run the blog's script and the layers, and compares the text with the expected transcript and the
// bits, those of two threads too, with those that Node computes, and drops a checkpoint on the example page.
// `node test/browser/run.mjs firefox` drives one of them.
import { readFile } from "node:fs/promises";
import { engine } from "unrolled";
import { drive } from "./browsers.mjs";
import { expectedAfterDrop } from "./drop.js";
import { fingerprint } from "./fingerprint.js";
import { serve } from "./serve.mjs";

const TRANSCRIPT = new URL("../transcripts/01-blog-single-rnn/stdout.txt", import.meta.url);

const PAGE = `<!doctype html>
<script type="importmap">{ "imports": { "unrolled": "/dist/src/index.js" } }</script>
<script type="module">
  const report = (result) => fetch("/report", { method: "POST", body: JSON.stringify(result) });
  try {
    const { engine } = await import("unrolled");
    const lines = [];
    console.log = (text) => lines.push(text);
    await engine.ready();
    await import("/dist/examples/blog.js");
    const { fingerprint } = await import("/test/browser/fingerprint.js");
    // the pages of the cells are compiled in the background, when they are first asked for
    const compiled = async () => {
      fingerprint();
      await new Promise((later) => setTimeout(later, 1000));
    };
    const early = fingerprint();
    await compiled();
    const bits = engine.name + " " + engine.arithmetic + " " + fingerprint();
    if (!bits.endsWith(early)) throw new Error("step by step the bits are " + early + ", in one call " + bits);
    await engine.threads(2);
    await compiled();
    const threaded = engine.threadCount + " " + fingerprint(60);
    await engine.threads(1);
    const { drop } = await import("/test/browser/drop.js");
    await report({ bits, threaded, transcript: lines.join("\\n"), dropped: await drop(document.querySelector("iframe")) });
  } catch (error) {
    await report({ error: String(error) });
  }
</script>
<body><iframe></iframe></body>`;

const names = process.argv.length > 2 ? process.argv.slice(2) : ["chromium", "firefox"];
const expected = await readFile(TRANSCRIPT, "utf8");
const inOneThread = fingerprint(60);
const here = `${engine.name} ${engine.arithmetic} ${fingerprint()}`;
for (const name of names) {
  const { bits, threaded, transcript, dropped, error } = await serve(PAGE, (url) => drive(name, url));
  if (error) throw new Error(`${name}: ${error}`);
  if (`${transcript}\n` !== expected) throw new Error(`${name}: the transcript differs:\n${transcript}`);
  if (bits !== here) throw new Error(`Node computes ${here}, ${name} ${bits}`);
  if (threaded !== `2 ${inOneThread}`)
    throw new Error(`Node computes ${inOneThread}, ${name} with threads ${threaded}`);
  if (dropped !== expectedAfterDrop()) throw new Error(`${name}: after a file was dropped the page says:\n${dropped}`);
  console.log(`${name} prints the transcript and computes the bits of Node: ${bits}`);
}
