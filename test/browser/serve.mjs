// A server for one page, which reports what it found by a POST to /report.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TYPES = { ".js": "text/javascript", ".html": "text/html" };

// What a page needs to share memory between threads.
const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

/** Serves `page` and the files of the project while `visit(url)` has a browser open; gives what the page reports. */
export async function serve(page, visit) {
  let settle;
  const reported = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    if (path === "/report") {
      const parts = [];
      for await (const part of request) parts.push(part);
      response.writeHead(204).end();
      settle.resolve(JSON.parse(Buffer.concat(parts).toString()));
      return;
    }
    try {
      const body = path === "/" ? page : await readFile(join(ROOT, path));
      response.writeHead(200, {
        "content-type": TYPES[path === "/" ? ".html" : extname(path)] ?? "text/plain",
        ...ISOLATED,
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const close = await visit(`http://127.0.0.1:${server.address().port}/`);
  const late = setTimeout(() => settle.reject(new Error("the page did not report within a minute")), 60_000);
  try {
    return await reported;
  } finally {
    clearTimeout(late);
    await close();
    server.closeAllConnections();
    server.close();
  }
}
