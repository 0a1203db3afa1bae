//! People who are called, how, in which order and in whose turn: and nothing of it can go that something else names.

use super::incidents;
use super::side::Side;
use aws_sdk_ssmcontacts::Client;
use aws_sdk_ssmcontacts::error::SdkError;
use aws_sdk_ssmcontacts::operation::create_contact::{CreateContactError, CreateContactOutput};
use aws_sdk_ssmcontacts::operation::create_contact_channel::{CreateContactChannelError, CreateContactChannelOutput};
use aws_sdk_ssmcontacts::operation::create_rotation::{CreateRotationError, CreateRotationOutput};
use aws_sdk_ssmcontacts::primitives::DateTime;
use aws_sdk_ssmcontacts::types::{
    ChannelTargetInfo, ChannelType, ContactChannelAddress, ContactTargetInfo, ContactType, HandOffTime, Plan, RecurrenceSettings, Stage,
    Tag, Target,
};

/// Monday, 5 January 2026, 9:00 in Los Angeles.
const STARTS: i64 = 1_767_632_400;

pub async fn story(side: &mut Side) {
    let client = Client::new(&side.member);
    side.told("ssm-contacts:CreateContact", contact(&client, "ada", ContactType::Personal, nothing()).await);
    let sets = aws_sdk_ssmincidents::Client::new(&side.member);
    let set = incidents::create(&sets, &["us-west-2"]).await.unwrap();
    incidents::settled(&sets, set.arn()).await;
    let ada = people(side, &client).await;
    let sms = channels(side, &client, &ada).await;
    let (rotation, schedule) = turns(side, &client, &ada).await;
    let page = escalations(side, &client, &schedule, &sms).await;
    for arn in [&page, &schedule] {
        side.told("ssm-contacts:DeleteContact", client.delete_contact().contact_id(arn).send().await);
    }
    for _ in 0..2 {
        side.told("ssm-contacts:DeleteRotation", client.delete_rotation().rotation_id(&rotation).send().await);
    }
    for _ in 0..2 {
        side.told("ssm-contacts:DeleteContact", client.delete_contact().contact_id(&ada).send().await);
    }
    let gone = client.send_activation_code().contact_channel_id(&sms).send().await;
    side.told("ssm-contacts:SendActivationCode", gone);
    side.told("ssm-contacts:ListContacts", client.list_contacts().send().await);
    side.told("ssm-contacts:ListRotations", client.list_rotations().send().await);
}

fn nothing() -> Plan {
    Plan::builder().set_stages(Some(Vec::new())).build()
}

fn stages(target: Target) -> Plan {
    Plan::builder().stages(Stage::builder().duration_in_minutes(5).targets(target).build().unwrap()).build()
}

fn by_contact(arn: &str) -> Plan {
    let contact = ContactTargetInfo::builder().contact_id(arn).is_essential(false).build().unwrap();
    stages(Target::builder().contact_target_info(contact).build())
}

fn by_channel(arn: &str) -> Plan {
    let channel = ChannelTargetInfo::builder().contact_channel_id(arn).retry_interval_in_minutes(1).build().unwrap();
    stages(Target::builder().channel_target_info(channel).build())
}

async fn contact(client: &Client, alias: &str, of: ContactType, plan: Plan) -> Result<CreateContactOutput, SdkError<CreateContactError>> {
    let tag = Tag::builder().key("team").value("shop").build();
    client.create_contact().alias(alias).display_name("Ada O-Brien").r#type(of).plan(plan).tags(tag).send().await
}

async fn people(side: &mut Side, client: &Client) -> String {
    let ada = side.told("ssm-contacts:CreateContact", contact(client, "ada", ContactType::Personal, nothing()).await).unwrap().contact_arn;
    side.told("ssm-contacts:CreateContact", contact(client, "ada", ContactType::Escalation, nothing()).await);
    side.told("ssm-contacts:CreateContact", contact(client, "Ada", ContactType::Personal, nothing()).await);
    let nobody = format!("{ada}x");
    for id in [&ada, "ada", &nobody] {
        side.told("ssm-contacts:GetContact", client.get_contact().contact_id(id).send().await);
    }
    for of in [ContactType::Personal, ContactType::Escalation] {
        side.told("ssm-contacts:ListContacts", client.list_contacts().r#type(of).send().await);
    }
    for arn in [&ada, &nobody] {
        side.told("ssm-contacts:ListTagsForResource", client.list_tags_for_resource().resource_arn(arn).send().await);
        side.told("ssm-contacts:UpdateContact", client.update_contact().contact_id(arn).display_name("Ada Fern").send().await);
    }
    side.told("ssm-contacts:UpdateContact", client.update_contact().contact_id(&ada).display_name("Ada O'Brien").send().await);
    side.told("ssm-contacts:GetContact", client.get_contact().contact_id(&ada).send().await);
    ada
}

fn sms(number: &str) -> ContactChannelAddress {
    ContactChannelAddress::builder().simple_address(number).build()
}

async fn channel(client: &Client, contact: &str) -> Result<CreateContactChannelOutput, SdkError<CreateContactChannelError>> {
    let call = client.create_contact_channel().contact_id(contact).name("ada-sms").r#type(ChannelType::Sms);
    call.delivery_address(sms("+15550100")).defer_activation(true).send().await
}

async fn channels(side: &mut Side, client: &Client, ada: &str) -> String {
    let made = side.told("ssm-contacts:CreateContactChannel", channel(client, ada).await).unwrap();
    side.told("ssm-contacts:CreateContactChannel", channel(client, ada).await);
    side.told("ssm-contacts:CreateContactChannel", channel(client, &format!("{ada}x")).await);
    let arn = made.contact_channel_arn();
    let list = async || client.list_contact_channels().contact_id(ada).send().await;
    let code = &arn[arn.len() - 6..];
    let activate = async |code: &str| client.activate_contact_channel().contact_channel_id(arn).activation_code(code).send().await;
    side.told("ssm-contacts:ListContactChannels", list().await);
    side.told("ssm-contacts:ActivateContactChannel", activate(code).await);
    side.told("ssm-contacts:SendActivationCode", client.send_activation_code().contact_channel_id(arn).send().await);
    side.told("ssm-contacts:ActivateContactChannel", activate("999999").await);
    side.told("ssm-contacts:ActivateContactChannel", activate(code).await);
    side.told("ssm-contacts:ListContactChannels", list().await);
    let update = client.update_contact_channel().contact_channel_id(arn);
    side.told("ssm-contacts:UpdateContactChannel", update.clone().delivery_address(sms("+15550100")).send().await);
    side.told("ssm-contacts:ListContactChannels", list().await);
    side.told("ssm-contacts:UpdateContactChannel", update.delivery_address(sms("+15550101")).send().await);
    side.told("ssm-contacts:ListContactChannels", list().await);
    let update = client.update_contact().contact_id(ada);
    side.told("ssm-contacts:UpdateContact", update.clone().plan(by_channel(&format!("{arn}0"))).send().await);
    side.told("ssm-contacts:UpdateContact", update.clone().plan(by_contact(ada)).send().await);
    side.told("ssm-contacts:UpdateContact", update.clone().plan(by_channel(arn)).send().await);
    side.told("ssm-contacts:GetContact", client.get_contact().contact_id(ada).send().await);
    side.told("ssm-contacts:DeleteContactChannel", client.delete_contact_channel().contact_channel_id(arn).send().await);
    update.plan(nothing()).send().await.unwrap();
    for _ in 0..2 {
        side.told("ssm-contacts:DeleteContactChannel", client.delete_contact_channel().contact_channel_id(arn).send().await);
    }
    channel(client, ada).await.unwrap().contact_channel_arn
}

fn daily() -> RecurrenceSettings {
    let time = HandOffTime::builder().hour_of_day(9).minute_of_hour(0).build();
    RecurrenceSettings::builder().number_of_on_calls(1).recurrence_multiplier(1).daily_settings(time).build().unwrap()
}

async fn rotation(client: &Client, contact: &str) -> Result<CreateRotationOutput, SdkError<CreateRotationError>> {
    let call = client.create_rotation().name("shop-primary").contact_ids(contact).time_zone_id("America/Los_Angeles");
    call.start_time(DateTime::from_secs(STARTS)).recurrence(daily()).tags(Tag::builder().key("team").value("shop").build()).send().await
}

async fn turns(side: &mut Side, client: &Client, ada: &str) -> (String, String) {
    let made = side.told("ssm-contacts:CreateRotation", rotation(client, ada).await).unwrap().rotation_arn;
    side.told("ssm-contacts:CreateRotation", rotation(client, &format!("{ada}x")).await);
    side.told("ssm-contacts:ListRotations", client.list_rotations().send().await);
    side.told("ssm-contacts:ListTagsForResource", client.list_tags_for_resource().resource_arn(&made).send().await);
    let update = client.update_rotation().recurrence(daily()).time_zone_id("Europe/Berlin");
    side.told("ssm-contacts:UpdateRotation", update.clone().rotation_id(&made).send().await);
    side.told("ssm-contacts:UpdateRotation", update.clone().rotation_id(format!("{made}0")).send().await);
    side.told("ssm-contacts:UpdateRotation", update.rotation_id(&made).contact_ids(format!("{ada}x")).send().await);
    side.told("ssm-contacts:ListRotations", client.list_rotations().send().await);
    side.told("ssm-contacts:DeleteContact", client.delete_contact().contact_id(ada).send().await);

    let plan = |rotation: &str| Plan::builder().rotation_ids(rotation).build();
    let scheduled = async |rotation: &str| contact(client, "on-call", ContactType::OncallSchedule, plan(rotation)).await;
    side.told("ssm-contacts:CreateContact", scheduled(&format!("{made}0")).await);
    side.told("ssm-contacts:CreateContact", contact(client, "on-call", ContactType::OncallSchedule, by_contact(ada)).await);
    side.told("ssm-contacts:CreateContact", contact(client, "bob", ContactType::Personal, plan(&made)).await);
    let schedule = side.told("ssm-contacts:CreateContact", scheduled(&made).await).unwrap().contact_arn;
    side.told("ssm-contacts:GetContact", client.get_contact().contact_id(&schedule).send().await);
    side.told("ssm-contacts:DeleteRotation", client.delete_rotation().rotation_id(&made).send().await);
    side.told("ssm-contacts:CreateContactChannel", channel(client, &schedule).await);
    (made, schedule)
}

async fn escalations(side: &mut Side, client: &Client, schedule: &str, sms: &str) -> String {
    let create = async |plan: Plan| contact(client, "page", ContactType::Escalation, plan).await;
    side.told("ssm-contacts:CreateContact", create(by_channel(sms)).await);
    side.told("ssm-contacts:CreateContact", create(by_contact(&format!("{schedule}x"))).await);
    let page = side.told("ssm-contacts:CreateContact", create(by_contact(schedule)).await).unwrap().contact_arn;
    side.told("ssm-contacts:GetContact", client.get_contact().contact_id(&page).send().await);
    side.told("ssm-contacts:DeleteContact", client.delete_contact().contact_id(schedule).send().await);
    side.differs("ssm-contacts:CreateRotation", "the emulated one lets others than persons take turns");
    if let Some(wrong) = side.told("ssm-contacts:CreateRotation", rotation(client, &page).await) {
        client.delete_rotation().rotation_id(wrong.rotation_arn()).send().await.unwrap();
    }
    page
}
