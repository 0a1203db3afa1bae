"""Identity Center: permission sets and who has them in which account. Strict about names, marks, versions and dependents.

What AWS does in its own time ends at the second look here. Takes the place of moto's own, which knows no tags and no versions.
"""

import uuid

from .model import Refused, Service, page, register

POLICY_LIMIT = 20


def missing(what):
    return Refused("ResourceNotFoundException", f"no such {what}")


class Center(Service):
    service = "sso-admin"
    url_bases = [r"https?://sso\.(.+)\.amazonaws\.com"]

    def __init__(self, region_name, account_id):
        super().__init__(region_name, account_id)
        number = f"{int(account_id):016x}"[-16:]
        self.instance, self.store = f"arn:{self.partition}:sso:::instance/ssoins-{number}", f"d-{number[-10:]}"
        # Sets by ARN; assignments by set, account, kind of principal and principal; versions of sets by set and account.
        self.sets, self.assignments, self.versions, self.requests = {}, {}, {}, {}

    def set(self, parameters):
        if parameters["InstanceArn"] != self.instance:
            raise missing("instance")
        if parameters["PermissionSetArn"] not in self.sets:
            raise missing("permission set")
        return self.sets[parameters["PermissionSetArn"]]

    def list_instances(self, parameters):
        return {"Instances": [{"InstanceArn": self.instance, "IdentityStoreId": self.store, "OwnerAccountId": self.account_id, "Status": "ACTIVE"}]}

    # Permission sets.

    def create_permission_set(self, parameters):
        if any(one["fields"]["Name"] == parameters["Name"] for one in self.sets.values()):
            raise Refused("ConflictException", f"a permission set named {parameters['Name']} is there already")
        arn = f"{self.instance.replace(':instance/', ':permissionSet/')}/ps-{uuid.uuid4().hex[:16]}"
        fields = {key: parameters[key] for key in ("Name", "Description", "SessionDuration", "RelayState") if key in parameters}
        fields = {"SessionDuration": "PT1H", **fields, "PermissionSetArn": arn}
        tags = {tag["Key"]: tag["Value"] for tag in parameters.get("Tags", [])}
        self.sets[arn] = {"fields": fields, "tags": tags, "managed": [], "inline": "", "version": 1}
        return {"PermissionSet": fields}

    def list_permission_sets(self, parameters):
        arns, rest = page(list(self.sets), parameters)
        return {"PermissionSets": arns, **rest}

    def describe_permission_set(self, parameters):
        return {"PermissionSet": self.set(parameters)["fields"]}

    def update_permission_set(self, parameters):
        one = self.set(parameters)
        kept = {key: one["fields"][key] for key in ("Name", "Description", "PermissionSetArn") if key in one["fields"]}
        given = {key: parameters[key] for key in ("Description", "SessionDuration", "RelayState") if key in parameters}
        one["fields"] = {**kept, "SessionDuration": "PT1H", **given}
        one["version"] += 1

    def delete_permission_set(self, parameters):
        one = self.set(parameters)["fields"]["PermissionSetArn"]
        if any(key[0] == one for key in self.assignments):
            raise Refused("ConflictException", "the permission set is assigned")
        del self.sets[one]
        self.versions = {key: version for key, version in self.versions.items() if key[0] != one}

    def list_tags_for_resource(self, parameters):
        if parameters["ResourceArn"] not in self.sets:
            raise missing("resource")
        return {"Tags": [{"Key": key, "Value": value} for key, value in self.sets[parameters["ResourceArn"]]["tags"].items()]}

    # What they allow.

    def put_inline_policy_to_permission_set(self, parameters):
        one = self.set(parameters)
        one["inline"], one["version"] = parameters["InlinePolicy"], one["version"] + 1

    def get_inline_policy_for_permission_set(self, parameters):
        inline = self.set(parameters)["inline"]
        return {"InlinePolicy": inline} if inline else {}

    def delete_inline_policy_from_permission_set(self, parameters):
        one = self.set(parameters)
        if one["inline"]:
            one["inline"], one["version"] = "", one["version"] + 1

    def attach_managed_policy_to_permission_set(self, parameters):
        one, arn = self.set(parameters), parameters["ManagedPolicyArn"]
        if arn in one["managed"]:
            raise Refused("ConflictException", f"{arn} is attached already")
        if len(one["managed"]) == POLICY_LIMIT:
            raise Refused("ServiceQuotaExceededException", f"a permission set has {POLICY_LIMIT} managed policies at most")
        if not arn.startswith(f"arn:{self.partition}:iam::aws:policy/"):
            raise missing("managed policy")
        one["managed"].append(arn)
        one["version"] += 1

    def detach_managed_policy_from_permission_set(self, parameters):
        one, arn = self.set(parameters), parameters["ManagedPolicyArn"]
        if arn not in one["managed"]:
            raise missing("attachment")
        one["managed"].remove(arn)
        one["version"] += 1

    def list_managed_policies_in_permission_set(self, parameters):
        arns, rest = page(self.set(parameters)["managed"], parameters)
        return {"AttachedManagedPolicies": [{"Name": arn.split("/")[-1], "Arn": arn} for arn in arns], **rest}

    # Versions: an account has the one that was there when it was last provisioned.

    def provision_permission_set(self, parameters):
        one = self.set(parameters)
        arn, target = one["fields"]["PermissionSetArn"], parameters.get("TargetId")
        for key in self.versions:
            if key[0] == arn and (parameters["TargetType"] == "ALL_PROVISIONED_ACCOUNTS" or key[1] == target):
                self.versions[key] = one["version"]
        return {"PermissionSetProvisioningStatus": self.ask({"PermissionSetArn": arn})}

    def describe_permission_set_provisioning_status(self, parameters):
        return {"PermissionSetProvisioningStatus": self.asked(parameters["ProvisionPermissionSetRequestId"])}

    def list_accounts_for_provisioned_permission_set(self, parameters):
        one = self.set(parameters)
        arn, wanted = one["fields"]["PermissionSetArn"], parameters.get("ProvisioningStatus")
        old = lambda version: "LATEST_PERMISSION_SET_NOT_PROVISIONED" if version < one["version"] else "LATEST_PERMISSION_SET_PROVISIONED"
        accounts = [key[1] for key, version in self.versions.items() if key[0] == arn and wanted in (None, old(version))]
        accounts, rest = page(accounts, parameters)
        return {"AccountIds": accounts, **rest}

    def list_permission_sets_provisioned_to_account(self, parameters):
        arns, rest = page([key[0] for key in self.versions if key[1] == parameters["AccountId"]], parameters)
        return {"PermissionSets": arns, **rest}

    # Assignments.

    def ask(self, fields):
        request = str(uuid.uuid4())
        self.requests[request] = {**fields, "RequestId": request, "Status": "SUCCEEDED"}
        return {**fields, "RequestId": request, "Status": "IN_PROGRESS"}

    def asked(self, request):
        if request not in self.requests:
            raise missing("request")
        return self.requests[request]

    def assignment(self, parameters):
        self.set(parameters)
        return tuple(parameters[key] for key in ("PermissionSetArn", "TargetId", "PrincipalType", "PrincipalId"))

    def create_account_assignment(self, parameters):
        key = self.assignment(parameters)
        self.assignments[key] = {"AccountId": key[1], "PermissionSetArn": key[0], "PrincipalType": key[2], "PrincipalId": key[3]}
        self.versions.setdefault(key[:2], self.sets[key[0]]["version"])
        fields = {name: parameters[name] for name in ("PermissionSetArn", "TargetId", "TargetType", "PrincipalType", "PrincipalId")}
        return {"AccountAssignmentCreationStatus": self.ask(fields)}

    def describe_account_assignment_creation_status(self, parameters):
        return {"AccountAssignmentCreationStatus": self.asked(parameters["AccountAssignmentCreationRequestId"])}

    def delete_account_assignment(self, parameters):
        key = self.assignment(parameters)
        fields = {name: parameters[name] for name in ("PermissionSetArn", "TargetId", "TargetType", "PrincipalType", "PrincipalId")}
        status = self.ask(fields)
        if self.assignments.pop(key, None) is None:
            self.requests[status["RequestId"]].update(Status="FAILED", FailureReason="there is no such assignment")
        if not any(other[:2] == key[:2] for other in self.assignments):
            self.versions.pop(key[:2], None)
        return {"AccountAssignmentDeletionStatus": status}

    def describe_account_assignment_deletion_status(self, parameters):
        return {"AccountAssignmentDeletionStatus": self.asked(parameters["AccountAssignmentDeletionRequestId"])}

    def list_account_assignments(self, parameters):
        self.set(parameters)
        wanted = (parameters["PermissionSetArn"], parameters["AccountId"])
        found, rest = page([one for key, one in self.assignments.items() if key[:2] == wanted], parameters)
        return {"AccountAssignments": found, **rest}

    def list_account_assignments_for_principal(self, parameters):
        wanted, account = (parameters["PrincipalType"], parameters["PrincipalId"]), parameters.get("Filter", {}).get("AccountId")
        mine = [one for key, one in self.assignments.items() if key[2:] == wanted and account in (None, key[1])]
        found, rest = page(mine, parameters)
        return {"AccountAssignments": found, **rest}


register(Center)
