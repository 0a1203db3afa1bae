//! Address ranges of VPCs: what lives keeps its range, what is new gets one out of the pools. Never changes the range of anything that lives.
//!
//! How a new range is chosen. Each address has a sequence of preferred blocks, derived from its own text; it takes the first that is
//! free, and when none of them is, the lowest free block. Packing from the bottom in sorted order would look tidier, but then a domain that
//! is planned in one pull request shifts the ranges of all new domains after it in every other pull request, whose approvals, which
//! are of exact steps, would lapse on each merge. With preferred blocks two new domains meet only when their hashes do: rarely, in a pool
//! with room. What it costs: in a pool that fills up over years, free space is scattered, so a larger block may find no place where
//! packing would have left one. Within one plan larger blocks go first, so that whatever fits by size does fit.

use super::ground::{Ground, VPC};
use super::ranges::{Taken, nth, overlap, size};
use super::{Live, blind, subnets};
use crate::kinds::{Cidr, Spec};
use crate::model::{Account, Address, Note, Severity, Subject, show};
use ipnet::Ipv4Net;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// How many preferred blocks an address has. In a pool that is half full, one address in 65,536 finds all of them taken.
const PREFERENCES: u8 = 16;

/// The longest prefix that AWS allows for a VPC or a subnet (VPC user guide, "CIDR blocks").
pub(super) const LONGEST_PREFIX: u8 = 28;

/// What was chosen, and where nothing could be.
#[derive(Default)]
pub(super) struct Allocation {
    /// The range of every declared VPC and subnet that has one.
    pub ranges: BTreeMap<Address, Ipv4Net>,
    /// The VPCs and subnets without a range, which get no step.
    pub blocked: BTreeSet<Address>,
    pub notes: Vec<Note>,
}

/// A range somewhere, and whose it is.
struct Claim<'a> {
    range: Ipv4Net,
    by: Option<&'a Address>,
    who: String,
}

/// A new VPC that takes whatever the planner chooses.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Wish<'a> {
    /// First, so that larger blocks sort before smaller ones.
    prefix: u8,
    at: &'a Address,
}

/// Chooses the ranges of all declared VPCs and their subnets.
pub(super) fn allocate(ground: &Ground) -> Allocation {
    let mut out = Allocation::default();
    let claims = claims(ground.live);
    let mut wishes = Vec::new();
    let mut fixed = Vec::new();
    for (at, declared) in &ground.desired.resources {
        let Spec::Vpc(vpc) = &declared.spec else { continue };
        match (vpc.cidr, living(ground, at)) {
            (Cidr::Fixed(range), Some(live)) if live != range && ground.adopted.contains_key(at) => out.block(at, unlike(at, range, live)),
            // Nothing to adopt was found, as a note says: a range of its own is not what was asked for.
            (_, None) if vpc.adopts.is_some() => drop(out.blocked.insert(at.clone())),
            (Cidr::Fixed(range), live) if live == Some(range) => out.settle(at, range),
            (Cidr::Fixed(range), _) => fixed.push((at, range)),
            (Cidr::Prefix(prefix), Some(range)) => out.keep(at, range, prefix),
            (Cidr::Newbits(_), Some(range)) => out.settle(at, range),
            (Cidr::Prefix(prefix), None) if prefix <= LONGEST_PREFIX => wishes.push(Wish { prefix, at }),
            (Cidr::Prefix(_) | Cidr::Newbits(_), None) => out.block(at, impossible(at, &vpc.cidr)),
        }
    }
    let unseen = blind::accounts(ground.live, &VPC);
    if unseen.is_empty() {
        fixed.iter().for_each(|(at, range)| settle_fixed(&mut out, &claims, at, *range));
        choose(ground, &mut out, &claims, &fixed, wishes);
    } else {
        let new = fixed.into_iter().map(|(at, _)| at).chain(wishes.into_iter().map(|wish| wish.at));
        unchosen(ground.live, &mut out, &unseen, new.collect());
    }
    subnets::allocate(ground, &mut out);
    out
}

impl Allocation {
    pub(super) fn settle(&mut self, at: &Address, range: Ipv4Net) {
        self.ranges.insert(at.clone(), range);
    }

    pub(super) fn block(&mut self, at: &Address, note: Note) {
        self.blocked.insert(at.clone());
        self.notes.push(note);
    }

    /// Keeps a living range, and says so where the files ask for another size.
    pub(super) fn keep(&mut self, at: &Address, range: Ipv4Net, asked: u8) {
        self.settle(at, range);
        if range.prefix_len() != asked {
            self.notes.push(kept(at, range, asked));
        }
    }
}

/// The range of a VPC that lives: as ours, or as the stranger that is to become ours.
fn living(ground: &Ground, at: &Address) -> Option<Ipv4Net> {
    let stranger = || ground.adopted.get(at).map(|stranger| &stranger.spec);
    range_of(ground.found(at).map(|found| &found.spec).or_else(stranger)?)
}

fn range_of(spec: &Spec) -> Option<Ipv4Net> {
    if let Spec::Vpc(vpc) = spec { vpc.cidr.fixed() } else { None }
}

/// The ranges of everything that lives, in whatever account and by whomever made.
fn claims(live: &Live) -> Vec<Claim<'_>> {
    let ours = live.found.iter().filter_map(|(at, found)| Some(Claim { range: range_of(&found.spec)?, by: Some(at), who: at.to_string() }));
    let strangers = live.strangers.iter().filter_map(|other| {
        Some(Claim { range: range_of(&other.spec)?, by: None, who: format!("{} in {}, which is not ours", other.id, other.account) })
    });
    ours.chain(strangers).collect()
}

/// Gives a VPC the range that the files fix, unless somebody else has it.
fn settle_fixed(out: &mut Allocation, claims: &[Claim], at: &Address, range: Ipv4Net) {
    let living = claims.iter().filter(|claim| claim.by != Some(at)).find(|claim| overlap(claim.range, range));
    let settled = out.ranges.iter().find(|(_, taken)| overlap(**taken, range));
    match (living, settled) {
        (Some(claim), _) => out.block(at, occupied(at, range, &format!("{} has {}", claim.who, claim.range))),
        (None, Some((other, taken))) => {
            let who = format!("{other} has {taken}");
            out.block(at, occupied(at, range, &who));
        }
        (None, None) => out.settle(at, range),
    }
}

/// Finds a block for each wish, larger ones first.
fn choose(ground: &Ground, out: &mut Allocation, claims: &[Claim], fixed: &[(&Address, Ipv4Net)], mut wishes: Vec<Wish>) {
    let estate = &ground.desired.estate;
    let mut taken = Taken::default();
    let ranges = estate.reserved.values().copied().chain(claims.iter().map(|claim| claim.range));
    ranges.chain(fixed.iter().map(|(_, range)| *range)).for_each(|range| taken.take(range));
    wishes.sort();
    for Wish { prefix, at } in wishes {
        match estate.pools.iter().find_map(|pool| find(&taken, *pool, prefix, at)) {
            Some(range) => {
                taken.take(range);
                out.settle(at, range);
            }
            None => out.block(at, exhausted(at, prefix, &estate.pools, &taken)),
        }
    }
}

/// The first preferred block that is free, or else the lowest one.
fn find(taken: &Taken, pool: Ipv4Net, prefix: u8, at: &Address) -> Option<Ipv4Net> {
    let preferred = (0..PREFERENCES).find_map(|attempt| nth(pool, prefix, hash(at, attempt)).filter(|range| taken.is_free(*range)));
    preferred.or_else(|| taken.lowest(pool, prefix))
}

/// A number that depends on nothing but the address and the attempt, on any machine and in any version.
fn hash(at: &Address, attempt: u8) -> u64 {
    let digest = Sha256::digest(format!("{at}#{attempt}"));
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Blocks the new VPCs of all accounts. Where VPCs could not be read, whether one is new is not known, and another note says so.
fn unchosen(live: &Live, out: &mut Allocation, unseen: &BTreeSet<Account>, mut new: Vec<&Address>) {
    out.blocked.extend(new.iter().map(|at| (*at).clone()));
    new.retain(|at| live.is_readable(&at.account, &at.kind));
    if new.is_empty() {
        return;
    }
    let detail = format!("The VPCs of {} are not all known, and a new range could be theirs. Left out: {}.", show(unseen), show(&new));
    let note = Note::new(Severity::Blocking, Subject::Estate, "No range can be chosen for new VPCs", detail);
    out.notes.push(note.hint("remove the cause that the other notes name, then plan again; VPCs that live go on as they are"));
}

fn kept(at: &Address, range: Ipv4Net, asked: u8) -> Note {
    let detail = format!("It lives in {range}; the files now ask for a /{asked}, which holds for new ones only.");
    let note = Note::new(Severity::Information, Subject::Resource(at.clone()), "The living range is kept", detail);
    note.hint("to move it, write the new range itself as its `cidr`: that replaces it and everything in it")
}

fn unlike(at: &Address, asked: Ipv4Net, live: Ipv4Net) -> Note {
    let detail = format!("The files fix {asked}, and the VPC to adopt has {live}.");
    let note = Note::new(Severity::Blocking, Subject::Resource(at.clone()), "The VPC to adopt has another range", detail);
    note.hint("fix its own range, or leave the range to the planner: an adopted VPC keeps the one that it has")
}

fn impossible(at: &Address, asked: &Cidr) -> Note {
    let detail = format!("{asked} can't be chosen: a VPC takes a prefix length from 16 to {LONGEST_PREFIX}, out of the pool.");
    Note::new(Severity::Blocking, Subject::Resource(at.clone()), "No range can be chosen", detail)
}

fn occupied(at: &Address, range: Ipv4Net, who: &str) -> Note {
    let detail = format!("{range} is not free: {who}.");
    let note = Note::new(Severity::Blocking, Subject::Resource(at.clone()), "The fixed range is taken", detail);
    note.hint("fix another range, or free this one first and plan again")
}

fn exhausted(at: &Address, prefix: u8, pools: &[Ipv4Net], taken: &Taken) -> Note {
    let left: Vec<_> = pools.iter().map(|pool| (pool, taken.left(*pool))).collect();
    let lines = left.iter().map(|(pool, left)| match left.largest {
        Some(largest) => format!("{pool} has {} free addresses, the largest free block is a /{largest}.", left.free),
        None => format!("{pool} is full."),
    });
    let asked = format!("It asks for a /{prefix} ({} addresses).", size(prefix));
    let fits = left.iter().filter_map(|(_, left)| left.largest).min().filter(|largest| *largest <= LONGEST_PREFIX);
    let smaller = fits.map(|largest| format!(", or ask for less: `network: {{ vpc_prefix: {largest} }}` of the domain would fit"));
    let detail = [asked].into_iter().chain(lines).collect::<Vec<_>>().join("\n");
    let note = Note::new(Severity::Blocking, Subject::Resource(at.clone()), "The pool has no room", detail);
    note.hint(format!("widen `network.pool` in domains.yaml{}", smaller.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use crate::plan::made::{self, desired, live, stranger, unread, words};
    use crate::plan::{Live, Stranger};
    use serde_json::{Value, json};

    fn vpc(cidr: impl Into<Value>) -> Value {
        json!({ "cidr": cidr.into() })
    }

    fn foreign(id: &str, range: &str) -> Stranger {
        stranger("payments/prod", id, "vpc", vpc(range))
    }

    fn planned(declared: &[(&str, Value)], live: &Live) -> (Vec<String>, Vec<String>) {
        made::planned(&desired(declared), live)
    }

    /// An account in which nothing lives.
    fn bare() -> Live {
        live::<&str>(&[])
    }

    #[test]
    fn a_fixed_range_is_given_to_the_first_who_asks_and_to_nobody_while_somebody_has_it() {
        let fixed = |ranges: [&str; 2], strangers: Vec<Stranger>| {
            let [one, two] = ranges.map(vpc);
            planned(&[("vpc/a", one), ("vpc/b", two)], &Live { strangers, ..bare() })
        };
        let both = words(&["+ vpc/a 10.1.0.0/20", "+ vpc/b 10.1.16.0/20"]);
        assert_eq!(fixed(["10.1.0.0/20", "10.1.16.0/20"], vec![]), (both.clone(), vec![]));
        assert_eq!(fixed(["10.1.0.0/20", "10.1.16.0/20"], vec![foreign("vpc-1", "10.1.32.0/20")]), (both, vec![]));
        let first = (words(&["+ vpc/a 10.1.0.0/20"]), words(&["vpc/b: The fixed range is taken"]));
        assert_eq!(fixed(["10.1.0.0/20", "10.1.8.0/21"], vec![]), first);
        assert_eq!(fixed(["10.1.0.0/20", "10.1.16.0/20"], vec![foreign("vpc-1", "10.1.24.0/24")]), first);
    }

    #[test]
    fn a_vpc_may_move_into_a_range_that_overlaps_its_own() {
        let moved = planned(&[("vpc/main", vpc("10.1.0.0/19"))], &live(&[("vpc/main", vpc("10.1.0.0/20"))]));
        assert_eq!(moved, (words(&["- vpc/main", "+ vpc/main 10.1.0.0/19"]), vec![]));
    }

    #[test]
    fn while_some_vpcs_are_unknown_those_that_live_go_on_and_new_ones_wait() {
        let tagged = json!({ "cidr": "10.1.0.0/20", "tags": { "team": "core" } });
        let mut live = live(&[("vpc/main", vpc("10.1.0.0/20")), ("vpc/chosen", vpc("10.2.0.0/20"))]);
        unread(&mut live, "payments/dev", "vpc");
        let chosen = json!({ "cidr": { "prefix": 20 }, "tags": { "team": "core" } });
        let declared =
            [("vpc/main", tagged), ("vpc/chosen", chosen), ("vpc/new", vpc("10.3.0.0/20")), ("vpc/any", vpc(json!({ "prefix": 20 })))];
        let (steps, notes) = planned(&declared, &live);
        assert_eq!(steps, ["~ vpc/chosen 10.2.0.0/20", "~ vpc/main 10.1.0.0/20"]);
        assert!(notes.contains(&"the estate: No range can be chosen for new VPCs".to_owned()), "{notes:?}");
    }

    #[test]
    fn a_vpc_is_as_small_as_aws_allows_and_comes_out_of_the_pool() {
        let new = |cidr: Value| planned(&[("vpc/main", vpc(cidr))], &bare());
        let (steps, notes) = new(json!({ "prefix": 28 }));
        assert!(steps[0].starts_with("+ vpc/main 10.") && steps[0].ends_with("/28"), "{steps:?}");
        assert_eq!((steps.len(), notes), (1, vec![]));
        for cidr in [json!({ "prefix": 29 }), json!({ "newbits": 4 })] {
            assert_eq!(new(cidr), (vec![], words(&["vpc/main: No range can be chosen"])));
        }
    }

    #[test]
    fn an_adopted_vpc_keeps_the_range_that_it_has_whatever_the_files_fix() {
        let adopting = |cidr: Value, strangers: Vec<Stranger>| {
            let declared = json!({ "cidr": cidr, "adopts": "vpc-1" });
            planned(&[("vpc/main", declared)], &Live { strangers, ..bare() })
        };
        let there = || vec![foreign("vpc-1", "172.30.0.0/20")];
        for cidr in [json!("172.30.0.0/20"), json!({ "prefix": 20 }), json!({ "newbits": 2 })] {
            assert_eq!(adopting(cidr, there()), (words(&["+ vpc/main 172.30.0.0/20"]), vec![]));
        }
        let unlike = adopting(json!("172.31.0.0/20"), there());
        assert_eq!(unlike, (vec![], words(&["vpc/main: The VPC to adopt has another range"])));
        // With a wrong id, that its range is another one's is no news.
        let mistyped = adopting(json!("172.30.0.0/20"), vec![foreign("vpc-2", "172.30.0.0/20")]);
        assert_eq!(mistyped, (vec![], words(&["vpc/main: There is nothing to adopt"])));
    }
}
