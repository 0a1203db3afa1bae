//! A turn to write: taken, renewed, joined by other jobs of the same run, and given back.

use super::{NotOurs, Shelf, TERM, Version, holder, look, time};
use crate::aws::{Fault, Lease, Moment};
use crate::model::{Holder, Lock};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// A turn is renewed this often: three renewals in a row may be lost.
const RENEW_EVERY: Duration = Duration::from_secs(30);
/// How often a run that waits looks again.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// As whose turn the time passes in which the lost jobs of a run may still write. No run is called so.
const LEFT: &str = "left";

/// What a turn is asked for.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Of the run, and of no other.
    pub run: String,
    pub who: String,
    pub purpose: String,
    /// How long it lasts unless renewed: `TERM`, or hours when it is handed over to the jobs of a matrix.
    pub term: Duration,
    /// The program that has it, if it is one alone.
    pub program: Option<String>,
    /// Whether a program is known to have ended: its turn needs no waiting for.
    pub ended: fn(&str) -> bool,
}

impl Claim {
    /// Who has the lock with this claim from a moment on.
    fn holder(&self, now: Moment) -> Holder {
        Holder { program: self.program.clone(), ..holder(&self.run, &self.who, &self.purpose, now, self.term) }
    }

    /// Whether a turn of this holder's needs no waiting for: it is ours already, since the answer to an earlier attempt got lost, or its
    /// program has ended.
    fn passes(&self, other: &Holder) -> bool {
        other.run == self.run || other.program.as_deref().is_some_and(self.ended)
    }
}

/// A turn of ours.
pub struct Turn {
    claim: Claim,
    fence: u64,
    version: Version,
    lease: Arc<Lease>,
    /// Whether we renew and end it, or only belong to it.
    owned: bool,
}

impl Turn {
    /// Names the turn to another job of the run: `<run>:<fence>`.
    pub fn token(&self) -> String {
        format!("{}:{}", self.claim.run, self.fence)
    }

    pub fn fence(&self) -> u64 {
        self.fence
    }
}

/// Takes the lock, and waits for it if need be; `on_wait` hears each time for whom. Grants the lease.
///
/// # Errors
/// Whose turn it is when patience ends; those of the shelf.
pub async fn take(
    shelf: &impl Shelf,
    claim: &Claim,
    patience: Duration,
    lease: &Arc<Lease>,
    mut on_wait: impl FnMut(&Holder),
) -> Result<Turn, NotOurs> {
    let mut waited = Duration::ZERO;
    loop {
        match attempt(shelf, claim, lease).await {
            Ok(Attempt::Taken(turn)) => return Ok(turn),
            Ok(Attempt::Beaten) => continue,
            Ok(Attempt::Held(other)) if waited >= patience => return Err(NotOurs::Held(other)),
            Ok(Attempt::Held(other)) => on_wait(&other),
            // A shelf that does not answer is asked once more at the least; one that says no will go on saying it.
            Err(NotOurs::Call(error)) if !error.is(Fault::Denied) && waited < patience.max(LOOK_EVERY) => {}
            Err(error) => return Err(error),
        }
        shelf.sleep(LOOK_EVERY).await;
        waited += LOOK_EVERY;
    }
}

/// What came of trying to take the lock.
enum Attempt {
    Taken(Turn),
    /// Somebody else has it.
    Held(Box<Holder>),
    /// Somebody else wrote in between.
    Beaten,
}

async fn attempt(shelf: &impl Shelf, claim: &Claim, lease: &Arc<Lease>) -> Result<Attempt, NotOurs> {
    let asked = shelf.now();
    let (lock, version) = look(shelf).await?;
    if let Some(other) = lock.held_at(time(asked)).filter(|holder| !claim.passes(holder)) {
        return Ok(Attempt::Held(Box::new(other.clone())));
    }
    let next = lock.next(claim.holder(asked));
    let Some(version) = shelf.put(&next.text(), version.as_ref()).await? else { return Ok(Attempt::Beaten) };
    lease.grant(asked, claim.term.min(TERM));
    Ok(Attempt::Taken(Turn { claim: claim.clone(), fence: next.fence, version, lease: lease.clone(), owned: true }))
}

/// Joins a turn that another job of the same run took. Grants the lease.
///
/// # Errors
/// `Over` when it is not this run's turn any more, or `token` is none; those of the shelf.
pub async fn join(shelf: &impl Shelf, token: &str, lease: &Arc<Lease>) -> Result<Turn, NotOurs> {
    let asked = shelf.now();
    let (lock, version) = look(shelf).await?;
    // A name without its fence would join whichever turn has that name now.
    let fence = fence(&lock, token).filter(|_| token.contains(':'));
    let (Some(version), Some(fence), Some(holder)) = (version, fence, &lock.holder) else { return Err(NotOurs::Over) };
    let Holder { run, who, purpose, .. } = holder.clone();
    let claim = Claim { run, who, purpose, term: TERM, program: None, ended: |_| false };
    let turn = Turn { claim, fence, version, lease: lease.clone(), owned: false };
    turn.grant(holder, asked)?;
    Ok(turn)
}

/// The holder, if it is this turn.
fn ours<'a>(lock: &'a Lock, run: &str, fence: u64) -> Option<&'a Holder> {
    lock.holder.as_ref().filter(|holder| holder.run == run && lock.fence == fence)
}

impl Turn {
    fn grant(&self, holder: &Holder, asked: Moment) -> Result<(), NotOurs> {
        let left = holder.until.duration_since(time(asked));
        let left = Duration::try_from(left).ok().filter(|left| !left.is_zero()).ok_or(NotOurs::Over)?;
        self.lease.grant(asked, left.min(TERM));
        Ok(())
    }

    /// Makes sure that it still is our turn; an owner prolongs it. The lease follows.
    pub(super) async fn renew(&mut self, shelf: &impl Shelf) -> Result<(), NotOurs> {
        let asked = shelf.now();
        let (lock, version) = look(shelf).await?;
        let (Some(version), Some(current)) = (version, ours(&lock, &self.claim.run, self.fence)) else { return Err(NotOurs::Over) };
        self.version = version;
        if !self.owned {
            return self.grant(current, asked);
        }
        match shelf.put(&lock.renewed(self.claim.holder(asked)).text(), Some(&self.version)).await? {
            Some(version) => self.version = version,
            // Written in between by whoever broke it: the next look says so.
            None => return Ok(()),
        }
        self.lease.grant(asked, self.claim.term.min(TERM));
        Ok(())
    }

    /// Gives the turn back, if it is ours to give.
    ///
    /// # Errors
    /// Those of the shelf. Then it ends by itself.
    pub async fn release(self, shelf: &impl Shelf) -> Result<(), NotOurs> {
        self.lease.revoke("this run has given its turn back");
        if self.owned { end(shelf, &self.token()).await } else { Ok(()) }
    }
}

/// The fence of a turn that is named by its token, or by its run alone, while it is that one's turn.
fn fence(lock: &Lock, name: &str) -> Option<u64> {
    let (run, fence) = name.rsplit_once(':').map_or((name, Some(lock.fence)), |(run, fence)| (run, fence.parse().ok()));
    fence.filter(|fence| ours(lock, run, *fence).is_some())
}

/// The fence of a turn by its name, unless it is over.
///
/// # Errors
/// Those of the shelf.
pub async fn under_way(shelf: &impl Shelf, name: &str) -> Result<Option<u64>, NotOurs> {
    look(shelf).await.map(|(lock, _)| fence(&lock, name))
}

/// Ends a turn by its name: by the last job of a matrix.
///
/// # Errors
/// Those of the shelf. That it is over already is none.
pub async fn end(shelf: &impl Shelf, name: &str) -> Result<(), NotOurs> {
    finish(shelf, name, Lock::released).await
}

/// Ends a turn of which some job may still be writing: nobody else gets one before the last moment at which it may.
///
/// # Errors
/// Those of the shelf. That it is over already is none.
pub async fn leave(shelf: &impl Shelf, name: &str) -> Result<(), NotOurs> {
    let who = |lock: &Lock| lock.holder.as_ref().map_or_else(String::new, |holder| holder.who.clone());
    finish(shelf, name, |lock| lock.next(holder(LEFT, &who(lock), "a run some of whose jobs were lost", shelf.now(), TERM))).await
}

async fn finish(shelf: &impl Shelf, name: &str, then: impl Fn(&Lock) -> Lock) -> Result<(), NotOurs> {
    loop {
        let (lock, version) = look(shelf).await?;
        if fence(&lock, name).is_none() || shelf.put(&then(&lock).text(), version.as_ref()).await?.is_some() {
            return Ok(());
        }
    }
}

/// Keeps the turn for as long as it is awaited. When it is lost, the lease is revoked, and this never ends: whoever writes finds out.
pub async fn keep(turn: &mut Turn, shelf: &impl Shelf) -> Infallible {
    loop {
        shelf.sleep(RENEW_EVERY).await;
        match turn.renew(shelf).await {
            // A shelf that does not answer may answer next time. If it never does, the lease runs out.
            Ok(()) | Err(NotOurs::Call(_)) => {}
            Err(why) => {
                turn.lease.revoke(why.to_string());
                return std::future::pending().await;
            }
        }
    }
}
