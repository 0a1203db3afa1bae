// node check.mjs CHECK PAGE EXPECTED CHROMIUM: runs one check, and says what it found, or that all of it holds.
import { readFileSync } from "node:fs";
import { browse } from "./open.mjs";
import * as reading from "./reading.mjs";
import * as using from "./using.mjs";

const [name, file, expected, program] = process.argv.slice(2);
const checks = { ...reading, ...using };
const browser = await browse(program);
try {
  const found = await checks[name](browser, file, JSON.parse(readFileSync(expected, "utf8")));
  for (const one of found) console.log(one);
  if (found.length === 0) console.log("all of it holds");
  process.exitCode = found.length === 0 ? 0 : 1;
} finally {
  await browser.close();
}
