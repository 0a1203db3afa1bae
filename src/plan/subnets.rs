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
            Some(range) => lay_out(out, &vpc(ground, at, *range), ground, subnets, &unseen),
            // Its VPC is without a range, for a reason that a note gives already.
            None => out.blocked.extend(subnets.iter().map(|(at, _)| (*at).clone())),
        }
    }
}

fn lay_out(out: &mut Allocation, vpc: &Vpc, ground: &Ground, subnets: &[(&Address, &Subnet)], unseen: &BTreeSet<Account>) {
    let mut wishes = Vec::new();
    let mut fixed = Vec::new();
    for (at, subnet) in subnets {
        let lives = living(ground, at).filter(|range| vpc.living.iter().any(|(taken, by, _)| taken == range && *by == Some(*at)));
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
    let ours = ground.live.found.iter().filter(|(other, _)| other.account == at.account && other.kind == SUBNET);
    let ours = ours.filter_map(|(other, found)| Some((range_of(&found.spec)?, Some(other), other.to_string())));
    let strangers = ground.live.strangers.iter().filter(|other| other.account == at.account);
    let strangers = strangers.filter_map(|other| Some((range_of(&other.spec)?, None, format!("{}, which is not ours,", other.id))));
    let living = ours.chain(strangers).filter(|(taken, ..)| lives && overlap(*taken, range)).collect();
    Vpc { at, range, living }
}

fn living(ground: &Ground, at: &Address) -> Option<Ipv4Net> {
    range_of(&ground.found(at)?.spec)
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
