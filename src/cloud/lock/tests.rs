//! The lock in virtual time: runs that race for it, are killed, sleep past their turn, lose answers, and have clocks that differ.

use super::{Claim, NotOurs, Shelf, TERM, Turn, Version, break_it, end, join, keep, leave, look, take, time, under_way};
use crate::aws::{CallError, Fault, Lease, Moment};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::task::LocalSet;
use tokio::time::Instant;

/// A seeded stream of numbers (splitmix64): equal seeds, equal runs.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % below
    }
}

/// What all runs share: the document, and the dice.
struct World {
    document: Option<(String, u64)>,
    version: u64,
    dice: Dice,
    began: Instant,
    /// Who wrote into an account, in order: run and fence.
    writes: Vec<(usize, u64)>,
}

/// The document as one run sees it: with its own clock, and a network that delays and loses.
#[derive(Clone)]
struct Seen {
    world: Rc<RefCell<World>>,
    /// Of this run's clock on the wall.
    ahead: Duration,
    /// One call in so many gets no answer; none if zero.
    lossy: u64,
}

impl Seen {
    fn roll(&self, below: u64) -> u64 {
        self.world.borrow_mut().dice.roll(below)
    }

    async fn latency(&self) {
        let pause = Duration::from_millis(20 + self.roll(400));
        tokio::time::sleep(pause).await;
    }

    fn lost(&self) -> bool {
        self.lossy > 0 && self.roll(self.lossy) == 0
    }
}

fn no_answer<T>() -> Result<T, CallError> {
    Err(CallError { fault: Fault::Lost, ..CallError::refused("s3:PutObject", "no answer") })
}

impl Shelf for Seen {
    async fn get(&self) -> Result<Option<(String, Version)>, CallError> {
        self.latency().await;
        if self.lost() {
            return no_answer();
        }
        let found = self.world.borrow().document.clone();
        self.latency().await;
        Ok(found.map(|(text, version)| (text, Version(version.to_string()))))
    }

    async fn put(&self, text: &str, over: Option<&Version>) -> Result<Option<Version>, CallError> {
        self.latency().await;
        if self.lost() {
            return no_answer();
        }
        let written = {
            let mut world = self.world.borrow_mut();
            let there = world.document.as_ref().map(|(_, version)| version.to_string());
            (there.as_deref() == over.map(|version| version.0.as_str())).then(|| {
                world.version += 1;
                world.document = Some((text.to_owned(), world.version));
                Version(world.version.to_string())
            })
        };
        self.latency().await;
        if self.lost() { no_answer() } else { Ok(written) }
    }

    fn now(&self) -> Moment {
        let passed = Instant::now() - self.world.borrow().began;
        Moment::by(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + self.ahead + passed)
    }

    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}

fn world(seed: u64) -> Rc<RefCell<World>> {
    let dice = Dice(seed);
    Rc::new(RefCell::new(World { document: None, version: 0, dice, began: Instant::now(), writes: Vec::new() }))
}

fn seen(world: &Rc<RefCell<World>>) -> Seen {
    Seen { world: world.clone(), ahead: Duration::ZERO, lossy: 0 }
}

fn claim(run: usize) -> Claim {
    Claim {
        run: format!("run-{run}"),
        who: format!("person-{run}"),
        purpose: "a test".to_owned(),
        term: TERM,
        program: None,
        ended: |_| false,
    }
}

/// The writes of a run: each asks its lease at the very moment, as the guard of every client does, and may stall in between.
async fn write(seen: &Seen, lease: &Lease, run: usize, fence: u64) {
    for _ in 0..20 {
        let stall = if seen.roll(12) == 0 { Duration::from_secs(seen.roll(400)) } else { Duration::from_millis(seen.roll(5000)) };
        tokio::time::sleep(stall).await;
        if lease.holds(seen.now()).is_err() {
            return;
        }
        seen.world.borrow_mut().writes.push((run, fence));
    }
}

async fn run(seen: Seen, run: usize) {
    tokio::time::sleep(Duration::from_millis(seen.roll(2000))).await;
    let lease = Lease::none();
    let Ok(mut turn) = take(&seen, &claim(run), Duration::from_secs(7200), &lease, |_| {}).await else { return };
    let fence = turn.fence();
    // A run that is stopped as a whole renews nothing either: then it wakes, and goes on where it was.
    let stopped = seen.roll(4) == 0;
    if stopped {
        tokio::time::sleep(Duration::from_secs(60 + seen.roll(600))).await;
    }
    let killed_after = Duration::from_secs(if seen.roll(4) == 0 { seen.roll(40) } else { 100_000 });
    tokio::select! {
        () = write(&seen, &lease, run, fence) => {}
        never = keep(&mut turn, &seen) => match never {},
        () = tokio::time::sleep(killed_after) => return,
    }
    let _ = turn.release(&seen).await;
}

async fn race(seed: u64) -> Vec<(usize, u64)> {
    let world = world(seed);
    let local = LocalSet::new();
    for at in 0..3 {
        let ahead = Duration::from_secs(world.borrow_mut().dice.roll(50));
        let lossy = if seed.is_multiple_of(2) { 0 } else { 15 };
        local.spawn_local(run(Seen { world: world.clone(), ahead, lossy }, at));
    }
    local.await;
    world.borrow().writes.clone()
}

#[tokio::test(start_paused = true)]
async fn of_runs_that_race_never_two_write() {
    let mut turns = 0;
    for seed in 0..400 {
        let writes = race(seed).await;
        assert!(writes.is_sorted_by_key(|(_, fence)| *fence), "seed {seed}: a run wrote after a later turn had begun: {writes:?}");
        let runs: std::collections::BTreeSet<_> = writes.iter().collect();
        let fences: std::collections::BTreeSet<_> = writes.iter().map(|(_, fence)| fence).collect();
        assert_eq!(runs.len(), fences.len(), "seed {seed}: two runs wrote in one turn: {writes:?}");
        turns += fences.len();
    }
    assert!(turns > 600, "the lock passes on: {turns} turns of 1200 wrote");
}

#[tokio::test(start_paused = true)]
async fn equal_seeds_run_alike() {
    assert_eq!(race(7).await, race(7).await);
}

async fn taken(seen: &Seen, run: usize, patience: Duration) -> Result<(Turn, Arc<Lease>), NotOurs> {
    let lease = Lease::none();
    take(seen, &claim(run), patience, &lease, |_| {}).await.map(|turn| (turn, lease))
}

#[tokio::test(start_paused = true)]
async fn who_has_no_patience_hears_whose_turn_it_is() {
    let seen = seen(&world(1));
    let (turn, _) = taken(&seen, 1, Duration::ZERO).await.unwrap();
    let Err(NotOurs::Held(holder)) = taken(&seen, 2, Duration::ZERO).await else { panic!("it was taken twice") };
    assert_eq!(holder.who, "person-1");
    turn.release(&seen).await.unwrap();
    let (second, _) = taken(&seen, 2, Duration::ZERO).await.unwrap();
    assert_eq!(second.fence(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_lock_of_a_killed_run_passes_on_and_the_killed_one_is_fenced_off_when_it_wakes() {
    let seen = seen(&world(2));
    let (mut first, lease) = taken(&seen, 1, Duration::ZERO).await.unwrap();
    // Stopped: it renews nothing.
    let (second, _) = taken(&seen, 2, Duration::from_secs(600)).await.unwrap();
    assert_eq!(second.fence(), 2);
    assert!(lease.holds(seen.now()).is_err(), "its turn ended before the next began");
    assert_eq!(first.renew(&seen).await, Err(NotOurs::Over));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_program_that_is_known_to_have_ended() {
    let seen = seen(&world(6));
    let dead = Claim { program: Some("dead".to_owned()), ..claim(1) };
    take(&seen, &dead, Duration::ZERO, &Lease::none(), |_| {}).await.unwrap();
    let Err(NotOurs::Held(_)) = taken(&seen, 2, Duration::ZERO).await else { panic!("it may live") };
    let knows = Claim { ended: |program| program == "dead", program: Some("alive".to_owned()), ..claim(3) };
    let turn = take(&seen, &knows, Duration::ZERO, &Lease::none(), |_| {}).await.unwrap();
    assert_eq!(turn.fence(), 2);
    let also = Claim { program: Some("other".to_owned()), ..knows };
    let also = Claim { run: "run-4".to_owned(), ..also };
    assert!(matches!(take(&seen, &also, Duration::ZERO, &Lease::none(), |_| {}).await, Err(NotOurs::Held(_))), "that one lives");
}

#[tokio::test(start_paused = true)]
async fn whoever_breaks_a_lock_waits_until_its_holder_can_write_no_more() {
    let seen = seen(&world(3));
    let (mut turn, lease) = taken(&seen, 1, Duration::ZERO).await.unwrap();
    let broken = break_it(&seen, "person-3", "it hangs").await.unwrap();
    assert_eq!(broken.who, "person-1");
    let Err(NotOurs::Held(holder)) = taken(&seen, 2, Duration::ZERO).await else { panic!("the holder may still be writing") };
    assert_eq!(holder.purpose, "breaking the lock: it hangs");
    assert_eq!(turn.renew(&seen).await, Err(NotOurs::Over));
    let (next, _) = taken(&seen, 2, Duration::from_secs(600)).await.unwrap();
    assert_eq!(next.fence(), 3);
    assert!(lease.holds(seen.now()).is_err());
    next.release(&seen).await.unwrap();
    assert_eq!(break_it(&seen, "person-3", "again").await, Err(NotOurs::Over), "nobody holds it");
}

#[tokio::test(start_paused = true)]
async fn jobs_of_a_run_join_its_turn_and_no_other() {
    let seen = seen(&world(4));
    let hours = Claim { term: Duration::from_secs(6 * 3600), ..claim(1) };
    let prepared = take(&seen, &hours, Duration::ZERO, &Lease::none(), |_| {}).await.unwrap();
    let token = prepared.token();
    drop(prepared);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let lease = Lease::none();
    let mut job = join(&seen, &token, &lease).await.unwrap();
    assert_eq!(lease.holds(seen.now()), Ok(()));
    for wrong in ["run-1:2", "run-2:1", "run-1", "", "run-1:-1"] {
        assert!(matches!(join(&seen, wrong, &Lease::none()).await, Err(NotOurs::Over)), "{wrong}");
    }
    tokio::time::sleep(TERM).await;
    assert!(lease.holds(seen.now()).is_err(), "a job that was stopped has to look again");
    job.renew(&seen).await.unwrap();
    assert_eq!(lease.holds(seen.now()), Ok(()));
    job.release(&seen).await.unwrap();
    assert!(look(&seen).await.unwrap().0.held_at(time(seen.now())).is_some(), "a job does not end the turn of its run");
    end(&seen, &token).await.unwrap();
    assert!(matches!(join(&seen, &token, &Lease::none()).await, Err(NotOurs::Over)));
}

#[tokio::test(start_paused = true)]
async fn a_turn_whose_jobs_were_lost_is_left_and_nobody_writes_before_they_can_no_more() {
    let seen = seen(&world(8));
    let hours = Claim { term: Duration::from_secs(24 * 3600), ..claim(1) };
    let token = take(&seen, &hours, Duration::ZERO, &Lease::none(), |_| {}).await.unwrap().token();
    let lease = Lease::none();
    let mut lost = join(&seen, &token, &lease).await.unwrap();
    assert_eq!(under_way(&seen, "run-1").await, Ok(Some(1)), "the last job need not know the token");
    leave(&seen, "run-2").await.unwrap();
    end(&seen, "run-1:2").await.unwrap();
    assert_eq!(under_way(&seen, &token).await, Ok(Some(1)), "others don't end it");
    leave(&seen, "run-1").await.unwrap();
    assert_eq!(under_way(&seen, &token).await, Ok(None));
    assert!(matches!(taken(&seen, 2, Duration::ZERO).await, Err(NotOurs::Held(_))));
    assert_eq!((lost.renew(&seen).await, lease.holds(seen.now())), (Err(NotOurs::Over), Ok(())), "it may write on for a while");
    let (next, _) = taken(&seen, 2, Duration::from_secs(600)).await.unwrap();
    assert!(lease.holds(seen.now()).is_err() && next.fence() == 3);
    leave(&seen, "run-1").await.unwrap();
    assert_eq!(under_way(&seen, "run-2").await, Ok(Some(3)));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_lock_is_nobodys_turn() {
    let world = world(5);
    world.borrow_mut().document = Some(("something else".to_owned(), 1));
    assert!(matches!(taken(&seen(&world), 1, Duration::from_secs(60)).await, Err(NotOurs::Unreadable)));
}
