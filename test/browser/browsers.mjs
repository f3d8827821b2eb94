// The browsers of Debian without a window, each with a new profile.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BROWSERS = {
  chromium: {
    command: process.env.CHROMIUM ?? "chromium",
    flags: (profile) => [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
      ...["--disable-component-update", "--disable-sync", "--remote-debugging-port=0", `--user-data-dir=${profile}`],
    ],
  },
  firefox: {
    command: process.env.FIREFOX ?? "firefox-esr",
    flags: (profile) => ["--headless", "--no-remote", "--profile", profile],
  },
};

/** Opens `url`; gives a function that closes the browser. */
export async function drive(name, url) {
  const { command, flags } = BROWSERS[name];
  const profile = await mkdtemp(join(tmpdir(), "unrolled-browser-"));
  const browser = spawn(command, [...flags(profile), url], { stdio: "ignore", env: { ...process.env, HOME: profile } });
  await once(browser, "spawn");
  return async () => {
    const ended = browser.exitCode === null && once(browser, "exit");
    browser.kill("SIGKILL");
    await ended;
    // its children may still be writing
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  };
}
