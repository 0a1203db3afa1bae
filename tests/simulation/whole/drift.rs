//! What people do by hand in the small AWS, and what befalls it. Never told to the runs: they have to find it.

use super::aws::{Aws, is_inside, main, other_name};
use super::case::{Drift, Trouble};
use landfall::kinds::Spec;
use landfall::model::{Account, Address};
use landfall::plan::Stranger;

impl Aws {
    /// One of the resources inside accounts for which something holds.
    fn pick(&self, pick: u64, fits: impl Fn(&Address) -> bool) -> Option<Address> {
        let all: Vec<&Address> = self.things.keys().filter(|at| is_inside(&at.kind) && fits(at)).collect();
        let place = pick.checked_rem(all.len() as u64)?;
        Some(all[place as usize].clone())
    }

    fn pick_account(&self, pick: u64) -> Option<Account> {
        let all: Vec<&Address> = self.things.keys().filter(|at| at.kind.as_str() == "account").collect();
        let place = pick.checked_rem(all.len() as u64)?;
        Some(all[place as usize].account.clone())
    }

    pub fn drift(&mut self, drift: &Drift) {
        self.tell("somebody", &format!("does {drift:?}"));
        match drift {
            Drift::Gone(pick) => self.pick(*pick, |_| true).into_iter().for_each(|at| self.take_away(&at)),
            Drift::Retagged(pick) => self.change(*pick, |spec| {
                spec.tags().map(|tags| tags.insert("team".into(), "nobody".into()));
            }),
            Drift::Changed(pick) => self.change(*pick, |spec| match spec {
                Spec::SecurityGroup(group) => group.ingress.clear(),
                Spec::RouteTable(table) => table.routes.clear(),
                Spec::LogGroup(group) => group.retention_days = Some(90),
                Spec::IamRole(role) => role.policies.clear(),
                _ => {}
            }),
            Drift::Undeclared(pick) => self.copy(*pick),
            Drift::Unmarked(pick) => self.unmark(*pick),
            Drift::Foreign(pick, octet) => self.settle(*pick, *octet),
            Drift::Filled(pick) => {
                let at = self.pick(*pick, |at| at.kind.as_str() == "log-group");
                if let Some(Spec::LogGroup(group)) = at.and_then(|at| self.things.get_mut(&at)).map(|thing| &mut thing.spec) {
                    group.holds_entries = true;
                }
            }
        }
    }

    fn change(&mut self, pick: u64, change: impl Fn(&mut Spec)) {
        let at = self.pick(pick, |_| true);
        at.and_then(|at| self.things.get_mut(&at)).into_iter().for_each(|thing| change(&mut thing.spec));
    }

    /// AWS lets nothing hang in the air: what was bound to it goes first.
    fn take_away(&mut self, at: &Address) {
        let bound: Vec<Address> =
            self.things.iter().filter(|(other, thing)| *other != at && thing.is_bound_to(at)).map(|(at, _)| at.clone()).collect();
        let bound = bound.into_iter().filter(|other| is_inside(&other.kind) && other.kind.as_str() != "ssm-parameter");
        bound.for_each(|other| self.take_away(&other));
        self.remove(at);
    }

    fn copy(&mut self, pick: u64) {
        const KINDS: [&str; 4] = ["iam-role", "elastic-ip", "ssm-parameter", "log-group"];
        let Some(at) = self.pick(pick, |at| KINDS.contains(&at.kind.as_str())) else { return };
        let Some(spec) = self.things.get(&at).map(|thing| thing.spec.clone()) else { return };
        self.put(&Address { name: other_name(&at.name), ..at }, &spec);
    }

    /// Whatever was bound to it still is, and shows a stranger's id.
    fn unmark(&mut self, pick: u64) {
        let Some(at) = self.pick(pick, |at| at.kind.as_str() == "elastic-ip") else { return };
        if let Some(thing) = self.things.remove(&at) {
            self.strangers.push(Stranger { account: at.account, id: thing.id, spec: thing.spec });
        }
    }

    fn settle(&mut self, pick: u64, octet: u8) {
        let Some(account) = self.pick_account(pick) else { return };
        let cidr = if octet.is_multiple_of(2) { format!("10.{octet}.64.0/18") } else { format!("10.0.{}.0/23", octet / 4 * 4) };
        let id = self.new_id(&"vpc".parse().unwrap());
        self.settled.insert(id.clone(), tokio::time::Instant::now());
        self.strangers.push(Stranger { account, id, spec: crate::estates::spec("vpc", serde_json::json!({ "cidr": cidr })) });
    }

    pub fn befall(&mut self, trouble: &Trouble) {
        match trouble {
            Trouble::Unreadable(pick) => {
                let all: Vec<&Address> = self.things.keys().collect();
                let Some(at) = pick.checked_rem(all.len() as u64).map(|place| all[place as usize].clone()) else { return };
                let of = if is_inside(&at.kind) { at.account } else { Account::Management };
                self.unreadable.insert((of, Some(at.kind)));
            }
            Trouble::Denied(pick) => drop(self.pick_account(*pick).map(|account| self.unreadable.insert((account, None)))),
            Trouble::Suspended(pick) => drop(self.pick_account(*pick).map(|account| self.suspended.insert(account))),
            Trouble::Quota(pick) => drop(self.pick(*pick, |_| true).map(|at| self.full.insert(at.kind))),
            Trouble::Red(pick) => drop(self.pick_account(*pick).map(|account| self.red.insert(account))),
            Trouble::Twin(pick) => drop(self.pick(*pick, |at| main(&at.account).is_some()).map(|at| self.twins.insert(at))),
        }
        self.tell("somebody", &format!("suffers {trouble:?}"));
    }
}
