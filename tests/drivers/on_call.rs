//! The drivers of on-call: Incident Manager's people, rotations and plans, and SNS's topics and subscriptions.

use crate::bench::{address, changed, made, management, member, removed, spec};
use landfall::aws::{Fault, Session};
use landfall::kinds::{Seen, Spec};
use landfall::model::{Address, RemoteId};
use serde_json::{Value, json};

fn here(reference: &str) -> Address {
    format!("management/global/{reference}").parse().unwrap()
}

async fn make(at: &Session, reference: &str, fields: Value) -> RemoteId {
    let (kind, _) = reference.split_once('/').unwrap();
    made(at, &here(reference), &spec(kind, fields)).await
}

async fn change(at: &Session, reference: &str, fields: Value) -> Vec<String> {
    let (kind, _) = reference.split_once('/').unwrap();
    changed(at, &here(reference), &spec(kind, fields)).await
}

async fn pending(at: &Session, address: &Address) -> bool {
    Spec::find(at, address).await.unwrap().unwrap().spec.pending().is_some()
}

/// Enters the code that the emulated AWS would have sent: the last six digits of the channel's ARN.
async fn enter(at: &Session, channel: &RemoteId) {
    let arn = channel.as_str();
    let call = at.ssmcontacts().activate_contact_channel().contact_channel_id(arn);
    call.activation_code(&arn[arn.len() - 6..]).send().await.unwrap();
}

async fn person(at: &Session, alias: &str, name: &str) {
    make(at, &format!("contact/{alias}"), json!({ "display_name": name })).await;
    for (by, to) in [("email", format!("{alias}@acme.example")), ("sms", "+15550100".to_owned())] {
        let fields = json!({ "contact": format!("contact/{alias}"), "type": by, "address": to });
        make(at, &format!("contact-channel/{alias}-{by}"), fields).await;
    }
}

fn attempts(all: &[(&str, u8)]) -> Value {
    let stages = all.iter().map(|(name, minutes)| json!({ "channels": [format!("contact-channel/{name}")], "minutes": minutes }));
    json!({ "contact": "contact/ada", "stages": stages.collect::<Vec<_>>() })
}

fn rotation(people: &[&str], starts: &str, zone: &str, shift: &str) -> Value {
    let contacts: Vec<String> = people.iter().map(|person| format!("contact/{person}")).collect();
    json!({ "contacts": contacts, "starts": starts, "time_zone": zone, "shift": shift })
}

fn escalation(name: &str, stages: &[(&str, u8)]) -> Value {
    let stages = stages.iter().map(|(target, minutes)| json!({ "engage": [target], "minutes": minutes }));
    json!({ "display_name": name, "stages": stages.collect::<Vec<_>>() })
}

fn response(title: &str, impact: u8, summary: &str, engage: &[&str]) -> Value {
    json!({ "display_name": title, "title": title, "impact": impact, "summary": summary, "engage": engage })
}

// One test, because there is one organization and it has one replication set.
#[tokio::test]
async fn incident_manager_from_the_first_contact_to_the_response_plan() {
    let at = management().await;
    let early = spec("contact", json!({ "display_name": "Ada" })).create(&at, &here("contact/ada")).await.unwrap_err();
    assert_eq!(early.message, "the account has no replication set");
    replication(&at).await;
    people(&at).await;
    turns(&at).await;
    plans(&at).await;
    for reference in [
        "response-plan/page-payments",
        "escalation-plan/page-payments-primary",
        "on-call-schedule/on-call-payments-primary",
        "rotation/payments-primary",
        "engagement-plan/ada",
        "contact-channel/ada-sms",
        "contact/ada",
        "contact/grace",
    ] {
        removed(&at, &here(reference)).await;
    }
    let set = here("replication-set/main");
    let seen = Spec::find(&at, &set).await.unwrap().unwrap();
    let never = seen.spec.delete(&at, &set, &seen.id).await.unwrap_err();
    assert_eq!(never.message, format!("{set} holds every contact and incident, and is never deleted by a plan"));
}

async fn replication(at: &Session) {
    let set = |regions: &[&str], protection: bool| json!({ "regions": regions, "deletion_protection": protection });
    let first = set(&["us-east-1", "us-west-2"], true);
    let id = make(at, "replication-set/main", first.clone()).await;
    let again = spec("replication-set", first).create(at, &here("replication-set/main")).await.unwrap();
    assert_eq!(again, id, "a lost answer does no harm");
    let fields = change(at, "replication-set/main", set(&["eu-west-1", "us-west-2"], false)).await;
    assert_eq!(fields, ["regions", "deletion_protection"]);
}

async fn people(at: &Session) {
    person(at, "ada", "Ada O'Brien").await;
    person(at, "grace", "Grace Okoye").await;
    let ada = spec("contact", json!({ "display_name": "Ada O'Brien" }));
    let again = ada.create(at, &here("contact/ada")).await.unwrap();
    assert_eq!(Some(again), at.directory().id(&here("contact/ada")), "a lost answer does no harm");
    assert_eq!(change(at, "contact/ada", json!({ "display_name": "Ada Fern" })).await, ["display_name"]);

    let sms = here("contact-channel/ada-sms");
    assert!(pending(at, &sms).await, "nobody has entered the code");
    let fields = |to: &str| json!({ "contact": "contact/ada", "type": "sms", "address": to });
    let id = spec("contact-channel", fields("+15550100")).create(at, &sms).await.unwrap();
    assert_eq!(at.directory().id(&sms), Some(id.clone()), "no second channel, and no second code");
    enter(at, &id).await;
    assert!(!pending(at, &sms).await);
    assert_eq!(change(at, "contact-channel/ada-sms", fields("+15550101")).await, ["address"]);
    assert!(pending(at, &sms).await, "another phone, another code");
    enter(at, &id).await;

    make(at, "engagement-plan/ada", attempts(&[("ada-sms", 1), ("ada-email", 2)])).await;
    assert_eq!(change(at, "engagement-plan/ada", attempts(&[("ada-sms", 3)])).await, ["stages"]);
    let error = remove(at, "contact-channel/ada-sms").await.unwrap_err();
    assert_eq!(error.fault, Fault::Busy, "the plan names it: {error}");
    removed(at, &here("contact-channel/ada-email")).await;
}

async fn remove(at: &Session, reference: &str) -> Result<(), landfall::aws::CallError> {
    let address = here(reference);
    let seen = Spec::find(at, &address).await.unwrap().unwrap();
    seen.spec.delete(at, &address, &seen.id).await
}

async fn turns(at: &Session) {
    let monday = |people: &[&str]| rotation(people, "2026-01-05T09:00", "America/Los_Angeles", "weekly");
    make(at, "rotation/payments-primary", monday(&["ada", "grace"])).await;
    assert_eq!(change(at, "rotation/payments-primary", monday(&["grace", "ada"])).await, ["contacts"]);
    let other = rotation(&["grace"], "2026-01-07T22:30", "Europe/Berlin", "daily");
    assert_eq!(change(at, "rotation/payments-primary", other).await, ["contacts", "starts", "time_zone", "shift"]);
    let error = remove(at, "contact/grace").await.unwrap_err();
    assert_eq!(error.fault, Fault::Busy, "she is in the rotation: {error}");

    let schedule = |name: &str, rotations: &[&str]| json!({ "display_name": name, "rotations": rotations });
    let one = schedule("payments primary", &["rotation/payments-primary"]);
    make(at, "on-call-schedule/on-call-payments-primary", one).await;
    make(at, "rotation/payments-more", monday(&["ada"])).await;
    let both = schedule("payments", &["rotation/payments-primary", "rotation/payments-more"]);
    assert_eq!(change(at, "on-call-schedule/on-call-payments-primary", both).await, ["display_name", "rotations"]);
    assert_eq!(remove(at, "rotation/payments-more").await.unwrap_err().fault, Fault::Busy);
    let one = schedule("payments", &["rotation/payments-primary"]);
    assert_eq!(change(at, "on-call-schedule/on-call-payments-primary", one).await, ["rotations"]);
    removed(at, &here("rotation/payments-more")).await;
}

async fn plans(at: &Session) {
    let stages = [("on-call-schedule/on-call-payments-primary", 15), ("contact/ada", 0)];
    make(at, "escalation-plan/page-payments-primary", escalation("Page payments", &stages)).await;
    let stages = [("on-call-schedule/on-call-payments-primary", 5), ("contact/grace", 0)];
    let fields = change(at, "escalation-plan/page-payments-primary", escalation("Page", &stages)).await;
    assert_eq!(fields, ["display_name", "stages"]);

    let engaged = ["escalation-plan/page-payments-primary"];
    make(at, "response-plan/page-payments", response("payments is in trouble", 2, "", &engaged)).await;
    let want = response("payments is down", 1, "Owned by payments.", &["contact/ada"]);
    let fields = change(at, "response-plan/page-payments", want).await;
    assert_eq!(fields, ["display_name", "title", "impact", "summary", "engage"]);
    strangers(at).await;
}

/// What carries no mark of ours is a stranger's, whatever it is called.
async fn strangers(at: &Session) {
    use aws_sdk_ssmcontacts::types::{ContactType, Plan};
    let none = Plan::builder().set_stages(Some(Vec::new())).build();
    at.ssmcontacts().create_contact().alias("tim").r#type(ContactType::Personal).plan(none).send().await.unwrap();
    let tim = here("contact/tim");
    assert_eq!(Spec::find(at, &tim).await.unwrap(), None);
    let error = spec("contact", json!({ "display_name": "Tim" })).create(at, &tim).await.unwrap_err();
    assert_eq!((error.fault, error.message.as_str()), (Fault::Refused, "the alias tim belongs to a contact that is not Landfall's"));
    let all: Vec<Seen<Spec>> = Spec::read(&tim.kind, at).await.unwrap();
    assert_eq!(all.iter().filter(|seen| seen.name.is_none()).count(), 1, "{all:?}");
}

fn topic(name: &str, service: Option<&str>, team: &str) -> Spec {
    let publish = |service: &str| {
        json!({ "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": "sns:Publish",
            "Resource": "arn:${partition}:sns:${region}:${account.id}:page-payments-primary",
        }] })
    };
    let mut fields = json!({ "display_name": name, "tags": { "team": team } });
    if let Some(service) = service {
        fields["policy"] = publish(service);
    }
    spec("sns-topic", fields)
}

#[tokio::test]
async fn a_topic_and_who_may_publish_to_it() {
    let at = member("595959595901").await;
    at.sns().create_topic().name("page-theirs").send().await.unwrap();
    at.sns().create_topic().name("orders").send().await.unwrap();
    let address = address("us-west-2/sns-topic/page-payments-primary");
    let first = topic("payments", None, "payments");
    let id = made(&at, &address, &first).await;
    assert_eq!(first.create(&at, &address).await.unwrap(), id, "a lost answer does no harm");
    let alarms = topic("payments prod", Some("cloudwatch.amazonaws.com"), "catalog");
    assert_eq!(changed(&at, &address, &alarms).await, ["display_name", "policy", "tags.team"]);
    let events = topic("payments prod", Some("events.amazonaws.com"), "catalog");
    assert_eq!(changed(&at, &address, &events).await, ["policy"]);
    assert_eq!(changed(&at, &address, &topic("payments prod", None, "catalog")).await, ["policy"]);
    let all: Vec<Seen<Spec>> = Spec::read(&address.kind, &at).await.unwrap();
    assert_eq!(all.iter().filter(|seen| seen.name.is_none()).count(), 1, "only what is called like ours is looked at: {all:?}");
    removed(&at, &address).await;
}

fn subscription(protocol: &str, endpoint: &str) -> Spec {
    spec("sns-subscription", json!({ "topic": "sns-topic/page-payments-primary", "protocol": protocol, "endpoint": endpoint }))
}

#[tokio::test]
async fn who_is_subscribed_waits_for_a_human_once() {
    let at = member("595959595902").await;
    let topic_address = address("us-west-2/sns-topic/page-payments-primary");
    let arn = made(&at, &topic_address, &topic("payments", None, "payments")).await;

    let sms = address("us-west-2/sns-subscription/page-payments-primary/sms/15550100");
    made(&at, &sms, &subscription("sms", "+15550100")).await;
    assert!(!pending(&at, &sms).await, "a phone has nothing to confirm");
    removed(&at, &sms).await;

    let email = address("us-west-2/sns-subscription/page-payments-primary/email/ada_at_acme.example");
    let ada = subscription("email", "ada@acme.example");
    let id = made(&at, &email, &ada).await;
    assert!(pending(&at, &email).await);
    assert_eq!(ada.create(&at, &email).await.unwrap(), id);
    let seen = at.sns().list_subscriptions_by_topic().topic_arn(arn.as_str()).send().await.unwrap();
    assert_eq!(seen.subscriptions().len(), 1, "never subscribed twice");
    // There is nothing to take back yet: the invitation lapses, and nobody plans to delete it.
    ada.delete(&at, &email, &id).await.unwrap();
    let all: Vec<Seen<Spec>> = Spec::read(&email.kind, &at).await.unwrap();
    assert_eq!((all.len(), all[0].name.clone()), (1, None), "nothing declares it");

    confirm(&at, &arn).await;
    assert!(!pending(&at, &email).await);
    removed(&at, &email).await;
    let misnamed = ada.create(&at, &sms).await.unwrap_err();
    assert_eq!(misnamed.fault, Fault::Refused);
}

/// Follows the link in the mail: its token is the end of the subscription's ARN, which AWS tells when asked for it.
async fn confirm(at: &Session, topic: &RemoteId) {
    let call = at.sns().subscribe().topic_arn(topic.as_str()).protocol("email").endpoint("ada@acme.example");
    let answer = call.return_subscription_arn(true).send().await.unwrap();
    let token = answer.subscription_arn().unwrap().rsplit(':').next().unwrap().to_owned();
    at.sns().confirm_subscription().topic_arn(topic.as_str()).token(token).send().await.unwrap();
}
