//! The order of one account's steps: what has to be done before what. Decides when, never what.

use super::compare::Fate;
use super::ground::{Ground, SUBNET};
use crate::kinds::TABLE;
use crate::model::{Account, Address, KindName, Note, Severity, Subject, show};
use std::collections::{BTreeMap, BTreeSet};

/// What is with one holder of a kind at a time, and is taken over from another in one call: a subnet has one route table, and between two
/// of them it would be without routes (`ec2:ReplaceRouteTableAssociation`).
const TAKEN_OVER: (KindName, KindName) = (KindName::new("route-table"), SUBNET);

/// Steps by whether they make something: an address has at most one that does, and one that deletes.
type Nodes<'a> = BTreeMap<(&'a Address, bool), Node<'a>>;
/// Steps, each with those that have to be done before it.
type Waiting<'a> = BTreeMap<Node<'a>, BTreeSet<Node<'a>>>;

/// When, among the steps that could be done next, one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Deletes what is replaced.
    Clear,
    /// Creates or updates.
    Make,
    /// Deletes what nobody declares any more.
    Remove,
}

/// One step to come. Sorts in the order in which a person would like to read steps, wherever their needs leave a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node<'a> {
    pub phase: Phase,
    /// The kind's row in the table, counted backwards for deletes.
    rank: isize,
    pub at: &'a Address,
}

/// The steps to come, each with the places of those before it.
pub(super) type Ordered<'a> = Vec<(Node<'a>, Vec<usize>)>;

/// The steps of an account in a valid serial order, and a note for each circle that had to be broken.
pub(super) fn order<'a>(ground: &Ground<'a>, account: &Account, of_account: &[(&'a Address, &Fate)]) -> (Ordered<'a>, Vec<Note>) {
    let nodes: Nodes = of_account.iter().flat_map(|(at, fate)| nodes(at, fate)).map(|node| (key(&node), node)).collect();
    let mut waiting: Waiting = nodes.values().map(|node| (*node, before(ground, node, &nodes))).collect();
    take_over(ground, &nodes, &mut waiting);
    let mut followers: BTreeMap<Node, Vec<Node>> = BTreeMap::new();
    waiting.iter().for_each(|(node, before)| before.iter().for_each(|earlier| followers.entry(*earlier).or_default().push(*node)));
    let mut unmet = waiting.clone();
    let mut ready: BTreeSet<Node> = unmet.iter().filter(|(_, before)| before.is_empty()).map(|(node, _)| *node).collect();
    let (mut place, mut ordered, mut notes) = (BTreeMap::new(), Vec::new(), Vec::new());
    while !unmet.is_empty() {
        let node = ready.pop_first().unwrap_or_else(|| {
            let (node, circle) = weakest(&unmet);
            notes.push(broken(account, &node, &circle));
            if let Some(before) = waiting.get_mut(&node) {
                before.retain(|earlier| !unmet.contains_key(earlier));
            }
            node
        });
        unmet.remove(&node);
        for follower in followers.get(&node).into_iter().flatten() {
            let Some(before) = unmet.get_mut(follower) else { continue };
            before.remove(&node);
            if before.is_empty() {
                ready.insert(*follower);
            }
        }
        let mut after: Vec<usize> = waiting.get(&node).into_iter().flatten().filter_map(|earlier| place.get(earlier).copied()).collect();
        after.sort_unstable();
        place.insert(node, ordered.len());
        ordered.push((node, after));
    }
    (ordered, notes)
}

fn nodes<'a>(at: &'a Address, fate: &Fate) -> impl Iterator<Item = Node<'a>> {
    let phases: &[Phase] = match fate {
        Fate::Unchanged | Fate::Blocked => &[],
        Fate::Create | Fate::Update(_) => &[Phase::Make],
        Fate::Replace(_) => &[Phase::Clear, Phase::Make],
        Fate::Delete => &[Phase::Remove],
    };
    phases.iter().map(move |phase| Node { phase: *phase, rank: rank(at, *phase), at })
}

fn rank(at: &Address, phase: Phase) -> isize {
    let row = TABLE.iter().position(|row| row.kind == at.kind).unwrap_or(TABLE.len()) as isize;
    if phase == Phase::Make { row } else { -row }
}

fn key<'a>(node: &Node<'a>) -> (&'a Address, bool) {
    (node.at, node.phase == Phase::Make)
}

/// The steps that have to be done before a step.
fn before<'a>(ground: &Ground<'a>, node: &Node<'a>, nodes: &Nodes<'a>) -> BTreeSet<Node<'a>> {
    let at = node.at;
    if node.phase == Phase::Make {
        let needs = ground.needs.get(at).into_iter().flatten().filter_map(|need| nodes.get(&(need, true)));
        return needs.chain(nodes.get(&(at, false))).copied().collect();
    }
    // Whoever is only rebound to a replacement waits for it instead, and can't be waited for.
    let users = ground.holders(at).filter(|user| *user != at);
    users
        .filter_map(|user| nodes.get(&(user, false)).or_else(|| nodes.get(&(user, true)).filter(|_| !ground.needs(user, at))))
        .copied()
        .collect()
}

/// Who takes something over goes before who lets go of it, unless that one waits for this one anyway.
fn take_over<'a>(ground: &Ground<'a>, nodes: &Nodes<'a>, waiting: &mut Waiting<'a>) {
    let (holder, held) = TAKEN_OVER;
    for giver in nodes.values().filter(|node| node.at.kind == holder) {
        let live = ground.found(giver.at).map(|found| ground.bound(giver.at, &found.spec)).unwrap_or_default();
        for given in live.iter().filter(|at| at.kind == held) {
            let wanted_by = ground.wanted_by.get(given).into_iter().flatten();
            let takers = wanted_by.filter(|at| at.kind == holder && **at != giver.at).filter_map(|at| nodes.get(&(*at, true)));
            for taker in takers {
                if !waits(waiting, taker, giver) {
                    waiting.entry(*giver).or_default().insert(*taker);
                }
            }
        }
    }
}

/// Whether a step waits for another, over any number of steps.
fn waits(waiting: &Waiting, step: &Node, other: &Node) -> bool {
    let (mut next, mut seen) = (vec![*step], BTreeSet::from([*step]));
    while let Some(node) = next.pop() {
        if node == *other {
            return true;
        }
        next.extend(waiting.get(&node).into_iter().flatten().filter(|earlier| seen.insert(**earlier)));
    }
    false
}

/// A step on a circle of steps that wait for one another: the one that sorts first, and the circle.
fn weakest<'a>(unmet: &Waiting<'a>) -> (Node<'a>, Vec<Node<'a>>) {
    let mut path: Vec<Node> = unmet.keys().next().into_iter().copied().collect();
    // Every step on the path waits for another one, so within as many steps as there are, one comes up again.
    loop {
        let last = path[path.len() - 1];
        let next = unmet.get(&last).and_then(|before| before.first().copied()).unwrap_or(last);
        if let Some(from) = path.iter().position(|node| *node == next) {
            let circle = path.split_off(from);
            return (circle.iter().min().copied().unwrap_or(next), circle);
        }
        path.push(next);
    }
}

fn broken(account: &Account, first: &Node, circle: &[Node]) -> Note {
    let detail = format!("{} wait for one another; {} goes first.", show(circle.iter().map(|node| node.at)), first.at);
    Note::new(Severity::Warning, Subject::Account(account.clone()), "Some steps wait for one another", detail)
        .hint("if AWS refuses the first, unbind it by hand and plan again")
}

#[cfg(test)]
mod tests {
    use crate::plan::estates::{accounts, desired, live, steps, with};
    use crate::plan::plan;
    use serde_json::{Value, json};

    const HERE: &str = "payments/prod/us-west-2/";

    /// A network with some resources in it, each with its other fields.
    fn network<const N: usize>(others: [(&str, Value); N]) -> Vec<(String, Value)> {
        let network = with(accounts(&["payments/prod"]), [("payments/prod/us-west-2/vpc/main", json!({ "cidr": "10.0.0.0/16" }))]);
        let inside = others.map(|(at, mut fields)| {
            fields["vpc"] = json!("vpc/main");
            (format!("{HERE}{at}"), fields)
        });
        network.into_iter().chain(inside).collect()
    }

    fn subnet(zone: &str) -> (&'static str, Value) {
        ("subnet/a", json!({ "cidr": "10.0.0.0/24", "zone": zone }))
    }

    fn table<'a>(at: &'a str, subnets: &[&str]) -> (&'a str, Value) {
        (at, json!({ "subnets": subnets }))
    }

    /// The steps from one network to another, and what is said of them.
    fn change(from: &[(String, Value)], to: &[(String, Value)]) -> (Vec<String>, Vec<String>) {
        let (plan, report) = plan(&desired(to), &live(from));
        let notes = report.notes.into_iter().filter(|note| note.summary == "Some steps wait for one another");
        (steps(&plan).iter().map(|step| step.replace(HERE, "")).collect(), notes.map(|note| note.detail.replace(HERE, "")).collect())
    }

    #[test]
    fn a_subnet_goes_from_table_to_table_before_the_old_one_lets_go_of_it() {
        let before = network([subnet("a"), table("route-table/old", &["subnet/a"])]);
        let told = ("payments/prod/us-west-2/ssm-parameter/landfall/subnet".to_owned(), json!({ "value": { "id_of": "subnet/a" } }));
        let moved = network([subnet("a"), table("route-table/old", &[]), table("route-table/new", &["subnet/a"])]);
        let (steps, notes) = change(&before, &[moved, vec![told]].concat());
        // Nobody else who wants the subnet is waited for.
        assert_eq!(steps, ["+ route-table/new []", "~ route-table/old [0]", "+ ssm-parameter/landfall/subnet []"]);
        assert_eq!(notes, Vec::<String>::new());
        let (steps, _) = change(&before, &network([subnet("a"), table("route-table/new", &["subnet/a"])]));
        assert_eq!(steps, ["+ route-table/new []", "- route-table/old [0]"]);
    }

    #[test]
    fn a_subnet_that_is_itself_replaced_leaves_its_table_first() {
        let before = network([subnet("a"), table("route-table/old", &["subnet/a"])]);
        let after = network([subnet("b"), table("route-table/old", &[]), table("route-table/new", &["subnet/a"])]);
        let (steps, notes) = change(&before, &after);
        assert_eq!(steps, ["~ route-table/old []", "- subnet/a [0]", "+ subnet/a [1]", "+ route-table/new [2]"]);
        assert_eq!(notes, Vec::<String>::new());
    }

    #[test]
    fn a_circle_is_broken_at_one_step_which_still_waits_for_all_that_is_outside_of_it() {
        let group = |at: &'static str, lets_in: &[&str]| {
            let rule = |group: &&str| json!({ "protocol": "tcp", "ports": "443", "security_group": format!("security-group/{group}") });
            (at, json!({ "description": "x", "ingress": lets_in.iter().map(rule).collect::<Vec<_>>() }))
        };
        let before = network([
            group("security-group/admin", &[]),
            group("security-group/app", &["admin", "web"]),
            group("security-group/web", &["app"]),
            ("vpc-endpoint/sts", json!({ "service": "sts", "type": "interface", "security_groups": ["security-group/app"] })),
        ]);
        let (steps, notes) = change(&before, &network([]));
        let expected = ["- vpc-endpoint/sts []", "- security-group/app [0]", "- security-group/admin [1]", "- security-group/web [1]"];
        assert_eq!(steps, expected);
        assert_eq!(notes, ["security-group/app, security-group/web wait for one another; security-group/app goes first."]);
    }
}
