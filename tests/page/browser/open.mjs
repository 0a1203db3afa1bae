// Opens a page as a reader would, from its file, and notes whatever a page of ours must never do.
import { chromium } from "playwright-core";
import { pathToFileURL } from "node:url";

/** Longer than this, in milliseconds, and something hangs. */
const PATIENCE = 15_000;

export async function browse(program) {
  const settings = { executablePath: program, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] };
  return chromium.launch(settings);
}

/** A page, and what it did that it must not: errors, requests, dialogs. */
export async function open(browser, file, { fragment = "", settings = {} } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...settings });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const wrong = [];
  const address = pathToFileURL(file).href;
  page.on("console", (message) => wrong.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("request", (request) => request.url().split("#")[0] === address || wrong.push(`request: ${request.url()}`));
  page.on("dialog", (dialog) => { wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("popup", () => wrong.push("popup"));
  await page.goto(address + fragment);
  return { page, wrong, address, close: () => context.close() };
}
