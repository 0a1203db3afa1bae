//! The table of named checks: everything that can be wrong in a file, each by its name.
//!
//! Those with a function look at all files at once. The others are found on the way: while reading (`disk`, `yaml`), by the schema
//! (`shape`), or in the resources that modules make (`bind`, `expand`, `resources`). A test holds that each is found in a bad file.

mod access;
mod calendar;
mod coverage;
mod domains;
mod emails;
mod modules;
mod names;
mod networks;
mod people;
mod ranges;
mod regions;
mod settings;
mod specs;

pub use calendar::date;
pub use domains::repositories;
pub use networks::check as networks;
pub use specs::{cycles, field, spec};

use super::files::Files;
use super::problem::Problem;

/// A named check.
pub struct Check {
    pub name: &'static str,
    /// What it holds, in a sentence.
    pub about: &'static str,
    pub(super) run: Option<fn(&Files, &mut Vec<Problem>)>,
}

const fn found(name: &'static str, about: &'static str) -> Check {
    Check { name, about, run: None }
}

const fn run(name: &'static str, about: &'static str, run: fn(&Files, &mut Vec<Problem>)) -> Check {
    Check { name, about, run: Some(run) }
}

/// All checks, in the order in which they are made.
pub static TABLE: &[Check] = &[
    found("unreadable", "every file can be read"),
    found("too-large", "a file is bounded: 1 MiB, 48 levels, 500,000 values with its aliases written out"),
    found("characters", "a file is UTF-8 without control characters and without characters that reorder text"),
    found("syntax", "a file is one YAML document, without tags"),
    found("duplicate-key", "no key is there twice"),
    found("unknown-key", "every key is known"),
    found("missing-key", "every key that is needed is there"),
    found("wrong-type", "every value is of its key's type"),
    found("wrong-value", "every value is one of those allowed, within its bounds and of its form"),
    found("duplicate-item", "no set holds an item twice"),
    run("bad-name", "AWS, GitHub and terminals accept every name", names::check),
    run("unknown-team", "every domain's team is declared", domains::teams),
    run("unused", "every team owns a domain, and every person is named somewhere (warning)", people::unused),
    run("unknown-person", "everybody on call is declared", people::on_call),
    run("contact-without-phone", "whoever AWS is to call has a phone", people::contacts),
    run("handover", "a handover is a weekday, a time and a time zone", people::handover),
    run("escalation", "the secondary is called before the escalation", people::escalation),
    run("channel-without-phone", "who is reached by SMS or voice has a phone", people::channels),
    run("away", "who is away is so between two dates, the first before the last", people::away),
    run("on-call-gap", "two people can be called for every prod at every minute of the next 8 weeks (warning)", coverage::check),
    run("prod-missing", "every domain has a prod environment", domains::prod),
    run("unknown-region", "every Region is one that this version knows (warning: AWS adds some)", regions::check),
    run(
        "ci-without-repository",
        "a domain with CI users has repositories that take roles on, and that get keys where GitHub is looked after",
        domains::ci_users,
    ),
    found("shared-repository", "no environment of a repository is that of two accounts"),
    run("repository-id", "a repository has a number only where its organization has one", domains::repository_ids),
    run("zones", "no network has more zones than there are letters for them", regions::zones),
    run("adopted-nowhere", "a network is adopted in an environment that its domain has", domains::adopted),
    run("bad-email", "every email is one, and the pattern tells accounts apart", emails::form),
    run("email-too-long", "no account's email is over 64 characters", emails::length),
    run("email-duplicate", "no two accounts have one email", emails::unique),
    run("bad-range", "every range is an IPv4 network of private size", ranges::form),
    run("ranges-overlap", "pools do not overlap, nor do reserved ranges", ranges::overlap),
    found("pool-too-small", "the pool holds the networks of all accounts"),
    run("waves", "every account is in a wave, and every wave has a name, accounts that exist, and rules that can be kept", calendar::waves),
    run("retire", "what is retired is an account or a resource, and is declared no more", domains::retire),
    run("block-days", "block days are dates of a time zone, the first before the last", calendar::block_days),
    run("contractor", "a contractor has an email, a last day, and domains and environments that exist", access::contractors),
    run("contractor-ended", "no contractor's last day has passed (warning)", access::ended),
    run("group-name", "a team's groups have names that addresses can hold", access::groups),
    run("unknown-module", "every module that has settings exists", settings::modules),
    run("unknown-need", "every module that another one builds on exists", settings::needs),
    run("bad-parameter", "a module's parameters exist, are set, and are of their type and within their bounds", settings::parameters),
    run("shadowed", "no parameter is set twice at one level, in `network` and in `modules` (warning)", settings::shadowed),
    run("unknown-kind", "every resource's kind exists", modules::kinds),
    run("unknown-list", "every `for_each` names a list", modules::lists),
    run("unknown-binding", "every `${…}` stands for something", modules::bindings),
    run("wrong-condition", "every `when` names a parameter of its module and values that it can have", modules::conditions),
    run("wrong-field", "every resource's fields are those of its kind, and of their types", modules::fields),
    run("unused-parameter", "every parameter is used (warning)", modules::unused),
    found("wrong-binding", "what a binding stands for fits where it is"),
    found("wrong-spec", "a resource's fields fit each other"),
    found("reserved-name", "a resource has a name by which Landfall knows its kind again"),
    found("reserved-tag", "no module sets a tag that Landfall or AWS sets"),
    found("parameter-path", "every SSM parameter is under landfall/"),
    found("duplicate-address", "no two modules mean different things by one address"),
    found("wrong-reference", "a resource refers only to the kinds that its kind may refer to"),
    found("dangling-reference", "every reference leads to a resource that is declared for the same account"),
    found("reference-cycle", "no resource needs itself, by however many others"),
    found("subnets-too-large", "the subnets of a network fit into its range"),
    found("held-twice", "no subnet is in two route tables, and no elastic IP in two NAT gateways"),
];
