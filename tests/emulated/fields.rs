//! One change in every field of every kind, in the files: exactly that is planned, applied, and nothing is left; and back again. All
//! that was called on the way is what `landfall policy` allows, and all that it allows was called.

use crate::emulator::Emulator;
use landfall::kinds::{self, TABLE};
use landfall::model::KindName;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    of: String,
    at: String,
    #[serde(default)]
    to: Value,
    #[serde(default)]
    takes: Takes,
    why: Option<String>,
    /// What plans call it, where that is not the field's name.
    changes: Option<String>,
    /// What has to change along with it.
    #[serde(default)]
    with: Vec<Change>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Takes {
    #[default]
    Update,
    Replace,
    ByHand,
    Nothing,
    /// Is asked for, and never taken back: to declare less afterwards changes nothing.
    Raise,
    /// Is asked for, and decided by somebody at AWS: pending until then.
    Awaited,
    /// No plan is made of it: the files are wrong.
    Refused,
}

/// What was called, and about which account.
pub type Calls = BTreeSet<(String, String)>;

/// The fixture with some changes made, in a folder of its own.
pub struct Estate(TempDir);

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulated/fields")
}

fn modules() -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(fixture().join("modules")).unwrap().map(|entry| entry.unwrap().path())
}

fn changes() -> Vec<Change> {
    let changes: Vec<Change> = serde_yaml::from_str(&std::fs::read_to_string(fixture().join("changes.yaml")).unwrap()).unwrap();
    let unusual = |change: &Change| [Takes::Nothing, Takes::Refused].contains(&change.takes);
    assert!(changes.iter().all(|change| unusual(change) == change.why.is_some()), "a reason for what takes nothing, and what is refused");
    changes
}

impl Estate {
    pub fn with(changes: &[&Change]) -> Estate {
        let folder = TempDir::new().unwrap();
        std::fs::copy(fixture().join("domains.yaml"), folder.path().join("domains.yaml")).unwrap();
        let all: Vec<&Change> = changes.iter().flat_map(|change| [*change].into_iter().chain(&change.with)).collect();
        let mut made = 0;
        for entry in modules() {
            let target = folder.path().join("modules").join(entry.file_name().unwrap());
            std::fs::create_dir_all(&target).unwrap();
            for file in std::fs::read_dir(entry).unwrap().map(|file| file.unwrap().path()) {
                let into = target.join(file.file_name().unwrap());
                if !file.ends_with("module.yaml") {
                    std::fs::copy(&file, into).unwrap();
                    continue;
                }
                let mut module: Value = serde_yaml::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
                made += all.iter().filter(|change| patch(&mut module, change)).count();
                std::fs::write(into, format!("{module:#}")).unwrap();
            }
        }
        assert_eq!(made, all.len(), "every change is of a resource of the fixture: {all:?}");
        Estate(folder)
    }

    pub fn root(&self) -> &Path {
        self.0.path()
    }
}

/// Makes a change if its resource is in the module.
fn patch(module: &mut Value, change: &Change) -> bool {
    let resources = module["resources"].as_array_mut().unwrap();
    let is_it = |resource: &Value| change.of == format!("{}/{}", resource["kind"].as_str().unwrap(), resource["name"].as_str().unwrap());
    let Some(place) = resources.iter().position(is_it) else { return false };
    let Some((parent, key)) = change.at.rsplit_once('/') else {
        // For no account, and still declared: so it is one that is looked for.
        resources[place]["environments"] = serde_json::json!(["dev"]);
        return true;
    };
    let resource = &mut resources[place];
    resource.as_object_mut().unwrap().entry("spec").or_insert_with(|| serde_json::json!({}));
    let parent = resource.pointer_mut(&format!("/spec{parent}")).unwrap_or_else(|| panic!("{} has no {parent}", change.of));
    match (parent, &change.to) {
        (Value::Array(items), to) => items[key.parse::<usize>().unwrap()] = to.clone(),
        (Value::Object(fields), Value::Null) => drop(fields.remove(key)),
        (Value::Object(fields), to) => drop(fields.insert(key.to_owned(), to.clone())),
        (other, _) => panic!("{} is no place for {key}", other),
    }
    true
}

/// The first change of each resource, then the second of each, and so on: what differs is told apart by its address. What is replaced
/// and named by others takes them along, and so is changed alone.
fn batches(takes: &[Takes]) -> Vec<Vec<Change>> {
    let mut of: BTreeMap<String, Vec<Change>> = BTreeMap::new();
    let mut alone = Vec::new();
    let named: String = modules().map(|module| std::fs::read_to_string(module.join("module.yaml")).unwrap()).collect();
    for change in changes().into_iter().filter(|change| takes.contains(&change.takes)) {
        let leads = change.takes == Takes::Replace && named.contains(&change.of);
        if change.with.is_empty() && !leads {
            of.entry(change.of.clone()).or_default().push(change);
        } else {
            alone.push(vec![change]);
        }
    }
    let most = of.values().map(Vec::len).max().unwrap_or(0);
    (0..most).map(|at| of.values().filter_map(|all| all.get(at).cloned()).collect()).chain(alone).collect()
}

/// What a plan changes, by address without account and Region: what merely follows from a replacement left out.
pub fn planned(emulator: &Emulator, root: &Path, calls: &mut Calls) -> BTreeSet<(String, String)> {
    let ran = traced(emulator, root, &["plan", "--format", "json", "-v"], calls);
    let plan: Value = serde_json::from_str(&ran).unwrap();
    assert_eq!(plan["whole"], true, "{}", plan["notes"]);
    let accounts = plan["waves"].as_array().unwrap().iter().flat_map(|wave| wave["accounts"].as_array().unwrap());
    let mut found = BTreeSet::new();
    for step in accounts.flat_map(|account| account["steps"].as_array().unwrap()) {
        let address: landfall::model::Address = step["address"].as_str().unwrap().parse().unwrap();
        let short = format!("{}/{}", address.kind, address.name);
        let fields: Vec<&str> = step["changes"].as_array().unwrap().iter().map(|change| change["field"].as_str().unwrap()).collect();
        if fields.is_empty() && step["replacing"] == false {
            found.insert((short, step["action"].as_str().unwrap().to_owned()));
            continue;
        }
        let own = fields.into_iter().filter(|field| !field.starts_with("needs."));
        found.extend(own.map(|field| (short.clone(), top(field).to_owned())));
    }
    found
}

/// The field of the spec that a change is in.
fn top(field: &str) -> &str {
    field.split(['.', '[', ' ']).next().unwrap()
}

fn traced(emulator: &Emulator, root: &Path, arguments: &[&str], calls: &mut Calls) -> String {
    let ran = emulator.landfall(root, arguments).expect(0);
    let words = ran.stderr.lines().filter_map(|line| line.split(' ').next().zip(line.split(' ').nth(1)));
    let operations = words.filter(|(_, word)| word.contains(':') && !word.ends_with(':'));
    calls.extend(operations.map(|(account, operation)| (account.to_owned(), operation.to_owned())));
    ran.stdout
}

pub fn apply(emulator: &Emulator, root: &Path, calls: &mut Calls) {
    let plan = emulator.plan(root, &[]);
    traced(emulator, root, &["apply", &plan, "-v"], calls);
}

fn expected(batch: &[Change]) -> BTreeSet<(String, String)> {
    let all = batch.iter().flat_map(|change| [change].into_iter().chain(&change.with));
    let name = |change: &Change| {
        let own = change.at.split('/').nth(1).unwrap_or("delete").to_owned();
        (change.of.clone(), change.changes.clone().unwrap_or(own))
    };
    all.filter(|change| change.takes != Takes::Nothing).map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_change_in_every_field_is_all_that_is_planned_and_applied() {
    let emulator = Emulator::start().await;
    people(&emulator).await;
    let plain = Estate::with(&[]);
    let mut calls = BTreeSet::new();
    apply(&emulator, plain.root(), &mut calls);
    assert_eq!(planned(&emulator, plain.root(), &mut calls), BTreeSet::new());
    for batch in batches(&[Takes::Update, Takes::Replace]) {
        let changed = Estate::with(&batch.iter().collect::<Vec<_>>());
        same(&planned(&emulator, changed.root(), &mut calls), &expected(&batch), "changing", &batch);
        apply(&emulator, changed.root(), &mut calls);
        same(&planned(&emulator, changed.root(), &mut calls), &BTreeSet::new(), "after changing", &batch);
        // To these files it looks as if somebody else had done it.
        let undone = expected(&batch).into_iter().map(|(of, what)| (of, if what == "delete" { "create".to_owned() } else { what }));
        same(&planned(&emulator, plain.root(), &mut calls), &undone.collect(), "undoing", &batch);
        apply(&emulator, plain.root(), &mut calls);
        same(&planned(&emulator, plain.root(), &mut calls), &BTreeSet::new(), "after undoing", &batch);
    }
    for batch in batches(&[Takes::ByHand]).into_iter().flatten() {
        let changed = Estate::with(&[&batch]);
        let text = traced(&emulator, changed.root(), &["plan"], &mut calls);
        assert!(text.contains("Something has to be changed by hand") && text.contains("No changes"), "{batch:?}\n{text}");
    }
    for batch in batches(&[Takes::Nothing]).into_iter().flatten() {
        let changed = Estate::with(&[&batch]);
        assert_eq!(planned(&emulator, changed.root(), &mut calls), BTreeSet::new(), "{batch:?}");
    }
    for batch in batches(&[Takes::Raise, Takes::Awaited]) {
        is_asked_for(&emulator, &plain, &batch, &mut calls);
    }
    remove_everything(&emulator, &plain, &mut calls);
    policies_allow_what_was_called(&emulator, plain.root(), &calls);
}

/// Fails with what is planned and was not expected, or the other way round: the whole plan is too long to be read.
#[track_caller]
fn same(planned: &BTreeSet<(String, String)>, expected: &BTreeSet<(String, String)>, when: &str, batch: &[Change]) {
    let beyond: Vec<_> = planned.difference(expected).collect();
    let lacking: Vec<_> = expected.difference(planned).collect();
    assert!(
        beyond.is_empty() && lacking.is_empty(),
        "{when} {batch:#?}\nplanned, and not expected: {beyond:?}\nexpected, and not planned: {lacking:?}"
    );
}

/// Those whom the identity provider would have told Identity Center of.
pub async fn people(emulator: &Emulator) {
    let config = emulator.management();
    let instances = aws_sdk_ssoadmin::Client::new(&config).list_instances().send().await.unwrap();
    let store = instances.instances()[0].identity_store_id().unwrap();
    for email in ["ada@agency.example", "alan@agency.example"] {
        let emails = aws_sdk_identitystore::types::Email::builder().value(email).primary(true).build();
        let name = aws_sdk_identitystore::types::Name::builder().given_name("A").family_name("Fern").build();
        let call = aws_sdk_identitystore::Client::new(&config).create_user().identity_store_id(store).user_name(email);
        call.display_name(email).name(name).emails(emails).send().await.unwrap();
    }
}

/// Planned as a change, asked for once, and left as it is when the files want less again.
fn is_asked_for(emulator: &Emulator, plain: &Estate, batch: &[Change], calls: &mut Calls) {
    let changed = Estate::with(&batch.iter().collect::<Vec<_>>());
    assert_eq!(planned(emulator, changed.root(), calls), expected(batch));
    apply(emulator, changed.root(), calls);
    assert_eq!(planned(emulator, changed.root(), calls), BTreeSet::new(), "after {batch:?}");
    let said = traced(emulator, changed.root(), &["plan"], calls);
    let awaited = batch.iter().any(|change| change.takes == Takes::Awaited);
    assert_eq!(said.contains("Asked for, and pending"), awaited, "{batch:?}\n{said}");
    assert_eq!(planned(emulator, plain.root(), calls), BTreeSet::new(), "less than {batch:?}");
}

#[test]
fn what_is_refused_is_told_by_check() {
    for change in changes().into_iter().filter(|change| change.takes == Takes::Refused) {
        let changed = Estate::with(&[&change]);
        let check = std::process::Command::new(env!("CARGO_BIN_EXE_landfall")).arg("check").current_dir(changed.root()).output().unwrap();
        let said = String::from_utf8(check.stdout).unwrap() + &String::from_utf8(check.stderr).unwrap();
        let told = ["has to be called", " can't be: ", "nothing declares"].iter().any(|words| said.contains(words));
        assert!(check.status.code() == Some(1) && told, "{change:?}\n{said}");
    }
}

/// Takes the resources out of the files, all but the account and what a plan keeps for its data: every kind is deleted in an order that
/// works. What belongs to the organization and is still bound in an account goes with the plan after that.
fn remove_everything(emulator: &Emulator, plain: &Estate, calls: &mut Calls) {
    let stays = |kind: &str| ["account", "organizational-unit", "new-relic-account"].contains(&kind);
    let emptied = without(&|kind| !stays(kind));
    apply(emulator, emptied.root(), calls);
    let later = planned(emulator, emptied.root(), calls);
    assert!(later.contains(&("permission-set/developer".to_owned(), "delete".to_owned())), "{later:?}");
    apply(emulator, emptied.root(), calls);
    same(&planned(emulator, emptied.root(), calls), &BTreeSet::new(), "after removing everything", &[]);
    apply(emulator, plain.root(), calls);
    same(&planned(emulator, plain.root(), calls), &BTreeSet::new(), "after making everything again", &[]);
}

/// The fixture with the resources of some kinds declared for no account: they are still looked for.
fn without(goes: &dyn Fn(&str) -> bool) -> Estate {
    let emptied = Estate::with(&[]);
    for entry in std::fs::read_dir(emptied.root().join("modules")).unwrap().map(Result::unwrap) {
        let path = entry.path().join("module.yaml");
        let mut module: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for resource in module["resources"].as_array_mut().unwrap() {
            if goes(resource["kind"].as_str().unwrap()) {
                resource["environments"] = serde_json::json!(["dev"]);
            }
        }
        std::fs::write(path, format!("{module:#}")).unwrap();
    }
    emptied
}

/// Actions that a policy has to allow and that this test has no way to need.
const NOT_NEEDED_HERE: &[(&str, &str)] = &[
    ("iam:GetAccessKeyLastUsed", "asked of a user with two keys only, while one replaces the other: tests/drivers/ci.rs"),
    ("organizations:TagResource", "AWS demands it for the tags of a new account"),
    ("iam:PassRole", "AWS demands it of whoever hands a role on"),
    ("iam:CreateServiceLinkedRole", "AWS demands it for the first replication set"),
    ("route53:AssociateVPCWithHostedZone", "AWS demands it for private names"),
    ("ssm-contacts:AssociateContact", "AWS demands it of whoever names a contact in a plan"),
    ("sso:TagResource", "AWS demands it for the tags of a new permission set"),
    ("ssm-incidents:TagResource", "AWS demands it for the tags of a new response plan"),
    ("support:AddCommunicationToCase", "one account asks, and there is no second one to join it"),
    ("organizations:CloseAccount", "closing the only account would end the test"),
    ("organizations:DescribeCreateAccountStatus", "the emulated AWS makes accounts at once"),
];

fn policies_allow_what_was_called(emulator: &Emulator, root: &Path, calls: &Calls) {
    let printed = emulator.landfall(root, &["policy", "apply"]).expect(0).stdout;
    let policies: Value = serde_json::from_str(&printed).unwrap();
    let (management, member) = (allowed(&policies["management"]), allowed(&policies["member"]));
    // What is called about an account may be called with either role: it can be managed from outside.
    let may = |(account, call): &(String, String)| management.contains(call) || account != "management" && member.contains(call);
    let of_aws = |(_, call): &&(String, String)| kinds::OUTSIDE.iter().all(|service| !call.starts_with(service));
    let beyond: Vec<_> = calls.iter().filter(of_aws).filter(|call| !may(call)).collect();
    assert_eq!(beyond, Vec::<&(String, String)>::new(), "called, and not allowed by `landfall policy apply`");
    let called: BTreeSet<&str> = calls.iter().map(|(_, call)| call.as_str()).collect();
    let excused: BTreeSet<&str> = NOT_NEEDED_HERE.iter().map(|(action, _)| *action).collect();
    assert_eq!(excused.intersection(&called).collect::<Vec<_>>(), Vec::<&&str>::new(), "no way to need it, and called");
    let all = management.union(&member).map(String::as_str);
    let idle: Vec<&str> = all.filter(|action| !called.contains(action) && !excused.contains(action)).collect();
    assert_eq!(idle, Vec::<&str>::new(), "allowed by `landfall policy apply`, and never called");
}

/// The actions of some policies.
fn allowed(policies: &Value) -> BTreeSet<String> {
    let statements = policies.as_array().unwrap().iter().flat_map(|policy| policy["Statement"].as_array().unwrap());
    let actions = statements.flat_map(|statement| statement["Action"].as_array().into_iter().flatten().chain([&statement["Action"]]));
    actions.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn every_field_of_every_kind_has_its_change() {
    let changes = changes();
    let mut missing = Vec::new();
    for row in TABLE {
        let schema = (row.schema)().to_value();
        for field in schema["properties"].as_object().unwrap().keys() {
            let is_it = |change: &&Change| kind(change) == row.kind && change.at.split('/').nth(1) == Some(field);
            let alongside = || changes.iter().flat_map(|change| &change.with);
            if !changes.iter().chain(alongside()).any(|change| is_it(&change)) {
                missing.push(format!("{}: {field}", row.kind));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

fn kind(change: &Change) -> KindName {
    change.of.split_once('/').unwrap().0.parse().unwrap()
}
