//! Checks of address ranges. The planner chooses them; here is seen whether it can.

use crate::config::domains::Network;
use crate::config::files::Files;
use crate::config::problem::{Level, Problem};
use crate::kinds::{Cidr, Spec};
use crate::model::Address;
use crate::plan::Desired;
use ipnet::Ipv4Net;

/// A range with its path in the file, its name, and whether it is reserved.
struct Range {
    path: Vec<String>,
    name: String,
    text: String,
    range: Option<Ipv4Net>,
}

pub fn form(files: &Files, found: &mut Vec<Problem>) {
    let network = &files.domains.value.network;
    for range in pools(network).into_iter().chain(reserved(network)) {
        let wrong = match range.range {
            None => Some((format!("\"{}\" is no IPv4 range", range.text), "write it as 10.0.0.0/16".to_owned())),
            Some(net) if net.trunc() != net => {
                Some((format!("{net} does not begin at a multiple of its size"), format!("write {}", net.trunc())))
            }
            Some(_) => None,
        };
        found.extend(wrong.map(|(message, hint)| at(files, "bad-range", &range, message).hint(hint)));
    }
}

pub fn overlap(files: &Files, found: &mut Vec<Problem>) {
    let network = &files.domains.value.network;
    for ranges in [pools(network), reserved(network)] {
        for (at_range, range) in ranges.iter().enumerate() {
            let clash = ranges[..at_range].iter().find(|other| overlapping(range, other));
            if let Some(other) = clash {
                let message = format!("{} and {} overlap: {} and {}", other.name, range.name, other.text, range.text);
                let path: Vec<&str> = other.path.iter().map(String::as_str).collect();
                let first = files.domains.root.find(&path);
                found.push(at(files, "ranges-overlap", range, message).also(first, "the other"));
            }
        }
    }
}

fn overlapping(one: &Range, other: &Range) -> bool {
    one.range.zip(other.range).is_some_and(|(one, other)| one.contains(&other) || other.contains(&one))
}

fn at(files: &Files, check: &'static str, range: &Range, message: String) -> Problem {
    files.domains.at(check, &range.path.iter().map(String::as_str).collect::<Vec<_>>(), message)
}

fn pools(network: &Network) -> Vec<Range> {
    let ranges = network.pool.ranges().into_iter();
    ranges
        .map(|(path, text)| Range {
            path: [vec!["network".to_owned()], path].concat(),
            name: "a pool".to_owned(),
            text: text.to_owned(),
            range: text.parse().ok(),
        })
        .collect()
}

fn reserved(network: &Network) -> Vec<Range> {
    let path = |name: &String| vec!["network".to_owned(), "reserved".to_owned(), name.clone()];
    let range = |(name, range): (&String, &crate::config::domains::RangeText)| Range {
        path: path(name),
        name: format!("`{name}`"),
        text: range.0.clone(),
        range: range.0.parse().ok(),
    };
    network.reserved.iter().map(range).collect()
}

/// Whether all networks fit, and those of fixed range are where they may be.
pub fn against_pool(files: &Files, desired: &Desired, found: &mut Vec<Problem>) {
    let estate = &desired.estate;
    let networks: Vec<(&Address, Cidr)> = desired
        .resources
        .iter()
        .filter_map(|(address, declared)| match &declared.spec {
            Spec::Vpc(vpc) => Some((address, vpc.cidr)),
            _ => None,
        })
        .collect();
    fixed(desired, &networks, found);
    let size = |prefix: u8| 1_u64 << (32 - u32::from(prefix.min(32)));
    let wanted: u64 = networks
        .iter()
        .map(|(_, cidr)| match cidr {
            Cidr::Prefix(prefix) => size(*prefix),
            Cidr::Fixed(_) | Cidr::Newbits(_) => 0,
        })
        .sum();
    let taken = |pool: &Ipv4Net| {
        let inside = estate.reserved.values().filter(|range| pool.contains(*range) || range.contains(pool));
        inside.map(|range| size(range.prefix_len().max(pool.prefix_len()))).sum::<u64>()
    };
    let there: u64 = estate.pools.iter().map(|pool| size(pool.prefix_len()).saturating_sub(taken(pool))).sum();
    if wanted > there && !found.iter().any(|problem| problem.level == Level::Error && problem.check == "bad-range") {
        let message = format!("{} networks want {wanted} addresses, and the pool has {there} that are not reserved", networks.len());
        let problem = files.domains.at("pool-too-small", &["network", "pool"], message);
        found.push(problem.hint("widen the pool, add a second one (`pool: [10.0.0.0/8, 172.16.0.0/12]`), or raise `vpc_prefix`"));
    }
}

/// Networks whose range a module fixes.
fn fixed(desired: &Desired, networks: &[(&Address, Cidr)], found: &mut Vec<Problem>) {
    let fixed: Vec<(&Address, Ipv4Net)> = networks.iter().filter_map(|(address, cidr)| Some((*address, cidr.fixed()?))).collect();
    for (at, (address, range)) in fixed.iter().enumerate() {
        let meets = |other: &Ipv4Net| range.contains(other) || other.contains(range);
        let network = fixed[..at].iter().find(|(_, other)| meets(other)).map(|(other, _)| other.to_string());
        let reserved =
            desired.estate.reserved.iter().find(|(_, other)| meets(other)).map(|(name, _)| format!("the reserved range `{name}`"));
        let Some(other) = network.or(reserved) else { continue };
        let Some(declared) = desired.resources.get(*address) else { continue };
        let span = crate::config::node::Span { line: declared.place.line, column: 1, ..Default::default() };
        let message = format!("the range of {address}, {range}, overlaps that of {other}");
        found.push(Problem::error("ranges-overlap", &declared.place.file, span, message));
    }
}
