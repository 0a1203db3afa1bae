//! What happens in a rehearsal, by wave and account, as apply tells of it. Decides nothing.

use super::clock::Clock;
use crate::apply::{Event, StepResult};
use crate::model::{Account, Name};
use std::collections::BTreeMap;
use std::time::Duration;

/// A wave that started.
#[derive(Clone, Debug, PartialEq)]
pub struct WaveRan {
    pub wave: Name,
    /// So long after the start of it all.
    pub begins: Duration,
    pub takes: Duration,
    /// The accounts that started.
    pub accounts: BTreeMap<Account, Ran>,
    /// How many failed and how many may, where it halted.
    pub halted: Option<(usize, usize)>,
}

/// An account that started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ran {
    pub begins: Duration,
    pub takes: Duration,
    pub steps: usize,
    pub failed: usize,
    /// Whether all of its steps succeeded, and it was well afterwards.
    pub succeeded: bool,
}

/// Takes down what apply tells.
pub(super) struct Watched<'a> {
    clock: &'a Clock,
    pub waves: Vec<WaveRan>,
}

impl<'a> Watched<'a> {
    pub fn new(clock: &'a Clock) -> Watched<'a> {
        Watched { clock, waves: Vec::new() }
    }

    pub fn hear(&mut self, event: &Event<'_>) {
        let now = self.clock.now();
        match event {
            Event::WaveStarted { wave } => {
                let wave = wave.name.clone();
                self.waves.push(WaveRan { wave, begins: now, takes: Duration::ZERO, accounts: BTreeMap::new(), halted: None });
            }
            Event::AccountStarted { account, steps } => {
                let ran = Ran { begins: now, steps: steps.len(), ..Ran::default() };
                self.last(|wave| {
                    wave.accounts.insert((*account).clone(), ran);
                });
            }
            Event::StepEnded { step, result } if !result.succeeded() && !matches!(result, StepResult::NotStarted) => {
                self.of(&step.address.account, |ran| ran.failed += 1);
            }
            Event::AccountEnded { account, succeeded } => {
                self.of(account, |ran| (ran.takes, ran.succeeded) = (now.saturating_sub(ran.begins), *succeeded));
                self.last(|wave| wave.takes = now.saturating_sub(wave.begins));
            }
            Event::WaveHalted { failed, tolerated, .. } => self.last(|wave| wave.halted = Some((*failed, *tolerated))),
            _ => {}
        }
    }

    fn last(&mut self, change: impl FnOnce(&mut WaveRan)) {
        if let Some(wave) = self.waves.last_mut() {
            change(wave);
        }
    }

    fn of(&mut self, account: &Account, change: impl FnOnce(&mut Ran)) {
        self.last(|wave| {
            if let Some(ran) = wave.accounts.get_mut(account) {
                change(ran);
            }
        });
    }
}
