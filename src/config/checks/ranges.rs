//! Checks of the address ranges that a domains file names.

use crate::config::domains::Network;
use crate::config::files::Files;
use crate::config::problem::Problem;
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
                let message = format!("{} ({}) and {} ({}) overlap", other.name, other.text, range.name, range.text);
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
            name: "pool".to_owned(),
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
