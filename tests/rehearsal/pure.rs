//! What a rehearsal foretells, from live state as data alone.

use super::estates::{self, applied, at, declare, domain, found, stranger, with_domains};
use super::foretold::{TERMS, approved, foretold, known};
use landfall::apply::{Reason, StepResult};
use landfall::model::{Account, Address, Health, Word};
use landfall::plan::{Desired, Live, Plan, plan};
use landfall::rehearsal::{QuotaOf, Rehearsal, json, notes, rehearse, text};
use serde_json::json;

fn estate() -> Desired {
    with_domains("10.0.0.0/8", &["shop", "tools"].map(domain))
}

/// The estate as declared, all of it living.
fn settled(desired: &Desired) -> Live {
    let live = Live::default();
    applied(&plan(desired, &live).0, &live)
}

fn planned(desired: &Desired, live: &Live) -> Plan {
    let (plan, report) = plan(desired, live);
    assert_eq!(report.notes, []);
    plan
}

/// What does not succeed, as `address: why`.
fn failures(rehearsal: &Rehearsal) -> Vec<String> {
    let failed = rehearsal.outcome.steps.iter().filter_map(|(address, result)| match result {
        StepResult::Failed(error) | StepResult::Withheld(error) => Some(format!("{address}: {}", error.message)),
        _ => None,
    });
    failed.collect()
}

/// With another VPC, of its own range, in an account.
fn with_vpc(desired: &mut Desired, account: &str) -> Address {
    let address = format!("{account}/us-west-2/vpc/second");
    declare(desired, &address, json!({ "cidr": { "prefix": 24 } }));
    at(&address)
}

#[test]
fn a_first_apply_is_foretold_in_full_and_twice_the_same() {
    let rehearsals = [(); 2].map(|()| foretold(&estate(), Live::default()));
    let [one, other] = &rehearsals;
    assert!(one.succeeds(), "{:?}", failures(one));
    assert_eq!((json(one), text(one, true)), (json(other), text(other, true)));
    assert_eq!(one.waves.iter().map(|wave| wave.wave.to_string()).collect::<Vec<_>>(), ["organization", "dev", "stage", "prod"]);
    assert_eq!(one.waves[1].accounts.len(), 2);
    assert!(one.unknown.iter().any(|unknown| unknown.what.contains("emails")), "{:?}", one.unknown);
    let total: f64 = one.waves.iter().map(|wave| wave.takes.as_secs_f64()).sum();
    assert!((total - one.takes.as_secs_f64()).abs() < 10.0, "{total} {:?}", one.takes);
}

#[test]
fn nothing_to_do_is_rehearsed_as_that() {
    let desired = estate();
    let rehearsal = foretold(&desired, settled(&desired));
    assert!(rehearsal.succeeds());
    assert_eq!(text(&rehearsal, false), "Rehearsed: there is nothing to do.\n");
}

#[test]
fn a_quota_that_is_used_up_refuses_and_one_that_was_granted_does_not() {
    let mut desired = estate();
    let mut live = settled(&desired);
    for number in 0..4 {
        let range = json!({ "cidr": format!("192.168.{number}.0/24") });
        live.strangers.push(stranger("shop/dev", &format!("vpc-{number}"), "vpc", range));
    }
    let vpc = with_vpc(&mut desired, "shop/dev");
    let approved = approved(plan(&desired, &live).0);
    let mut known = known(live);
    let refused = rehearse(&approved, &known, &TERMS).unwrap();
    let [failed] = &failures(&refused)[..] else { panic!("{:?}", failures(&refused)) };
    assert!(failed.starts_with(&format!("{vpc}: ec2:CreateVpc VpcLimitExceeded")), "{failed}");
    assert!(failed.contains("5 are there by then, 4 of them not ours") && failed.contains("is not known"), "{failed}");
    let quota = QuotaOf { account: "shop/dev".parse().unwrap(), service: "vpc", code: "L-F678F1CE" };
    assert_eq!(refused.met.iter().collect::<Vec<_>>(), [&quota]);
    known.granted.insert(quota.clone(), 6);
    assert!(rehearse(&approved, &known, &TERMS).unwrap().succeeds());
    known.granted.insert(quota, 5);
    let refused = rehearse(&approved, &known, &TERMS).unwrap();
    assert!(failures(&refused)[0].ends_with("and 5 are allowed"), "{:?}", failures(&refused));
}

#[test]
fn a_role_without_the_right_is_refused_and_one_that_nobody_can_judge_is_not() {
    let mut desired = estate();
    let mut live = settled(&desired);
    let role = |policies: serde_json::Value, managed: serde_json::Value| {
        let fields = json!({ "trust": {}, "policies": policies, "managed_policies": managed });
        stranger("shop/dev", "arn:aws:iam::1:role/OrganizationAccountAccessRole", "iam-role", fields)
    };
    let vpc = with_vpc(&mut desired, "shop/dev");
    let plan = approved(planned(&desired, &live));
    let policy = |actions: &[&str]| json!({ "all": { "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }] } });
    let mut told = |one| {
        live.strangers = vec![one];
        failures(&rehearse(&plan, &known(live.clone()), &TERMS).unwrap())
    };
    let denied = told(role(policy(&["ec2:Describe*", "iam:*"]), json!([])));
    assert_eq!(
        denied,
        [format!("{vpc}: ec2:CreateVpc UnauthorizedOperation: no policy of the role OrganizationAccountAccessRole allows it")]
    );
    assert_eq!(told(role(policy(&["ec2:*"]), json!([]))), [] as [&str; 0]);
    assert_eq!(
        told(role(policy(&["iam:*"]), json!(["arn:aws:iam::aws:policy/PowerUserAccess"]))),
        [] as [&str; 0],
        "its text is not known"
    );
    assert_eq!(told(role(json!({}), json!([]))), [] as [&str; 0], "whoever answers doesn't tell");
}

#[test]
fn a_guardrail_that_the_same_plan_puts_up_denies_what_comes_after_it() {
    let mut desired = estate();
    let live = settled(&desired);
    let vpc = with_vpc(&mut desired, "shop/prod");
    let deny = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Deny", "Action": "ec2:CreateVpc", "Resource": "*" }] });
    let fields = json!({ "document": deny, "targets": ["organizational-unit/workloads"] });
    declare(&mut desired, "management/global/service-control-policy/no-networks", fields);
    let rehearsal = rehearse(&approved(planned(&desired, &live)), &known(live), &TERMS).unwrap();
    let why = "management/global/service-control-policy/no-networks denies it";
    assert_eq!(failures(&rehearsal), [format!("{vpc}: ec2:CreateVpc UnauthorizedOperation: {why}")]);
}

/// What becomes of new VPCs in stage and prod of shop when something is wrong in its live state.
fn with_canaries(change: impl FnOnce(&mut Live, &mut landfall::model::Healths)) -> Rehearsal {
    let mut desired = estate();
    let canary = |account: &str| format!("{account}/us-west-2/lambda-function/landfall-canary-a");
    let accounts: Vec<Account> = desired.estate.members.keys().cloned().collect();
    let mut live = settled(&desired);
    for account in &accounts {
        let fields = json!({ "runtime": "python3.13", "handler": "x.y", "code": { "x.py": "" }, "role": "iam-role/ci-deploy" });
        declare(&mut desired, &canary(&account.to_string()), fields);
        let address = at(&canary(&account.to_string()));
        live.found.insert(address.clone(), found(&address, &desired.resources[&address].spec));
    }
    with_vpc(&mut desired, "shop/prod");
    with_vpc(&mut desired, "tools/prod");
    let plan = approved(planned(&desired, &live));
    let mut known = known(live);
    change(&mut known.live, &mut known.healths);
    rehearse(&plan, &known, &TERMS).unwrap()
}

#[test]
fn a_canary_that_is_red_now_holds_back_its_domain_and_one_that_is_gone_as_well() {
    assert!(with_canaries(|_, _| {}).succeeds());
    let red = Health::of([("landfall-canary-a".to_owned(), Word::silent("no answer"))].into());
    let rehearsal = with_canaries(|_, healths| drop(healths.insert("shop/dev".parse().unwrap(), red.clone())));
    let gate = &rehearsal.outcome.gates[0];
    assert_eq!((gate.wave.as_str(), &gate.held), ("prod", &["shop/prod".parse().unwrap()].into()));
    assert!(matches!(&gate.reasons[..], [Reason::Red(account, _)] if account.to_string() == "shop/dev"), "{:?}", gate.reasons);
    let said = text(&rehearsal, false);
    assert!(
        said.contains(
            "gate prod: would not hold: shop/dev is red: landfall-canary-a: silent: no answer\ngate prod: not started: shop/prod\n"
        ),
        "{said}"
    );
    assert!(notes(&rehearsal).iter().any(|note| note.summary == "Rehearsal: gates that would not hold"));

    let gone = with_canaries(|live, _| drop(live.found.remove(&at("shop/stage/us-west-2/lambda-function/landfall-canary-a"))));
    assert!(gone.outcome.gates[0].reasons[0].to_string().contains("the function is not there"));
}

#[test]
fn a_network_goes_with_its_canary_and_lambda_takes_its_time() {
    let mut desired = estate();
    let fields = json!({ "runtime": "python3.13", "handler": "x.y", "code": { "x.py": "" }, "role": "iam-role/ci-deploy", "subnets": ["subnet/public-a"] });
    declare(&mut desired, "shop/prod/us-west-2/lambda-function/landfall-canary-a", fields);
    let live = settled(&desired);
    desired
        .resources
        .retain(|at, _| at.account.to_string() != "shop/prod" || ["account", "iam-role", "iam-oidc-provider"].contains(&at.kind.as_str()));
    let rehearsal = foretold(&desired, live);
    assert!(rehearsal.succeeds(), "{:?}", failures(&rehearsal));
    let minutes = rehearsal.takes.as_secs() / 60;
    assert!((20..25).contains(&minutes), "{minutes}");
}

#[test]
fn a_suspended_account_fails_and_its_domain_goes_no_further() {
    let mut desired = estate();
    let mut live = settled(&desired);
    // A wave of one tolerates nothing, one of two one.
    let vpc = with_vpc(&mut desired, "shop/stage");
    with_vpc(&mut desired, "tools/stage");
    let (later, other) = (with_vpc(&mut desired, "shop/prod"), with_vpc(&mut desired, "tools/prod"));
    let plan = approved(planned(&desired, &live));
    let main = at("shop/stage/global/account/main");
    let mut spec = serde_json::to_value(&live.found[&main].spec).unwrap();
    spec["account"]["status"] = "SUSPENDED".into();
    live.found.get_mut(&main).unwrap().spec = serde_json::from_value(spec).unwrap();
    let rehearsal = rehearse(&plan, &known(live), &TERMS).unwrap();
    assert_eq!(failures(&rehearsal), [format!("{vpc}: sts:AssumeRole AccessDenied: AWS says that the account is SUSPENDED")]);
    let of = |address: &Address| &rehearsal.outcome.steps.iter().find(|(at, _)| at == address).unwrap().1;
    assert_eq!((of(&later), of(&other)), (&StepResult::NotStarted, &StepResult::Done));
}

#[test]
fn what_has_changed_since_the_plan_is_withheld_as_apply_would() {
    let mut desired = estate();
    let live = settled(&desired);
    let vpc = with_vpc(&mut desired, "shop/dev");
    let plan = approved(planned(&desired, &live));
    let mut changed = live.clone();
    changed.found.insert(vpc.clone(), found(&vpc, &estates::spec("vpc", json!({ "cidr": "10.9.0.0/24" }))));
    let rehearsal = rehearse(&plan, &known(changed), &TERMS).unwrap();
    let why = "withheld: it was to be created, but something else is there by now (cidr); plan again";
    assert_eq!(failures(&rehearsal), [format!("{vpc}: {why}")]);
}

#[test]
fn a_block_day_holds_back_every_wave() {
    let mut desired = estate();
    desired.estate.rollout.block_days =
        vec![serde_json::from_value(json!({ "name": "Fair", "from": "2026-11-20", "to": "2026-11-22" })).unwrap()];
    let rehearsal = foretold(&desired, Live::default());
    assert!(rehearsal.outcome.steps.iter().all(|(_, result)| *result == StepResult::NotStarted));
    assert!(text(&rehearsal, false).contains("gate organization: would not hold: Fair is a block day"));
}

#[test]
fn a_block_day_that_a_long_run_comes_to_holds_back_the_rest() {
    let mut desired = estate();
    // It begins at nine, and dev bakes until the next day.
    desired.estate.rollout.waves[0].bake_seconds = 16 * 3600;
    desired.estate.rollout.block_days =
        vec![serde_json::from_value(json!({ "name": "Fair", "from": "2026-11-22", "to": "2026-11-22" })).unwrap()];
    let rehearsal = foretold(&desired, Live::default());
    assert_eq!(rehearsal.waves.iter().map(|wave| wave.wave.as_str()).collect::<Vec<_>>(), ["organization", "dev"]);
    assert!(rehearsal.takes.as_secs() > 15 * 3600, "{:?}", rehearsal.takes);
}

#[test]
fn what_somebody_elses_hangs_from_is_not_deleted() {
    let mut desired = estate();
    let vpc = with_vpc(&mut desired, "shop/dev");
    let mut live = settled(&desired);
    desired.resources.remove(&vpc);
    let plan = approved(planned(&desired, &live));
    assert!(rehearse(&plan, &known(live.clone()), &TERMS).unwrap().succeeds());
    let subnet = json!({ "vpc": "vpc/second", "cidr": "10.0.0.0/28", "zone": "a" });
    live.strangers.push(stranger("shop/dev", "subnet-1", "subnet", subnet));
    let rehearsal = rehearse(&plan, &known(live), &TERMS).unwrap();
    let [failed] = &failures(&rehearsal)[..] else { panic!() };
    assert!(
        failed.contains("ec2:DeleteVpc DependencyViolation: subnet-1, which is not ours, hangs from it (after waiting 151 s)"),
        "{failed}"
    );
}

#[test]
fn only_so_many_accounts_as_the_organization_may_have() {
    let (plan, _) = plan(&estate(), &Live::default());
    let mut known = known(Live::default());
    known.accounts = Some(6);
    known.granted.insert(QuotaOf::accounts(), 10);
    let rehearsal = rehearse(&approved(plan), &known, &TERMS).unwrap();
    let made = rehearsal.outcome.steps.iter().filter(|(at, result)| at.kind.as_str() == "account" && result.succeeded());
    assert_eq!(made.count(), 4, "{:?}", failures(&rehearsal));
    assert!(failures(&rehearsal)[0].contains("ACCOUNT_LIMIT_EXCEEDED: the organization has 10 accounts by then, and 10 are allowed"));
}

#[test]
fn the_examples_first_apply_is_foretold_whole_and_so_is_what_a_domain_takes_that_joins_later() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let now = "2026-06-01T09:00:00Z".parse().unwrap();
    let desired = landfall::config::load(root, landfall::config::DOMAINS, now).unwrap_or_else(|_| panic!("the example is sound")).desired;
    let live = Live::default();
    let (whole, _) = plan(&desired, &live);
    let mut known = known(live.clone());
    known.now = now;
    let rehearsal = rehearse(&approved(whole.clone()), &known, &TERMS).unwrap();
    eprintln!("{}", text(&rehearsal, false));
    assert!(rehearsal.succeeds(), "{:?}", failures(&rehearsal));
    assert!(rehearsal.queues.iter().any(|queue| queue.call == "organizations:CreateAccount"), "{:?}", rehearsal.queues);

    // All but one domain lives.
    let late = |at: &Address| matches!(&at.account, Account::Member { domain, .. } if domain.as_str() == "catalog");
    known.live = applied(&whole, &live);
    known.live.found.retain(|at, _| !late(at));
    let (rest, _) = plan(&desired, &known.live);
    let rehearsal = rehearse(&approved(rest), &known, &TERMS).unwrap();
    assert!(rehearsal.succeeds(), "{:?}", failures(&rehearsal));
    let touched: std::collections::BTreeSet<&Account> = rehearsal.outcome.steps.iter().map(|(at, _)| &at.account).collect();
    assert!(touched.len() <= 4, "{touched:?}");
}
