"""An emulated New Relic: executes New Relic's own GraphQL schema (nerdgraph.graphql) over state of its own. Answers below `/newrelic/graphql`.

As lenient as the real one where that hurts: names are not unique, nothing is idempotent, and a new account takes a while to be listed.
State is moto's to reset, as that of every other service here.
"""

import json
import os
import secrets
import threading
import time

from graphql import GraphQLError, build_schema, graphql_sync
from moto.core.base_backend import BackendDict, BaseBackend

# The real one takes some 10 s; enough here for a look right after creation to miss the account.
LISTED_AFTER = 1.0
LOCK = threading.Lock()

with open(os.path.join(os.path.dirname(__file__), "nerdgraph.graphql")) as file:
    SCHEMA = build_schema(file.read())


class NewRelic(BaseBackend):
    def __init__(self, region_name, account_id):
        super().__init__(region_name, account_id)
        self.accounts = {}
        self.keys = {}
        self.last = 4000000

    def next(self):
        self.last += 1
        return self.last

    # Queries

    def actor(self, info):
        management = {"managedAccounts": self.managed}
        organization = {"id": "org-1", "name": "Emulated", "accountManagement": management}
        return {"organization": organization, "apiAccess": {"keySearch": self.search, "key": self.key}, "account": self.account}

    def managed(self, info, isCanceled=None):
        listed = [account for account in self.accounts.values() if time.monotonic() - account["made"] >= LISTED_AFTER]
        return [account for account in listed if isCanceled is None or account["isCanceled"] == isCanceled]

    def account(self, info, id):
        return self.accounts.get(id)

    def search(self, info, query, cursor=None):
        scope = query.get("scope") or {}
        allowed = lambda name, value: scope.get(name) is None or value in scope[name]
        found = [
            key
            for key in self.keys.values()
            if key["type"] in query["types"] and allowed("accountIds", key["accountId"]) and allowed("ingestTypes", key["ingestType"])
        ]
        start = int(cursor or 0)
        page = found[start : start + 100]
        return {"keys": page, "count": len(found), "nextCursor": str(start + 100) if start + 100 < len(found) else None}

    def key(self, info, id, keyType):
        return self.keys.get(id)

    # Mutations

    def accountManagementCreateAccount(self, info, managedAccount):
        name = managedAccount["name"].strip()
        if not name:
            raise GraphQLError("Name can't be blank", extensions={"errorClass": "INVALID_INPUT"})
        account = {"id": self.next(), "name": name, "regionCode": "us01", "isCanceled": False, "made": time.monotonic()}
        self.accounts[account["id"]] = account
        # Every account comes with a license key of its own, which can't be deleted.
        self.add({"accountId": account["id"], "ingestType": "LICENSE", "name": "Original account license key", "original": True})
        return {"managedAccount": account}

    def accountManagementUpdateAccount(self, info, managedAccount):
        account = self.alive(managedAccount["id"])
        account["name"] = managedAccount["name"]
        return {"managedAccount": account}

    def accountManagementCancelAccount(self, info, id):
        account = self.alive(id)
        account["isCanceled"] = True
        self.keys = {key: value for key, value in self.keys.items() if value["accountId"] != id}
        return account

    def apiAccessCreateKeys(self, info, keys):
        created, errors = [], []
        for asked in keys.get("ingest") or []:
            account = self.accounts.get(asked["accountId"])
            if account is None or account["isCanceled"]:
                errors.append(refused("Not authorized for account", "FORBIDDEN", accountId=asked["accountId"], ingestType=asked["ingestType"]))
            else:
                created.append(self.add(asked))
        return {"createdKeys": created, "errors": errors}

    def apiAccessDeleteKeys(self, info, keys):
        deleted, errors = [], []
        for id in keys.get("ingestKeyIds") or []:
            key = self.keys.get(id)
            if key is None:
                errors.append(refused("Key not found", "NOT_FOUND", id=id))
            elif key.get("original"):
                errors.append(refused("The original license key can't be deleted", "INVALID", id=id))
            else:
                del self.keys[id]
                deleted.append({"id": id})
        return {"deletedKeys": deleted, "errors": errors}

    def alive(self, id):
        account = self.accounts.get(id)
        if account is None or account["isCanceled"]:
            raise GraphQLError("Account not found", extensions={"errorClass": "NOT_FOUND"})
        return account

    def add(self, asked):
        id = secrets.token_hex(16).upper()
        value = f"{secrets.token_hex(18)}NRAL" if asked["ingestType"] == "LICENSE" else f"NRJS-{secrets.token_hex(10)}"
        key = {**asked, "id": id, "key": value, "obfuscatedKey": value[:4] + "…", "type": "INGEST", "createdAt": int(time.time())}
        self.keys[id] = {**key, "__typename": "ApiAccessIngestKey"}
        return self.keys[id]


def refused(message, error, **fields):
    return {"__typename": "ApiAccessIngestKeyError", "message": message, "type": "INGEST", "errorType": error, **fields}


def register_into(mounts):
    states = BackendDict(NewRelic, "newrelic", use_boto3_regions=False, additional_regions=["aws"])

    def serve(request, start_response):
        status, answer = answered(states["000000000000"]["aws"], request)
        body = json.dumps(answer).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    mounts["newrelic"] = serve


def answered(state, request):
    body = request["wsgi.input"].read(int(request.get("CONTENT_LENGTH") or 0))
    if request.get("PATH_INFO") != "/graphql" or request.get("REQUEST_METHOD") != "POST":
        return "404 Not Found", {"errors": [{"message": "Not found"}]}
    if not request.get("HTTP_API_KEY"):
        return "401 Unauthorized", {"errors": [{"message": "The API key provided is invalid", "extensions": {"errorClass": "UNAUTHENTICATED"}}]}
    asked = json.loads(body)
    with LOCK:
        result = graphql_sync(SCHEMA, asked["query"], Root(state), variable_values=asked.get("variables"))
    return "200 OK", result.formatted


class Root:
    """The fields of the query and of the mutation."""

    def __init__(self, state):
        self.state = state

    def __getattr__(self, name):
        return getattr(self.state, name)
