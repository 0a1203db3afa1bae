//! What must hold at every write and at every start of a wave, said from what really exists and not from what a run believes. Mends nothing.

use super::aws::{Aws, main};
use ipnet::Ipv4Net;
use landfall::apply::Event;
use landfall::kinds::Spec;
use landfall::model::{Account, Address, Digest, Name};
use landfall::plan::{Action, Desired, Live, Plan, Sick, Step, Stranger};
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// Who writes, and what it goes by.
pub struct Writer {
    pub name: String,
    /// Of its turn.
    pub fence: u64,
    /// The steps that somebody approved, as `seen` calls them.
    pub reviewed: BTreeSet<Digest>,
    /// The files, and what was read of AWS, when it planned.
    pub desired: Desired,
    pub live: Live,
    /// When it set out to read.
    pub planned: Instant,
}

/// A step with every value before and after, as a reviewer sees it. Not by the program's own digests, which could leave something out.
pub fn seen(step: &Step) -> Digest {
    Digest::of(&(step.address.to_string(), serde_json::to_string(&step.action).expect("plain data has a JSON form")))
}

/// What is wrong with a write that is about to happen.
pub fn write(aws: &Aws, writer: &Writer, step: &Step, want: Option<&Spec>) -> Vec<String> {
    let at = &step.address;
    let mut wrong = Vec::new();
    if writer.fence < aws.fence {
        wrong.push("a run wrote after a later turn had begun");
    }
    if aws.turns.get(&writer.fence).is_some_and(|other| *other != writer.name) {
        wrong.push("two runs wrote in one turn");
    }
    if !writer.reviewed.contains(&seen(step)) {
        let what = if want.is_none() { "deleted without approval" } else { "changed without approval" };
        wrong.push(what);
    }
    let is_marked = main(&at.account).is_none_or(|main| aws.things.contains_key(&main));
    if !is_marked && !writer.desired.estate.members.contains_key(&at.account) {
        wrong.push("something in an account that is not ours");
    }
    let main_kind = "account".parse().unwrap();
    if !writer.live.is_readable(&at.account, &at.kind) || !writer.live.is_readable(&Account::Management, &main_kind) {
        wrong.push("what could not be read was touched");
    }
    if writer.live.twins.contains_key(at) {
        wrong.push("one of two that carry one mark was touched");
    }
    wrong.extend(match want {
        None => delete(writer, step),
        Some(want) => put(aws, writer, at, want),
    });
    wrong.into_iter().map(|wrong| format!("{}: {at}: {wrong}", writer.name)).collect()
}

fn delete(writer: &Writer, step: &Step) -> Option<&'static str> {
    let (at, estate) = (&step.address, &writer.desired.estate);
    let is_retired = estate.retired.accounts.contains(&at.account) || estate.retired.resources.contains(at);
    let is_held = writer.live.found.get(at).is_some_and(|found| found.spec.held().is_some());
    match at.kind.as_str() {
        "organizational-unit" => Some("a unit was deleted"),
        "account" if !estate.retired.accounts.contains(&at.account) => Some("an account was closed that is not retired"),
        _ if is_held && !is_retired => Some("what nobody gets back was deleted, and is not retired"),
        _ if !matches!(step.action, Action::Delete { .. }) => Some("deleted, and the plan says something else"),
        _ => None,
    }
}

fn put(aws: &Aws, writer: &Writer, at: &Address, want: &Spec) -> Option<&'static str> {
    let is_new = !aws.things.contains_key(at);
    match want {
        Spec::Account(account) if is_new && aws.emails.contains_key(&account.email.to_lowercase()) => Some("a second account for an email"),
        Spec::Vpc(_) if is_new => vpc(aws, writer, at, want.range()),
        Spec::Subnet(subnet) if is_new => {
            let vpc = subnet.vpc.resolve(at, &"us-west-2".parse().unwrap());
            placed(aws, &vpc, at, want.range())
        }
        _ => None,
    }
}

/// A new VPC shares no address with any that there was when the run planned, or that is ours, nor with what is reserved, unless it is fixed
/// there. What is in a closed account is gone with it, whoever made it; and one that nobody declares and that is suspended can't be told
/// from one that was closed.
fn vpc(aws: &Aws, writer: &Writer, at: &Address, range: Option<Ipv4Net>) -> Option<&'static str> {
    let Some(range) = range else { return Some("a VPC without a range") };
    let is_vpc = |spec: &Spec| matches!(spec, Spec::Vpc(_));
    let members = &writer.desired.estate.members;
    let is_over = |account: &Account| aws.closed.contains(account) || aws.suspended.contains(account) && !members.contains_key(account);
    let ours = aws.things.iter().filter(|(other, _)| *other != at && !is_over(&other.account)).map(|(_, thing)| &thing.spec);
    // What people make while a run goes on, in whatever account, nobody can see in time.
    let is_settled = |other: &Stranger| aws.settled.get(&other.id).is_none_or(|since| *since < writer.planned);
    let known = |other: &&Stranger| !is_over(&other.account) && is_settled(other);
    let all = ours.chain(aws.strangers.iter().filter(known).map(|other| &other.spec));
    let is_chosen =
        writer.desired.resources.get(at).is_some_and(|declared| declared.spec.cidr().is_some_and(|cidr| cidr.fixed().is_none()));
    let reserved = writer.desired.estate.reserved.values().any(|other| overlap(*other, range));
    if all.filter(|spec| is_vpc(spec)).filter_map(Spec::range).any(|other| overlap(other, range)) {
        Some("the ranges of two VPCs overlap")
    } else {
        (is_chosen && reserved).then_some("a reserved range was taken")
    }
}

/// A new subnet lies in its VPC, apart from the others there.
fn placed(aws: &Aws, vpc: &Address, at: &Address, range: Option<Ipv4Net>) -> Option<&'static str> {
    let Some(range) = range else { return Some("a subnet without a range") };
    let whole = aws.things.get(vpc).and_then(|thing| thing.spec.range());
    let home = "us-west-2".parse().unwrap();
    let sibling = |(other, spec): (&Address, &Spec)| match spec {
        Spec::Subnet(subnet) => other != at && subnet.vpc.resolve(other, &home) == *vpc,
        _ => false,
    };
    let mut siblings = aws.things.iter().map(|(other, thing)| (other, &thing.spec)).filter(|one| sibling(*one));
    if whole.is_none_or(|whole| !whole.contains(&range)) {
        Some("a subnet outside its VPC")
    } else {
        siblings.any(|(_, spec)| spec.range().is_some_and(|other| overlap(other, range))).then_some("the ranges of two subnets overlap")
    }
}

fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}

/// Watches one apply: in which order things start, and what canaries said before.
pub struct Watcher<'a> {
    plan: &'a Plan,
    reviewed: &'a BTreeSet<Digest>,
    succeeded: BTreeSet<(Address, bool)>,
    /// By account, whether it succeeded; those that started are here.
    ended: BTreeMap<Account, Option<bool>>,
    /// What canaries said since an account last ended, and those that were red when the wave started.
    red_before: BTreeSet<Account>,
    bad: BTreeSet<Account>,
    wave: Option<Name>,
    pub wrong: Vec<String>,
}

impl<'a> Watcher<'a> {
    pub fn new(plan: &'a Plan, reviewed: &'a BTreeSet<Digest>) -> Watcher<'a> {
        let (succeeded, ended) = (BTreeSet::new(), BTreeMap::new());
        Watcher { plan, reviewed, succeeded, ended, red_before: BTreeSet::new(), bad: BTreeSet::new(), wave: None, wrong: Vec::new() }
    }

    /// An event, and what canaries have answered since the last account ended, or the last gate that let nobody through: by account, whether any answer was red.
    pub fn see(&mut self, event: &Event<'_>, answers: &mut BTreeMap<Account, bool>) {
        match event {
            Event::WaveStarted { wave } => self.wave(&wave.name, answers),
            // Each gate asks anew; what the next one hears is its own.
            Event::GateAnswered { gate } if gate.is_shut() => answers.clear(),
            Event::AccountStarted { account, .. } => self.account(account),
            Event::StepStarted { step } => self.step(step),
            Event::StepEnded { step, result } if result.succeeded() => {
                self.succeeded.insert((step.address.clone(), step.action.after().is_some()));
            }
            Event::AccountEnded { account, succeeded } => {
                self.ended.insert((*account).clone(), Some(*succeeded));
                answers.clear();
            }
            _ => {}
        }
    }

    fn wave(&mut self, wave: &Name, answers: &BTreeMap<Account, bool>) {
        let rollout = &self.plan.rollout;
        for account in rollout.before(wave).filter(|account| rollout.canaries.contains_key(*account)) {
            match answers.get(account) {
                None => self.wrong.push(format!("{wave} started, and nobody had asked the canaries of {account}")),
                Some(true) => drop(self.red_before.insert(account.clone())),
                Some(false) => drop(self.red_before.remove(account)),
            }
        }
        let earlier = self.plan.waves.iter().take_while(|other| other.name != *wave);
        let busy = earlier.flat_map(|wave| &wave.accounts).filter(|(_, steps)| !steps.is_empty()).map(|(account, _)| account);
        let failed = busy.filter(|account| self.ended.get(*account).copied().flatten() != Some(true)).cloned();
        self.wave = Some(wave.clone());
        self.bad = failed.chain(self.red_before.iter().cloned()).collect();
    }

    fn account(&mut self, account: &Account) {
        let sick = self.plan.rollout.sick;
        let holds = |bad: &&Account| match (bad, account) {
            _ if sick == Sick::Estate => true,
            (Account::Member { domain, .. }, Account::Member { domain: other, .. }) => domain == other,
            _ => true,
        };
        if let Some(bad) = self.bad.iter().find(holds) {
            self.wrong.push(format!("{account} started behind a red gate: {bad}"));
        }
        let own = self.plan.rollout.waves.iter().find(|rules| rules.members.contains(account)).map(|rules| &rules.name);
        if own.is_some() && own != self.wave.as_ref() {
            self.wrong.push(format!("{account} started in a wave that is not its own"));
        }
        self.ended.insert(account.clone(), None);
    }

    fn step(&mut self, step: &Step) {
        if !self.reviewed.contains(&seen(step)) {
            self.wrong.push(format!("{} started, and nobody approved it", step.address));
        }
        let siblings =
            self.plan.waves.iter().filter_map(|wave| wave.accounts.get(&step.address.account)).find(|steps| steps.contains(step));
        let Some(siblings) = siblings else { return self.wrong.push(format!("{} is not in the plan", step.address)) };
        let done = |at: &usize| self.succeeded.contains(&(siblings[*at].address.clone(), siblings[*at].action.after().is_some()));
        if !step.after.iter().all(done) {
            self.wrong.push(format!("{} started before what it comes after", step.address));
        }
    }
}
