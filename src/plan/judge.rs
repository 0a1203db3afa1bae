//! How carefully a reviewer should look at a step, and why. Judges only; what is done is decided already.

use super::Action;
use super::ground::{ACCOUNT, SUBNET, VPC};
use crate::kinds::Spec;
use crate::model::{Address, Change, Concern, KindName, Risk};
use std::cmp::Reverse;

/// The kinds that network paths are made of.
const PATHS: [KindName; 6] = [
    VPC,
    SUBNET,
    KindName::new("internet-gateway"),
    KindName::new("nat-gateway"),
    KindName::new("route-table"),
    KindName::new("vpc-endpoint"),
];

/// The concerns about a step, the worst first.
pub(super) fn concerns(at: &Address, action: &Action) -> Vec<Concern> {
    let of_changes = |changes: &[Change]| changes.iter().filter_map(|change| change.concern.clone()).collect::<Vec<_>>();
    let mut concerns = match action {
        Action::Create { want: _, replacing: true } => Vec::new(),
        Action::Create { want, replacing: false } => created(&at.kind).into_iter().chain(adopted(want)).collect(),
        Action::Update { live: _, want: _, changes } => of_changes(changes).into_iter().chain(rerouted(&at.kind, changes)).collect(),
        Action::Delete { live: _, replacing: true, why } => {
            // A change that demands it usually says what it breaks; then nothing general has to be added.
            let said = of_changes(why);
            let is_said = said.iter().any(|concern| concern.risk == Risk::Dangerous);
            said.into_iter().chain((!is_said).then(|| concern(Risk::Dangerous, "deletes it and creates it anew"))).collect()
        }
        Action::Delete { replacing: false, .. } if at.kind == ACCOUNT => {
            vec![concern(Risk::Dangerous, "closes the account: AWS deletes what is in it after 90 days")]
        }
        Action::Delete { live: _, replacing: false, why: _ } => vec![concern(Risk::Dangerous, "deletes it: no longer declared")],
    };
    concerns.sort_by_key(|concern| (Reverse(concern.risk), concern.why.clone()));
    concerns.dedup();
    concerns
}

fn created(kind: &KindName) -> Option<Concern> {
    match kind.as_str() {
        _ if *kind == ACCOUNT => Some(concern(Risk::Notable, "an AWS account can't be deleted at once: closing one takes 90 days")),
        "iam-role" => Some(concern(Risk::Notable, "grants permissions to whomever its trust policy names")),
        "access-assignment" => Some(concern(Risk::Notable, "lets a group of people into the account")),
        "service-control-policy" => Some(concern(Risk::Dangerous, "denies at once what it denies, in every account of its units")),
        _ => None,
    }
}

/// What others made changes hands: a plan that says only "create" would hide that.
fn adopted(want: &Spec) -> Option<Concern> {
    let why = |id| format!("adopts {id}, which others made: it is not created but marked, set up as declared, and ours from then on");
    want.adopts().map(|id| concern(Risk::Notable, &why(id)))
}

/// A change of a network path that its kind did not judge. Tags carry no traffic.
fn rerouted(kind: &KindName, changes: &[Change]) -> Option<Concern> {
    let unjudged = |change: &&Change| change.concern.is_none() && !change.field.starts_with("tags.");
    let reroutes = PATHS.contains(kind) && changes.iter().any(|change| unjudged(&change));
    reroutes.then(|| concern(Risk::Notable, "changes a network path"))
}

fn concern(risk: Risk, why: &str) -> Concern {
    Concern { risk, why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> Spec {
        (crate::kinds::row(&VPC).unwrap().parse)(serde_json::json!({ "cidr": "10.0.0.0/20" })).unwrap()
    }

    fn judged(kind: &str, action: Action) -> Vec<String> {
        let at = format!("payments/prod/us-west-2/{kind}/main").parse().unwrap();
        concerns(&at, &action).into_iter().map(|concern| format!("{}: {}", concern.risk, concern.why)).collect()
    }

    #[test]
    fn the_worst_comes_first_and_nothing_twice() {
        let change = |field: &str| Change::between(field, None, None);
        let changes = vec![
            change("a").concerning(Risk::Notable, "looks odd"),
            change("b").concerning(Risk::Dangerous, "burns"),
            change("c").concerning(Risk::Notable, "looks odd"),
        ];
        let update = Action::Update { live: spec(), want: spec(), changes };
        assert_eq!(judged("iam-role", update), ["dangerous: burns", "notable: looks odd"]);
    }

    #[test]
    fn a_path_is_notable_and_a_tag_is_not() {
        let update = |field: &str| Action::Update { live: spec(), want: spec(), changes: vec![Change::between(field, None, None)] };
        assert_eq!(judged("internet-gateway", update("vpc")), ["notable: changes a network path"]);
        assert_eq!(judged("internet-gateway", update("tags.team")), Vec::<String>::new());
        assert_eq!(judged("elastic-ip", update("vpc")), Vec::<String>::new());
    }

    #[test]
    fn deletes_and_replacements_are_dangerous_and_creating_an_account_is_notable() {
        let delete = |replacing| Action::Delete { live: spec(), replacing, why: Vec::new() };
        assert_eq!(judged("vpc", delete(false)), ["dangerous: deletes it: no longer declared"]);
        assert_eq!(judged("vpc", delete(true)), ["dangerous: deletes it and creates it anew"]);
        let create = |kind| judged(kind, Action::Create { want: spec(), replacing: false });
        assert_eq!(create("account"), ["notable: an AWS account can't be deleted at once: closing one takes 90 days"]);
        assert_eq!(create("vpc"), Vec::<String>::new());
    }
}
