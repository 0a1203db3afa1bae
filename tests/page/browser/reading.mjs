// What the page shows: the plan and nothing else, to everybody.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { open } from "./open.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** What the accessibility guidelines ask of text, at the least (WCAG 2, 1.4.3). */
const CONTRAST = 4.5;

/** The texts of all steps, by account, as the page has them: outliers as they stand, patterns expanded. */
const STEPS = () => {
  const steps = {};
  const add = (account, resource, step, asked) => {
    (steps[account] ??= []).push(`${resource.textContent}\n${step.textContent}`.trimEnd() + `\n${asked.textContent}`);
  };
  for (const details of document.querySelectorAll(".item > details")) details.open = true;
  for (const details of document.querySelectorAll(".own")) details.open = true;
  return new Promise((resolve) => setTimeout(() => {
    for (const item of document.querySelectorAll(".item")) {
      const owned = item.querySelectorAll(".own > ul > li");
      for (const own of owned) add(own.dataset.account, ...["resource", "step", "asked"].map((part) => own.querySelector(`.${part}`)));
      if (owned.length) continue;
      const account = item.closest(".group").querySelector("h3").textContent;
      add(account, ...["resource", "step", "asked"].map((part) => item.querySelector(`.${part}`)));
    }
    resolve(steps);
  }, 0));
};

/** Everything that is expected is there, and nothing else. */
function compare(what, found, expected) {
  const wrong = [];
  for (const account of new Set([...Object.keys(found), ...Object.keys(expected)])) {
    const [has, wants] = [found, expected].map((steps) => [...(Object.hasOwn(steps, account) ? steps[account] : [])].sort());
    wants.filter((step) => !has.includes(step)).forEach((step) => wrong.push(`${what}: ${account} lacks:\n${step}`));
    has.filter((step) => !wants.includes(step)).forEach((step) => wrong.push(`${what}: ${account} should not have:\n${step}`));
    if (has.length !== wants.length) wrong.push(`${what}: ${account} has ${has.length} steps, not ${wants.length}`);
  }
  return wrong.slice(0, 5);
}

/** Patterns expand to the steps of the plan; every account by itself shows its own. */
export async function expansion(browser, file, { steps, singles }) {
  const { page, wrong } = await open(browser, file);
  wrong.push(...compare("expanded", await page.evaluate(STEPS), steps));
  for (const account of singles) {
    await page.evaluate((name) => { location.hash = `account=${name}`; }, account);
    await page.waitForFunction((name) => document.querySelector(`.tile[aria-current]`)?.dataset.account === name, account);
    const shown = await page.evaluate(() => [...document.querySelectorAll(".item:not([hidden]) > details")].map((item) =>
      ["resource", "step", "asked"].map((part) => item.querySelector(`.${part}`).textContent)).map(([resource, step, asked]) =>
      `${resource}\n${step}`.trimEnd() + `\n${asked}`));
    wrong.push(...compare("alone", { [account]: shown }, { [account]: steps[account] }));
  }
  return wrong;
}

/** Nothing of what was planted ran, took part in the page, or hides. */
export async function hostile(browser, file, { planted }) {
  const { page, wrong } = await open(browser, file);
  await page.evaluate(STEPS);
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
  await page.fill("#q", "<img src=x onerror");
  const found = await page.evaluate(() => ({
    title: document.title, hidden: getComputedStyle(document.body).display === "none",
    foreign: document.querySelectorAll("img, iframe, object, embed, svg, [autofocus], [onfocus], [onerror], b, base").length,
    scripts: document.scripts.length, styles: document.styleSheets.length,
    raw: /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f]/.test(document.documentElement.outerHTML),
    text: document.body.textContent,
  }));
  if (found.title.includes("owned")) wrong.push("planted script ran");
  if (found.hidden || found.foreign || found.raw) wrong.push(`planted HTML took part: ${JSON.stringify({ ...found, text: undefined })}`);
  if (found.scripts !== 2 || found.styles !== 1) wrong.push(`${found.scripts} scripts and ${found.styles} style sheets`);
  planted.filter((text) => !found.text.includes(text)).forEach((text) => wrong.push(`not shown: ${text}`));
  const shown = await page.textContent("#shown");
  if (shown.startsWith("0 ")) wrong.push("planted text can't be searched for");
  return wrong;
}

/** The luminance contrast of every text with what is behind it (WCAG 2). */
const FAINT = (least) => {
  const numbers = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const light = (color) => {
    const [r, g, b] = numbers(color).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((numbers(color)[3] ?? 1) === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    texts += 1;
    const [one, other] = [getComputedStyle(element).color, behind(element)].map(light).sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < least) faint.add(`contrast ${contrast.toFixed(2)}: ${element.localName}.${element.className} in ${element.parentElement.className}`);
  }
  return texts > 50 ? [...faint] : [`only ${texts} texts were seen`];
};

/** In dark and in light, on a desktop and on a phone, folded and filtered: legible, accessible, and no wider than the window. */
export async function legible(browser, file, { account }) {
  const all = [];
  for (const [colorScheme, width] of [["light", 1280], ["dark", 1280], ["light", 390]]) {
    const { page, wrong, close } = await open(browser, file, { settings: { colorScheme, viewport: { width, height: 844 } } });
    for (const fragment of ["q=", `account=${account}`]) {
      await unfolded(page, fragment);
      wrong.push(...(await page.evaluate(FAINT, CONTRAST)), ...(await wide(page)));
      all.push(...wrong.splice(0).map((one) => `${colorScheme} ${width} ${fragment}: ${one}`));
    }
    if (width === 1280) all.push(...(await accessible(page)));
    await close();
  }
  return all;
}

/** However long the words, only the page's height grows. */
export async function narrow(browser, file, { account }) {
  const { page, wrong } = await open(browser, file, { settings: { viewport: { width: 320, height: 844 } } });
  for (const fragment of ["q=", `account=${account}`]) {
    await unfolded(page, fragment);
    wrong.push(...(await wide(page)));
  }
  return wrong;
}

async function unfolded(page, fragment) {
  await page.evaluate((to) => {
    location.hash = to;
    for (const details of document.querySelectorAll("details")) details.open = true;
  }, fragment);
  await page.waitForTimeout(50);
}

async function wide(page) {
  const [width, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  return width > seen ? [`${width} pixels wide, and the window ${seen}`] : [];
}

async function accessible(page) {
  // The page itself allows no script but its own; the driver's world is not bound by that.
  await page.evaluate(AXE);
  const { violations, passes } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  if (passes.length < 10) return ["axe looked at nothing"];
  return violations.flatMap(({ id, help, nodes }) => nodes.slice(0, 3).map((node) => `${id}: ${help}: ${node.html.slice(0, 200)}`));
}

/** Without its script it is a document: everything can be read, and accounts lead to what is their own. */
export async function document_alone(browser, file, { texts, account, resources }) {
  const { page, wrong } = await open(browser, file, { settings: { javaScriptEnabled: false } });
  const body = await page.locator("body").innerText();
  texts.filter((text) => !body.includes(text)).forEach((text) => wrong.push(`not to be read: ${text}`));
  const folded = page.locator(".item > details:not([open])");
  if ((await folded.count()) === 0) wrong.push("no pattern is folded up");
  await folded.first().locator("summary").click();
  if ((await page.locator(".item > details[open] pre").count()) === 0) wrong.push("a pattern can't be unfolded");
  if (await page.locator("#controls").isVisible()) wrong.push("controls that do nothing are shown");
  await page.locator(`.tile[data-account="${account}"]`).click();
  const target = page.locator(":target");
  if ((await target.textContent()) !== account) wrong.push("a tile leads nowhere");
  const there = await page.locator(".item .resource").count();
  if (there < resources) wrong.push(`${there} steps in the document, not ${resources}`);
  return wrong;
}
