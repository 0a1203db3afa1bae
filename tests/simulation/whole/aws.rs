//! A small AWS behind the `Cloud` seam, strict where the real one is: what exists, what is listed of it, and what it refuses. At each write it
//! asks the oracle whether that may be; what may not is carried out all the same, and kept in `wrong`.

use super::case::Faults;
use super::oracle::{self, Writer};
use crate::world::Seed;
use landfall::kinds::Spec;
use landfall::model::{Account, Address, KindName, Name, RemoteId};
use landfall::plan::{Action, Desired, Found, Live, Step, Stranger};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// How long AWS takes to make an account (what people see; `plan::estimate` says the same).
const ACCOUNT_CREATION: Duration = Duration::from_secs(90);
/// For how long after its making or its end something may be listed as it was.
const STALE: Duration = Duration::from_secs(2);
/// How long a new account lets nobody in.
const ENTRY: Duration = Duration::from_secs(5);

/// A resource that carries our mark.
#[derive(Clone)]
pub struct Thing {
    pub spec: Spec,
    pub id: RemoteId,
    pub made: Instant,
    /// What its references meant when it was bound: a need made anew has another id.
    bound: BTreeMap<Address, RemoteId>,
}

impl Thing {
    pub fn is_bound_to(&self, at: &Address) -> bool {
        self.bound.contains_key(at)
    }
}

/// Why AWS does not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Something that it needs is not there, or something that it holds is.
    NotYet(&'static str),
    Denied,
    Never(&'static str),
}

pub struct Aws {
    pub dice: Seed,
    pub began: Instant,
    pub faults: Faults,
    pub things: BTreeMap<Address, Thing>,
    pub strangers: Vec<Stranger>,
    /// Since when they are there, for those that came later.
    pub settled: BTreeMap<RemoteId, Instant>,
    /// What was just deleted and may still be listed.
    ghosts: Vec<(Address, Thing, Instant)>,
    /// Those that AWS suspends for a while, and those that we closed.
    pub suspended: BTreeSet<Account>,
    pub closed: BTreeSet<Account>,
    /// Kinds that can't be read; all of an account's where none is named.
    pub unreadable: BTreeSet<(Account, Option<KindName>)>,
    pub full: BTreeSet<KindName>,
    pub red: BTreeSet<Account>,
    pub twins: BTreeSet<Address>,
    /// How many accounts were ever made with an email.
    pub emails: BTreeMap<String, u32>,
    /// The document of the lock, and its version.
    pub lock: Option<(String, u64)>,
    /// The latest turn that wrote.
    pub fence: u64,
    /// Who wrote in each turn.
    pub turns: BTreeMap<u64, String>,
    pub calls: u64,
    pub wrong: Vec<String>,
    pub log: Vec<String>,
    ids: u64,
}

impl Aws {
    pub fn new(seed: u64) -> Aws {
        Aws {
            dice: Seed::new(seed ^ 0x005e_ed0f_c4a0_5000),
            began: Instant::now(),
            faults: Faults::default(),
            things: BTreeMap::new(),
            strangers: Vec::new(),
            settled: BTreeMap::new(),
            ghosts: Vec::new(),
            suspended: BTreeSet::new(),
            closed: BTreeSet::new(),
            unreadable: BTreeSet::new(),
            full: BTreeSet::new(),
            red: BTreeSet::new(),
            twins: BTreeSet::new(),
            emails: BTreeMap::new(),
            lock: None,
            fence: 0,
            turns: BTreeMap::new(),
            calls: 0,
            wrong: Vec::new(),
            log: Vec::new(),
            ids: 0,
        }
    }

    pub fn tell(&mut self, who: &str, what: &str) {
        self.log.push(format!("{:>9} {who} {what}", self.began.elapsed().as_millis()));
    }

    pub fn new_id(&mut self, kind: &KindName) -> RemoteId {
        self.ids += 1;
        format!("{kind}-{}", self.ids).as_str().into()
    }

    /// The storm is over: what lasted is lifted.
    pub fn calm(&mut self) {
        self.faults = Faults::default();
        self.suspended.clear();
        self.unreadable.clear();
        self.full.clear();
        self.red.clear();
        self.twins.clear();
    }

    /// The account itself, as its own resource.
    pub fn account(&self, account: &Account) -> Option<&Thing> {
        self.things.get(&main(account)?).filter(|thing| thing.made <= Instant::now())
    }

    pub fn is_closed(&self, account: &Account) -> bool {
        self.suspended.contains(account) || self.closed.contains(account)
    }

    fn is_unreadable(&self, account: &Account, kind: &KindName) -> bool {
        [None, Some(kind.clone())].into_iter().any(|kind| self.unreadable.contains(&(account.clone(), kind)))
    }

    /// What is there at an address, asked for by itself.
    pub fn find(&self, at: &Address) -> Option<Found> {
        let thing = self.things.get(at).filter(|thing| thing.made <= Instant::now())?;
        Some(Found { id: thing.id.clone(), spec: self.shown(at, thing) })
    }

    /// A resource as a listing shows it: what was made anew, or is unread, shows as a stranger's id.
    fn shown(&self, at: &Address, thing: &Thing) -> Spec {
        let lost = |(need, id): &(&Address, &RemoteId)| {
            self.things.get(*need).map(|thing| &thing.id) != Some(*id) || self.is_unreadable(&need.account, &need.kind)
        };
        let mut spec = thing.spec.clone();
        for (need, id) in thing.bound.iter().filter(lost) {
            let text = serde_json::to_string(&spec).unwrap();
            let [before, after] = [need.name.as_str(), id.as_str()].map(|name| format!("{}/{name}\"", need.kind));
            spec = serde_json::from_str(&text.replace(&before, &after)).unwrap();
        }
        if let Spec::Account(account) = &mut spec {
            account.status = self.is_closed(&at.account).then(|| "SUSPENDED".to_owned());
        }
        spec
    }

    /// The accounts whose insides can be listed: ours, and open.
    pub fn open_accounts(&self) -> Vec<Account> {
        let ours = self.things.keys().filter(|at| at.kind.as_str() == "account").map(|at| &at.account);
        ours.filter(|account| !self.is_closed(account) && self.account(account).is_some()).cloned().collect()
    }

    /// What is listed of the organization, or of what is inside one account.
    pub fn list(&self, of: &Account, desired: &Desired, live: &mut Live) {
        // Of what goes with its account, only VPCs: they have their ranges until then.
        let retires = desired.estate.retired.accounts.contains(of);
        let asked = |kind: &KindName| !retires || kind.as_str() == "vpc";
        let kinds = || desired.kinds.iter().filter(|kind| (*of == Account::Management) == is_organizations(kind) && asked(kind));
        let unread: Vec<&KindName> =
            kinds().filter(|kind| self.is_unreadable(of, kind) || self.dice.below(1000) < self.faults.unread).collect();
        if !unread.is_empty() {
            let why = |kind: &&KindName| ((*kind).clone(), "AccessDenied".to_owned());
            live.unreadable.entry(of.clone()).or_default().extend(unread.iter().map(why));
        }
        let here = |at: &Address| if is_organizations(&at.kind) { *of == Account::Management } else { at.account == *of };
        let seen = |at: &Address| here(at) && asked(&at.kind) && !unread.contains(&&at.kind);
        for (at, thing) in self.things.iter().filter(|(at, _)| seen(at)) {
            if self.is_listed(at, thing) && self.is_of_the_estate(at, desired) {
                live.found.insert(at.clone(), Found { id: thing.id.clone(), spec: self.shown(at, thing) });
            }
            if self.twins.contains(at) && live.found.contains_key(at) {
                live.twins.insert(at.clone(), vec![thing.id.clone(), "another".into()]);
            }
        }
        for (at, thing, gone) in self.ghosts.iter().filter(|(at, ..)| seen(at)) {
            if gone.elapsed() < STALE && self.dice.percent(self.faults.stale) && !live.found.contains_key(at) {
                live.found.insert(at.clone(), Found { id: thing.id.clone(), spec: self.shown(at, thing) });
            }
        }
        live.strangers.extend(self.strangers.iter().filter(|other| other.account == *of && !unread.contains(&&other.spec.kind())).cloned());
    }

    fn is_listed(&self, at: &Address, thing: &Thing) -> bool {
        let is_new = thing.made.elapsed() < STALE && is_inside(&at.kind);
        thing.made <= Instant::now() && !(is_new && self.dice.percent(self.faults.stale))
    }

    /// Units that nobody declares are somebody else's; accounts that nobody declares and that are closed are over.
    fn is_of_the_estate(&self, at: &Address, desired: &Desired) -> bool {
        match at.kind.as_str() {
            "organizational-unit" => desired.resources.contains_key(at),
            "account" => !self.is_closed(&at.account) || desired.estate.members.contains_key(&at.account),
            _ => true,
        }
    }

    /// Whether somebody in the management account can work inside an account.
    pub fn enter(&self, at: &Address) -> Result<(), Refusal> {
        if !is_inside(&at.kind) {
            return Ok(());
        }
        match self.account(&at.account) {
            None => Err(Refusal::NotYet("there is no such account")),
            Some(account) if self.is_closed(&at.account) || account.made.elapsed() < ENTRY => Err(Refusal::Denied),
            Some(_) => Ok(()),
        }
    }

    /// Carries out a step, as far as AWS lets it.
    pub fn act(&mut self, writer: &Writer, step: &Step, want: Option<&Spec>) -> Result<(), Refusal> {
        self.permit(step, want)?;
        self.wrong.extend(oracle::write(self, writer, step, want));
        self.fence = self.fence.max(writer.fence);
        self.turns.entry(writer.fence).or_insert_with(|| writer.name.clone());
        let sign = match (want, &step.action) {
            (None, _) => '-',
            (Some(_), Action::Create { .. }) => '+',
            (Some(_), _) => '~',
        };
        self.tell(&writer.name, &format!("{sign} {}", step.address));
        match want {
            Some(spec) => self.put(&step.address, spec),
            None if step.address.kind.as_str() == "account" => drop(self.closed.insert(step.address.account.clone())),
            None => self.remove(&step.address),
        }
        Ok(())
    }

    /// What AWS says of it before it does anything.
    fn permit(&self, step: &Step, want: Option<&Spec>) -> Result<(), Refusal> {
        let at = &step.address;
        self.enter(at)?;
        if self.unreadable.contains(&(at.account.clone(), Some(at.kind.clone()))) || self.unreadable.contains(&(at.account.clone(), None)) {
            return Err(Refusal::Denied);
        }
        let Some(want) = want else {
            let holds = |(other, thing): (&Address, &Thing)| other != at && holds(&other.kind, &at.kind) && thing.bound.contains_key(at);
            let is_held = at.kind.as_str() != "account" && self.things.iter().any(holds);
            return if is_held || self.nat_gateways_of(at) { Err(Refusal::NotYet("something is bound to it")) } else { Ok(()) };
        };
        let is_new = !self.things.contains_key(at);
        if is_new && self.full.contains(&at.kind) {
            return Err(Refusal::Never("LimitExceeded"));
        }
        if resolved(at, want).iter().any(|need| need != at && self.find(need).is_none()) {
            return Err(Refusal::NotYet("something that it needs is not there"));
        }
        if is_new && at.kind.as_str() == "nat-gateway" && !self.things.keys().any(|other| is_gateway(other, at)) {
            return Err(Refusal::NotYet("Network vpc has no Internet gateway attached"));
        }
        Ok(())
    }

    /// Whether an internet gateway is what the account's NAT gateways have their addresses from.
    fn nat_gateways_of(&self, at: &Address) -> bool {
        at.kind.as_str() == "internet-gateway"
            && self.things.keys().any(|other| other.kind.as_str() == "nat-gateway" && is_gateway(at, other))
    }

    /// Makes something, or sets it, and binds it to what it names.
    pub fn put(&mut self, at: &Address, want: &Spec) {
        let before = self.things.get(at).cloned();
        let bound = resolved(at, want).into_iter().filter_map(|need| Some((need.clone(), self.things.get(&need)?.id.clone()))).collect();
        let is_account = at.kind.as_str() == "account";
        if let (Spec::Account(account), None) = (want, &before) {
            *self.emails.entry(account.email.to_lowercase()).or_default() += 1;
        }
        let made = if is_account { Instant::now() + ACCOUNT_CREATION } else { Instant::now() };
        let thing = match before {
            Some(before) => Thing { spec: kept(&before.spec, want), bound, ..before },
            None => Thing { spec: want.clone(), id: self.new_id(&at.kind), made, bound },
        };
        self.things.insert(at.clone(), thing);
    }

    pub fn remove(&mut self, at: &Address) {
        if let Some(thing) = self.things.remove(at) {
            self.ghosts.push((at.clone(), thing, Instant::now()));
        }
    }
}

/// What an update leaves as it was: what is found and never declared, and what only people change.
fn kept(live: &Spec, want: &Spec) -> Spec {
    let mut spec = want.clone();
    match (&mut spec, live) {
        (Spec::Account(new), Spec::Account(old)) => new.email.clone_from(&old.email),
        (Spec::LogGroup(new), Spec::LogGroup(old)) => new.holds_entries = old.holds_entries,
        (Spec::Vpc(new), Spec::Vpc(old)) => (new.in_use, new.cidr) = (old.in_use, old.cidr),
        _ => {}
    }
    spec
}

/// The address of an account's own resource.
pub fn main(account: &Account) -> Option<Address> {
    (*account != Account::Management).then(|| format!("{account}/global/account/main").parse().unwrap())
}

/// Whether a kind is listed from the management account.
fn is_organizations(kind: &KindName) -> bool {
    use landfall::kinds::Scope;
    landfall::kinds::row(kind).is_some_and(|row| matches!(row.scope, Scope::Organization | Scope::Membership | Scope::Managed))
}

pub fn is_inside(kind: &KindName) -> bool {
    !is_organizations(kind)
}

/// Whether AWS keeps something for what is bound to it. A parameter only says what it was told, and a route may lead nowhere.
fn holds(kind: &KindName, held: &KindName) -> bool {
    match kind.as_str() {
        "ssm-parameter" => false,
        "route-table" => held.as_str() == "vpc",
        _ => true,
    }
}

/// Whether an internet gateway is in the account of a NAT gateway: none of the simulated ones has two networks.
fn is_gateway(gateway: &Address, nat: &Address) -> bool {
    gateway.kind.as_str() == "internet-gateway" && gateway.account == nat.account
}

pub fn resolved(at: &Address, spec: &Spec) -> Vec<Address> {
    let home = "us-west-2".parse().unwrap();
    spec.needs().iter().map(|need| need.resolve(at, &home)).collect()
}

/// A name that something has which nobody declares.
pub fn other_name(name: &Name) -> Name {
    format!("{name}-old").parse().unwrap()
}
