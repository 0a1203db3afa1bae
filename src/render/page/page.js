// The page's script: search, filters, the map, and the expansion of patterns. It puts text into elements and never makes HTML of it;
// it asks nobody for anything. What it shows of an account is a clone of the pattern with each placeholder filled.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const every = (selector, within = document) => [...within.querySelectorAll(selector)];
  const KEYS = ["q", "domain", "environment", "kind", "risk", "account"];
  /** With no more steps than this, those that a search finds are unfolded. */
  const AT_ONCE = 6;

  const facts = JSON.parse(byId("facts").textContent);
  const accounts = facts.accounts.map(([name, values]) => {
    const cut = name.lastIndexOf("/");
    const own = new Map(facts.names.map((placeholder, at) => [placeholder, values[at]]).filter(([, value]) => value !== null));
    return { name, domain: cut < 0 ? "" : name.slice(0, cut), environment: cut < 0 ? "" : name.slice(cut + 1), own };
  });

  // ---- Steps: what the document has, with what only the script needs.

  const form = (node) => ({ resource: node.querySelector(".resource").cloneNode(true), step: node.querySelector(".step").cloneNode(true) });

  const readItem = (element, own) => {
    const details = element.querySelector("details");
    const forms = [form(details), ...every("template", details).map((template) => form(template.content))];
    return {
      element, details, forms, ...own,
      kind: element.dataset.kind, risk: element.dataset.risk,
      asker: details.querySelector(".asked"), asking: details.querySelector(".asked").textContent,
      words: forms.map(wordsOf), shown: [], filled: null, unfolded: false, expansion: null,
    };
  };

  const groups = every("article.group").map((element, at) => {
    const { accounts: of, items } = facts.groups[at];
    return {
      element, accounts: of.map((number) => accounts[number]), filled: null,
      items: every(":scope > ul > .item", element).map((item, number) => readItem(item, items[number])),
      title: element.querySelector("h3"), name: element.querySelector("h3").textContent,
      count: element.querySelector("header .count"), members: every(".members li", element),
    };
  });
  const total = groups.reduce((sum, group) => sum + group.items.length * group.accounts.length, 0);
  const touched = new Set(groups.flatMap((group) => group.accounts)).size;

  /** The texts of a step in lower case; placeholders as one-element lists. */
  function wordsOf({ resource, step }) {
    const words = [];
    for (const part of [resource, step]) {
      const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const { data, parentElement } = walker.currentNode;
        words.push(parentElement.localName === "var" ? [data] : data.toLowerCase());
      }
      words.push("\n");
    }
    return words.some(Array.isArray) ? words : [words.join("")];
  }

  const formAt = (item, at) => (item.variant ? item.variant[at] : 0);
  const askedAt = (item, at) => (item.asked ? item.asked[at] ?? "no longer asked for" : item.asking);

  function fill(node, account) {
    for (const placeholder of every("var", node)) {
      const name = placeholder.textContent;
      placeholder.title = name;
      placeholder.textContent = account.own.get(name) ?? name;
    }
    return node;
  }

  /** The step of one account of a pattern, as new elements. */
  function own(item, account, at) {
    const { resource, step } = item.forms[formAt(item, at)];
    return [resource, step].map((node) => fill(node.cloneNode(true), account));
  }

  /** Shows a pattern as one account has it, or as the pattern again. */
  function show(item, account, at) {
    if (item.filled === account) return;
    item.filled = account;
    const [resource, step] = account ? own(item, account, at) : Object.values(item.forms[0]).map((node) => node.cloneNode(true));
    item.details.querySelector(":scope > summary > .resource").replaceWith(resource);
    item.details.querySelector(":scope > .step").replaceWith(step);
    item.asker.textContent = account ? askedAt(item, at) : item.asking;
  }

  // ---- Expansion: the very steps behind a pattern, made when somebody looks.

  function element(name, attributes, ...inside) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  }

  function linkTo(account) {
    return element("a", { href: `#account=${account.name}` }, account.name);
  }

  function expand(group, item) {
    const one = (at) => {
      const account = group.accounts[at];
      const [resource, step] = own(item, account, at);
      const foot = element("p", { class: "foot" }, element("span", { class: "asked" }, askedAt(item, at)));
      const head = element("h4", {}, linkTo(account));
      return element("li", { "data-account": account.name }, head, resource, step, foot);
    };
    item.expansion.querySelector("ul").replaceChildren(...item.shown.map(one));
  }

  for (const group of groups.filter((group) => group.accounts.length > 1)) {
    for (const item of group.items) {
      item.expansion = element("details", { class: "own" }, element("summary", {}), element("ul", {}));
      item.expansion.addEventListener("toggle", () => item.expansion.open && expand(group, item));
      item.details.append(item.expansion);
    }
  }

  // ---- Filters: what is asked for stands in the address, so that a link can be handed on.

  const controls = byId("controls");
  const fields = controls ? every("input, select", controls) : [];
  let asked = {};

  function fromAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    return Object.fromEntries(KEYS.map((key) => [key, given.get(key) ?? ""]));
  }

  function toAddress(keep) {
    const given = new URLSearchParams(KEYS.filter((key) => asked[key]).map((key) => [key, asked[key]]));
    const address = String(given).replaceAll("%2F", "/");
    history[keep ? "pushState" : "replaceState"](null, "", address ? `#${address}` : location.pathname + location.search);
  }

  const isFiltered = () => KEYS.some((key) => asked[key]);
  const isWanted = (account) =>
    (!asked.account || account.name === asked.account) &&
    (!asked.domain || account.domain === asked.domain) &&
    (!asked.environment || account.environment === asked.environment);

  function holds(item, group, at, terms) {
    if (!terms.length) return true;
    const account = group.accounts[at];
    const words = item.words[formAt(item, at)];
    const text = words.map((word) => (typeof word === "string" ? word : (account.own.get(word[0]) ?? word[0]).toLowerCase())).join("");
    const rest = `${account.name}\n${askedAt(item, at)}`.toLowerCase();
    return terms.every((term) => text.includes(term) || rest.includes(term));
  }

  const many = (count, what) => `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
  const some = (count, all, what) => (count === all ? many(all, what) : `${count.toLocaleString("en")} of ${many(all, what)}`);

  function applyTo(group, terms) {
    const wanted = [...group.accounts.keys()].filter((at) => isWanted(group.accounts[at]));
    const left = new Set();
    let steps = 0;
    for (const item of group.items) {
      const fits = (!asked.kind || item.kind === asked.kind) && (!asked.risk || item.risk === asked.risk);
      item.shown = fits ? wanted.filter((at) => holds(item, group, at, terms)) : [];
      item.element.hidden = item.shown.length === 0;
      item.shown.forEach((at) => left.add(at));
      steps += item.shown.length;
    }
    group.element.hidden = steps === 0;
    if (steps > 0 && group.accounts.length > 1) redraw(group, left);
    group.count.textContent = many(steps, "step");
    return [steps, [...left].map((at) => group.accounts[at])];
  }

  function redraw(group, left) {
    const only = left.size === 1 ? [...left][0] : null;
    group.title.textContent = only === null ? some(left.size, group.accounts.length, "account") : group.accounts[only].name;
    if (group.members.length) group.members[0].closest("details").hidden = only !== null;
    group.members.forEach((member, at) => { member.hidden = !left.has(at); });
    for (const item of group.items) {
      show(item, only === null ? null : group.accounts[only], only);
      item.expansion.hidden = only !== null;
      const count = item.shown.length;
      item.expansion.querySelector("summary").textContent = `The steps of ${some(count, group.accounts.length, "account")}, one by one`;
      if (item.expansion.open) expand(group, item);
    }
  }

  /** Unfolds what a search found, if it is little, and folds it up again afterwards. */
  function unfold() {
    const found = groups.flatMap((group) => group.items).filter((item) => item.shown.length);
    const little = isFiltered() && asked.q && found.length <= AT_ONCE;
    for (const item of groups.flatMap((group) => group.items)) {
      const wanted = Boolean(little && item.shown.length);
      if (wanted && !item.details.open) [item.details.open, item.unfolded] = [true, true];
      else if (!wanted && item.unfolded) [item.details.open, item.unfolded] = [false, false];
    }
  }

  function apply() {
    const terms = asked.q.toLowerCase().split(/\s+/).filter(Boolean);
    const left = new Set();
    let steps = 0;
    for (const group of groups) {
      const [count, of] = applyTo(group, terms);
      steps += count;
      of.forEach((account) => left.add(account.name));
    }
    unfold();
    for (const section of every("section.steps")) section.hidden = !section.querySelector("article:not([hidden])");
    mark(left);
    for (const field of fields) if (field.value !== asked[field.name]) field.value = asked[field.name];
    if (!controls) return;
    byId("nothing").hidden = steps > 0;
    byId("shown").textContent = `${some(steps, total, "step")} in ${some(left.size, touched, "account")}`;
    byId("clear").hidden = !isFiltered();
    byId("account").hidden = !asked.account;
    byId("account").textContent = `${asked.account} ✕`;
    byId("account").setAttribute("aria-label", `Only ${asked.account}; press to show all accounts`);
  }

  function ask(change, keep = false) {
    asked = { ...asked, ...change };
    toAddress(keep);
    apply();
  }

  const clear = () => ask(Object.fromEntries(KEYS.map((key) => [key, ""])));

  function follow() {
    // `#steps` and the like are places on the page.
    if (location.hash && !location.hash.includes("=")) return;
    asked = fromAddress();
    apply();
  }

  // ---- The map: one stop for the Tab key, arrows within.

  const tiles = every(".tile");

  function mark(left) {
    for (const tile of tiles) {
      const { account } = tile.dataset;
      tile.classList.toggle("out", isFiltered() && account !== asked.account && !left.has(account));
      if (account === asked.account) tile.setAttribute("aria-current", "true");
      else tile.removeAttribute("aria-current");
    }
  }

  function stopAt(tile) {
    for (const other of tiles) other.tabIndex = other === tile ? 0 : -1;
  }

  /** The tile that is nearest above or below. */
  function beyond(tile, up) {
    const from = tile.getBoundingClientRect();
    const away = (box) => Math.abs(box.top - from.top) * tiles.length + Math.abs(box.left - from.left);
    const boxes = tiles.map((other) => [other, other.getBoundingClientRect()]);
    const there = boxes.filter(([, box]) => (up ? box.bottom <= from.top : box.top >= from.bottom));
    return there.sort(([, one], [, other]) => away(one) - away(other))[0]?.[0];
  }

  function step(event, tile) {
    const at = tiles.indexOf(tile);
    const to = {
      ArrowRight: () => tiles[at + 1], ArrowLeft: () => tiles[at - 1], Home: () => tiles[0], End: () => tiles.at(-1),
      ArrowDown: () => beyond(tile, false), ArrowUp: () => beyond(tile, true),
    }[event.key]?.();
    if (!to) return;
    event.preventDefault();
    stopAt(to);
    to.focus();
  }

  const tell = (event) => { byId("told").textContent = event.target.closest(".tile")?.title ?? ""; };
  byId("map")?.addEventListener("mouseover", tell);
  byId("map")?.addEventListener("focusin", tell);
  stopAt(tiles[0]);

  // ---- What the reader does.

  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#account="]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const name = link.getAttribute("href").slice("#account=".length);
    const account = name === asked.account ? "" : name;
    if (link.matches(".tile")) stopAt(link);
    ask({ account }, true);
    if (account && controls) controls.scrollIntoView();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tile = event.target.closest?.(".tile");
    if (tile) step(event, tile);
    if (event.key === "/" && controls && !event.target.matches("input, select")) {
      event.preventDefault();
      byId("q").focus();
      byId("q").select();
    }
    if (event.key === "Escape" && isFiltered()) {
      event.preventDefault();
      clear();
    }
  });

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = every(".item > details:not([open]), .members:not([open]), .note:not([open])");
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
  });

  addEventListener("hashchange", follow);
  if (controls) {
    controls.hidden = false;
    controls.addEventListener("submit", (event) => event.preventDefault());
    controls.addEventListener("input", (event) => ask({ [event.target.name]: event.target.value }));
    byId("clear").addEventListener("click", () => { clear(); byId("q").focus(); });
    byId("account").addEventListener("click", () => { ask({ account: "" }, true); byId("q").focus(); });
  }
  asked = fromAddress();
  apply();
})();
