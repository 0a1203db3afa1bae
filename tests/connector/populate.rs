//! Makes many accounts of a few, so that a large estate need not be applied before something can be asked of it.

use super::aws::Aws;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::net::Ipv4Addr;

/// Domains have three accounts each.
const ACCOUNTS: u64 = 3;
/// The addresses that one domain's networks take: three of 1,024.
const ADDRESSES: u32 = 3072;

/// Copies domain 0, with all that its accounts hold, to as many domains as there are to be.
pub fn populate(aws: &Aws, domains: usize) {
    let mut world = aws.world();
    let first: Vec<_> = world.organization.accounts.clone().into_iter().collect();
    assert_eq!(first.len() as u64, ACCOUNTS, "one domain is there");
    for domain in 1..domains {
        for (id, member) in &first {
            let other = (id.parse::<u64>().unwrap() + ACCOUNTS * domain as u64).to_string();
            let text = |text: &str| renamed(text, domain, id, &other);
            let member = copied(member, &text);
            world.organization.accounts.insert(other.clone(), member);
            let held = copied(&world.accounts[id], &text);
            world.accounts.insert(other, held);
        }
    }
}

/// The same, with other texts in it, wherever they are.
fn copied<T: Serialize + DeserializeOwned>(one: &T, text: &impl Fn(&str) -> String) -> T {
    serde_json::from_value(reworded(serde_json::to_value(one).unwrap(), text)).unwrap()
}

fn reworded(value: Value, text: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(old) => Value::String(text(&old)),
        Value::Array(all) => all.into_iter().map(|one| reworded(one, text)).collect(),
        Value::Object(all) => all.into_iter().map(|(name, one)| (text(&name), reworded(one, text))).collect(),
        other => other,
    }
}

/// A text of domain 0 as it is in another: with the other's name, account and addresses.
fn renamed(text: &str, domain: usize, id: &str, other: &str) -> String {
    if let Some((address, length)) = text.split_once('/')
        && let Ok(address) = address.parse::<Ipv4Addr>()
        && address != Ipv4Addr::UNSPECIFIED
    {
        return format!("{}/{length}", Ipv4Addr::from(u32::from(address) + ADDRESSES * domain as u32));
    }
    text.replace("domain-0", &format!("domain-{domain}")).replace(id, other)
}
