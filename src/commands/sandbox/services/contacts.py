"""Systems Manager contacts: people, channels, rotations, schedules and escalation plans, as strict as AWS about who refers to whom.

A channel is not active until `ActivateContactChannel` brings its code. The code that a human would get is the last six digits of the
channel's ARN. Nothing works before the account has a replication set.
"""

import itertools
import uuid

from .incidents import sets
from .model import Refused, Service, page, register


def missing(what):
    return Refused("ResourceNotFoundException", f"no such {what}")


class Contacts(Service):
    service = "ssm-contacts"

    def __init__(self, region_name, account_id):
        super().__init__(region_name, account_id)
        self.contacts, self.channels, self.rotations, self.tags = {}, {}, {}, {}
        self.numbers = itertools.count(1)

    def arn(self, rest):
        return f"arn:{self.partition}:ssm-contacts:{self.region_name}:{self.account_id}:{rest}"

    def fresh(self):
        return f"{uuid.uuid4()}"[:24] + f"{next(self.numbers):012d}"

    def contact(self, given):
        arn = given if given.startswith("arn:") else self.arn(f"contact/{given}")
        if arn not in self.contacts:
            raise missing("contact")
        return self.contacts[arn]

    def channel(self, arn):
        if arn not in self.channels:
            raise missing("contact channel")
        return self.channels[arn]

    def rotation(self, arn):
        if arn not in self.rotations:
            raise missing("rotation")
        return self.rotations[arn]

    # What refers to what.

    def check(self, kind, plan):
        if kind == "ONCALL_SCHEDULE":
            if plan.get("Stages"):
                raise Refused("ValidationException", "an on-call schedule has rotations, and no stages")
            for arn in plan.get("RotationIds", []):
                self.known("rotation", self.rotations, arn)
        elif plan.get("RotationIds"):
            raise Refused("ValidationException", "only an on-call schedule has rotations")
        for stage in plan.get("Stages", []):
            for target in stage["Targets"]:
                self.check_target(kind, target)

    def check_target(self, kind, target):
        if len(target) != 1:
            raise Refused("ValidationException", "a target is a channel or a contact")
        if "ChannelTargetInfo" in target:
            if kind != "PERSONAL":
                raise Refused("ValidationException", "only a person is engaged by channels")
            self.known("contact channel", self.channels, target["ChannelTargetInfo"]["ContactChannelId"])
        else:
            if kind == "PERSONAL":
                raise Refused("ValidationException", "a person is engaged by channels only")
            self.known("contact", self.contacts, target["ContactTargetInfo"].get("ContactId"))

    def known(self, what, all_, arn):
        if arn not in all_:
            raise Refused("ValidationException", f"the plan names a {what} that is not there: {arn}")

    def users(self, arn):
        """The ARNs of what names an ARN."""
        for other in self.contacts.values():
            plan = other["Plan"]
            targets = [target for stage in plan.get("Stages", []) for target in stage["Targets"]]
            named = [info.get("ContactId") or info.get("ContactChannelId") for target in targets for info in target.values()]
            if arn in named + plan.get("RotationIds", []):
                yield other["ContactArn"]
        for rotation in self.rotations.values():
            if arn in rotation["ContactIds"]:
                yield rotation["RotationArn"]

    def refuse_in_use(self, arn, but=()):
        users = [user for user in self.users(arn) if user not in but]
        if users:
            raise Refused("ConflictException", f"{arn} is in use by {', '.join(users)}")

    # Contacts.

    def create_contact(self, p):
        if not sets(self.account_id):
            raise Refused("ValidationException", "the account has no replication set")
        arn = self.arn(f"contact/{p['Alias']}")
        if arn in self.contacts:
            raise Refused("ConflictException", f"the alias {p['Alias']} is taken")
        self.check(p["Type"], p["Plan"])
        self.contacts[arn] = {key: p[key] for key in ("Alias", "DisplayName", "Type", "Plan") if key in p} | {"ContactArn": arn}
        self.tags[arn] = p.get("Tags", [])
        return {"ContactArn": arn}

    def get_contact(self, p):
        return self.contact(p["ContactId"])

    def list_contacts(self, p):
        found = [c for c in self.contacts.values() if p.get("Type") in (None, c["Type"]) and c["Alias"].startswith(p.get("AliasPrefix", ""))]
        items, token = page([{key: value for key, value in c.items() if key != "Plan"} for c in found], p)
        return {"Contacts": items} | token

    def update_contact(self, p):
        contact = self.contact(p["ContactId"])
        self.check(contact["Type"], p.get("Plan", {}))
        contact |= {key: p[key] for key in ("DisplayName", "Plan") if key in p}

    def delete_contact(self, p):
        arn = self.contact(p["ContactId"])["ContactArn"]
        self.refuse_in_use(arn)
        del self.contacts[arn], self.tags[arn]
        self.channels = {key: channel for key, channel in self.channels.items() if channel["ContactArn"] != arn}

    # Channels.

    def create_contact_channel(self, p):
        contact = self.contact(p["ContactId"])
        if contact["Type"] != "PERSONAL":
            raise Refused("ValidationException", "only a person has channels")
        others = [channel for channel in self.channels.values() if channel["ContactArn"] == contact["ContactArn"]]
        if any((o["Type"], o["DeliveryAddress"]) == (p["Type"], p["DeliveryAddress"]) or o["Name"] == p["Name"] for o in others):
            raise Refused("ConflictException", "the contact has that channel")
        arn = self.arn(f"contact-channel/{contact['Alias']}/{self.fresh()}")
        channel = {key: p[key] for key in ("Name", "Type", "DeliveryAddress")}
        self.channels[arn] = channel | {"ContactChannelArn": arn, "ContactArn": contact["ContactArn"], "ActivationStatus": "NOT_ACTIVATED"}
        self.channels[arn]["sent"] = not p.get("DeferActivation")
        return {"ContactChannelArn": arn}

    def list_contact_channels(self, p):
        contact = self.contact(p["ContactId"])["ContactArn"]
        found = [channel for channel in self.channels.values() if channel["ContactArn"] == contact]
        items, token = page([{key: value for key, value in c.items() if key != "sent"} for c in found], p)
        return {"ContactChannels": items} | token

    def update_contact_channel(self, p):
        channel = self.channel(p["ContactChannelId"])
        if p.get("DeliveryAddress", channel["DeliveryAddress"]) != channel["DeliveryAddress"]:
            channel |= {"ActivationStatus": "NOT_ACTIVATED", "sent": False}
        channel |= {key: p[key] for key in ("Name", "DeliveryAddress") if key in p}

    def send_activation_code(self, p):
        self.channel(p["ContactChannelId"])["sent"] = True

    def activate_contact_channel(self, p):
        channel = self.channel(p["ContactChannelId"])
        if not channel["sent"] or p["ActivationCode"] != channel["ContactChannelArn"][-6:]:
            raise Refused("ValidationException", "that is not the code")
        channel["ActivationStatus"] = "ACTIVATED"

    def deactivate_contact_channel(self, p):
        self.channel(p["ContactChannelId"])["ActivationStatus"] = "NOT_ACTIVATED"

    def delete_contact_channel(self, p):
        arn = self.channel(p["ContactChannelId"])["ContactChannelArn"]
        self.refuse_in_use(arn)
        del self.channels[arn]

    # Rotations.

    def create_rotation(self, p):
        for contact in p["ContactIds"]:
            self.contact(contact)
        arn = self.arn(f"rotation/{self.fresh()}")
        self.rotations[arn] = {key: p[key] for key in ("Name", "ContactIds", "StartTime", "TimeZoneId", "Recurrence") if key in p} | {"RotationArn": arn}
        self.tags[arn] = p.get("Tags", [])
        return {"RotationArn": arn}

    def list_rotations(self, p):
        found = [rotation for rotation in self.rotations.values() if rotation["Name"].startswith(p.get("RotationNamePrefix", ""))]
        items, token = page(found, p)
        return {"Rotations": items} | token

    def update_rotation(self, p):
        rotation = self.rotation(p["RotationId"])
        for contact in p.get("ContactIds", []):
            self.contact(contact)
        rotation |= {key: p[key] for key in ("ContactIds", "StartTime", "TimeZoneId", "Recurrence") if key in p}

    def delete_rotation(self, p):
        arn = self.rotation(p["RotationId"])["RotationArn"]
        self.refuse_in_use(arn)
        del self.rotations[arn], self.tags[arn]

    # Tags.

    def tagged(self, arn):
        if arn not in self.tags:
            raise missing("resource")
        return self.tags[arn]

    def list_tags_for_resource(self, p):
        return {"Tags": self.tagged(p["ResourceARN"])}

    def tag_resource(self, p):
        keys = [tag["Key"] for tag in p["Tags"]]
        self.tags[p["ResourceARN"]] = [tag for tag in self.tagged(p["ResourceARN"]) if tag["Key"] not in keys] + p["Tags"]


register(Contacts)
