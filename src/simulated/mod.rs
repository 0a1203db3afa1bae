//! A simulated AWS: what the services hold, and how they answer, in AWS's wire formats, exactly the operations that Landfall calls. Strict where
//! AWS is. Pure: requests and the time come in, answers go out, chance comes from a seed, and the whole of it can be written to a file. Knows
//! nothing of Landfall but its tables of limits and Regions.

mod account;
#[cfg(test)]
mod asking;
mod at;
mod budgets;
mod canary;
mod cloudwatch;
mod contacts;
mod ec2;
mod events;
mod github;
mod iam;
mod identitystore;
mod incidents;
mod lambda;
mod logs;
mod new_relic;
mod organizations;
mod paging;
mod rest;
mod s3;
mod s3control;
mod secretsmanager;
mod servicequotas;
mod sns;
mod ssm;
mod sso;
#[cfg(test)]
mod strict;
mod sts;
mod support;
mod throttle;
pub mod wire;

pub use at::{At, Moment};
pub use ec2::NAT_GATEWAY;
pub use organizations::{CREATION, MANAGEMENT};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wire::{Answer, Asked, Fault, Reply, Request, fault};

/// How old a signature may be (AWS Signature Version 4).
const SIGNATURE: Moment = Moment::from_secs(300);
/// The key of the management account's administrator: a word, so that nobody takes it for a secret.
pub const KEYS: [&str; 2] = ["test", "sandbox"];

/// Beneath this path GitHub answers.
const GITHUB: &str = "/github/";
/// At this one New Relic does.
const NEW_RELIC: &str = "/newrelic/graphql";

/// All that the simulated AWS holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct World {
    /// Where chance comes from.
    seed: u64,
    /// How many ids were made.
    made: u64,
    /// How much faster than AWS all is that AWS takes its time for: 1 for AWS as documented.
    haste: f64,
    /// How much faster than AWS says it throttles, if it does at all: 1 for AWS as documented.
    #[serde(skip)]
    pub strictness: Option<f64>,
    /// Whether every account is there that somebody enters: for tests that have no organization.
    #[serde(skip)]
    open: bool,
    pub organization: organizations::Organization,
    pub identitystore: identitystore::IdentityStore,
    pub s3: s3::S3,
    pub sso: sso::IdentityCenter,
    github: github::GitHub,
    new_relic: new_relic::NewRelic,
    pub support: support::Support,
    /// What accounts hold, by their numbers.
    pub accounts: BTreeMap<String, Account>,
    sessions: sts::Sessions,
    #[serde(skip)]
    buckets: throttle::Buckets,
    #[serde(skip)]
    pub seen: Seen,
}

/// What was asked of it, since somebody began to count.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// How often each call was made.
    pub calls: BTreeMap<String, usize>,
    /// The calls that came too soon.
    pub throttled: Vec<String>,
    /// Whatever else was refused, and how often.
    pub refused: BTreeMap<String, usize>,
}

/// What one account holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    pub iam: iam::Iam,
    pub account: account::AccountManagement,
    pub budgets: budgets::Budgets,
    pub incidents: incidents::Incidents,
    pub s3control: s3control::PublicAccess,
    /// What it holds in each Region.
    pub regions: BTreeMap<String, Local>,
}

/// What one account holds in one Region.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Local {
    pub ec2: ec2::Ec2,
    pub ssm: ssm::Ssm,
    pub cloudwatch: cloudwatch::CloudWatch,
    pub contacts: contacts::Contacts,
    pub events: events::Events,
    pub lambda: lambda::Lambda,
    pub logs: logs::Logs,
    pub secretsmanager: secretsmanager::Secrets,
    pub servicequotas: servicequotas::Quotas,
    pub sns: sns::Sns,
}

impl World {
    /// An organization with its management account and nothing else in it.
    pub fn new(seed: u64) -> World {
        World {
            seed,
            made: 0,
            haste: 1.0,
            strictness: Some(1.0),
            open: false,
            organization: organizations::Organization::default(),
            identitystore: identitystore::IdentityStore::default(),
            s3: s3::S3::default(),
            sso: sso::IdentityCenter::default(),
            github: github::GitHub::default(),
            new_relic: new_relic::NewRelic::default(),
            support: support::Support::default(),
            accounts: BTreeMap::new(),
            sessions: sts::Sessions::default(),
            buckets: throttle::Buckets::default(),
            seen: Seen::default(),
        }
    }

    /// The same for whoever tries things out: so many times faster, and never throttling.
    #[must_use]
    pub fn hurried(self, haste: f64) -> World {
        World { haste, strictness: None, ..self }
    }

    /// The same with every account in it that somebody enters.
    #[must_use]
    pub fn open(self) -> World {
        World { open: true, ..self }
    }

    /// Answers a request that came at a moment.
    pub fn reply(&mut self, request: &Request, now: Moment) -> Reply {
        if request.target.starts_with(GITHUB) {
            return self.github.reply(request, now);
        }
        if request.target.starts_with(NEW_RELIC) {
            let mut at = At { account: "", region: "", now, haste: self.haste, made: &mut self.made };
            return self.new_relic.reply(&mut at, request);
        }
        let asked = Asked::of(request);
        let action = asked.action();
        *self.seen.calls.entry(action.clone()).or_default() += 1;
        let answer = self.admit(&asked, now).and_then(|account| self.dispatch(&account, &asked, now));
        if let Err(Fault { code, .. }) = &answer {
            if throttle::CODES.contains(&code.as_str()) {
                self.seen.throttled.push(action);
            } else {
                *self.seen.refused.entry(format!("{action} {code}")).or_default() += 1;
            }
        }
        asked.reply(answer)
    }

    /// A number within a range, both ends included, by chance.
    pub fn random(&mut self, (from, to): (u64, u64)) -> u64 {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        // splitmix64
        let mixed = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        from + (mixed ^ (mixed >> 31)) % (to - from + 1)
    }

    /// The account of the key that signed, if the signature holds and there is a token for the call.
    fn admit(&mut self, asked: &Asked, now: Moment) -> Result<String, Fault> {
        if asked.signed().is_none_or(|signed| now.saturating_sub(signed) > SIGNATURE) {
            return fault("RequestExpired", "Request has expired");
        }
        let account = match self.sessions.of(&asked.key) {
            None if KEYS.contains(&asked.key.as_str()) => MANAGEMENT.to_owned(),
            Some(session) if now < session.ends => session.account.clone(),
            Some(_) => return fault("ExpiredTokenException", "The security token included in the request is expired"),
            None => match self.accounts.iter_mut().find_map(|(id, own)| own.iam.lets_in(asked, now).then(|| id.clone())) {
                Some(account) => account,
                None => return fault("InvalidClientTokenId", "The security token included in the request is invalid"),
            },
        };
        if let Some(strictness) = self.strictness {
            self.buckets.take(&account, asked, strictness, now)?;
        }
        Ok(account)
    }

    fn dispatch(&mut self, account: &str, asked: &Asked, now: Moment) -> Answer {
        let creation = Moment::from_secs(self.random(CREATION));
        let mut at = At { account, region: &asked.region, now, haste: self.haste, made: &mut self.made };
        for (id, role) in self.organization.settle(&at) {
            let iam = &mut self.accounts.entry(id).or_default().iam;
            iam.enter(&mut at, &role, MANAGEMENT);
            iam.link(&mut at, "organizations.amazonaws.com");
        }
        let is_management = account == MANAGEMENT;
        let own = self.accounts.entry(account.to_owned()).or_default();
        if !own.account.is_in(&asked.region, now) {
            return account::closed(asked);
        }
        let local = own.regions.entry(asked.region.clone()).or_default();
        local.servicequotas.settle(&at);
        match asked.service.as_str() {
            "sts" => {
                if self.open {
                    self.organization.welcome(asked.text("RoleArn").split(':').nth(4).unwrap_or_default());
                }
                self.sessions.answer(&mut at, asked, &self.organization, &self.accounts)
            }
            "organizations" if is_management => self.organization.answer(&mut at, asked, creation),
            "ec2" => local.ec2.answer(&mut at, asked, &local.servicequotas),
            "iam" => {
                iam::unlike_others(asked, self.accounts.values().map(|other| &other.iam))?;
                self.accounts.entry(account.to_owned()).or_default().iam.answer(&mut at, asked)
            }
            "ssm" => local.ssm.answer(&mut at, asked),
            "account" => {
                let of = self.organization.managed(account, asked)?;
                let own = self.accounts.entry(of.clone()).or_default();
                own.account.answer(&at, asked, &of, &mut self.organization)
            }
            "budgets" => own.budgets.answer(&mut at, asked),
            "cloudwatch" => local.cloudwatch.answer(&mut at, asked),
            "ssm-contacts" => local.contacts.answer(&mut at, asked, own.incidents.works(&asked.region, now)),
            "events" => local.events.answer(&mut at, asked),
            "identitystore" if is_management => self.identitystore.answer(&mut at, asked),
            "ssm-incidents" => {
                let is_contact = |arn: &str| own.regions.values().any(|local| local.contacts.has(arn));
                let answer = own.incidents.answer(&mut at, asked, &is_contact)?;
                if asked.operation == "CreateReplicationSet" {
                    own.iam.link(&mut at, "ssm-incidents.amazonaws.com");
                }
                Ok(answer)
            }
            "lambda" => local.lambda.answer(&mut at, asked, &mut local.ec2, &own.iam),
            "logs" => local.logs.answer(&mut at, asked),
            "s3" => self.s3.answer(&mut at, asked),
            "s3control" => own.s3control.answer(&mut at, asked),
            "secretsmanager" => local.secretsmanager.answer(&mut at, asked),
            "servicequotas" => local.servicequotas.answer(&mut at, asked),
            "sns" => local.sns.answer(&mut at, asked),
            "sso" if is_management => self.sso.answer(&mut at, asked, &self.identitystore),
            "support" => self.support.answer(&mut at, asked),
            other => fault("AccessDeniedException", format!("{account} may not call {other}")),
        }
    }
}
