//! The replication set and response plans of an account that has none.

use super::side::Side;
use super::sso::until;
use aws_sdk_ssmcontacts::types::{ContactType, Plan};
use aws_sdk_ssmincidents::Client;
use aws_sdk_ssmincidents::types::{
    AddRegionAction, DeleteRegionAction, IncidentTemplate, RegionMapInputValue, ReplicationSetStatus, UpdateReplicationSetAction,
};

pub async fn story(side: &mut Side) {
    let incidents = Client::new(&side.management);
    side.told("ssm-incidents:ListReplicationSets", incidents.list_replication_sets().send().await);
    side.told("ssm-incidents:CreateResponsePlan", plan(&incidents, "shop-page", Vec::new()).await);
    let made = side.told("ssm-incidents:CreateReplicationSet", create(&incidents, &["us-east-1"]).await);
    assert!(made.is_none(), "the Region that is asked is not in it");
    let made = side.told("ssm-incidents:CreateReplicationSet", create(&incidents, &["us-east-1", "us-west-2"]).await).unwrap();
    side.told("ssm-incidents:CreateReplicationSet", create(&incidents, &["us-east-1", "us-west-2"]).await);
    settled(&incidents, made.arn()).await;
    regions(side, &incidents, made.arn()).await;
    plans(side, &incidents).await;
}

/// A set of these Regions.
pub async fn create(
    incidents: &Client,
    regions: &[&str],
) -> Result<
    aws_sdk_ssmincidents::operation::create_replication_set::CreateReplicationSetOutput,
    aws_sdk_ssmincidents::error::SdkError<aws_sdk_ssmincidents::operation::create_replication_set::CreateReplicationSetError>,
> {
    let regions = regions.iter().map(|region| ((*region).to_owned(), RegionMapInputValue::builder().build())).collect();
    incidents.create_replication_set().set_regions(Some(regions)).send().await
}

/// Waits until a set is whole.
pub async fn settled(incidents: &Client, arn: &str) {
    let status = async || incidents.get_replication_set().arn(arn).send().await.unwrap().replication_set.unwrap().status;
    until(async || status().await == ReplicationSetStatus::Active).await;
}

async fn regions(side: &mut Side, incidents: &Client, arn: &str) {
    let get = async |arn: &str| incidents.get_replication_set().arn(arn).send().await;
    side.told("ssm-incidents:ListReplicationSets", incidents.list_replication_sets().send().await);
    side.told("ssm-incidents:GetReplicationSet", get(arn).await);
    side.told("ssm-incidents:GetReplicationSet", get(&format!("{arn}0")).await);
    let add = |region: &str| UpdateReplicationSetAction::AddRegionAction(AddRegionAction::builder().region_name(region).build().unwrap());
    let delete =
        |region: &str| UpdateReplicationSetAction::DeleteRegionAction(DeleteRegionAction::builder().region_name(region).build().unwrap());
    // The one that is there already, a new one, a fourth one, the one that is not there, and the one that leaves.
    for action in [add("us-east-1"), add("eu-west-1"), add("eu-west-2"), delete("eu-west-2"), delete("us-east-1")] {
        side.told("ssm-incidents:UpdateReplicationSet", incidents.update_replication_set().arn(arn).actions(action).send().await);
        settled(incidents, arn).await;
        side.told("ssm-incidents:GetReplicationSet", get(arn).await);
    }
    for protected in [true, false] {
        let call = incidents.update_deletion_protection().arn(arn).deletion_protected(protected);
        side.told("ssm-incidents:UpdateDeletionProtection", call.send().await);
        side.told("ssm-incidents:GetReplicationSet", get(arn).await);
    }
}

async fn plan(
    incidents: &Client,
    name: &str,
    engaged: Vec<String>,
) -> Result<
    aws_sdk_ssmincidents::operation::create_response_plan::CreateResponsePlanOutput,
    aws_sdk_ssmincidents::error::SdkError<aws_sdk_ssmincidents::operation::create_response_plan::CreateResponsePlanError>,
> {
    let template = IncidentTemplate::builder().title("shop is in trouble").impact(2).summary("Owned by shop.").build().unwrap();
    let call = incidents.create_response_plan().name(name).display_name("shop").incident_template(template);
    call.set_engagements(Some(engaged)).tags("team", "shop").send().await
}

async fn plans(side: &mut Side, incidents: &Client) {
    let contacts = aws_sdk_ssmcontacts::Client::new(&side.management);
    let none = Plan::builder().set_stages(Some(Vec::new())).build();
    let ada = contacts.create_contact().alias("shop-ada").r#type(ContactType::Personal).plan(none).send().await.unwrap().contact_arn;
    let made = side.told("ssm-incidents:CreateResponsePlan", plan(incidents, "shop-page", vec![ada.clone()]).await).unwrap();
    side.told("ssm-incidents:CreateResponsePlan", plan(incidents, "shop-page", vec![ada.clone()]).await);
    side.told("ssm-incidents:CreateResponsePlan", plan(incidents, "shop-other", vec![format!("{ada}x")]).await);
    let (arn, nowhere) = (made.arn(), format!("{}x", made.arn()));
    let get = async |arn: &str| incidents.get_response_plan().arn(arn).send().await;
    let tags = async |arn: &str| incidents.list_tags_for_resource().resource_arn(arn).send().await;
    side.told("ssm-incidents:GetResponsePlan", get(arn).await);
    side.told("ssm-incidents:GetResponsePlan", get(&nowhere).await);
    side.told("ssm-incidents:ListTagsForResource", tags(arn).await);
    side.told("ssm-incidents:ListTagsForResource", tags(&nowhere).await);
    let update = incidents.update_response_plan().incident_template_title("shop is down").incident_template_impact(1);
    let update = update.incident_template_summary("Hurry.").display_name("the shop").set_engagements(Some(Vec::new()));
    side.told("ssm-incidents:UpdateResponsePlan", update.clone().arn(arn).send().await);
    side.told("ssm-incidents:UpdateResponsePlan", update.clone().arn(&nowhere).send().await);
    side.told("ssm-incidents:UpdateResponsePlan", update.arn(arn).engagements(format!("{ada}x")).send().await);
    side.told("ssm-incidents:GetResponsePlan", get(arn).await);
    side.told("ssm-incidents:ListResponsePlans", incidents.list_response_plans().send().await);
    for _ in 0..2 {
        side.told("ssm-incidents:DeleteResponsePlan", incidents.delete_response_plan().arn(arn).send().await);
    }
    side.told("ssm-incidents:ListResponsePlans", incidents.list_response_plans().send().await);
}
