//! Tests of what the shipped module makes of people and definitions, with either back end, and of what a plan says while they wait.

use crate::config::{DOMAINS, load_texts, show};
use crate::kinds::Spec;
use crate::model::{Account, Address, RemoteId, Severity};
use crate::plan::{Desired, Found, Live, plan};
use std::collections::BTreeMap;
use std::path::Path;

const ESTATE: &str = "\
organization: { name: acme, account_email: \"aws+{domain}-{environment}@acme.example\", home_region: us-west-2, github: acme }
people:
  ada: { name: Ada Fern, email: ada@acme.example, phone: \"+15550100\" }
  grace: { name: Grace Okoye, email: grace@acme.example, channels: [email] }
  linus: { name: Linus Moss, email: linus@acme.example, phone: \"+15550107\", channels: [voice, sms] }
teams:
  pay: { on_call: { primary: [ada, grace], secondary: [linus], escalation: grace, handover: wednesday 09:30 Europe/Berlin } }
  lone: { on_call: { primary: [grace], escalation: ada, rotation: daily, escalate_after_minutes: 20 } }
domains:
  payments: { team: pay, environments: [stage, prod] }
  reports: { team: lone, environments: [prod] }
";

fn desired(backend: &str) -> Desired {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let module = |name: &str| {
        let path = format!("modules/{name}/module.yaml");
        let text = std::fs::read_to_string(root.join(&path)).unwrap();
        (name.to_owned(), (path, text))
    };
    let modules: BTreeMap<_, _> = ["account", "on-call"].map(module).into();
    let domains = format!("{ESTATE}modules: {{ on-call: {{ backend: {backend} }} }}\n");
    let loaded = load_texts((DOMAINS, &domains), &modules, crate::config::cases::NOW);
    loaded.map_err(|problems| show(&problems, false)).unwrap().desired
}

fn at(desired: &Desired, prefix: &str) -> Vec<String> {
    desired.resources.keys().filter_map(|at| at.to_string().strip_prefix(prefix).map(str::to_owned)).collect()
}

fn spec(desired: &Desired, address: &str) -> serde_json::Value {
    let spec = &desired.resources[&address.parse::<Address>().unwrap()].spec;
    let value = serde_json::to_value(spec).unwrap();
    value.as_object().unwrap().values().next().unwrap().clone()
}

#[test]
fn sns_pages_everybody_of_a_level_and_by_sms_in_prod_alone() {
    let desired = desired("sns");
    assert_eq!(
        at(&desired, "payments/prod/us-west-2/"),
        [
            "sns-subscription/page-payments-escalation/email/grace_at_acme.example",
            "sns-subscription/page-payments-primary/email/ada_at_acme.example",
            "sns-subscription/page-payments-primary/email/grace_at_acme.example",
            "sns-subscription/page-payments-primary/sms/15550100",
            "sns-subscription/page-payments-secondary/sms/15550107",
            "sns-topic/page-payments-escalation",
            "sns-topic/page-payments-primary",
            "sns-topic/page-payments-secondary",
        ]
    );
    assert_eq!(
        at(&desired, "payments/stage/us-west-2/"),
        [
            "sns-subscription/page-payments-primary/email/ada_at_acme.example",
            "sns-subscription/page-payments-primary/email/grace_at_acme.example",
            "sns-topic/page-payments-primary",
        ]
    );
    assert!(desired.resources.keys().all(|at| at.account != Account::Management || at.kind.as_str() == "organizational-unit"));
}

#[test]
fn incident_manager_gets_people_turns_and_escalation_once() {
    let desired = desired("incident-manager");
    let of = |kind: &str| at(&desired, &format!("management/global/{kind}/"));
    assert_eq!(of("contact"), ["ada", "grace", "linus"]);
    assert_eq!(of("contact-channel"), ["ada-email", "ada-sms", "ada-voice", "grace-email", "linus-sms", "linus-voice"]);
    assert_eq!(of("escalation-plan"), ["page-payments-primary", "page-reports-primary"]);
    assert_eq!(of("response-plan"), ["page-payments", "page-reports"]);
    assert_eq!(of("replication-set"), ["main"]);
    let rotation = spec(&desired, "management/global/rotation/payments-primary");
    let expected = serde_json::json!({
        "contacts": ["contact/ada", "contact/grace"],
        "starts": "2026-01-07T09:30",
        "time_zone": "Europe/Berlin",
        "shift": "weekly",
    });
    assert_eq!(rotation, expected);
    let minutes = |plan: &str| {
        let plan = spec(&desired, &format!("management/global/escalation-plan/{plan}"));
        plan["stages"].as_array().unwrap().iter().map(|stage| stage["minutes"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((minutes("page-payments-primary"), minutes("page-reports-primary")), (vec![5, 10, 0], vec![20, 0]));
    let attempts = spec(&desired, "management/global/engagement-plan/linus");
    assert_eq!(attempts["stages"][0]["channels"][0], "contact-channel/linus-voice", "in the order that linus asked for");
}

/// Everything as declared, and all that can wait for somebody waiting.
fn waiting(desired: &Desired) -> Live {
    let found = desired.resources.iter().map(|(at, declared)| {
        let mut spec = declared.spec.clone();
        match &mut spec {
            Spec::ContactChannel(channel) if channel.contact.name.as_str() == "linus" => channel.pending = true,
            Spec::SnsSubscription(subscription) if at.to_string().contains("/email/") => subscription.pending = true,
            _ => {}
        }
        (at.clone(), Found { id: RemoteId::from(at.to_string()), spec })
    });
    Live { found: found.collect(), ..Live::default() }
}

#[test]
fn what_waits_for_a_human_is_shown_and_changes_nothing() {
    let desired = desired("incident-manager");
    let (plan, report) = plan(&desired, &waiting(&desired));
    assert!(plan.is_empty(), "{plan:?}");
    let of = |severity, summary: &str| {
        let notes = report.notes.iter().filter(|note| note.severity == severity && note.summary == summary);
        notes.map(|note| note.subject.to_string()).collect::<Vec<_>>()
    };
    let waits = of(Severity::Information, "Waits for somebody");
    assert_eq!(waits.len(), 9, "two channels of linus, and seven invitations: {waits:?}");
    assert_eq!(
        of(Severity::Warning, "Nobody is reached yet"),
        [
            "management/global/contact/linus",
            "payments/stage/us-west-2/sns-topic/page-payments-primary",
            "payments/prod/us-west-2/sns-topic/page-payments-escalation",
            "reports/prod/us-west-2/sns-topic/page-reports-primary",
        ]
    );
    assert_eq!(report.notes.len(), 9 + 4, "{:?}", report.notes);
}
