// Cuts GitHub's description of its interface down to the operations that landfall calls, as plain JSON schema: from 73 MB, which take a
// second to parse, to what loads at once. usage: trim.mjs DESCRIPTION OUT. Run once, at install; its output is never committed.

import { readFileSync, writeFileSync } from "node:fs";

const REPOSITORY = "/repos/{owner}/{repo}";
const ENVIRONMENT = `${REPOSITORY}/environments/{environment_name}`;
const KEPT = [
  ["get", "/rate_limit"],
  ["get", "/user"],
  ["post", "/app/installations/{installation_id}/access_tokens"],
  ["get", `${REPOSITORY}/installation`],
  ["get", `${REPOSITORY}/collaborators/{username}/permission`],
  ["get", `${REPOSITORY}/commits/{commit_sha}/pulls`],
  ["get", `${REPOSITORY}/pulls/{pull_number}`],
  ["get", `${REPOSITORY}/pulls/{pull_number}/reviews`],
  ["get", `${REPOSITORY}/issues/{issue_number}/comments`],
  ["post", `${REPOSITORY}/issues/{issue_number}/comments`],
  ["patch", `${REPOSITORY}/issues/comments/{comment_id}`],
  ["delete", `${REPOSITORY}/issues/comments/{comment_id}`],
  ["get", REPOSITORY],
  ["get", `${REPOSITORY}/deployments`],
  ["post", `${REPOSITORY}/deployments`],
  ["post", `${REPOSITORY}/deployments/{deployment_id}/statuses`],
  ["get", "/orgs/{org}/teams/{team_slug}"],
  ["get", ENVIRONMENT],
  ["put", ENVIRONMENT],
  ["get", `${ENVIRONMENT}/deployment-branch-policies`],
  ["post", `${ENVIRONMENT}/deployment-branch-policies`],
  ["delete", `${ENVIRONMENT}/deployment-branch-policies/{branch_policy_id}`],
  ["get", `${ENVIRONMENT}/variables`],
  ["post", `${ENVIRONMENT}/variables`],
  ["patch", `${ENVIRONMENT}/variables/{name}`],
  ["get", `${ENVIRONMENT}/secrets`],
  ["get", `${ENVIRONMENT}/secrets/public-key`],
  ["put", `${ENVIRONMENT}/secrets/{secret_name}`],
  ["delete", `${ENVIRONMENT}/secrets/{secret_name}`],
];

// OpenAPI 3.0 says `nullable` where JSON schema has a type of its own for null.
function plain(schema) {
  if (Array.isArray(schema)) return schema.map(plain);
  if (schema === null || typeof schema !== "object") return schema;
  const entries = Object.entries(schema).filter(([key]) => !["description", "example", "examples", "nullable"].includes(key));
  // A property may well be called `description`: only what is a schema's own keyword goes.
  const fields = Object.fromEntries(entries.map(([key, value]) => [key, key === "properties" ? mapped(value) : plain(value)]));
  return schema.nullable === true ? { anyOf: [fields, { type: "null" }] } : fields;
}

function mapped(properties) {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, plain(schema)]));
}

const json = (content) => content?.["application/json"];
const [, , from, to] = process.argv;
const { paths } = JSON.parse(readFileSync(from, "utf8"));

const operations = KEPT.map(([method, path]) => {
  const { operationId, parameters = [], requestBody, responses } = paths[path][method];
  const answers = Object.entries(responses).map(([status, { content }]) => {
    const example = Object.values(json(content)?.examples ?? {})[0]?.value;
    return [status, { schema: plain(json(content)?.schema), example }];
  });
  return {
    id: operationId,
    method: method.toUpperCase(),
    path,
    parameters: parameters.map(({ name, in: place, required = false, schema }) => ({ name, place, required, schema: plain(schema) })),
    body: plain(json(requestBody?.content)?.schema),
    answers: Object.fromEntries(answers),
  };
});
writeFileSync(to, JSON.stringify(operations));
