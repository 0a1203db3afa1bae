//! Address ranges of subnets, inside their VPC's. What lives keeps its range; strangers' subnets are avoided.
//!
//! The largest subnets are laid out from the bottom of the VPC, all smaller ones from its top, each zone by zone. So both ends can
//! grow towards each other: a zone that is added later finds room without moving anything, as long as there is room at all.

use super::allocate::{Allocation, LONGEST_PREFIX};
use super::blind;
use super::ground::{Ground, SUBNET};
use super::ranges::{Taken, overlap, size};
use crate::kinds::{Cidr, Spec, Subnet};
use crate::model::{Account, Address, Note, Severity, Subject, show};
use ipnet::Ipv4Net;
use std::collections::{BTreeMap, BTreeSet};

/// One VPC while its subnets are laid out.
struct Vpc<'a> {
    at: &'a Address,
    range: Ipv4Net,
    /// What lives in the VPC, and will go on living there, by whom it is.
    living: Vec<(Ipv4Net, Option<&'a Address>, String)>,
}

/// A new subnet that takes whatever the planner chooses. Sorted as laid out: larger first, then zone by zone.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Wish<'a> {
    prefix: u8,
    zone: &'a str,
    at: &'a Address,
}

/// Chooses the ranges of the subnets of all declared VPCs that have one.
pub(super) fn allocate(ground: &Ground, out: &mut Allocation) {
    let mut of_vpc: BTreeMap<Address, Vec<(&Address, &Subnet)>> = BTreeMap::new();
    for (at, declared) in &ground.desired.resources {
        if let Spec::Subnet(subnet) = &declared.spec {
            of_vpc.entry(subnet.vpc.resolve(at, ground.home())).or_default().push((at, subnet));
        }
    }
    let unseen = blind::accounts(ground.live, &SUBNET);
    for (at, subnets) in &of_vpc {
        match out.ranges.get(at) {
            Some(range) => lay_out(out, &vpc(ground, at, *range), subnets, &unseen),
            // Its VPC is without a range, for a reason that a note gives already.
            None => out.blocked.extend(subnets.iter().map(|(at, _)| (*at).clone())),
        }
    }
}

fn lay_out(out: &mut Allocation, vpc: &Vpc, subnets: &[(&Address, &Subnet)], unseen: &BTreeSet<Account>) {
    let mut wishes = Vec::new();
    let mut fixed = Vec::new();
    for (at, subnet) in subnets {
        let lives = vpc.living.iter().find(|(_, by, _)| *by == Some(*at)).map(|(range, ..)| *range);
        let prefix = prefix(&subnet.cidr, vpc.range);
        match (subnet.cidr, lives) {
            (Cidr::Fixed(range), live) if live == Some(range) => out.settle(at, range),
            (Cidr::Fixed(range), _) => {
                fixed.push(range);
                settle_fixed(out, vpc, at, range, &fixed);
            }
            (_, Some(range)) => out.keep(at, range, prefix),
            (_, None) if prefix <= LONGEST_PREFIX => wishes.push(Wish { prefix, zone: &subnet.zone, at }),
            (_, None) => out.block(at, too_small(at, prefix, vpc)),
        }
    }
    if unseen.contains(&vpc.at.account) {
        return unchosen(out, vpc, &wishes);
    }
    let largest = subnets.iter().map(|(_, subnet)| prefix(&subnet.cidr, vpc.range)).min();
    choose(out, vpc, &fixed, wishes, largest);
}

fn choose(out: &mut Allocation, vpc: &Vpc, fixed: &[Ipv4Net], mut wishes: Vec<Wish>, largest: Option<u8>) {
    let mut taken = Taken::default();
    vpc.living.iter().map(|(range, ..)| *range).chain(fixed.iter().copied()).for_each(|range| taken.take(range));
    wishes.sort();
    for Wish { prefix, zone: _, at } in wishes {
        let from_bottom = Some(prefix) == largest;
        let found = if from_bottom { taken.lowest(vpc.range, prefix) } else { taken.highest(vpc.range, prefix) };
        match found {
            Some(range) => {
                taken.take(range);
                out.settle(at, range);
            }
            None => out.block(at, exhausted(at, prefix, vpc, &taken)),
        }
    }
}

/// A VPC with what lives in it: strangers' subnets too, in one that is adopted. In one that is new, or replaced by one of another range, nothing does.
fn vpc<'a>(ground: &Ground<'a>, at: &'a Address, range: Ipv4Net) -> Vpc<'a> {
    let lives = ground.found(at).is_some_and(|found| matches!(&found.spec, Spec::Vpc(vpc) if vpc.cidr.fixed() == Some(range)));
    let lives = lives || ground.adopted.contains_key(at);
    let ours = ground.live.found.iter().filter(|(other, _)| other.account == at.account);
    let ours = ours.filter_map(|(other, found)| Some((range_of(&found.spec)?, Some(other), other.to_string())));
    let strangers = ground.live.strangers.iter().filter(|other| other.account == at.account);
    let strangers = strangers.filter_map(|other| Some((range_of(&other.spec)?, None, format!("{}, which is not ours,", other.id))));
    let living = ours.chain(strangers).filter(|(taken, ..)| lives && overlap(*taken, range)).collect();
    Vpc { at, range, living }
}

fn range_of(spec: &Spec) -> Option<Ipv4Net> {
    if let Spec::Subnet(subnet) = spec { subnet.cidr.fixed() } else { None }
}

/// The prefix length that a subnet asks for.
fn prefix(asked: &Cidr, vpc: Ipv4Net) -> u8 {
    match asked {
        Cidr::Fixed(range) => range.prefix_len(),
        Cidr::Prefix(prefix) => *prefix,
        Cidr::Newbits(bits) => vpc.prefix_len().saturating_add(*bits),
    }
}

fn settle_fixed(out: &mut Allocation, vpc: &Vpc, at: &Address, range: Ipv4Net, fixed: &[Ipv4Net]) {
    let living = vpc.living.iter().find(|(taken, by, _)| *by != Some(at) && overlap(*taken, range));
    let earlier = fixed[..fixed.len() - 1].iter().find(|other| overlap(**other, range));
    let trouble = match (living, earlier) {
        _ if !vpc.range.contains(&range) => Some(format!("{range} is not inside {}, the range of {}", vpc.range, vpc.at)),
        (Some((taken, _, who)), _) => Some(format!("{range} is not free: {who} has {taken}")),
        (None, Some(other)) => Some(format!("{range} overlaps {other} of another subnet")),
        (None, None) => None,
    };
    match trouble {
        Some(trouble) => out.block(at, occupied(at, &trouble)),
        None => out.settle(at, range),
    }
}

fn unchosen(out: &mut Allocation, vpc: &Vpc, wishes: &[Wish]) {
    if wishes.is_empty() {
        return;
    }
    let new = show(wishes.iter().map(|wish| &wish.at.name));
    let detail = format!("The subnets of the account are not all known, and a new range could be one of theirs. Left out: {new}.");
    let subject = Subject::Resource(vpc.at.clone());
    out.notes.push(Note::new(Severity::Blocking, subject, "No range can be chosen for new subnets", detail));
    out.blocked.extend(wishes.iter().map(|wish| wish.at.clone()));
}

fn occupied(at: &Address, trouble: &str) -> Note {
    let note = Note::new(Severity::Blocking, Subject::Resource(at.clone()), "The fixed range is taken", format!("{trouble}."));
    note.hint("fix another range, or free this one first and plan again")
}

fn too_small(at: &Address, prefix: u8, vpc: &Vpc) -> Note {
    let detail = format!("A /{prefix} out of {} is smaller than AWS allows: the smallest subnet is a /{LONGEST_PREFIX}.", vpc.range);
    let note = Note::new(Severity::Blocking, Subject::Resource(at.clone()), "No range can be chosen", detail);
    note.hint("lower the subnet's `newbits` in its module, or give the domain a larger VPC")
}

fn exhausted(at: &Address, prefix: u8, vpc: &Vpc, taken: &Taken) -> Note {
    let left = taken.left(vpc.range);
    let room = match left.largest {
        Some(largest) => format!("{} has {} free addresses, the largest free block is a /{largest}.", vpc.range, left.free),
        None => format!("{} is full.", vpc.range),
    };
    let detail = format!("It asks for a /{prefix} ({} addresses). {room}", size(prefix));
    let note = Note::new(Severity::Blocking, Subject::Resource(at.clone()), "The VPC has no room", detail);
    note.hint("ask for fewer zones, or raise the subnet's `newbits` in its module; a new VPC can also be larger (`network.vpc_prefix`)")
}

#[cfg(test)]
mod tests {
    use crate::model::Account;
    use crate::plan::estates::{accounts, at, desired, live, spec, with};
    use crate::plan::{Live, Stranger, plan};
    use serde_json::{Value, json};

    const VPC: &str = "payments/prod/us-west-2/vpc/main";

    /// A network of 256 addresses with these subnets.
    fn network(subnets: &[(&str, Value)]) -> Vec<(String, Value)> {
        let subnet = |(name, cidr): &(&str, Value)| {
            let fields = json!({ "vpc": "vpc/main", "cidr": cidr, "zone": "a" });
            (format!("payments/prod/us-west-2/subnet/{name}"), fields)
        };
        let network = with(accounts(&["payments/prod"]), [(VPC, json!({ "cidr": "10.0.0.0/24" }))]);
        network.into_iter().chain(subnets.iter().map(subnet)).collect()
    }

    /// The ranges of the subnets that are made, and what is said of others.
    fn laid_out(subnets: &[(&str, Value)], lives: &Live) -> (Vec<String>, Vec<String>) {
        let (plan, report) = plan(&desired(&network(subnets)), lives);
        let made = plan.steps().filter(|step| step.address.kind.as_str() == "subnet");
        let made = made.filter_map(|step| Some(format!("{} {}", step.address.name, step.action.after()?.range()?)));
        (made.collect(), report.notes.into_iter().map(|note| note.detail).collect())
    }

    fn prefix(length: u8) -> Value {
        json!({ "prefix": length })
    }

    #[test]
    fn large_subnets_grow_from_the_bottom_and_small_ones_from_the_top() {
        let (made, notes) =
            laid_out(&[("a", json!({ "newbits": 2 })), ("b", prefix(26)), ("c", prefix(28)), ("d", prefix(28))], &Live::default());
        assert_eq!(made, ["a 10.0.0.0/26", "b 10.0.0.64/26", "c 10.0.0.240/28", "d 10.0.0.224/28"]);
        assert_eq!(notes, Vec::<String>::new());
    }

    #[test]
    fn a_subnet_for_which_there_is_no_room_is_not_made_and_the_note_says_why() {
        let fixed = |range: &str| json!(range);
        let nothing = Live::default();
        let refused = |subnets: &[(&str, Value)], lives: &Live| {
            let (made, notes) = laid_out(subnets, lives);
            assert!(made.iter().all(|made| !made.starts_with("new ")), "{made:?}");
            notes
        };
        let full = [("a", prefix(25)), ("b", prefix(25)), ("new", prefix(26))];
        assert_eq!(refused(&full, &nothing), ["It asks for a /26 (64 addresses). 10.0.0.0/24 is full."]);
        let split = [("a", fixed("10.0.0.64/26")), ("b", prefix(25)), ("new", prefix(25))];
        let room = "10.0.0.0/24 has 64 free addresses, the largest free block is a /26.";
        assert_eq!(refused(&split, &nothing), [format!("It asks for a /25 (128 addresses). {room}")]);
        let small = "A /29 out of 10.0.0.0/24 is smaller than AWS allows: the smallest subnet is a /28.";
        assert_eq!(refused(&[("new", prefix(29))], &nothing), [small]);
        let outside = format!("10.0.1.0/26 is not inside 10.0.0.0/24, the range of {VPC}.");
        assert_eq!(refused(&[("new", fixed("10.0.1.0/26"))], &nothing), [outside]);
        let twice = [("a", fixed("10.0.0.0/26")), ("new", fixed("10.0.0.32/27"))];
        assert_eq!(refused(&twice, &nothing), ["10.0.0.32/27 overlaps 10.0.0.0/26 of another subnet."]);
        let taken = "10.0.0.32/27 is not free: payments/prod/us-west-2/subnet/a has 10.0.0.0/26.";
        assert_eq!(refused(&twice, &live(&network(&twice[..1]))), [taken]);
        let late = [("new", fixed("10.0.0.32/27")), ("old", fixed("10.0.0.0/26"))];
        assert_eq!(refused(&late, &live(&network(&late[1..]))), [taken.replace("/a has", "/old has")]);
    }

    #[test]
    fn a_fixed_range_is_free_unless_something_else_that_stays_is_in_it() {
        let fixed = |name: &'static str, range: &str| (name, json!(range));
        let lives = live(&network(&[fixed("a", "10.0.0.0/26")]));
        let beside = [fixed("a", "10.0.0.0/26"), fixed("new", "10.0.0.128/26")];
        assert_eq!(laid_out(&beside, &lives).0, ["new 10.0.0.128/26"]);
        assert_eq!(laid_out(&[fixed("a", "10.0.0.0/27")], &lives).0, ["a 10.0.0.0/27"], "its own range is no hindrance");
        // Of a VPC that is replaced by a larger one, nothing stays.
        let mut moved = network(&[fixed("a", "10.0.0.0/26")]);
        moved.iter_mut().filter(|(at, _)| at == VPC).for_each(|(_, vpc)| *vpc = json!({ "cidr": "10.0.0.0/25" }));
        let swapped = [fixed("a", "10.0.0.64/26"), fixed("new", "10.0.0.0/26")];
        assert_eq!(laid_out(&swapped, &live(&moved)).0, ["a 10.0.0.64/26", "new 10.0.0.0/26"]);
    }

    #[test]
    fn a_subnet_that_comes_from_another_vpc_gets_a_range_of_this_one() {
        let other = ("payments/prod/us-west-2/vpc/other", json!({ "cidr": "10.1.0.0/24" }));
        let fields = json!({ "vpc": "vpc/other", "cidr": "10.1.0.0/26", "zone": "a" });
        let lives = live(&with(network(&[]), [other.clone(), ("payments/prod/us-west-2/subnet/a", fields)]));
        let (plan, _) = plan(&desired(&with(network(&[("a", prefix(26))]), [other])), &lives);
        assert_eq!(
            plan.steps().filter_map(|step| step.action.after()?.range()).map(|range| range.to_string()).collect::<Vec<_>>(),
            ["10.0.0.0/26"]
        );
    }

    #[test]
    fn strangers_subnets_are_avoided_in_their_own_account() {
        let stranger = |account: &str| {
            let fields = json!({ "vpc": "vpc/main", "cidr": "10.0.0.0/26", "zone": "a" });
            let spec = spec(&at("payments/prod/us-west-2/subnet/x"), fields);
            let strangers = vec![Stranger { account: account.parse::<Account>().unwrap(), id: "subnet-0f".into(), spec }];
            Live { strangers, ..live(&network(&[])) }
        };
        let fixed = [("new", json!("10.0.0.32/27"))];
        let told = "10.0.0.32/27 is not free: subnet-0f, which is not ours, has 10.0.0.0/26.".to_owned();
        assert_eq!(laid_out(&fixed, &stranger("payments/prod")), (vec![], vec![told]));
        assert_eq!(laid_out(&fixed, &stranger("catalog/prod")).0, ["new 10.0.0.32/27"]);
        assert_eq!(laid_out(&[("new", prefix(27))], &stranger("payments/prod")).0, ["new 10.0.0.64/27"]);
        // Nor are ours of another account in the way, whatever they do there.
        let fields = json!({ "vpc": "vpc/main", "cidr": "10.0.0.0/26", "zone": "a" });
        let elsewhere = live(&with(network(&[]), [("catalog/prod/us-west-2/subnet/x", fields)]));
        assert_eq!(laid_out(&fixed, &elsewhere).0, ["new 10.0.0.32/27"]);
    }

    #[test]
    fn no_range_is_chosen_while_subnets_are_unseen() {
        let mut lives = live(&network(&[]));
        let kind = at("payments/prod/us-west-2/subnet/x").kind;
        lives.unreadable = [("payments/prod".parse().unwrap(), [(kind, "denied".to_owned())].into())].into();
        let (made, notes) = laid_out(&[("new", prefix(26))], &lives);
        let told = "The subnets of the account are not all known, and a new range could be one of theirs. Left out: new.";
        assert!(made.is_empty() && notes.iter().any(|note| note == told), "{notes:?}");
    }
}
