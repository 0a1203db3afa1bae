"""SNS as moto has it, with what it is too lenient about: an email address is subscribed only when its human has confirmed.

Until then listings name no ARN, and there is nothing to unsubscribe. The token that a human would get is the last part of the
subscription's ARN.
"""

from moto.core.responses import ActionResult
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend
from moto.sns.responses import SNSResponse

PENDING = "PendingConfirmation"


def shown(subscription):
    is_pending = subscription.protocol == "email" and not subscription.confirmed
    return {
        "SubscriptionArn": PENDING if is_pending else subscription.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.topic_arn,
    }


def all_of(listing):
    def listed(self, *arguments, **named):
        found, token = listing(self, *arguments, **named)
        return [shown(subscription) for subscription in found], token

    return listed


def unsubscribe(self, subscription_arn):
    if subscription_arn == PENDING:
        raise SNSInvalidParameter("Invalid parameter: SubscriptionArn")
    self.subscriptions.pop(subscription_arn, None)


def confirm_subscription(self):
    topic, token = self._get_param("TopicArn"), self._get_param("Token")
    for subscription in self.backend.subscriptions.values():
        if subscription.topic_arn == topic and subscription.arn.endswith(f":{token}"):
            subscription.confirmed = True
            return ActionResult({"SubscriptionArn": subscription.arn})
    raise SNSInvalidParameter("Invalid token")


SNSBackend.list_subscriptions = all_of(SNSBackend.list_subscriptions)
SNSBackend.list_subscriptions_by_topic = all_of(SNSBackend.list_subscriptions_by_topic)
SNSBackend.unsubscribe = unsubscribe
SNSResponse.confirm_subscription = confirm_subscription
