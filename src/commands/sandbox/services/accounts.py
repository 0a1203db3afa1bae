"""The Account Management API beyond alternate contacts: names of accounts, and the Regions that they opted into."""

from moto.account import urls
from moto.account.responses import AccountResponse
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.organizations.models import organizations_backends

# The Regions that every account has from the beginning (Account Management, "Regions enabled by default").
BY_DEFAULT = (
    "ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 "
    "eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2"
).split()
# How often a Region is shown as being enabled before it is.
LOOKS = 1
# By account and Region: how many looks are left until it is enabled.
ENABLING = {}


class Refused(ServiceException):
    """An error of the service, by its code."""


def register_into(_):
    AccountResponse.put_account_name = put_account_name
    AccountResponse.enable_region = enable_region
    AccountResponse.get_region_opt_status = get_region_opt_status
    for path in ("putAccountName", "enableRegion", "getRegionOptStatus"):
        urls.url_paths[f"{{0}}/{path}$"] = AccountResponse.dispatch


def put_account_name(response):
    account, name = response._get_account_id(), response._get_param("AccountName")
    for backends in organizations_backends.values():
        for backend in backends.values():
            for known in backend.accounts:
                if known.id == account:
                    known.name = name
                    return EmptyResult()
    raise Refused("ResourceNotFoundException", f"{account} is in no organization")


def enable_region(response):
    key = (response._get_account_id(), response._get_param("RegionName"))
    if key[1] in BY_DEFAULT:
        raise Refused("ValidationException", f"{key[1]} can't be enabled")
    if key in ENABLING:
        raise Refused("ConflictException", f"{key[1]} is enabled or being enabled")
    ENABLING[key] = LOOKS
    return EmptyResult()


def get_region_opt_status(response):
    account, region = response._get_account_id(), response._get_param("RegionName")
    return ActionResult({"RegionName": region, "RegionOptStatus": status(account, region)})


def status(account, region):
    if region in BY_DEFAULT:
        return "ENABLED_BY_DEFAULT"
    left = ENABLING.get((account, region))
    if left is None:
        return "DISABLED"
    ENABLING[(account, region)] = left - 1
    return "ENABLING" if left > 0 else "ENABLED"
