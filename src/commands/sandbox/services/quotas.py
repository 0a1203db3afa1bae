"""Service Quotas with requests: moto knows the defaults of VPC and nothing else.

What is at most twice the value in force is granted by itself, at the second look; more takes a person, and opens a case; from
`TOO_MUCH` on it is denied.
"""

import datetime
import secrets

from moto.servicequotas.resources.default_quotas.vpc import VPC_DEFAULT_QUOTAS

from .model import Refused, Service, page, register

TOO_MUCH = 10000
OPEN = ("PENDING", "CASE_OPENED")


def quota(service, code, name, value, adjustable=True):
    return {"ServiceCode": service, "QuotaCode": code, "QuotaName": name, "Value": value, "Adjustable": adjustable, "Unit": "None"}


EC2 = [
    quota("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5.0),
    quota("ec2", "L-1216C47A", "Running On-Demand Standard instances", 5.0),
]
DEFAULTS = {(quota["ServiceCode"], quota["QuotaCode"]): quota for quota in [*VPC_DEFAULT_QUOTAS, *EC2]}
# Of some, AWS tells the default only, as long as nobody has asked for more.
DEFAULT_ONLY = {("ec2", "L-1216C47A")}


class Quotas(Service):
    service = "service-quotas"

    def __init__(self, region_name, account_id):
        super().__init__(region_name, account_id)
        self.values = {}
        self.requests = {}

    def known(self, parameters):
        key = (parameters["ServiceCode"], parameters["QuotaCode"])
        if key not in DEFAULTS:
            raise Refused("NoSuchResourceException", f"The request failed because the specified quota {key} does not exist")
        return key

    def told(self, key):
        return {**DEFAULTS[key], "Value": self.values.get(key, DEFAULTS[key]["Value"])}

    def is_told(self, key):
        return key in self.values or key not in DEFAULT_ONLY

    def list_service_quotas(self, parameters):
        keys = [key for key in DEFAULTS if key[0] == parameters["ServiceCode"] and self.is_told(key)]
        shown, more = page(keys, parameters, 100)
        return {"Quotas": [self.told(key) for key in shown], **more}

    def list_aws_default_service_quotas(self, parameters):
        shown, more = page([told for key, told in DEFAULTS.items() if key[0] == parameters["ServiceCode"]], parameters, 100)
        return {"Quotas": shown, **more}

    def get_service_quota(self, parameters):
        key = self.known(parameters)
        if not self.is_told(key):
            raise Refused("NoSuchResourceException", "The applied value of this quota is not available")
        return {"Quota": self.told(key)}

    def get_aws_default_service_quota(self, parameters):
        return {"Quota": DEFAULTS[self.known(parameters)]}

    def request_service_quota_increase(self, parameters):
        key = self.known(parameters)
        told, desired = self.told(key), parameters["DesiredValue"]
        if not told["Adjustable"] or desired <= told["Value"]:
            raise Refused("IllegalArgumentException", "This quota can't be raised to that value")
        if any((asked["ServiceCode"], asked["QuotaCode"]) == key and asked["Status"] in OPEN for asked in self.requests.values()):
            raise Refused("ResourceAlreadyExistsException", "Only one open service quota increase request is allowed per quota")
        now = datetime.datetime.now(datetime.timezone.utc)
        asked = {"Id": secrets.token_hex(16), "ServiceCode": key[0], "QuotaCode": key[1], "DesiredValue": desired, "Status": "PENDING", "Created": now}
        self.requests[asked["Id"]] = asked
        return {"RequestedQuota": dict(asked)}

    def get_requested_service_quota_change(self, parameters):
        asked = self.requests.get(parameters["RequestId"])
        if asked is None:
            raise Refused("NoSuchResourceException", "no such request")
        answer = dict(asked)
        self.decide(asked)
        return {"RequestedQuota": answer}

    def list_requested_service_quota_change_history(self, parameters):
        shown, more = page(list(self.requests.values()), parameters, 100)
        return {"RequestedQuotas": [dict(asked) for asked in shown], **more}

    def decide(self, asked):
        key = (asked["ServiceCode"], asked["QuotaCode"])
        if asked["Status"] != "PENDING":
            return
        if asked["DesiredValue"] >= TOO_MUCH:
            asked["Status"] = "NOT_APPROVED"
        elif asked["DesiredValue"] <= 2 * self.told(key)["Value"]:
            asked["Status"] = "APPROVED"
            self.values[key] = asked["DesiredValue"]
        else:
            asked.update(Status="CASE_OPENED", CaseId=f"case-{self.account_id}-{asked['Id'][:8]}")


BACKENDS = register(Quotas)
