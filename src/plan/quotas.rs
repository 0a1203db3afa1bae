//! What AWS would refuse for want of quota, before the merge and not in the middle of it. Counts against the defaults: an account may have
//! been granted more, which is why it warns and does not block.

use super::ground::Ground;
use crate::kinds::Spec;
use crate::model::{Account, Address, KindName, Note, Region, Severity, Subject};
use std::collections::BTreeMap;

/// The summary of its notes, which the comment counts.
pub const SUMMARY: &str = "More than AWS allows by default";

/// How many of a kind an account may have in one Region unless it asked for more, and what AWS calls that quota
/// (VPC user guide, "Amazon VPC quotas"; EC2 user guide, "Elastic IP addresses").
static QUOTAS: [(KindName, usize, &str); 3] = [
    (KindName::new("vpc"), 5, "VPCs per Region (L-F678F1CE)"),
    (KindName::new("elastic-ip"), 5, "EC2-VPC Elastic IPs (L-0263D0A3)"),
    (KindName::new("internet-gateway"), 5, "Internet gateways per Region (L-A4707A72)"),
];

/// NAT gateways that one availability zone takes by default.
const GATEWAYS_PER_ZONE: (usize, &str) = (5, "NAT gateways per Availability Zone (L-FE5A380F)");

/// A note for each account and Region that would hold more than the default, and whose plan adds to it.
pub(super) fn notes(ground: &Ground) -> Vec<Note> {
    let mut held: BTreeMap<(&Account, &Region, &KindName), Vec<&Address>> = BTreeMap::new();
    for at in ground.desired.resources.keys() {
        held.entry((&at.account, &at.region, &at.kind)).or_default().push(at);
    }
    let over = QUOTAS.iter().flat_map(|(kind, most, name)| {
        let here = held.iter().filter(move |((_, _, other), _)| *other == kind);
        here.filter_map(move |((account, _, _), declared)| {
            exceeded(ground, account, declared, strangers(ground, account, kind), (*most, name))
        })
    });
    over.chain(per_zone(ground)).collect()
}

/// Live resources of a kind that are not ours and count all the same.
fn strangers(ground: &Ground, account: &Account, kind: &KindName) -> usize {
    ground.live.strangers.iter().filter(|other| other.account == *account && other.spec.kind() == *kind).count()
}

fn per_zone(ground: &Ground) -> Vec<Note> {
    let zone_of = |at: &Address, spec: &Spec| {
        let Spec::NatGateway(gateway) = spec else { return None };
        match &ground.declared(&gateway.subnet.resolve(at, ground.home()))?.spec {
            Spec::Subnet(subnet) => Some(subnet.zone.clone()),
            _ => None,
        }
    };
    let mut held: BTreeMap<(&Account, String), Vec<&Address>> = BTreeMap::new();
    for (at, declared) in &ground.desired.resources {
        if let Some(zone) = zone_of(at, &declared.spec) {
            held.entry((&at.account, zone)).or_default().push(at);
        }
    }
    held.iter().filter_map(|((account, _), declared)| exceeded(ground, account, declared, 0, GATEWAYS_PER_ZONE)).collect()
}

fn exceeded(ground: &Ground, account: &Account, declared: &[&Address], strangers: usize, (most, name): (usize, &str)) -> Option<Note> {
    let total = declared.len() + strangers;
    let adds = declared.iter().any(|at| ground.found(at).is_none());
    if total <= most || !adds {
        return None;
    }
    let others = if strangers > 0 { format!(", {strangers} of them not ours") } else { String::new() };
    let detail = format!("{name}: {total} after this plan{others}; the default is {most}.");
    let note = Note::new(Severity::Warning, Subject::Account(account.clone()), SUMMARY, detail);
    Some(note.hint("raise the quota in Service Quotas before the merge, or declare fewer"))
}
