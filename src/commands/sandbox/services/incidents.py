"""Incident Manager: the replication set, of which an account has one at most, and response plans, which need it.

Regions take a while to join and to leave: two looks at the set. Its records are the same in every Region of it.
"""

import datetime
import re

from .model import Refused, Service, page, register

# Looks at a set until what was asked of it is done.
LOOKS = 2

# By account, since a set and its plans belong to no Region.
SETS, PLANS = {}, {}


def sets(account):
    return SETS.setdefault(account, {})


def plans(account):
    return PLANS.setdefault(account, {})


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class Incidents(Service):
    service = "ssm-incidents"

    def arn(self, rest):
        return f"arn:{self.partition}:ssm-incidents::{self.account_id}:{rest}"

    @property
    def sets(self):
        return sets(self.account_id)

    @property
    def plans(self):
        return plans(self.account_id)

    def set(self, arn):
        if arn not in self.sets:
            raise Refused("ResourceNotFoundException", "no such replication set")
        return self.sets[arn]

    # The replication set.

    def create_replication_set(self, p):
        if self.sets:
            raise Refused("ConflictException", "the account has a replication set")
        if self.region_name not in p["regions"]:
            raise Refused("ValidationException", "the Region that is asked has to be among the set's")
        arn = self.arn("replication-set/0a1b2c3d-0000-4000-8000-000000000001")
        self.sets[arn] = {"arn": arn, "protected": False, "regions": dict(p["regions"]), "leaving": None, "status": "CREATING", "looks": LOOKS}
        return {"arn": arn}

    def list_replication_sets(self, p):
        items, token = page(list(self.sets), p, token="nextToken", size="maxResults")
        return {"replicationSetArns": items} | token

    def get_replication_set(self, p):
        found = self.set(p["arn"])
        found["looks"] -= 1
        if found["looks"] <= 0:
            found["regions"].pop(found["leaving"], None)
            found |= {"status": "ACTIVE", "leaving": None}
        by = self.arn("user/somebody")
        region = lambda name: {"status": "DELETING" if name == found["leaving"] else "ACTIVE", "statusUpdateDateTime": now()}
        return {"replicationSet": {
            "arn": found["arn"], "createdBy": by, "createdTime": now(), "lastModifiedBy": by, "lastModifiedTime": now(),
            "deletionProtected": found["protected"], "status": found["status"],
            "regionMap": {name: region(name) for name in found["regions"]},
        }}

    def update_replication_set(self, p):
        found = self.set(p["arn"])
        if found["status"] != "ACTIVE":
            raise Refused("ConflictException", "the set is being changed")
        for action in p["actions"]:
            if "addRegionAction" in action:
                name = action["addRegionAction"]["regionName"]
                if name in found["regions"] or len(found["regions"]) == 3:
                    raise Refused("ValidationException", f"{name} can't be added")
                found["regions"][name] = {}
            else:
                name = action["deleteRegionAction"]["regionName"]
                if name not in found["regions"] or len(found["regions"]) == 1:
                    raise Refused("ValidationException", f"{name} can't be taken out")
                found["leaving"] = name
        found |= {"status": "UPDATING", "looks": LOOKS}

    def update_deletion_protection(self, p):
        self.set(p["arn"])["protected"] = p["deletionProtected"]

    def delete_replication_set(self, p):
        if self.set(p["arn"])["protected"]:
            raise Refused("ValidationException", "the set is protected from deletion")
        del self.sets[p["arn"]]
        self.plans.clear()

    # Response plans.

    def plan(self, arn):
        if arn not in self.plans:
            raise Refused("ResourceNotFoundException", "no such response plan")
        return self.plans[arn]

    def check_engagements(self, engagements):
        # Here and not above: contacts need the sets of this file.
        from moto.ssmcontacts import ssmcontacts_backends

        for arn in engagements:
            region = re.fullmatch(r"arn:[^:]+:ssm-contacts:([^:]*):.*", arn)[1]
            if arn not in ssmcontacts_backends[self.account_id][region].contacts:
                raise Refused("ValidationException", f"the plan engages who is not there: {arn}")

    def create_response_plan(self, p):
        if not self.sets:
            raise Refused("ValidationException", "the account has no replication set")
        arn = self.arn(f"response-plan/{p['name']}")
        if arn in self.plans:
            raise Refused("ConflictException", f"the name {p['name']} is taken")
        self.check_engagements(p.get("engagements", []))
        fields = {key: p[key] for key in ("name", "displayName", "engagements", "incidentTemplate") if key in p}
        self.plans[arn] = {"plan": fields | {"arn": arn}, "tags": p.get("tags", {})}
        return {"arn": arn}

    def list_response_plans(self, p):
        summaries = [{key: found["plan"][key] for key in ("arn", "name", "displayName") if key in found["plan"]} for found in self.plans.values()]
        items, token = page(summaries, p, token="nextToken", size="maxResults")
        return {"responsePlanSummaries": items} | token

    def get_response_plan(self, p):
        return self.plan(p["arn"])["plan"]

    def update_response_plan(self, p):
        plan = self.plan(p["arn"])["plan"]
        self.check_engagements(p.get("engagements", []))
        plan |= {key: p[key] for key in ("displayName", "engagements") if key in p}
        for ours, theirs in (("title", "incidentTemplateTitle"), ("impact", "incidentTemplateImpact"), ("summary", "incidentTemplateSummary")):
            if theirs in p:
                plan["incidentTemplate"][ours] = p[theirs]

    def delete_response_plan(self, p):
        self.plans.pop(p["arn"], None)

    def list_tags_for_resource(self, p):
        return {"tags": self.plan(p["resourceArn"])["tags"]}

    def tag_resource(self, p):
        self.plan(p["resourceArn"])["tags"].update(p["tags"])


register(Incidents)
