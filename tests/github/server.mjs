// A GitHub for tests: pull requests, reviews and comments with state, behind GitHub's own description of its interface.
//
// Every request and every answer is validated against that description; what does not fit is kept as a violation, which the test that
// started this server fails on. What the description leaves open is as GitHub is known to do it: bodies too long are refused (422), ids
// ascend, reviews are listed as submitted, installation tokens don't know their user, App claims are verified.
//
// usage: server.mjs DESCRIPTION, as trim.mjs makes it. Prints its port, and ends with its standard input. Talks to loopback only.
// `POST /_stand-in` changes what is there and what goes wrong (see `settings`); `GET /_stand-in` tells everything that is; `PUT /_stand-in`, the key
// of the App.

import { createServer } from "node:http";
import { generateKeyPairSync, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import formats from "ajv-formats";
import { environmentHandlers, opened } from "./environments.mjs";

// Bodies have to be as described; parameters arrive as text, and are turned into what they are described as.
const bodies = new Ajv({ strict: false, allErrors: true });
const texts = new Ajv({ strict: false, allErrors: true, coerceTypes: true });
[bodies, texts].forEach((ajv) => formats(ajv));
const operations = JSON.parse(readFileSync(process.argv[2], "utf8")).map((operation) => ({
  ...operation,
  pattern: new RegExp(`^${operation.path.replace(/[.]/g, "\\.").replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`),
}));

// The App's key, made when it is first asked for: most tests need none, and making one takes a while.
let pair;
const key = () =>
  (pair ??= generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  }));

const REPOSITORY = "acme/infra";
const APP = { id: 4711, slug: "landfall" };

// What is there, and what goes wrong. POST replaces what it names, and adds to `comments` and `reviews`.
const settings = {
  // By token: { login, type, writes }. A `login` of null is an installation whose token does not know its user.
  tokens: {},
  // By number: { author, head, merged }; `merged` is the commit that merging made. `fork` says whose fork it comes from.
  pulls: {},
  // { issue, login, type, body }, the oldest first.
  comments: [],
  // { pull, login, type, state, commit }, in the order in which they were submitted.
  reviews: [],
  // By login: read, write, admin. Whoever is not here is no collaborator.
  permissions: {},
  // What happens to the next requests for an operation: { operation, fault, seconds }, each once. See `faults`.
  faults: [],
  // A comment that another run makes between our looking and our creating.
  race: null,
  // A head that the pull request gets, by somebody's push, after so many looks at it: { pull, looks, head }.
  push: null,
  // { id, sha, task, environment, states }, the oldest first.
  deployments: [],
  longest: 65536,
  // What the installation of the App is granted; null where it is not installed.
  installation: { pull_requests: "write", metadata: "read" },
};
const seen = { requests: [], violations: [] };
let nextId = 1000;

const stop = (status, message, more = {}, headers = {}) => ({ status, headers, json: { message, documentation_url: "https://docs.github.com/rest", ...more } });
const notFound = () => stop(404, "Not Found");
const operation = (id) => operations.find((operation) => operation.id === id);
const example = (id, status) => structuredClone(operation(id).answers[status].example);

function user(login, type) {
  const { user } = example("issues/list-comments", 200)[0];
  return { ...user, login, type, html_url: `https://github.example/${encodeURIComponent(login)}` };
}

function shownComment({ id, issue, login, type, body, updated_at }) {
  const [base] = example("issues/list-comments", 200);
  const html_url = `https://github.example/${REPOSITORY}/pull/${issue}#issuecomment-${id}`;
  return { ...base, id, html_url, body, user: login === null ? null : user(login, type ?? "Bot"), updated_at: updated_at ?? base.updated_at };
}

function shownPull(number, id) {
  const { author, head, merged, fork } = settings.pulls[number];
  const [full] = [example(id, 200)].flat();
  full.requested_teams = [];
  full.head.sha = head;
  if (fork) full.head.repo = { ...full.head.repo, full_name: `${fork}/infra`, fork: true };
  const trial = "f".repeat(40);
  return { ...full, number: Number(number), user: user(author, "User"), merged_at: merged ? "2026-11-21T09:00:00Z" : null, merge_commit_sha: merged ?? trial };
}

function shownReview({ login, type, state, commit }, at) {
  const [base] = example("pulls/list-reviews", 200);
  return { ...base, id: 80 + at, user: user(login, type ?? "User"), state, commit_id: commit, submitted_at: new Date(Date.UTC(2026, 10, 21, 8, 0, at)).toISOString().replace(".000", "") };
}

// One page of a list, with the link to the next as GitHub gives it.
function paged(all, { per_page = 30, page = 1 }, path) {
  const link = page * per_page < all.length ? { link: `<https://api.github.example${path}?per_page=${per_page}&page=${page + 1}>; rel="next"` } : {};
  return { status: 200, headers: link, json: all.slice((page - 1) * per_page, page * per_page) };
}

function tooLong(body) {
  const errors = [{ resource: "IssueComment", code: "unprocessable", field: "data", message: `Body is too long (maximum is ${settings.longest} characters)` }];
  return [...body].length > settings.longest ? stop(422, "Validation Failed", { errors }) : null;
}

function added(comment) {
  const made = { id: nextId++, ...comment };
  settings.comments.push(made);
  return made;
}

// What each operation does; `caller` is whom the token belongs to.
const handlers = {
  "rate-limit/get": () => ({ status: 200, json: example("rate-limit/get", 200) }),
  "users/get-authenticated": ({ caller }) => {
    if (caller.login === null || caller.installation) return stop(403, "Resource not accessible by integration");
    return { status: 200, json: { ...example("users/get-authenticated", 200), login: caller.login, type: caller.type } };
  },
  "apps/get-repo-installation": ({ caller }) => {
    if (!caller.app) return stop(401, "A JSON web token could not be decoded");
    if (!settings.installation) return notFound();
    return { status: 200, json: { ...example("apps/get-repo-installation", 200), id: 5, app_id: APP.id, app_slug: APP.slug, permissions: settings.installation } };
  },
  "apps/create-installation-access-token": ({ caller, body, params }) => {
    if (!caller.app || params.installation_id !== 5) return notFound();
    const token = `ghs_issued${nextId++}`;
    settings.tokens[token] = { login: `${APP.slug}[bot]`, type: "Bot", installation: true, writes: body.permissions.pull_requests === "write" };
    return { status: 201, json: { ...example("apps/create-installation-access-token", 201), token, permissions: body.permissions, repositories: undefined } };
  },
  "repos/get-collaborator-permission-level": ({ params }) => {
    const permission = settings.permissions[params.username];
    return permission ? { status: 200, json: { permission, role_name: permission, user: null } } : notFound();
  },
  "repos/list-pull-requests-associated-with-commit": ({ params, query, path }) => {
    const has = ([, { head, merged }]) => head === params.commit_sha || merged === params.commit_sha;
    const found = Object.entries(settings.pulls).filter(has).map(([number]) => shownPull(number, "repos/list-pull-requests-associated-with-commit"));
    return paged(found, query, path);
  },
  "pulls/get": ({ params }) => {
    const pull = settings.pulls[params.pull_number];
    const { push } = settings;
    if (push && push.pull === params.pull_number && push.looks-- <= 0) pull.head = push.head;
    return pull ? { status: 200, json: shownPull(params.pull_number, "pulls/get") } : notFound();
  },
  "pulls/list-reviews": ({ params, query, path }) =>
    paged(settings.reviews.filter(({ pull }) => pull === params.pull_number).map(shownReview), query, path),
  "issues/list-comments": ({ params, query, path }) =>
    paged(settings.comments.filter(({ issue }) => issue === params.issue_number).map(shownComment), query, path),
  "issues/create-comment": ({ params, body, caller }) => {
    const issue = params.issue_number;
    if (!settings.pulls[issue]) return notFound();
    if (settings.race) {
      added({ issue, type: "Bot", ...settings.race });
      settings.race = null;
    }
    return tooLong(body.body) ?? { status: 201, json: shownComment(added({ issue, login: caller.name ?? caller.login, type: caller.type, body: body.body })) };
  },
  "issues/update-comment": ({ params, body }) => {
    const comment = settings.comments.find(({ id }) => id === params.comment_id);
    if (!comment) return notFound();
    const refused = tooLong(body.body);
    if (!refused) Object.assign(comment, { body: body.body, updated_at: "2026-11-21T07:59:59Z" });
    return refused ?? { status: 200, json: shownComment(comment) };
  },
  "issues/delete-comment": ({ params }) => {
    const at = settings.comments.findIndex(({ id }) => id === params.comment_id);
    if (at < 0) return notFound();
    settings.comments.splice(at, 1);
    return { status: 204 };
  },
};

const shownDeployment = ({ id, sha, task, environment }, of) => ({ ...of, id, sha, ref: sha, task, environment });

Object.assign(handlers, {
  "repos/list-deployments": ({ query, path }) => {
    const asked = (deployment) => ["sha", "task", "environment"].every((name) => (query[name] ?? deployment[name]) === deployment[name]);
    const [base] = example("repos/list-deployments", 200);
    const found = settings.deployments.filter(asked).reverse();
    return paged(found.map((deployment) => shownDeployment(deployment, base)), { page: 1, per_page: 30, ...query }, path);
  },
  "repos/create-deployment": ({ body }) => {
    // Left out, GitHub would merge, and wait for every check.
    if (body.auto_merge !== false || body.required_contexts?.length !== 0) return stop(409, "Conflict: Commit status checks failed.");
    const made = { id: nextId++, sha: body.ref, task: body.task, environment: body.environment, states: [] };
    settings.deployments.push(made);
    return { status: 201, json: shownDeployment(made, example("repos/create-deployment", 201)) };
  },
  "repos/create-deployment-status": ({ params, body }) => {
    const found = settings.deployments.find(({ id }) => id === params.deployment_id);
    if (!found) return notFound();
    found.states.push([body.state, body.description]);
    return { status: 201, json: { ...example("repos/create-deployment-status", 201), state: body.state } };
  },
});

Object.assign(handlers, environmentHandlers({ example, stop, notFound }));

// What may go wrong with a request, instead of what it asks for.
const faults = {
  primary: ({ seconds = 1 }) =>
    stop(403, "API rate limit exceeded for installation.", {}, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(Math.floor(Date.now() / 1000) + seconds) }),
  secondary: ({ seconds = 1 }) => stop(403, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", {}, { "retry-after": String(seconds) }),
  forbidden: () => stop(403, "Resource not accessible by integration", {}, { "x-accepted-github-permissions": "issues=write; pull_requests=write" }),
  hidden: notFound,
  broken: () => ({ status: 502, text: "<html><title>Unicorn!</title></html>" }),
};

// Who asks; null where the token is no good.
function callerOf(authorization = "") {
  const token = authorization.replace(/^Bearer /, "");
  if (settings.tokens[token]) return settings.tokens[token];
  const [head, said, signature] = token.split(".");
  if (signature === undefined || !verify("sha256", Buffer.from(`${head}.${said}`), key().publicKey, Buffer.from(signature, "base64url"))) return null;
  const { iss, iat, exp } = JSON.parse(Buffer.from(said, "base64url").toString());
  const now = Date.now() / 1000;
  return String(iss) === String(APP.id) && iat <= now && exp > now && exp - now <= 600 ? { app: true } : null;
}

function violation(text, errors) {
  seen.violations.push(`${text}: ${(errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`).join(", ")}`);
}

const validators = new Map();
function fits(schema, value, what, ajv = bodies) {
  if (!schema) return true;
  if (!validators.has(schema)) validators.set(schema, ajv.compile(schema));
  const validate = validators.get(schema);
  const valid = validate(value);
  if (!valid) violation(what, validate.errors);
  return valid;
}

// The parameters of one place, as the types that they are described with.
function parameters(operation, place, given, what) {
  const described = operation.parameters.filter((parameter) => parameter.place === place);
  const properties = Object.fromEntries(described.map(({ name, schema }) => [name, schema]));
  const required = described.filter((parameter) => parameter.required).map(({ name }) => name);
  const values = { ...given };
  operation.schemas ??= {};
  operation.schemas[place] ??= { type: "object", properties, required, additionalProperties: false };
  return fits(operation.schemas[place], values, `${what}: its ${place}`, texts) ? values : null;
}

function answerTo({ method, url, headers }, text) {
  const { pathname, searchParams } = new URL(url, "http://stand-in");
  // GitHub Enterprise Server has its interface there.
  const path = pathname.replace(/^\/api\/v3(?=\/)/, "");
  const what = `${method} ${path}`;
  seen.requests.push(what);
  const matched = operations.map((operation) => [operation, path.match(operation.pattern)]).find(([operation, match]) => match && operation.method === method);
  if (!matched) {
    violation(`${what}: GitHub has no such operation, or trim.mjs leaves it out`);
    return [null, notFound()];
  }
  const [operation, { groups = {} }] = matched;
  return [operation, carriedOut(operation, { what, path, text, headers, groups, query: Object.fromEntries(searchParams) })];
}

function carriedOut(operation, { what, path, text, headers, groups, query: asked }) {
  const decoded = Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
  const params = parameters(operation, "path", decoded, what);
  const query = parameters(operation, "query", asked, what);
  const body = text === "" ? undefined : JSON.parse(text);
  if (!params || !query || !fits(operation.body, body ?? {}, `${what}: its body`)) return stop(422, "Validation Failed", { errors: [] });
  if (operation.id === "rate-limit/get") return handlers[operation.id]({});
  const caller = callerOf(headers.authorization);
  if (!caller) return stop(401, "Bad credentials");
  const at = settings.faults.findIndex((fault) => fault.operation === operation.id);
  const [fault] = at < 0 ? [] : settings.faults.splice(at, 1);
  if (fault && faults[fault.fault]) return faults[fault.fault](fault);
  if (params.owner && `${params.owner}/${params.repo}` !== REPOSITORY) return notFound();
  if (operation.method !== "GET" && !caller.app && !caller.writes) return faults.forbidden();
  const answer = handlers[operation.id]({ params, query, body, caller, path });
  // `lost` is carried out, and its answer never arrives; `slow` takes its time.
  return { ...answer, lost: fault?.fault === "lost", delay: fault?.fault === "slow" ? fault.seconds * 1000 : 0 };
}

// Errors that GitHub's description leaves out, such as limits, have the shape of all errors.
const ERROR = { type: "object", required: ["message"], properties: { message: { type: "string" } } };

function checkAnswer(operation, { status, json }) {
  if (!operation || json === undefined) return;
  const described = operation.answers[status]?.schema;
  if (status < 300 && !operation.answers[status]) violation(`${operation.id}: ${status} is not described`);
  // As it is sent: JSON drops what is undefined.
  fits(described ?? ERROR, JSON.parse(JSON.stringify(json)), `${operation.id}: its answer ${status}`);
}

function control(method, text) {
  if (method === "GET") return { ...settings, ...seen, environments: opened() };
  if (method === "PUT") return { ...APP, key: key().privateKey };
  const { comments = [], reviews = [], ...replaced } = JSON.parse(text);
  Object.assign(settings, replaced);
  comments.forEach(added);
  settings.reviews.push(...reviews);
  return {};
}

function send(response, { status, headers = {}, json, text, lost, delay = 0 }) {
  if (lost) return response.destroy();
  const body = text ?? (json === undefined ? "" : JSON.stringify(json));
  const type = text === undefined ? "application/json; charset=utf-8" : "text/html";
  const length = status === 204 ? {} : { "content-length": Buffer.byteLength(body) };
  setTimeout(() => response.writeHead(status, { "content-type": type, ...length, ...headers }).end(body), delay);
}

async function serve(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  if (request.url === "/_stand-in") return send(response, { status: 200, json: control(request.method, text) });
  const [operation, answer] = answerTo(request, text);
  checkAnswer(operation, answer);
  send(response, answer);
}

const server = createServer((request, response) => {
  serve(request, response).catch((error) => {
    violation(`the stand-in itself: ${error.stack}`);
    send(response, stop(500, "the stand-in is broken"));
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
// Whoever started it holds the other end: when that is gone, however it went, so is this.
process.stdin.on("end", () => process.exit(0)).resume();
