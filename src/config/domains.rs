//! The types of `domains.yaml`: who there is and what they own. Their doc comments are what editors show.
//!
//! Fields that later commands read (phone numbers, Slack channels, block days) are accepted and checked from the start, so that a file
//! once written stays right.

use super::access::{Access, Groups};
use super::notices::Notices;
pub use super::people::{Away, ChannelName, Length, OnCall, Person};
use super::rollout::{Calendar, Rollout};
use crate::model::{Approvals, Environment};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Teams, their domains, and the environments of each: everything that an estate is made of.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Domains {
    /// What is true of the AWS organization as a whole.
    pub organization: Organization,
    /// The address ranges that networks are carved from.
    #[serde(default)]
    pub network: Network,
    /// Everybody named elsewhere in the file, by a short name.
    #[serde(default)]
    pub people: BTreeMap<String, Person>,
    /// Who owns domains, and whom to call.
    pub teams: BTreeMap<String, Team>,
    /// What teams own. Each domain has an AWS account for each of its environments.
    pub domains: BTreeMap<String, Domain>,
    /// Who is let in beside the teams.
    #[serde(default)]
    pub access: Access,
    /// How changes reach the accounts.
    #[serde(default)]
    pub rollout: Rollout,
    /// Who hears of an apply: when it starts, is halted, fails, and is done.
    #[serde(default)]
    pub notices: Notices,
    /// How many people, besides the author of the pull request, have to approve a plan, by its worst risk.
    #[serde(default)]
    pub approvals: Approvals,
    /// What may be lost for good: accounts that are declared no more and shall be closed (`payments/dev`), and resources that are kept otherwise
    /// because they hold data or are in use, by their address (`payments/prod/us-west-2/log-group/aws/vpc/landfall`).
    #[serde(default)]
    pub retire: Vec<String>,
    /// The days on which nothing is changed.
    #[serde(default)]
    pub calendar: Calendar,
    /// Settings of modules for all domains; a domain can have its own.
    #[serde(default)]
    pub modules: BTreeMap<String, Setting>,
    /// The same for one environment of all domains: `modules_in: { dev: { network: { nat: shared } } }`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<EnvironmentName, BTreeMap<String, Setting>>")]
    pub modules_in: BTreeMap<Environment, BTreeMap<String, Setting>>,
}

/// What is true of the AWS organization as a whole.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// A short name: lower-case letters, digits and hyphens.
    pub name: String,
    /// The email of each account's root user, with `{domain}` and `{environment}` in it, such as `aws+{domain}-{environment}@acme.example`.
    pub account_email: String,
    /// The AWS Region that networks are in, such as `us-west-2`.
    #[schemars(regex(pattern = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"))]
    pub home_region: String,
    /// The other Regions that accounts use. Those that have to be opted into are.
    #[serde(default)]
    pub regions: Vec<RegionText>,
    /// The GitHub organization or user that the repositories belong to.
    #[schemars(regex(pattern = r"^[A-Za-z0-9]([A-Za-z0-9-]{0,37}[A-Za-z0-9])?$"))]
    pub github: String,
    /// GitHub's number of that organization or user (`gh api orgs/NAME --jq .id`). Needed when a repository has an `id`.
    pub github_id: Option<u64>,
    /// The role that lets us into the accounts. AWS creates it along with each account.
    #[serde(default = "access_role")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9+=,.@_-]{1,64}$"))]
    pub access_role: String,
    /// The role that lets us in to plan, where that is another one. It has to be in every account already, and needs to read only.
    #[schemars(regex(pattern = r"^[A-Za-z0-9+=,.@_-]{1,64}$"))]
    #[schemars(with = "Option<String>")]
    pub plan_role: Option<String>,
}

/// A Region, as written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RegionText(#[schemars(regex(pattern = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"))] pub String);

/// The address ranges that networks are carved from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// One IPv4 range or several, in order of preference. Every VPC gets its range from here.
    pub pool: Pool,
    /// The size of a VPC's range: `20` is 4,096 addresses.
    #[schemars(range(min = 16, max = 28))]
    pub vpc_prefix: u8,
    /// The number of availability zones that a network spans.
    #[schemars(range(min = 1, max = 6))]
    pub zones: u8,
    /// The letters that zones have, such as `[b, c]`. Without them, those that new accounts have in the home Region.
    pub zone_letters: BTreeSet<ZoneLetter>,
    /// Ranges within the pool that belong to somebody else, by name.
    pub reserved: BTreeMap<String, RangeText>,
}

/// The letter of an availability zone, as written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ZoneLetter(#[schemars(regex(pattern = r"^[a-z]$"))] pub String);

/// An IPv4 range, as written.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct RangeText(#[schemars(regex(pattern = r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$"))] pub String);

/// One range, or a list of ranges.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Pool {
    One(RangeText),
    Several(Vec<RangeText>),
}

/// Who owns domains.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// The team's channel, such as `"#team-catalog"`.
    pub slack: Option<String>,
    /// The team's groups in IAM Identity Center, where they are not called `TEAM-developers` and `TEAM-operators`.
    #[serde(default)]
    pub groups: Groups,
    /// Who is called when something breaks.
    pub on_call: Option<OnCall>,
    /// Whom AWS writes to about the accounts of the team's domains, beside their root users.
    #[serde(default)]
    pub contacts: BTreeMap<ContactName, String>,
}

/// What AWS writes to a contact about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContactName {
    Billing,
    Operations,
    Security,
}

impl ContactName {
    pub fn as_str(self) -> &'static str {
        match self {
            ContactName::Billing => "billing",
            ContactName::Operations => "operations",
            ContactName::Security => "security",
        }
    }
}

/// What a team owns.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// The team that owns it.
    pub team: String,
    /// Any of `dev`, `stage` and `prod`, with `prod` among them; all three when absent.
    #[serde(default = "all_environments")]
    #[schemars(with = "BTreeSet<EnvironmentName>")]
    pub environments: BTreeSet<Environment>,
    /// The GitHub repositories that deploy to the domain's accounts.
    #[serde(default)]
    pub repositories: Vec<Repository>,
    /// The identities that workflows take on, by name.
    #[serde(default)]
    pub ci_users: BTreeMap<String, CiUser>,
    /// Where this domain's networks differ.
    #[serde(default)]
    pub network: DomainNetwork,
    /// Who is called for this domain, where it is not who is called for the team's others.
    pub on_call: Option<OnCall>,
    /// Settings of modules for this domain: `false` switches one off, a mapping sets its parameters.
    #[serde(default)]
    pub modules: BTreeMap<String, Setting>,
    /// The same for one environment of this domain.
    #[serde(default)]
    #[schemars(with = "BTreeMap<EnvironmentName, BTreeMap<String, Setting>>")]
    pub modules_in: BTreeMap<Environment, BTreeMap<String, Setting>>,
    /// Emails of accounts that exist already and don't follow the organization's pattern, by environment.
    #[serde(default)]
    #[schemars(with = "BTreeMap<EnvironmentName, String>")]
    pub account_emails: BTreeMap<Environment, String>,
}

/// One of the three environments.
#[derive(JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used; the type of the same values is in `model`")]
pub(super) enum EnvironmentName {
    Dev,
    Stage,
    Prod,
}

/// A GitHub repository, by its name without the organization, or by name and number.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Repository {
    Named(String),
    Numbered(NumberedRepository),
}

/// A repository whose workflows prove their number along with their name, as GitHub lets those created since July 2026 do.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberedRepository {
    /// Without the organization.
    pub name: String,
    /// GitHub's number of the repository: `gh api repos/OWNER/NAME --jq .id`.
    pub id: u64,
    /// Whether its workflows are known to prove the number: it was created or renamed since 15 July 2026, or has opted in. The name alone
    /// is then not trusted. Nothing but GitHub knows, so both are trusted when absent.
    #[serde(default)]
    pub only_numbered: bool,
}

/// An identity for workflows.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CiUser {
    /// A role that workflows take on without a key (`role`), or an IAM user with keys that are rotated (`user`).
    pub kind: CiUserKind,
    /// For a user: after how many days its key is replaced; 90 when absent.
    #[schemars(range(min = 1, max = 3650))]
    #[schemars(with = "Option<u32>")]
    pub rotate_after_days: Option<u32>,
}

/// How workflows prove who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CiUserKind {
    #[default]
    Role,
    User,
}

/// Where a domain's networks differ from the others'.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DomainNetwork {
    /// The size of this domain's VPC ranges.
    #[schemars(range(min = 16, max = 28))]
    pub vpc_prefix: Option<u8>,
    /// The number of availability zones of this domain's networks.
    #[schemars(range(min = 1, max = 6))]
    pub zones: Option<u8>,
    /// Networks that others made and that become these domain's own, with their ranges, by environment. The only place for ids of AWS:
    /// what others made has no other name here.
    #[schemars(with = "BTreeMap<EnvironmentName, Adopted>")]
    pub adopt: BTreeMap<Environment, Adopted>,
}

/// A network that others made.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adopted {
    /// The VPC's id, such as `vpc-0123456789abcdef0`.
    #[schemars(regex(pattern = r"^vpc-[0-9a-f]{8,17}$"))]
    pub vpc: String,
    /// The id of its internet gateway, if it has one: a VPC takes no second one.
    #[schemars(regex(pattern = r"^igw-[0-9a-f]{8,17}$"))]
    #[schemars(with = "Option<String>")]
    pub internet_gateway: Option<String>,
}

/// `false` to switch a module off, `true` to switch it on, or a mapping of parameters.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Setting {
    Switch(bool),
    Parameters(BTreeMap<String, Value>),
}

fn access_role() -> String {
    "OrganizationAccountAccessRole".to_owned()
}

fn all_environments() -> BTreeSet<Environment> {
    BTreeSet::from(Environment::ALL)
}

impl Default for Network {
    /// A third of a /8 would hold all the networks that AWS lets one organization have accounts for; /20 holds four zones of thousands.
    fn default() -> Network {
        Network {
            pool: Pool::One(RangeText("10.0.0.0/8".to_owned())),
            vpc_prefix: 20,
            zones: 3,
            zone_letters: BTreeSet::new(),
            reserved: BTreeMap::new(),
        }
    }
}

impl Serialize for Network {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Network { pool, vpc_prefix, zones, zone_letters, reserved } = self;
        let network = serde_json::json!({
            "pool": pool, "vpc_prefix": vpc_prefix, "zones": zones, "zone_letters": zone_letters, "reserved": reserved,
        });
        network.serialize(to)
    }
}

impl Pool {
    /// The ranges, each with its path within `network`.
    pub fn ranges(&self) -> Vec<(Vec<String>, &str)> {
        match self {
            Pool::One(range) => vec![(vec!["pool".to_owned()], &range.0)],
            Pool::Several(ranges) => {
                ranges.iter().enumerate().map(|(at, range)| (vec!["pool".to_owned(), at.to_string()], range.0.as_str())).collect()
            }
        }
    }
}

impl Repository {
    pub fn name(&self) -> &str {
        match self {
            Repository::Named(name) => name,
            Repository::Numbered(known) => &known.name,
        }
    }

    /// How the tokens of its workflows may name it: `acme@12/catalog@345`, which a renamed or deleted organization's successor can't claim,
    /// and `acme/catalog`. The number is trusted where it is known, the name alone where the repository may still prove nothing else.
    pub fn subjects(&self, organization: &Organization) -> Vec<String> {
        let plain = format!("{}/{}", organization.github, self.name());
        match (self, organization.github_id) {
            (Repository::Numbered(NumberedRepository { name, id, only_numbered }), Some(owner)) => {
                let numbered = format!("{}@{owner}/{name}@{id}", organization.github);
                let plain = (!only_numbered).then_some(plain);
                [numbered].into_iter().chain(plain).collect()
            }
            _ => vec![plain],
        }
    }
}

impl Domain {
    /// The CI users that are roles.
    pub fn ci_roles(&self) -> impl Iterator<Item = &String> {
        self.ci_users.iter().filter(|(_, user)| user.kind == CiUserKind::Role).map(|(name, _)| name)
    }

    /// The CI users that are IAM users.
    pub fn ci_key_users(&self) -> impl Iterator<Item = (&String, &CiUser)> {
        self.ci_users.iter().filter(|(_, user)| user.kind == CiUserKind::User)
    }
}
