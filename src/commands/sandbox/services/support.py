"""AWS Support with the severity levels that an account's plan gives, and cases that stay as they are left: moto's change at every look.

A case is resolved by whoever calls ResolveCase, in the role of AWS: the plans that it asks for are in force from then on.
"""

import datetime
import re
import secrets

from .model import Refused, Service, page, register

LEVELS = [("low", "General guidance"), ("normal", "System impaired"), ("high", "Production system impaired"), ("urgent", "Production system down"), ("critical", "Business-critical system down")]
# How many of these levels a plan gives.
PLANS = {"basic": 0, "developer": 2, "business": 4, "enterprise-on-ramp": 5, "enterprise": 5}
# The account that moto gives to credentials of its own; the others begin on the basic plan.
MANAGEMENT = "123456789012"
CASES_AN_HOUR = 10
ASKED = re.compile(r"\b(\d{12}) \([^)]*\): ([a-z-]+)")


class Support(Service):
    service = "support"
    regions = ["us-east-1"]

    def __init__(self, region_name, account_id):
        super().__init__(region_name, account_id)
        self.plan = "business" if account_id == MANAGEMENT else "basic"
        self.cases = {}

    def subscribed(self):
        if PLANS[self.plan] < 4:
            raise Refused("SubscriptionRequiredException", "Amazon Web Services Premium Support Subscription is required to use this service.")

    def describe_severity_levels(self, parameters):
        if not PLANS[self.plan]:
            self.subscribed()
        return {"severityLevels": [{"code": code, "name": name} for code, name in LEVELS[: PLANS[self.plan]]]}

    def create_case(self, parameters):
        self.subscribed()
        if parameters.get("severityCode", "low") not in [code for code, _ in LEVELS[: PLANS[self.plan]]]:
            raise Refused("InternalServerError", "this plan has no such severity")
        hour = datetime.timedelta(hours=1)
        if sum(1 for case in self.cases.values() if now() - case["opened"] < hour) >= CASES_AN_HOUR:
            raise Refused("CaseCreationLimitExceeded", "The case creation limit for the account has been exceeded.")
        id = f"case-{self.account_id}-muen-2026-{secrets.token_hex(8)}"
        self.cases[id] = {"opened": now(), "shown": str(17000000000 + len(self.cases)), "status": "opened", "said": [], **parameters}
        self.say(id, parameters["communicationBody"])
        return {"caseId": id}

    def say(self, id, body):
        said = {"caseId": id, "body": body, "submittedBy": "landfall@emulated", "timeCreated": written(now())}
        self.cases[id]["said"].append(said)

    def case(self, id):
        self.subscribed()
        if id not in self.cases:
            raise Refused("CaseIdNotFound", f"no case {id}")
        return self.cases[id]

    def add_communication_to_case(self, parameters):
        id = parameters.get("caseId", "")
        if self.case(id)["status"] == "resolved":
            self.cases[id]["status"] = "reopened"
        self.say(id, parameters["communicationBody"])
        return {"result": True}

    def describe_cases(self, parameters):
        self.subscribed()
        found = [(id, case) for id, case in self.cases.items() if parameters.get("includeResolvedCases") or case["status"] != "resolved"]
        wanted = parameters.get("caseIdList")
        found = [(id, case) for id, case in found if not wanted or id in wanted]
        after = parameters.get("afterTime")
        found = [(id, case) for id, case in found if not after or written(case["opened"]) >= after]
        shown, more = page(found, parameters, 100, "nextToken", "maxResults")
        return {"cases": [details(id, case) for id, case in shown], **more}

    def describe_communications(self, parameters):
        said = list(reversed(self.case(parameters["caseId"])["said"]))
        shown, more = page(said, parameters, 100, "nextToken", "maxResults")
        return {"communications": shown, **more}

    def resolve_case(self, parameters):
        id = parameters.get("caseId", "")
        before = self.case(id)["status"]
        self.cases[id]["status"] = "resolved"
        for said in self.cases[id]["said"]:
            for account, plan in ASKED.findall(said["body"]):
                if plan in PLANS:
                    BACKENDS[account][self.region_name].plan = plan
        return {"initialCaseStatus": before, "finalCaseStatus": "resolved"}


def details(id, case):
    same = ("subject", "serviceCode", "categoryCode", "severityCode", "language")
    times = {"timeCreated": written(case["opened"]), "displayId": case["shown"], "status": case["status"]}
    return {"caseId": id, **times, **{name: case[name] for name in same if name in case}}


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def written(time):
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


BACKENDS = register(Support)
