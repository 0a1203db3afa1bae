//! What the way back undoes, what it leaves to people, and in which order.

use super::super::made;
use super::*;
use crate::kinds;
use serde_json::{Value, json};

fn step(at: &str, action: &str, before: Value, after: Value) -> Step {
    let address: Address = at.parse().unwrap();
    let spec = |fields: Value| (kinds::row(&address.kind).unwrap().parse)(fields).unwrap();
    let action = match action {
        "create" => Action::Create { want: spec(after), replacing: false },
        "delete" => Action::Delete { live: spec(before), replacing: false, why: Vec::new() },
        _ => {
            let (live, want) = (spec(before), spec(after));
            let changes = Spec::changes(&live, &want);
            Action::Update { live, want, changes }
        }
    };
    Step { address, action, after: Vec::new(), concerns: Vec::new(), asked: None }
}

/// A plan of steps in their wave each.
fn plan_of(waves: &[(&str, Vec<Step>)]) -> Plan {
    let wave = |(name, steps): &(&str, Vec<Step>)| {
        let mut accounts: BTreeMap<Account, Vec<Step>> = BTreeMap::new();
        steps.iter().for_each(|step| accounts.entry(step.address.account.clone()).or_default().push(step.clone()));
        Wave { name: name.parse().unwrap(), accounts }
    };
    Plan {
        estate: "acme".parse().unwrap(),
        home_region: "us-west-2".parse().unwrap(),
        access_role: "role".into(),
        emails: BTreeMap::new(),
        approvals: crate::model::Approvals::default(),
        notices: Default::default(),
        rollout: crate::plan::Rollout::default(),
        waves: waves.iter().map(wave).collect(),
    }
}

/// The way back from all steps of a plan: its steps, and what people do.
fn back(waves: &[(&str, Vec<Step>)]) -> (Vec<String>, Vec<String>) {
    let plan = plan_of(waves);
    let all = plan.steps().map(|step| step.address.clone()).collect();
    let (back, notes) = rollback(&plan, &all);
    let verb = |step: &Step| match &step.action {
        Action::Create { .. } => "create",
        Action::Update { .. } => "update",
        Action::Delete { .. } => "delete",
    };
    let steps = back.waves.iter().flat_map(|wave| {
        wave.accounts.values().flatten().map(|step| format!("{}: {} {} {:?}", wave.name, verb(step), step.address, step.after))
    });
    (steps.collect(), notes.iter().map(|note| format!("{}: {}: {}", note.subject, note.summary, note.detail)).collect())
}

#[test]
fn what_is_not_a_plans_to_undo_is_said_and_what_it_needs_stays() {
    let account =
        json!({ "email": "a@b.example", "name": "x", "organizational_unit": "management:organizational-unit/prod", "access_role": "r" });
    let vpc = json!({ "cidr": "10.0.0.0/20" });
    let subnet = json!({ "vpc": "vpc/main", "cidr": "10.0.0.0/24", "zone": "a" });
    let at = |rest: &str| format!("pay/prod/{rest}");
    let mut subnet = step(&at("us-west-2/subnet/a"), "create", json!(null), subnet);
    subnet.after = vec![1];
    let mut steps = vec![
        step(&at("global/account/main"), "create", json!(null), account),
        step(&at("us-west-2/vpc/main"), "create", json!(null), vpc),
        subnet,
        step(&at("global/password-policy/main"), "create", json!(null), json!({ "minimum_length": 14 })),
        step(&at("us-west-2/log-group/aws/x"), "delete", json!({ "retention_days": 90 }), json!(null)),
    ];
    steps[1].after = vec![0];
    let unit = step("management/global/organizational-unit/prod", "create", json!(null), json!({}));
    let (steps, notes) = back(&[("organization", vec![unit]), ("prod", steps)]);
    let expected =
        ["create pay/prod/us-west-2/log-group/aws/x []", "delete pay/prod/us-west-2/subnet/a []", "delete pay/prod/us-west-2/vpc/main [1]"];
    assert_eq!(steps, expected.map(|step| format!("prod: {step}")));
    let whose: Vec<&str> = notes.iter().map(|note| note.split(": ").next().unwrap()).collect();
    let by_hand = ["management/global/organizational-unit/prod", "pay/prod/global/account/main", "pay/prod/global/password-policy/main"];
    assert_eq!(whose[..3], by_hand, "{notes:#?}");
}

#[test]
fn what_belongs_to_the_organization_goes_last_and_comes_back_first() {
    let set = json!({ "description": "x", "session_duration": "PT8H" });
    let one = |action: &str, name: &str| step(&format!("management/global/permission-set/{name}"), action, set.clone(), set.clone());
    let parameter = step("pay/prod/us-west-2/ssm-parameter/landfall/x", "create", json!(null), json!({ "value": { "text": "x" } }));
    let (steps, _) = back(&[("organization", vec![one("create", "new"), one("delete", "old")]), ("prod", vec![parameter])]);
    let expected = [
        "organization: create management/global/permission-set/old []",
        "prod: delete pay/prod/us-west-2/ssm-parameter/landfall/x []",
        "organization-last: delete management/global/permission-set/new []",
    ];
    assert_eq!(steps, expected);

    // What is left of an account's steps in each of the two waves waits for one another as before.
    let subnet = json!({ "vpc": "vpc/main", "cidr": "10.0.0.0/24", "zone": "a" });
    let made = ["vpc/main", "subnet/a"].map(|rest| format!("management/us-west-2/{rest}"));
    let mut mixed = vec![
        step(&made[0], "create", json!(null), json!({ "cidr": "10.0.0.0/20" })),
        step(&made[1], "create", json!(null), subnet),
        one("delete", "old"),
    ];
    mixed[1].after = vec![0];
    let expected = [
        "organization: create management/global/permission-set/old []",
        "organization-last: delete management/us-west-2/subnet/a []",
        "organization-last: delete management/us-west-2/vpc/main [0]",
    ];
    assert_eq!(back(&[("organization", mixed)]).0, expected);
}

#[test]
fn each_step_has_a_way_back_or_a_reason_why_only_people_can() {
    let range = |cidr: &str| json!({ "cidr": cidr });
    let account =
        json!({ "email": "a@b.example", "name": "x", "organizational_unit": "management:organizational-unit/prod", "access_role": "r" });
    let key = json!({ "user": "iam-user/ci", "rotate_after_days": 90, "secret": "landfall/ci" });
    let (log, vpc) = ("us-west-2/log-group/x", "us-west-2/vpc/main");
    let cases = [
        (log, "update", json!({ "retention_days": 30 }), json!({ "retention_days": 90 }), "update", ""),
        (log, "create", json!(null), json!({}), "delete", ""),
        (log, "delete", json!({}), json!(null), "create", ""),
        (
            log,
            "delete",
            json!({ "holds_entries": true }),
            json!(null),
            "create",
            "It is made anew, and what it held is gone: it holds log entries.",
        ),
        ("us-west-2/ci-key/ci", "delete", key, json!(null), "create", "It is made anew, with another secret than before."),
        (
            vpc,
            "update",
            range("10.0.0.0/20"),
            range("10.1.0.0/20"),
            "",
            "AWS does not take it back in place (cidr: 10.1.0.0/20 → 10.0.0.0/20).",
        ),
        (vpc, "update", range("10.0.0.0/20"), range("10.0.0.0/20"), "", "nothing that a plan could see differs from before."),
        (
            vpc,
            "create",
            json!(null),
            json!({ "cidr": "10.0.0.0/20", "adopts": "vpc-0a1b2c3d" }),
            "",
            "others made it, and only its mark and its settings are ours.",
        ),
        ("global/account/main", "delete", account, json!(null), "", "AWS Support can open a closed account again, within 90 days."),
    ];
    for (at, action, before, after, undone, told) in cases {
        let at = format!("pay/prod/{at}");
        let (steps, notes) = back(&[("prod", vec![step(&at, action, before, after)])]);
        let expected: Vec<String> = [undone].iter().filter(|verb| !verb.is_empty()).map(|verb| format!("prod: {verb} {at} []")).collect();
        assert_eq!(steps, expected);
        let details: Vec<&str> = notes.iter().filter_map(|note| note.splitn(3, ": ").nth(2)).collect();
        assert_eq!(details, [told].into_iter().filter(|told| !told.is_empty()).collect::<Vec<_>>());
    }
}

#[test]
fn only_what_was_done_is_undone() {
    let one = |name: &str| step(&format!("pay/prod/us-west-2/log-group/{name}"), "create", json!(null), json!({}));
    let done = BTreeSet::from([one("a").address]);
    let (back, notes) = rollback(&plan_of(&[("prod", vec![one("a"), one("b")])]), &done);
    assert_eq!(back.steps().map(|step| step.address.clone()).collect::<BTreeSet<_>>(), done);
    assert_eq!(notes, []);
}

#[test]
fn gates_on_the_way_back_ask_the_canaries_that_are_there_on_it() {
    let canary = |name: &str, action: &str| {
        let fields =
            json!({ "runtime": "python3.13", "handler": "handler.handler", "code": { "handler.py": "x = 1" }, "role": "iam-role/canary" });
        step(&format!("pay/prod/us-west-2/lambda-function/{name}"), action, fields.clone(), fields)
    };
    let steps = vec![canary("landfall-canary-new", "create"), canary("landfall-canary-old", "delete"), canary("other", "delete")];
    let asked = |steps: Vec<Step>| {
        let mut plan = plan_of(&[("prod", steps)]);
        plan.rollout.canaries.insert("pay/prod".parse().unwrap(), BTreeSet::from(["landfall-canary-new".parse().unwrap()]));
        let all = plan.steps().map(|step| step.address.clone()).collect();
        let canaries = rollback(&plan, &all).0.rollout.canaries;
        canaries.iter().map(|(account, names)| format!("{account}: {}", show(names))).collect::<Vec<_>>()
    };
    assert_eq!(asked(steps.clone()), ["pay/prod: landfall-canary-old"]);
    assert_eq!(asked(steps[..1].to_vec()), Vec::<String>::new());
}

#[test]
fn the_halves_of_a_replacement_are_turned_back_together() {
    let subnet = |zone: &str| json!({ "vpc": "vpc/main", "cidr": "10.0.0.0/24", "zone": zone });
    let [removal, creation] = made::replace("subnet/a", subnet("a"), subnet("b"));
    let at = creation.address.clone();
    let others = [made::delete("subnet/other", subnet("c")), made::create("subnet/new", subnet("c"))];
    let plan = plan_of(&[("prod", others.into_iter().chain([removal, made::waiting(creation, &[2])]).collect())]);
    let (back, notes) = rollback(&plan, &plan.steps().map(|step| step.address.clone()).collect());
    assert_eq!(notes, []);
    let told = |step: &Step| match &step.action {
        Action::Delete { live, replacing, why } => ("delete", live.clone(), *replacing, why.clone()),
        Action::Create { want, replacing } => ("create", want.clone(), *replacing, Vec::new()),
        Action::Update { .. } => panic!("{step:?}"),
    };
    let halves: Vec<_> = back.steps().filter(|step| step.address == at).map(told).collect();
    let (old, new) = (made::spec("subnet/a", subnet("a")), made::spec("subnet/a", subnet("b")));
    let why = Spec::changes(&new, &old);
    assert_eq!(halves, [("delete", new, true, why), ("create", old, true, Vec::new())]);
    let single = back.steps().filter(|step| step.address != at).map(|step| told(step).3);
    assert_eq!(single.collect::<Vec<_>>(), [[], []], "nothing is said of a resource that goes for good");

    let adopted = json!({ "cidr": "10.0.0.0/20", "adopts": "vpc-0a1b2c3d" });
    let halves = made::replace("vpc/main", json!({ "cidr": "10.1.0.0/20" }), adopted);
    let others = [made::create("vpc/new", json!({ "cidr": "10.2.0.0/20" })), made::delete("vpc/old", json!({ "cidr": "10.3.0.0/20" }))];
    let (steps, notes) = self::back(&[("prod", others.into_iter().chain(halves).collect())]);
    assert_eq!(steps, ["prod: create payments/prod/us-west-2/vpc/old []", "prod: delete payments/prod/us-west-2/vpc/new []"]);
    assert_eq!(
        notes,
        ["payments/prod/us-west-2/vpc/main: To be undone by hand, if at all: others made it, and only its mark and its settings are ours."]
    );
}

#[test]
fn what_was_bound_anew_is_bound_back() {
    let table = || made::spec("route-table/a", json!({ "vpc": "vpc/main", "subnets": ["subnet/a"] }));
    let bound = |before: &str, after: &str| Change::between("needs.subnet/a".to_owned(), Some(before.to_owned()), Some(after.to_owned()));
    let step = made::update("route-table/a", json!({ "vpc": "vpc/main" }), json!({ "vpc": "vpc/main" }));
    let action = Action::Update { live: table(), want: table(), changes: vec![bound("subnet/a", "subnet/a (replaced)")] };
    let plan = plan_of(&[("prod", vec![Step { action, ..step }])]);
    let (back, notes) = rollback(&plan, &plan.steps().map(|step| step.address.clone()).collect());
    let changes: Vec<_> = back
        .steps()
        .filter_map(|step| if let Action::Update { changes, .. } = &step.action { Some(changes.clone()) } else { None })
        .collect();
    assert_eq!((changes, notes), (vec![vec![bound("subnet/a (replaced)", "subnet/a")]], vec![]));
}

#[test]
fn units_stay_and_so_does_what_something_needs_that_stays() {
    let unit = step("management/global/organizational-unit/prod", "create", json!(null), json!({}));
    let (steps, notes) = back(&[("organization", vec![unit])]);
    let told = "management/global/organizational-unit/prod: To be undone by hand, if at all: \
        units are never deleted by a plan: once it is empty, delete it in the console.";
    assert_eq!((steps, notes), (vec![], vec![told.to_owned()]));

    let gateway = made::create("internet-gateway/main", json!({ "vpc": "vpc/main", "adopts": "igw-0a1b2c3d" }));
    let network = [made::create("vpc/main", json!({ "cidr": "10.0.0.0/20" })), made::waiting(gateway, &[0])];
    let (steps, notes) = back(&[("prod", network.into())]);
    let told = [
        "internet-gateway/main: To be undone by hand, if at all: others made it, and only its mark and its settings are ours.",
        "vpc/main: To be undone by hand, if at all: payments/prod/us-west-2/internet-gateway/main needs it, and stays.",
    ];
    assert_eq!((steps, notes), (vec![], told.map(|line| format!("payments/prod/us-west-2/{line}")).to_vec()));
}
