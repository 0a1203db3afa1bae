//! Checks of networks: whether the planner can find a range for each. It chooses; here only sizes are compared.

use crate::config::files::Files;
use crate::config::problem::Problem;
use crate::config::resources::Made;
use crate::kinds::{Cidr, Spec};
use crate::model::Address;
use crate::plan::Estate;
use ipnet::Ipv4Net;
use std::collections::BTreeMap;

/// The smallest subnet that AWS makes: a /28, of 16 addresses.
const SMALLEST: u8 = 28;

/// The bits of an IPv4 address.
const BITS: u8 = 32;

type Networks<'a> = BTreeMap<&'a Address, (Cidr, &'a Made)>;

pub fn check(files: &Files, estate: &Estate, resources: &BTreeMap<Address, Made>, found: &mut Vec<Problem>) {
    let networks = resources.iter().filter_map(|(address, made)| match &made.declared.spec {
        // An adopted one brings its own range, and takes none of the pool.
        Spec::Vpc(vpc) if vpc.adopts.is_none() => Some((address, (vpc.cidr, made))),
        _ => None,
    });
    let networks: Networks<'_> = networks.collect();
    fixed(estate, &networks, found);
    pool(files, estate, &networks, found);
    subnets(estate, resources, &networks, found);
    held(estate, resources, found);
}

/// What only one resource can have at a time: each plan would take it from the one to give it to the other. One problem a declaration.
fn held(estate: &Estate, resources: &BTreeMap<Address, Made>, found: &mut Vec<Problem>) {
    let mut holders: BTreeMap<Address, &Address> = BTreeMap::new();
    let mut new: BTreeMap<(&str, u32), Problem> = BTreeMap::new();
    for (address, made) in resources {
        let holds: Vec<_> = match &made.declared.spec {
            Spec::RouteTable(table) => table.subnets.iter().collect(),
            Spec::NatGateway(gateway) => vec![&gateway.elastic_ip],
            _ => continue,
        };
        for reference in holds {
            let what = reference.resolve(address, &estate.home_region);
            let Some(first) = holders.get(&what) else {
                holders.insert(what, address);
                continue;
            };
            let message = format!("{}/{} and {}/{} both have {reference}", first.kind, first.name, address.kind, address.name);
            let hint = "a subnet is in one route table, and an elastic IP in one NAT gateway: take it out of one of the two";
            let place = (made.declared.place.file.as_str(), made.at.start);
            new.entry(place).or_insert_with(|| problem("held-twice", made, message).hint(hint));
        }
    }
    found.extend(new.into_values());
}

fn size(prefix: u8) -> u64 {
    1 << (BITS - prefix.min(BITS))
}

/// Whether the pool holds what the networks want from it. Whether it also can be divided so, the planner sees.
fn pool(files: &Files, estate: &Estate, networks: &Networks<'_>, found: &mut Vec<Problem>) {
    let wanted = |(cidr, _): &(Cidr, &Made)| if let Cidr::Prefix(prefix) = cidr { size(*prefix) } else { 0 };
    let wanted: u64 = networks.values().map(wanted).sum();
    let taken = |pool: &Ipv4Net| {
        let inside = estate.reserved.values().filter(|range| meet(pool, range));
        inside.map(|range| size(range.prefix_len().max(pool.prefix_len()))).sum::<u64>()
    };
    let pools = &estate.pools;
    let there: u64 = pools.iter().map(|pool| size(pool.prefix_len()).saturating_sub(taken(pool))).sum();
    // A pool that could not be read is another problem.
    if wanted > there && pools.len() == files.domains.value.network.pool.ranges().len() {
        let message = format!("{} networks want {wanted} addresses, and the pool has {there} that are not reserved", networks.len());
        let problem = files.domains.at("pool-too-small", &["network", "pool"], message);
        found.push(problem.hint("widen the pool, add a second one (`pool: [10.0.0.0/8, 172.16.0.0/12]`), or raise `vpc_prefix`"));
    }
}

fn meet(one: &Ipv4Net, other: &Ipv4Net) -> bool {
    one.contains(other) || other.contains(one)
}

/// Networks whose range a module fixes: they overlap neither each other nor what is reserved.
fn fixed(estate: &Estate, networks: &Networks<'_>, found: &mut Vec<Problem>) {
    let fixed: Vec<_> = networks.iter().filter_map(|(address, (cidr, made))| Some((*address, cidr.fixed()?, *made))).collect();
    for (at, (address, range, made)) in fixed.iter().enumerate() {
        let network = fixed[..at].iter().find(|(_, other, _)| meet(range, other)).map(|(other, ..)| other.to_string());
        let reserved = || estate.reserved.iter().find(|(_, other)| meet(range, other)).map(|(name, _)| format!("what `{name}` reserves"));
        if let Some(other) = network.or_else(reserved) {
            found.push(problem("ranges-overlap", made, format!("the range of {address}, {range}, overlaps {other}")));
            // One module fixes one range for all accounts: the first clash says it.
            return;
        }
    }
}

/// Whether the subnets of each network can be cut from it. One problem a network's declaration: others are its copies.
fn subnets(estate: &Estate, resources: &BTreeMap<Address, Made>, networks: &Networks<'_>, found: &mut Vec<Problem>) {
    let mut taken: BTreeMap<Address, u64> = BTreeMap::new();
    let mut new: BTreeMap<(&str, u32), Problem> = BTreeMap::new();
    for (address, made) in resources {
        let Spec::Subnet(subnet) = &made.declared.spec else { continue };
        let Cidr::Newbits(bits) = subnet.cidr else { continue };
        let network = subnet.vpc.resolve(address, &estate.home_region);
        let Some((cidr, _)) = networks.get(&network) else { continue };
        let Some(prefix) = prefix(*cidr) else { continue };
        let place = (made.declared.place.file.as_str(), made.at.start);
        if prefix.saturating_add(bits) > SMALLEST {
            let message = format!("{address} would be a /{}, and AWS makes none smaller than /{SMALLEST}", prefix.saturating_add(bits));
            new.entry(place).or_insert_with(|| problem("subnets-too-large", made, message).hint("lower `newbits`, or lower `vpc_prefix`"));
        }
        let sum = taken.entry(network).or_default();
        *sum += size(prefix.saturating_add(bits));
        if *sum > size(prefix) {
            let message = format!("the subnets of {address}'s network want more than its {} addresses", size(prefix));
            new.entry(place).or_insert_with(|| problem("subnets-too-large", made, message).hint("raise `newbits`, or lower `vpc_prefix`"));
        }
    }
    found.extend(new.into_values());
}

fn prefix(cidr: Cidr) -> Option<u8> {
    match cidr {
        Cidr::Fixed(range) => Some(range.prefix_len()),
        Cidr::Prefix(prefix) => Some(prefix),
        Cidr::Newbits(_) => None,
    }
}

/// At the resource that is declared.
fn problem(check: &'static str, made: &Made, message: String) -> Problem {
    Problem::error(check, &made.declared.place.file, made.at, message)
}
