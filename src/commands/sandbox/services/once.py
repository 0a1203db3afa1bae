"""What moto does again for each account and each service, and is the same each time, done once: AWS's own policies, 25 MB and a second an
account, and the list of services, read from the disk for each of them. And no line is logged for each request. Changes no answer."""

import copy
import functools
import json

import moto.core.utils
from moto.iam import models
from moto.moto_server.werkzeug_app import MotoRequestHandler


def register_into(_):
    models.IAMBackend._init_aws_policies = aws_policies
    moto.core.utils.create_loader = functools.cache(moto.core.utils.create_loader)
    MotoRequestHandler.log_request = lambda *_, **__: None


@functools.cache
def prototypes(region):
    policies = json.loads(models.aws_managed_policies_data)
    return [models.AWSManagedPolicy.from_data(name, "aws", region, policy) for name, policy in policies.items()]


def aws_policies(self):
    """Nobody changes AWS's policies, so accounts share their documents; to whom each is attached is every account's own business."""
    own = [copy.copy(policy) for policy in prototypes(self.region_name)]
    for policy in own:
        policy.account_id = self.account_id
    return own
