// The package in a real browser: `node test/browser/run.mjs` (after `npm run build`) serves the built package, lets headless
// Chromium run the blog's script and the three layers, compares the text with the expected transcript and the
// bits with those that Node computes, and drops a checkpoint on the example page.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { engine } from "unrolled";
import { expectedAfterDrop } from "./drop.js";
import { fingerprint } from "./fingerprint.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TYPES = { ".js": "text/javascript", ".html": "text/html" };

const PAGE = `<!doctype html>
<script type="importmap">{ "imports": { "unrolled": "/dist/src/index.js" } }</script>
<script type="module">
  import { engine } from "unrolled";
  const lines = [];
  console.log = (text) => lines.push(text);
  console.error = () => {};
  await engine.ready();
  await import("/dist/examples/blog.js");
  const { fingerprint } = await import("/test/browser/fingerprint.js");
  document.body.innerHTML = "<pre id=bits></pre><pre id=transcript></pre><pre id=dropped></pre><iframe></iframe>";
  document.getElementById("bits").textContent = engine.name + " " + engine.arithmetic + " " + fingerprint();
  document.getElementById("transcript").textContent = lines.join("\\n");
  const { drop } = await import("/test/browser/drop.js");
  document.getElementById("dropped").textContent = await drop(document.querySelector("iframe"));
</script>
<body></body>`;

const server = createServer(async (request, response) => {
  const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
  try {
    const body = path === "/" ? PAGE : await readFile(join(ROOT, path));
    response.writeHead(200, { "content-type": TYPES[path === "/" ? ".html" : extname(path)] ?? "text/plain" });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});

/** The page after its script has run. */
async function dump(url) {
  const profile = await mkdtemp(join(tmpdir(), "unrolled-browser-"));
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
  const quiet = ["--disable-component-update", "--disable-sync", "--virtual-time-budget=20000", "--dump-dom"];
  try {
    const browser = process.env.CHROMIUM ?? "chromium";
    const { stdout } = await promisify(execFile)(browser, [...flags, ...quiet, `--user-data-dir=${profile}`, url], {
      timeout: 60_000,
    });
    return stdout;
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
}

/** The text of an element, with its entities read. */
function textOf(page, id) {
  const [, text = ""] = new RegExp(`<pre id="${id}">([^]*?)</pre>`).exec(page) ?? [];
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

server.listen(0, "127.0.0.1", async () => {
  try {
    const page = await dump(`http://127.0.0.1:${server.address().port}/`);
    const expected = await readFile(join(ROOT, "test/transcripts/01-blog-single-rnn/stdout.txt"), "utf8");
    const printed = `${textOf(page, "transcript")}\n`;
    if (printed !== expected) throw new Error(`the transcript differs:\n${printed}`);
    const [here, there] = [`${engine.name} ${engine.arithmetic} ${fingerprint()}`, textOf(page, "bits")];
    if (here !== there) throw new Error(`Node computes ${here}, Chromium ${there}`);
    const dropped = textOf(page, "dropped");
    if (dropped !== expectedAfterDrop()) throw new Error(`after a file was dropped the page says:\n${dropped}`);
    console.log(`Chromium prints the transcript and computes the bits of Node: ${there}`);
  } finally {
    server.close();
  }
});
