//! What the role that apply takes on in an account is sure not to be allowed: no policy of its own allows the call on anything, or one of
//! the organization's denies it on everything. Conditions and resources can only be judged by AWS; where they decide, nothing is said.

use super::super::held::Held;
use super::super::world::{World, main, payer};
use super::Refusal;
use crate::kinds::{Document, ServiceControlPolicy, Spec};
use crate::model::{Account, Address, Region};
use crate::plan::{Plan, Step, Stranger};
use serde_json::Value;
use std::collections::BTreeSet;
use std::rc::Rc;

const HINT: &str = "`landfall policy apply` prints what the role has to be allowed";

/// Why it is not known what a role may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::rehearsal) enum Doubt {
    /// The role was not among what was read.
    Unseen,
    /// It has a policy of AWS's, which is known by name only.
    Unread,
}

/// What a role's own policies say.
pub(in crate::rehearsal) enum Rights {
    Unknown(Doubt),
    All,
    Some(Vec<Value>),
}

/// Why AWS is sure to deny one of a step's calls.
pub(super) fn denied(world: &World, step: &Step, calls: &[&str]) -> Option<Refusal> {
    let account = payer(step);
    if account == Account::Management {
        return None;
    }
    let code = |call: &str| if call.starts_with("ec2:") { "UnauthorizedOperation" } else { "AccessDenied" };
    let here = |call: &&&str| crate::kinds::OUTSIDE.iter().all(|service| !call.starts_with(service));
    let (call, why) = calls.iter().filter(here).find_map(|call| Some((*call, why(world, &account, call)?)))?;
    Some(Refusal::new(format!("{call} {}: {why}", code(call)), HINT))
}

fn why(world: &World, account: &Account, call: &str) -> Option<String> {
    if let Some(guardrail) = guardrail(world, account, call) {
        return Some(format!("{guardrail} denies it"));
    }
    match &*rights(world, account) {
        Rights::Some(documents) if !documents.iter().any(|document| may_allow(document, call)) => {
            Some(format!("no policy of the role {} allows it", world.plan.access_role))
        }
        Rights::Some(_) | Rights::All | Rights::Unknown(_) => None,
    }
}

/// The policy of the organization that denies a call.
fn guardrail(world: &World, account: &Account, call: &str) -> Option<Address> {
    let held = world.held.borrow();
    let mut policies = held.ours(&Account::Management).filter_map(|(at, spec)| match spec {
        Spec::ServiceControlPolicy(policy) => Some((at, policy)),
        _ => None,
    });
    let is_over = |at: &Address, policy: &ServiceControlPolicy| {
        let over = over(&held, world.home(), account);
        policy.targets.iter().any(|unit| over.contains(&unit.resolve(at, world.home())))
    };
    policies.find(|(at, policy)| denies(&read(&policy.document), call) && is_over(at, policy)).map(|(at, _)| at.clone())
}

/// The organizational units that an account is in.
fn over(held: &Held, home: &Region, account: &Account) -> BTreeSet<Address> {
    let unit = |at: &Address| match held.get(at)? {
        Spec::Account(account) => Some(account.organizational_unit.resolve(at, home)),
        Spec::OrganizationalUnit(unit) => unit.parent.as_ref().map(|parent| parent.resolve(at, home)),
        _ => None,
    };
    let mut over = BTreeSet::new();
    let mut next = main(account).and_then(|main| unit(&main));
    while let Some(at) = next.take().filter(|at| !over.contains(at)) {
        next = unit(&at);
        over.insert(at);
    }
    over
}

/// What the policies of apply's role in an account say, as they were read.
fn rights(world: &World, account: &Account) -> Rc<Rights> {
    if let Some(rights) = world.rights.borrow().get(account) {
        return rights.clone();
    }
    let rights = Rc::new(of_role(world, account));
    world.rights.borrow_mut().insert(account.clone(), rights.clone());
    rights
}

fn of_role(world: &World, account: &Account) -> Rights {
    let ending = format!("role/{}", world.plan.access_role);
    let held = world.held.borrow();
    let strangers: Vec<&Stranger> = held.strangers(account).collect();
    let role = strangers.iter().find_map(|other| match &other.spec {
        Spec::IamRole(role) if other.id.as_str().ends_with(&ending) => Some(role),
        _ => None,
    });
    // With no right at all nothing could have been read through it: whoever answered doesn't tell.
    let Some(role) = role.filter(|role| !role.policies.is_empty() || !role.managed_policies.is_empty()) else {
        return Rights::Unknown(Doubt::Unseen);
    };
    if role.managed_policies.iter().any(|arn| arn.ends_with(":iam::aws:policy/AdministratorAccess")) {
        return Rights::All;
    }
    let managed = |arn: &String| {
        let name = arn.rsplit(":policy/").next();
        strangers.iter().find_map(|other| match &other.spec {
            Spec::IamPolicy(policy) if !arn.contains("::aws:") && other.id.as_str().rsplit(":policy/").next() == name => {
                Some(&policy.document)
            }
            _ => None,
        })
    };
    let managed: Option<Vec<&Document>> = role.managed_policies.iter().map(managed).collect();
    match managed {
        Some(managed) => Rights::Some(role.policies.values().chain(managed).map(read).collect()),
        None => Rights::Unknown(Doubt::Unread),
    }
}

/// The accounts of a plan of whose role it is not known what it may do, by why.
pub(in crate::rehearsal) fn doubts(world: &World, plan: &Plan) -> BTreeSet<(Doubt, Account)> {
    let accounts: BTreeSet<Account> = plan.steps().map(payer).filter(|account| *account != Account::Management).collect();
    let is_old = |account: &Account| main(account).is_some_and(|main| world.known.live.found.contains_key(&main));
    let unknown = accounts.into_iter().filter(is_old).filter_map(|account| match *rights(world, &account) {
        Rights::Unknown(doubt) => Some((doubt, account)),
        Rights::All | Rights::Some(_) => None,
    });
    unknown.collect()
}

fn read(document: &Document) -> Value {
    serde_json::from_str(&document.compact()).unwrap_or_default()
}

fn statements<'a>(document: &'a Value, effect: &'a str) -> impl Iterator<Item = &'a Value> {
    let all = match &document["Statement"] {
        Value::Array(all) => &all[..],
        one @ Value::Object(_) => std::slice::from_ref(one),
        _ => &[],
    };
    all.iter().filter(move |statement| statement["Effect"].as_str() == Some(effect))
}

/// Whether a document allows a call on some resource, under some condition.
fn may_allow(document: &Value, call: &str) -> bool {
    statements(document, "Allow").any(|statement| is_about(statement, call))
}

/// Whether a document denies a call on every resource, under no condition.
fn denies(document: &Value, call: &str) -> bool {
    let always = |statement: &&Value| statement.get("Condition").is_none() && texts(&statement["Resource"]).any(|resource| resource == "*");
    statements(document, "Deny").filter(always).any(|statement| is_about(statement, call))
}

fn is_about(statement: &Value, call: &str) -> bool {
    match statement.get("NotAction") {
        Some(others) => !texts(others).any(|pattern| fits(pattern, call)),
        None => texts(&statement["Action"]).any(|pattern| fits(pattern, call)),
    }
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let all = match value {
        Value::Array(all) => &all[..],
        one => std::slice::from_ref(one),
    };
    all.iter().filter_map(Value::as_str)
}

/// Whether a pattern of IAM's fits an action: `*` is any text, `?` one sign, and letters' case says nothing.
fn fits(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let (pattern, action) = (pattern.as_bytes(), action.as_bytes());
    // Where the last star was, and how much of the action it has taken: on a mismatch it takes one more.
    let (mut at, mut of, mut star) = (0, 0, None);
    while of < action.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(sign) if *sign == b'?' || *sign == action[of] => (at, of) = (at + 1, of + 1),
            _ => match star {
                Some((place, taken)) => {
                    star = Some((place, taken + 1));
                    (at, of) = (place + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|sign| *sign == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patterns_fit_as_iam_has_them() {
        for (pattern, fitting) in
            [("*", true), ("ec2:*", true), ("EC2:createvpc", true), ("ec2:Create*", true), ("ec2:*Vpc", true), ("ec2:C?eateVpc", true)]
        {
            assert_eq!(fits(pattern, "ec2:CreateVpc"), fitting, "{pattern}");
        }
        for pattern in ["", "ec2:CreateVpcEndpoint", "ec2:Delete*", "ec2:Create", "iam:*", "ec2:CreateVp?c"] {
            assert!(!fits(pattern, "ec2:CreateVpc"), "{pattern}");
        }
    }

    #[test]
    fn only_what_is_sure_is_said() {
        let document = |effect: &str, more: Value| {
            let mut statement = json!({ "Effect": effect, "Action": ["ec2:*"], "Resource": ["*"] });
            statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "Statement": [statement] })
        };
        let call = "ec2:CreateVpc";
        assert!(denies(&document("Deny", json!({})), call));
        assert!(!denies(&document("Deny", json!({ "Condition": { "Bool": {} } })), call), "only AWS can tell");
        assert!(!denies(&document("Deny", json!({ "Resource": ["arn:aws:ec2:*:*:vpc/vpc-1"] })), call));
        assert!(may_allow(&document("Allow", json!({ "Resource": ["arn:aws:ec2:*:*:vpc/vpc-1"] })), call));
        assert!(!may_allow(&document("Allow", json!({})), "iam:CreateRole"));
        let all_but = json!({ "Statement": { "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" } });
        assert!(may_allow(&all_but, call) && !may_allow(&all_but, "iam:CreateRole"));
    }
}
