//! Permission sets, and who has them where. Told after the story of the people, since both list all groups that there are.

use super::identitystore;
use super::side::Side;
use aws_sdk_ssoadmin::Client;
use aws_sdk_ssoadmin::types::{PrincipalType, ProvisionTargetType, ProvisioningStatus, StatusValues, Tag, TargetType};
use std::time::Duration;

/// The account that sets are assigned in.
const THERE: &str = "200000000007";

struct Center {
    sso: Client,
    instance: String,
    set: String,
}

pub async fn story(side: &mut Side) {
    let group = identitystore::story(side).await;
    let sso = Client::new(&side.management);
    let instances = side.told("sso:ListInstances", sso.list_instances().send().await).unwrap();
    let instance = instances.instances()[0].instance_arn().unwrap().to_owned();
    let create = async || {
        let tag = Tag::builder().key("team").value("shop").build().unwrap();
        let call = sso.create_permission_set().instance_arn(&instance).name("shop-developer").description("Builds");
        call.session_duration("PT8H").tags(tag).send().await
    };
    let made = side.told("sso:CreatePermissionSet", create().await).unwrap();
    side.told("sso:CreatePermissionSet", create().await);
    let set = made.permission_set().unwrap().permission_set_arn().unwrap().to_owned();
    side.told("sso:ListPermissionSets", sso.list_permission_sets().instance_arn(&instance).send().await);
    let center = Center { sso: sso.clone(), instance, set };
    fields(side, &center).await;
    inline(side, &center).await;
    managed(side, &center).await;
    assigned(side, &center, &group).await;
    provisioned(side, &center).await;
    removed(side, &center, &group).await;
}

/// Waits until an answer is the one that is waited for.
pub async fn until(is_so: impl AsyncFn() -> bool) {
    for _ in 0..1000 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it takes too long");
}

async fn fields(side: &mut Side, Center { sso, instance, set }: &Center) {
    let describe = async |set: &str| sso.describe_permission_set().instance_arn(instance).permission_set_arn(set).send().await;
    let tags = async |set: &str| sso.list_tags_for_resource().instance_arn(instance).resource_arn(set).send().await;
    let nowhere = format!("{}zzzz", &set[..set.len() - 4]);
    side.told("sso:DescribePermissionSet", describe(set).await);
    side.told("sso:DescribePermissionSet", describe(&nowhere).await);
    side.told("sso:ListTagsForResource", tags(set).await);
    side.told("sso:ListTagsForResource", tags(&nowhere).await);
    let update = sso.update_permission_set().instance_arn(instance).permission_set_arn(set);
    side.told("sso:UpdatePermissionSet", update.clone().session_duration("PT2H").send().await);
    side.told("sso:DescribePermissionSet", describe(set).await);
    side.told("sso:UpdatePermissionSet", update.description("Builds and tries").send().await);
    side.told("sso:DescribePermissionSet", describe(set).await);
}

async fn inline(side: &mut Side, Center { sso, instance, set }: &Center) {
    let get = async || sso.get_inline_policy_for_permission_set().instance_arn(instance).permission_set_arn(set).send().await;
    let policy = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let put = async || {
        let call = sso.put_inline_policy_to_permission_set().instance_arn(instance).permission_set_arn(set);
        call.inline_policy(policy).send().await
    };
    let delete = async || sso.delete_inline_policy_from_permission_set().instance_arn(instance).permission_set_arn(set).send().await;
    side.told("sso:GetInlinePolicyForPermissionSet", get().await);
    side.told("sso:PutInlinePolicyToPermissionSet", put().await);
    side.told("sso:GetInlinePolicyForPermissionSet", get().await);
    side.told("sso:DeleteInlinePolicyFromPermissionSet", delete().await);
    side.told("sso:GetInlinePolicyForPermissionSet", get().await);
    side.told("sso:DeleteInlinePolicyFromPermissionSet", delete().await);
}

async fn managed(side: &mut Side, Center { sso, instance, set }: &Center) {
    let policy = |name: &str| format!("arn:aws:iam::aws:policy/{name}");
    let attach = async |arn: &str| {
        let call = sso.attach_managed_policy_to_permission_set().instance_arn(instance).permission_set_arn(set);
        call.managed_policy_arn(arn).send().await
    };
    let detach = async |arn: &str| {
        let call = sso.detach_managed_policy_from_permission_set().instance_arn(instance).permission_set_arn(set);
        call.managed_policy_arn(arn).send().await
    };
    let list = async || sso.list_managed_policies_in_permission_set().instance_arn(instance).permission_set_arn(set).send().await;
    side.told("sso:AttachManagedPolicyToPermissionSet", attach(&policy("PowerUserAccess")).await);
    side.told("sso:AttachManagedPolicyToPermissionSet", attach(&policy("PowerUserAccess")).await);
    side.told("sso:AttachManagedPolicyToPermissionSet", attach(&policy("job-function/Billing")).await);
    side.told("sso:AttachManagedPolicyToPermissionSet", attach("arn:aws:iam::123456789012:policy/own").await);
    side.told("sso:ListManagedPoliciesInPermissionSet", list().await);
    side.told("sso:DetachManagedPolicyFromPermissionSet", detach(&policy("PowerUserAccess")).await);
    side.told("sso:DetachManagedPolicyFromPermissionSet", detach(&policy("PowerUserAccess")).await);
    side.told("sso:ListManagedPoliciesInPermissionSet", list().await);
}

async fn assigned(side: &mut Side, center: &Center, group: &str) {
    let Center { sso, instance, set } = center;
    let call = sso.create_account_assignment().instance_arn(instance).permission_set_arn(set).target_type(TargetType::AwsAccount);
    let call = call.target_id(THERE).principal_type(PrincipalType::Group).principal_id(group);
    let begun = side.told("sso:CreateAccountAssignment", call.send().await).unwrap();
    let request = begun.account_assignment_creation_status.unwrap().request_id.unwrap();
    let status = async |request: &str| {
        let call = sso.describe_account_assignment_creation_status().instance_arn(instance);
        call.account_assignment_creation_request_id(request).send().await
    };
    let shown = async || status(&request).await.unwrap().account_assignment_creation_status.unwrap().status;
    until(async || shown().await == Some(StatusValues::Succeeded)).await;
    side.told("sso:DescribeAccountAssignmentCreationStatus", status(&request).await);
    side.told("sso:DescribeAccountAssignmentCreationStatus", status("0a1b2c3d-0000-4000-8000-ffffffffffff").await);
    listed(side, center, group).await;
    let page = sso.list_account_assignments().instance_arn(instance).permission_set_arn(set).account_id("200000000008");
    side.told("sso:ListAccountAssignments", page.send().await);
    let all = sso.list_permission_sets_provisioned_to_account().instance_arn(instance).account_id(THERE);
    side.told("sso:ListPermissionSetsProvisionedToAccount", all.send().await);
    let delete = sso.delete_permission_set().instance_arn(instance).permission_set_arn(set);
    side.told("sso:DeletePermissionSet", delete.send().await);
}

/// Who has the set, by the account and by the group.
async fn listed(side: &mut Side, Center { sso, instance, set }: &Center, group: &str) {
    let by_account = sso.list_account_assignments().instance_arn(instance).permission_set_arn(set).account_id(THERE);
    side.told("sso:ListAccountAssignments", by_account.send().await);
    let by_group = sso.list_account_assignments_for_principal().instance_arn(instance);
    let by_group = by_group.principal_type(PrincipalType::Group).principal_id(group);
    side.told("sso:ListAccountAssignmentsForPrincipal", by_group.send().await);
}

async fn provisioned(side: &mut Side, Center { sso, instance, set }: &Center) {
    let behind = async |status: ProvisioningStatus| {
        let call = sso.list_accounts_for_provisioned_permission_set().instance_arn(instance).permission_set_arn(set);
        call.provisioning_status(status).send().await
    };
    let update = sso.update_permission_set().instance_arn(instance).permission_set_arn(set).session_duration("PT3H");
    update.send().await.unwrap();
    side.told("sso:ListAccountsForProvisionedPermissionSet", behind(ProvisioningStatus::LatestPermissionSetNotProvisioned).await);
    side.told("sso:ListAccountsForProvisionedPermissionSet", behind(ProvisioningStatus::LatestPermissionSetProvisioned).await);
    let call = sso.provision_permission_set().instance_arn(instance).permission_set_arn(set);
    let begun =
        side.told("sso:ProvisionPermissionSet", call.target_type(ProvisionTargetType::AllProvisionedAccounts).send().await).unwrap();
    let request = begun.permission_set_provisioning_status.unwrap().request_id.unwrap();
    let status = async || {
        let call = sso.describe_permission_set_provisioning_status().instance_arn(instance);
        call.provision_permission_set_request_id(&request).send().await
    };
    let shown = async || status().await.unwrap().permission_set_provisioning_status.unwrap().status;
    until(async || shown().await == Some(StatusValues::Succeeded)).await;
    side.told("sso:DescribePermissionSetProvisioningStatus", status().await);
    side.told("sso:ListAccountsForProvisionedPermissionSet", behind(ProvisioningStatus::LatestPermissionSetNotProvisioned).await);
}

async fn removed(side: &mut Side, center: &Center, group: &str) {
    let Center { sso, instance, set } = center;
    let delete = async || {
        let call = sso.delete_account_assignment().instance_arn(instance).permission_set_arn(set).target_type(TargetType::AwsAccount);
        call.target_id(THERE).principal_type(PrincipalType::Group).principal_id(group).send().await
    };
    let status = async |request: &str| {
        let call = sso.describe_account_assignment_deletion_status().instance_arn(instance);
        call.account_assignment_deletion_request_id(request).send().await
    };
    // The second finds nothing to remove, and says so only in the end.
    for _ in 0..2 {
        let begun = side.told("sso:DeleteAccountAssignment", delete().await).unwrap();
        let request = begun.account_assignment_deletion_status.unwrap().request_id.unwrap();
        let shown = async || status(&request).await.unwrap().account_assignment_deletion_status.unwrap().status;
        until(async || shown().await != Some(StatusValues::InProgress)).await;
        side.told("sso:DescribeAccountAssignmentDeletionStatus", status(&request).await);
        listed(side, center, group).await;
    }
    let delete = sso.delete_permission_set().instance_arn(instance).permission_set_arn(set);
    side.told("sso:DeletePermissionSet", delete.clone().send().await);
    side.told("sso:DeletePermissionSet", delete.send().await);
}
