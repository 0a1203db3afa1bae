// How the page is used: search, filters, links, and the keyboard alone.
import { open } from "./open.mjs";

/** Collects what is not as it should be. */
function expectations(wrong) {
  return (what, found, wanted) => {
    const [one, other] = [found, wanted].map((value) => JSON.stringify(value));
    if (one !== other) wrong.push(`${what}: ${one}, not ${other}`);
  };
}

const shown = (page) => page.textContent("#shown");
const fragment = (page) => page.evaluate(() => decodeURIComponent(location.hash));
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.dataset.account || document.activeElement.localName);

/** Each filter counts what the plan has; together they narrow; the address says so, and brings it back. */
export async function filters(browser, file, { all, cases, together, reload }) {
  const { page, wrong, address } = await open(browser, file);
  const expect = expectations(wrong);
  expect("at first", await shown(page), all);
  for (const { name, value, says } of cases) {
    const field = page.locator(`#controls [name="${name}"]`);
    await (name === "q" ? field.fill(value) : field.selectOption(value));
    expect(`${name}=${value}`, await shown(page), says);
    expect("the fragment", await fragment(page), `#${name}=${value.replaceAll(" ", "+")}`);
    await page.keyboard.press("Escape");
    expect("Escape", [await shown(page), await fragment(page)], [all, ""]);
  }
  for (const [name, value] of together.choose) await page.selectOption(`#controls [name="${name}"]`, value);
  expect("together", await shown(page), together.says);
  await page.fill("#q", "nothing is called like this");
  expect("nothing", [await page.isVisible("#nothing"), await page.isVisible(".group")], [true, false]);
  await page.click("#clear");
  expect("cleared", [await page.isVisible("#nothing"), await shown(page), await focused(page)], [false, all, "q"]);
  const again = await open(browser, file, { fragment: reload.fragment });
  expect("a link handed on", [await shown(again.page), await again.page.inputValue("#q")], [reload.says, reload.q]);
  expect("its address", again.page.url(), address + reload.fragment);
  return [...wrong, ...again.wrong];
}

/** Everything without a mouse. */
export async function keyboard(browser, file, { account, says, all, first }) {
  const { page, wrong } = await open(browser, file);
  const expect = expectations(wrong);
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
  await press("Tab");
  expect("the first stop", await page.evaluate(() => document.activeElement.className), "skip");
  expect("the skip link is seen", await page.evaluate(() => document.activeElement.getBoundingClientRect().top >= 0), true);
  await press("Enter");
  expect("it skips", await page.evaluate(() => document.activeElement.id), "steps");
  await press("/");
  expect("slash", await focused(page), "q");
  await page.keyboard.type("a/b");
  expect("a slash in the search is a slash", await page.inputValue("#q"), "a/b");
  await press("Escape");
  expect("Escape clears", [await page.inputValue("#q"), await shown(page)], ["", all]);
  await tiles(page, expect, press, { account, says, all, first });
  await unfolding(page, expect, press);
  expect("focus is seen", await unseen(page), []);
  return wrong;
}

async function tiles(page, expect, press, { account, says, all, first }) {
  expect("one stop in the map", await page.locator('.tile[tabindex="0"]').count(), 1);
  await page.locator('.tile[tabindex="0"]').focus();
  expect("the first tile", await focused(page), first);
  await press("End", "Home", "ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp");
  expect("there and back", await focused(page), first);
  await page.locator(`.tile[data-account="${account}"]`).focus();
  await press("Enter");
  expect("Enter on a tile", [await shown(page), await fragment(page)], [says, `#account=${account}`]);
  expect("it is the current one", await page.getAttribute(`.tile[data-account="${account}"]`, "aria-current"), "true");
  await page.goBack();
  await page.waitForFunction((text) => document.querySelector("#shown").textContent === text, all);
  await press("Enter");
  await press("Escape");
  expect("Escape shows all", await shown(page), all);
}

/** A pattern and its expansion open with Enter. */
async function unfolding(page, expect, press) {
  const pattern = page.locator("#patterns .item > details").first();
  await pattern.locator(":scope > summary").focus();
  await press("Enter");
  await pattern.locator(".own > summary").focus();
  await press("Enter");
  await page.waitForFunction(() => document.querySelector("#patterns .own[open] li"));
  expect("the expansion", await pattern.locator(".own li").count() > 1, true);
}

/** What the Tab key reaches, and whose focus does not show. */
async function unseen(page) {
  const unseen = new Set();
  await page.evaluate(() => { document.activeElement.blur(); window.scrollTo(0, 0); });
  for (let stop = 0; stop < 60; stop += 1) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate(() => {
      const at = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      return at === document.body || (outlineStyle !== "none" && parseFloat(outlineWidth) >= 1) ? null : at.outerHTML.slice(0, 80);
    });
    if (found) unseen.add(found);
  }
  return [...unseen];
}

/** Nothing to search: no controls, the estate, and no error. */
export async function nothing_to_do(browser, file, { texts, account }) {
  const { page, wrong } = await open(browser, file);
  const expect = expectations(wrong);
  const body = await page.locator("body").innerText();
  texts.filter((text) => !body.includes(text)).forEach((text) => wrong.push(`not to be read: ${text}`));
  expect("controls", await page.locator("#controls").count(), 0);
  expect("tiles", (await page.locator(".tile").count()) > 0, account !== null);
  if (account) await page.click(`.tile[data-account="${account}"]`);
  await page.keyboard.press("/");
  await page.keyboard.press("Escape");
  expect("the fragment", await fragment(page), "");
  return wrong;
}

/** Milliseconds in which a reader does not notice waiting (Nielsen's limit is 100; this machine may be busy). */
const AT_ONCE = 1_500;
/** The most that a page of 500 accounts may take to be there, in milliseconds. */
const LOADED = 6_000;

export async function large(browser, file, { account, q }) {
  const begun = performance.now();
  const { page, wrong } = await open(browser, file);
  const loaded = performance.now() - begun;
  if (loaded > LOADED) wrong.push(`loaded in ${loaded} ms`);
  const expect = expectations(wrong);
  const took = await page.evaluate((text) => {
    const [field, start] = [document.querySelector("#q"), performance.now()];
    field.value = text;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    return performance.now() - start;
  }, q);
  if (took > AT_ONCE) wrong.push(`searched in ${took} ms`);
  expect("found", (await shown(page)).endsWith(" in 1 of 502 accounts"), true);
  await page.keyboard.press("Escape");
  const tile = page.locator(`.tile[data-account="${account}"]`);
  await tile.hover();
  expect("the map tells", (await page.textContent("#told")).startsWith(`${account}: `), true);
  await tile.click();
  expect("shown", (await shown(page)).endsWith(" in 1 of 502 accounts"), true);
  expect("filled", (await page.locator(".item:not([hidden]) var").allTextContents()).some((text) => text.startsWith("‹")), false);
  return wrong;
}
