"""A GitHub for the sandbox: environments of any repository, with their variables, secrets and branch policies, in memory. Strict about what
has to be there first; checks no token. What is in a sealed box stays there: nobody here has the private key.
"""

import base64
import json
import os
import re
import threading
from datetime import datetime, timezone

REPOSITORY = r"/repos/(?P<owner>[^/]+)/(?P<repo>[^/]+)"
ENVIRONMENT = REPOSITORY + r"/environments/(?P<name>[^/]+)"
KEY = {"key_id": "1", "key": base64.b64encode(os.urandom(32)).decode()}

environments = {}
teams = {}
lock = threading.Lock()


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def register_into(mounts):
    mounts["github"] = application


def application(request, start_response):
    length = int(request.get("CONTENT_LENGTH") or 0)
    text = request["wsgi.input"].read(length) if length else b""
    try:
        with lock:
            status, answer = answered(request["REQUEST_METHOD"], request["PATH_INFO"], json.loads(text or b"{}"))
    except Refused as refused:
        status, answer = refused.status, {"message": str(refused)}
    date = datetime.now(timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
    start_response(f"{status} -", [("Content-Type", "application/json; charset=utf-8"), ("Date", date)])
    return [b"" if status == 204 else json.dumps(answer).encode()]


def answered(method, path, body):
    for verb, pattern, answer in OPERATIONS:
        match = re.fullmatch(pattern, path)
        if match and verb == method:
            return answer(body=body, **match.groupdict())
    raise Refused(404, "Not Found")


def there(owner, repo, name):
    found = environments.get((owner.lower(), repo.lower(), name))
    if found is None:
        raise Refused(404, "Not Found")
    return found


def listed(field, items):
    return 200, {"total_count": len(items), field: items}


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def repository(owner, repo, body):
    return 200, {"name": repo, "full_name": f"{owner}/{repo}"}


def team(org, slug, body):
    # Any team is there; its number is made of its name, and remembered, because reviewers are named by number.
    number = sum(byte * 31**at for at, byte in enumerate(slug.encode())) % 2**31
    teams[number] = slug
    return 200, {"id": number, "slug": slug}


def get(owner, repo, name, body):
    found = there(owner, repo, name)
    rules = []
    if found["wait_timer"]:
        rules.append({"type": "wait_timer", "wait_timer": found["wait_timer"]})
    if found["reviewers"] or found["prevent_self_review"]:
        reviewers = [{"type": one["type"], "reviewer": {"id": one["id"], "slug": teams.get(one["id"], "?")}} for one in found["reviewers"]]
        rules.append({"type": "required_reviewers", "prevent_self_review": found["prevent_self_review"], "reviewers": reviewers})
    return 200, {"name": name, "protection_rules": rules, "deployment_branch_policy": found["deployment_branch_policy"]}


def put(owner, repo, name, body):
    fresh = {"variables": {}, "secrets": {}, "policies": {}}
    found = environments.setdefault((owner.lower(), repo.lower(), name), fresh)
    found["wait_timer"] = body.get("wait_timer") or 0
    found["prevent_self_review"] = bool(body.get("prevent_self_review"))
    found["reviewers"] = body.get("reviewers") or []
    found["deployment_branch_policy"] = body.get("deployment_branch_policy")
    if not (found["deployment_branch_policy"] or {}).get("custom_branch_policies"):
        found["policies"] = {}
    return get(owner, repo, name, body)


def policies(owner, repo, name, body):
    found = there(owner, repo, name)["policies"]
    return listed("branch_policies", [{"id": at, "name": pattern} for at, pattern in found.items()])


def add_policy(owner, repo, name, body):
    found = there(owner, repo, name)["policies"]
    at = max(found, default=0) + 1
    found[at] = body["name"]
    return 200, {"id": at, "name": body["name"]}


def delete_policy(owner, repo, name, id, body):
    if there(owner, repo, name)["policies"].pop(int(id), None) is None:
        raise Refused(404, "Not Found")
    return 204, None


def variables(owner, repo, name, body):
    found = there(owner, repo, name)["variables"]
    return listed("variables", [{"name": key, "value": value} for key, value in sorted(found.items())])


def add_variable(owner, repo, name, body):
    found = there(owner, repo, name)["variables"]
    if body["name"].upper() in found:
        raise Refused(409, "Already exists")
    found[body["name"].upper()] = body["value"]
    return 201, {}


def change_variable(owner, repo, name, variable, body):
    found = there(owner, repo, name)["variables"]
    if variable.upper() not in found:
        raise Refused(404, "Not Found")
    found[variable.upper()] = body["value"]
    return 204, None


def secrets(owner, repo, name, body):
    found = there(owner, repo, name)["secrets"]
    return listed("secrets", [{"name": key, "created_at": at, "updated_at": at} for key, at in sorted(found.items())])


def public_key(owner, repo, name, body):
    there(owner, repo, name)
    return 200, KEY


def put_secret(owner, repo, name, secret, body):
    found = there(owner, repo, name)["secrets"]
    if body["key_id"] != KEY["key_id"] or len(base64.b64decode(body["encrypted_value"])) <= 48:
        raise Refused(422, "Bad request - sealed with another key, or not sealed")
    status = 204 if secret.upper() in found else 201
    found[secret.upper()] = now()
    return status, {}


def delete_secret(owner, repo, name, secret, body):
    if there(owner, repo, name)["secrets"].pop(secret.upper(), None) is None:
        raise Refused(404, "Not Found")
    return 204, None


OPERATIONS = [
    ("GET", REPOSITORY, repository),
    ("GET", r"/orgs/(?P<org>[^/]+)/teams/(?P<slug>[^/]+)", team),
    ("GET", ENVIRONMENT, get),
    ("PUT", ENVIRONMENT, put),
    ("GET", ENVIRONMENT + "/deployment-branch-policies", policies),
    ("POST", ENVIRONMENT + "/deployment-branch-policies", add_policy),
    ("DELETE", ENVIRONMENT + r"/deployment-branch-policies/(?P<id>\d+)", delete_policy),
    ("GET", ENVIRONMENT + "/variables", variables),
    ("POST", ENVIRONMENT + "/variables", add_variable),
    ("PATCH", ENVIRONMENT + r"/variables/(?P<variable>[^/]+)", change_variable),
    ("GET", ENVIRONMENT + "/secrets", secrets),
    ("GET", ENVIRONMENT + "/secrets/public-key", public_key),
    ("PUT", ENVIRONMENT + r"/secrets/(?P<secret>[^/]+)", put_secret),
    ("DELETE", ENVIRONMENT + r"/secrets/(?P<secret>[^/]+)", delete_secret),
]
