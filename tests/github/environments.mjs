// Environments of the stand-in's repository: protection, branch policies, variables, and secrets, whose sealed boxes are really opened, with
// libsodium. Knows nothing of requests: `server.mjs` has checked them against GitHub's description by the time that they get here.

import sodium from "libsodium-wrappers";

await sodium.ready;
const pair = sodium.crypto_box_keypair();
const BASE64 = sodium.base64_variants.ORIGINAL;
const KEY = { key_id: "568250167242549743", key: sodium.to_base64(pair.publicKey, BASE64) };

const environments = {};
let nextPolicy = 1;
const teams = {};

// Everything that is there, with what was in the boxes: for tests alone.
export const opened = () => environments;

const second = () => new Date().toISOString().replace(/\.\d+/, "");

function open(text) {
  const box = sodium.from_base64(text, BASE64);
  return sodium.to_string(sodium.crypto_box_seal_open(box, pair.publicKey, pair.privateKey));
}

export function environmentHandlers({ example, stop, notFound }) {
  const within = (act) => (request) => {
    const found = environments[request.params.environment_name];
    return found ? act(found, request) : notFound();
  };
  const listed = (field, items) => ({ status: 200, json: { total_count: items.length, [field]: items } });
  // What GitHub's own examples lack of what its description asks for.
  const repository = () => ({ ...example("repos/get", 200), language: null, source: undefined, parent: undefined });
  function named({ id, slug }) {
    const team = example("teams/get-by-name", 200);
    return { ...team, id, slug, name: slug, parent: null, type: "organization", organization: { ...team.organization, archived_at: null } };
  }

  function shown(name) {
    const { wait_timer, prevent_self_review, reviewers, policy } = environments[name];
    const base = example("repos/get-environment", 200);
    const rules = base.protection_rules;
    const rule = (type) => structuredClone(rules.find((rule) => rule.type === type));
    const protection_rules = [];
    if (wait_timer) protection_rules.push({ ...rule("wait_timer"), wait_timer });
    if (reviewers.length || prevent_self_review) {
      const example = rule("required_reviewers").reviewers.find(({ type }) => type === "Team");
      const people = reviewers.map(({ type, id }) => ({ type, reviewer: { ...example.reviewer, id, slug: teams[id] ?? "unknown" } }));
      protection_rules.push({ ...rule("required_reviewers"), prevent_self_review, reviewers: people });
    }
    if (policy) protection_rules.push(rule("branch_policy"));
    return { ...base, name, protection_rules, deployment_branch_policy: policy };
  }

  return {
    "repos/get": () => ({ status: 200, json: repository() }),
    "teams/get-by-name": ({ params }) => {
      const slug = params.team_slug;
      const id = [...slug].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) % 2147483647, 7);
      teams[id] = slug;
      return { status: 200, json: named({ id, slug }) };
    },
    "repos/get-environment": within((_, { params }) => ({ status: 200, json: shown(params.environment_name) })),
    "repos/create-or-update-environment": ({ params, body }) => {
      const name = params.environment_name;
      const { wait_timer = 0, prevent_self_review = false, reviewers, deployment_branch_policy: policy = null } = body ?? {};
      if (policy && policy.protected_branches === policy.custom_branch_policies) return stop(422, "protected_branches and custom_branch_policies cannot have the same value");
      const found = (environments[name] ??= { variables: {}, secrets: {}, policies: {} });
      Object.assign(found, { wait_timer, prevent_self_review, reviewers: reviewers ?? [], policy });
      if (!policy?.custom_branch_policies) found.policies = {};
      return { status: 200, json: shown(name) };
    },
    "repos/list-deployment-branch-policies": within(({ policies }) =>
      listed("branch_policies", Object.entries(policies).map(([id, name]) => ({ id: Number(id), node_id: "x", name })))),
    "repos/create-deployment-branch-policy": within((found, { body }) => {
      if (!found.policy?.custom_branch_policies) return notFound();
      const id = nextPolicy++;
      found.policies[id] = body.name;
      return { status: 200, json: { id, node_id: "x", name: body.name } };
    }),
    "repos/delete-deployment-branch-policy": within(({ policies }, { params }) => {
      if (!(params.branch_policy_id in policies)) return notFound();
      delete policies[params.branch_policy_id];
      return { status: 204 };
    }),
    "actions/list-environment-variables": within(({ variables }, { query }) => {
      const all = Object.entries(variables).map(([name, value]) => ({ name, value, created_at: second(), updated_at: second() }));
      const { per_page = 10, page = 1 } = query;
      return { status: 200, json: { total_count: all.length, variables: all.slice((page - 1) * per_page, page * per_page) } };
    }),
    "actions/create-environment-variable": within(({ variables }, { body }) => {
      if (body.name in variables) return stop(409, "Already exists - Variable already exists");
      variables[body.name] = body.value;
      return { status: 201, json: {} };
    }),
    "actions/update-environment-variable": within(({ variables }, { params, body }) => {
      if (!(params.name in variables)) return notFound();
      variables[params.name] = body.value;
      return { status: 204 };
    }),
    "actions/list-environment-secrets": within(({ secrets }) =>
      listed("secrets", Object.entries(secrets).map(([name, { updated_at }]) => ({ name, created_at: updated_at, updated_at })))),
    "actions/get-environment-public-key": within(() => ({ status: 200, json: KEY })),
    "actions/create-or-update-environment-secret": within(({ secrets }, { params, body }) => {
      if (body.key_id !== KEY.key_id) return stop(422, "Bad request - key_id is not the environment's");
      let value;
      try {
        value = open(body.encrypted_value);
      } catch {
        return stop(422, "Bad request - the box can't be opened");
      }
      const status = params.secret_name in secrets ? 204 : 201;
      secrets[params.secret_name] = { value, updated_at: second() };
      return status === 201 ? { status, json: {} } : { status };
    }),
    "actions/delete-environment-secret": within(({ secrets }, { params }) => {
      if (!(params.secret_name in secrets)) return notFound();
      delete secrets[params.secret_name];
      return { status: 204 };
    }),
  };
}
