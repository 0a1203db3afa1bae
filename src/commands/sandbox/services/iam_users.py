"""Permission boundaries of IAM users, which moto leaves out. Added to its classes at run time; nothing is patched on disk."""

from moto.core.responses import EmptyResult
from moto.iam.models import User
from moto.iam.responses import IamResponse


def register_into(_):
    User.permissions_boundary = property(shown)
    IamResponse.put_user_permissions_boundary = put
    IamResponse.delete_user_permissions_boundary = delete
    created = IamResponse.create_user

    def create_user(self):
        answer = created(self)
        bound(self, self._get_param("PermissionsBoundary"))
        return answer

    IamResponse.create_user = create_user


def shown(user):
    arn = getattr(user, "boundary_arn", None)
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn} if arn else None


def bound(response, arn):
    # The policy has to exist, as it has to for AWS.
    if arn:
        response.backend.get_policy(arn)
    response.backend.get_user(response._get_param("UserName")).boundary_arn = arn


def put(self):
    bound(self, self._get_param("PermissionsBoundary"))
    return EmptyResult()


def delete(self):
    bound(self, None)
    return EmptyResult()
