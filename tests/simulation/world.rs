//! The simulated cloud behind the `Cloud` seam: what exists, what AWS would have answered, and faults drawn from a seed.

use jiff::Timestamp;
use landfall::apply::{Cloud, Performed, StepError, StepResult, Trouble};
use landfall::model::{Account, Address, Colour, Health, Word};
use landfall::plan::{Action, Step};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long AWS takes to answer, in virtual time.
const LATENCY: Duration = Duration::from_millis(100);

/// A small deterministic generator (SplitMix64, public domain algorithm by Sebastiano Vigna): equal seeds, equal runs.
pub struct Seed(Cell<u64>);

impl Seed {
    pub fn new(seed: u64) -> Seed {
        Seed(Cell::new(seed))
    }

    pub fn below(&self, bound: u64) -> u64 {
        let state = self.0.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub fn percent(&self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// How often what goes wrong, in percent of the attempts.
#[derive(Clone, Copy)]
pub struct Faults {
    pub throttled: u64,
    /// The answer is lost; half of the time the call had been carried out.
    pub lost: u64,
    pub unsettled: u64,
}

/// What a canary answers when it is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Green,
    Red,
    /// Nothing, ever.
    Never,
    Absent,
}

pub type Canary = Box<dyn Fn(&Account, Duration) -> Answer>;

pub struct World {
    pub seed: Seed,
    pub faults: Faults,
    pub exists: RefCell<BTreeSet<Address>>,
    /// How often each resource was really made.
    pub made: RefCell<BTreeMap<Address, u32>>,
    /// Addresses that AWS refuses to make.
    pub cursed: BTreeSet<Address>,
    /// How many more calls are answered; the run is killed at the one after.
    pub calls_left: Cell<u64>,
    pub log: RefCell<Vec<String>>,
    /// Why nothing can be recorded, if so.
    pub unrecorded: Option<String>,
    /// What an account's canary answers, so long after the start.
    pub canary: Canary,
    /// After how long the lock is somebody else's.
    pub locked_for: Duration,
    /// What time it is at the start.
    pub begins: Timestamp,
    pub start: tokio::time::Instant,
}

impl World {
    pub fn new(seed: u64, faults: Faults) -> World {
        World {
            seed: Seed::new(seed),
            faults,
            exists: RefCell::default(),
            made: RefCell::default(),
            cursed: BTreeSet::new(),
            calls_left: Cell::new(u64::MAX),
            log: RefCell::default(),
            unrecorded: None,
            canary: Box::new(|_, _| Answer::Green),
            locked_for: Duration::MAX,
            begins: "2026-11-21T09:00:00Z".parse().unwrap(),
            start: tokio::time::Instant::now(),
        }
    }

    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn make(&self, address: &Address) {
        self.exists.borrow_mut().insert(address.clone());
        *self.made.borrow_mut().entry(address.clone()).or_default() += 1;
    }

    /// A call that never returns: the process dies while it waits.
    async fn answer(&self) {
        match self.calls_left.get() {
            0 => std::future::pending().await,
            left => self.calls_left.set(left - 1),
        }
        tokio::time::sleep(LATENCY).await;
    }
}

impl Cloud for World {
    async fn perform(&self, step: &Step, _: bool) -> Result<Performed, StepError> {
        self.answer().await;
        self.log.borrow_mut().push(format!("{:?} {}", self.elapsed(), step.address));
        assert!(matches!(step.action, Action::Create { .. }), "the simulated plans only create");
        if self.exists.borrow().contains(&step.address) {
            return Ok(Performed::AlreadyDone);
        }
        if self.cursed.contains(&step.address) {
            return Err(StepError::new(Trouble::Refused, "cursed"));
        }
        if self.seed.percent(self.faults.throttled) {
            return Err(StepError::new(Trouble::Throttled, "slow down"));
        }
        if self.seed.percent(self.faults.unsettled) {
            return Err(StepError::new(Trouble::Unsettled, "not yet"));
        }
        let lost = self.seed.percent(self.faults.lost);
        if !lost || self.seed.percent(50) {
            self.make(&step.address);
        }
        // Killed after the call was carried out and before its answer came: the cruellest moment.
        self.answer().await;
        if lost { Err(StepError::new(Trouble::Lost, "no answer")) } else { Ok(Performed::Done) }
    }

    async fn ended(&self, _: &Account, _: &[Step], _: &[StepResult]) -> Result<(), String> {
        self.unrecorded.clone().map_or(Ok(()), Err)
    }

    async fn health(&self, account: &Account) -> Health {
        tokio::time::sleep(LATENCY).await;
        match (self.canary)(account, self.elapsed()) {
            Answer::Green => Health::of(BTreeMap::from([("landfall-canary-a".to_owned(), green())])),
            Answer::Red => Health::of(BTreeMap::from([("landfall-canary-a".to_owned(), Word::silent("no answer"))])),
            Answer::Never => std::future::pending().await,
            Answer::Absent => Health::without(Colour::Absent),
        }
    }

    async fn lock_held(&self) -> Result<(), String> {
        if self.elapsed() < self.locked_for { Ok(()) } else { Err("somebody broke it".to_owned()) }
    }

    fn now(&self) -> Timestamp {
        self.begins + self.elapsed()
    }

    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}

fn green() -> Word {
    Word { colour: Colour::Green, why: Vec::new(), suspects: Vec::new() }
}
