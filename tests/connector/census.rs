//! Counts what the simulated AWS holds, whatever it is: the entries of every list of every service of every account, and all that bears a
//! mark of ours, by its mark. Knows no service.

use landfall::simulated::World;
use serde_json::Value;
use std::collections::BTreeMap;

/// What every resource of ours bears.
const MARK: &str = "landfall:address";
/// What depends on the order of runs: `apply` notes down for canaries which step came last.
const NOTED: &str = "/landfall-apply/";

/// What was asked for, and is over: whoever asks again asks twice.
const REQUESTS: &str = "requests";

type Counts = BTreeMap<String, usize>;

/// How many there are of each, and what of that is there twice.
pub fn of(world: &World) -> (Counts, Vec<String>) {
    let (mut counts, mut twice) = (Counts::new(), Vec::new());
    let mut world = serde_json::to_value(world).unwrap();
    let mut accounts = world["accounts"].take();
    // Who came and went is no part of what there is.
    world["sessions"].take();
    count_services("the organization", &world, &mut counts, &mut twice);
    for (number, account) in accounts.as_object_mut().unwrap() {
        let regions = account["regions"].take();
        count_services(number, account, &mut counts, &mut twice);
        for (region, local) in entries(&regions) {
            count_services(&format!("{number} {region}"), local, &mut counts, &mut twice);
        }
    }
    (counts, twice)
}

fn count_services(place: &str, services: &Value, counts: &mut Counts, twice: &mut Vec<String>) {
    for (service, holds) in entries(services) {
        let is_list = |(what, list): &(String, &Value)| (list.is_object() || list.is_array()) && what != REQUESTS;
        for (what, list) in entries(holds).into_iter().filter(is_list) {
            let path = format!("{place} {service} {what}");
            let all: Vec<&Value> = entries(list).into_iter().filter(|(name, _)| !name.starts_with(NOTED)).map(|(_, one)| one).collect();
            if !all.is_empty() {
                counts.insert(path.clone(), all.len());
            }
            for mark in all.into_iter().filter_map(mark) {
                let mark = format!("{path} {mark}");
                if counts.contains_key(&mark) {
                    twice.push(mark.clone());
                }
                *counts.entry(mark).or_default() += 1;
            }
        }
    }
}

fn entries(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Array(all) => all.iter().enumerate().map(|(at, one)| (at.to_string(), one)).collect(),
        Value::Object(all) => all.iter().map(|(name, one)| (name.clone(), one)).collect(),
        _ => Vec::new(),
    }
}

fn mark(one: &Value) -> Option<&str> {
    let tags = one.get("tags")?;
    let of_list = || tags.as_array()?.iter().find(|tag| tag["Key"] == MARK)?.get("Value");
    tags.get(MARK).or_else(of_list)?.as_str()
}
