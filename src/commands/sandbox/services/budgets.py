"""Budgets, with their notifications, subscribers and tags. Takes the place of moto's own, which forgets subscribers and updates nothing."""

import datetime

import boto3

from .model import Refused, Service, page, register

NOTIFICATION_LIMIT = 10
EMAIL_LIMIT = 10


def same(notification):
    """What tells notifications apart."""
    kind = notification.get("ThresholdType", "PERCENTAGE")
    return notification["NotificationType"], notification["ComparisonOperator"], notification["Threshold"], kind


def checked(subscribers):
    emails = [one["Address"] for one in subscribers if one["SubscriptionType"] == "EMAIL"]
    if not subscribers or len(emails) > EMAIL_LIMIT or len(set(emails)) < len(emails):
        raise Refused("InvalidParameterException", f"a notification has 1 to {EMAIL_LIMIT} subscribers by email, each once")
    return list(subscribers)


class Budgets(Service):
    service = "budgets"
    url_bases = [r"https?://budgets\.amazonaws\.com"]

    def __init__(self, region_name, account_id):
        super().__init__(region_name, account_id)
        self.budgets = {}

    def budget(self, parameters):
        if parameters["AccountId"] != self.account_id:
            raise Refused("AccessDeniedException", "the budgets of another account")
        name = parameters["BudgetName"]
        if name not in self.budgets:
            raise Refused("NotFoundException", f"the budget {name} doesn't exist")
        return self.budgets[name]

    def by_arn(self, arn):
        prefix = f"arn:aws:budgets::{self.account_id}:budget/"
        name = arn.removeprefix(prefix)
        if not arn.startswith(prefix) or name not in self.budgets:
            raise Refused("NotFoundException", f"{arn} doesn't exist")
        return self.budgets[name]

    @staticmethod
    def whole(budget):
        """As AWS answers: amounts with a fraction, and a period."""
        limit = budget.get("BudgetLimit")
        if limit is None or budget["BudgetType"] != "COST":
            raise Refused("InvalidParameterException", "only budgets of costs, with a limit, are emulated")
        start = datetime.datetime.now(datetime.timezone.utc).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return {"TimePeriod": {"Start": start}, **budget, "BudgetLimit": {**limit, "Amount": str(float(limit["Amount"]))}}

    def create_budget(self, parameters):
        name = parameters["Budget"]["BudgetName"]
        if name in self.budgets:
            raise Refused("DuplicateRecordException", f"the budget {name} exists")
        told = {}
        for one in parameters.get("NotificationsWithSubscribers", []):
            told[same(one["Notification"])] = (one["Notification"], checked(one["Subscribers"]))
        tags = {tag["Key"]: tag["Value"] for tag in parameters.get("ResourceTags", [])}
        self.budgets[name] = {"budget": self.whole(parameters["Budget"]), "told": told, "tags": tags}

    def update_budget(self, parameters):
        new = parameters["NewBudget"]
        self.budget({**parameters, "BudgetName": new["BudgetName"]})["budget"] = self.whole(new)

    def delete_budget(self, parameters):
        self.budget(parameters)
        del self.budgets[parameters["BudgetName"]]

    def describe_budgets(self, parameters):
        found, rest = page([one["budget"] for one in self.budgets.values()], parameters, 100)
        return {"Budgets": found, **rest}

    def describe_notifications_for_budget(self, parameters):
        found, rest = page([one for one, _ in self.budget(parameters)["told"].values()], parameters, 100)
        return {"Notifications": found, **rest}

    def notification(self, parameters):
        told, key = self.budget(parameters)["told"], same(parameters["Notification"])
        if key not in told:
            raise Refused("NotFoundException", "the notification doesn't exist")
        return told, key

    def describe_subscribers_for_notification(self, parameters):
        told, key = self.notification(parameters)
        found, rest = page(told[key][1], parameters, 100)
        return {"Subscribers": found, **rest}

    def create_notification(self, parameters):
        told, key = self.budget(parameters)["told"], same(parameters["Notification"])
        if key in told:
            raise Refused("DuplicateRecordException", "the notification exists")
        if len(told) == NOTIFICATION_LIMIT:
            raise Refused("CreationLimitExceededException", f"a budget has {NOTIFICATION_LIMIT} notifications at most")
        told[key] = (parameters["Notification"], checked(parameters["Subscribers"]))

    def delete_notification(self, parameters):
        told, key = self.notification(parameters)
        del told[key]

    def tag_resource(self, parameters):
        self.by_arn(parameters["ResourceARN"])["tags"].update({tag["Key"]: tag["Value"] for tag in parameters["ResourceTags"]})

    def list_tags_for_resource(self, parameters):
        tags = self.by_arn(parameters["ResourceARN"])["tags"]
        return {"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]}


# Budgets are the same from every Region; moto keeps them by the Region that the request was signed for.
register(Budgets)._additional_regions = boto3.Session().get_available_regions("ec2")
