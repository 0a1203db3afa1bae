//! The lease of a run: until when it may write. Every client asks it before each write, so that a run which lost the organization's lock,
//! or slept past the end of its turn, sends none. Knows nothing of where the lock is kept.

use aws_smithy_async::time::SharedTimeSource;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Shared by the clients of a run, which ask, and the keeper of the lock, which grants.
#[derive(Debug)]
pub struct Lease(Mutex<Term>);

#[derive(Clone, Debug)]
enum Term {
    Until(Moment),
    Over(String),
}

/// One moment by two clocks. A steady one stands still while the machine sleeps, and one on the wall can be set back: a lease is over when
/// either says so.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    steady: Instant,
    wall: SystemTime,
}

impl Moment {
    pub fn now(clock: &SharedTimeSource) -> Moment {
        Moment::by(clock.now())
    }

    /// Now, where the clock on the wall says `wall`.
    pub fn by(wall: SystemTime) -> Moment {
        Moment { steady: Instant::now(), wall }
    }

    /// By the clock on the wall.
    pub fn wall(self) -> SystemTime {
        self.wall
    }

    /// So much later, by both.
    #[must_use]
    pub fn after(self, time: Duration) -> Moment {
        Moment { steady: self.steady + time, wall: self.wall + time }
    }
}

impl Lease {
    /// One that allows nothing before it is granted.
    pub fn none() -> Arc<Lease> {
        Arc::new(Lease(Mutex::new(Term::Over("the lock of the organization was not taken".to_owned()))))
    }

    /// Extends it to `term` after `asked`: the moment before the lock was asked for, since its answer may have taken long.
    pub fn grant(&self, asked: Moment, term: Duration) {
        *self.term() = Term::Until(asked.after(term));
    }

    /// Ends it.
    pub fn revoke(&self, why: impl Into<String>) {
        *self.term() = Term::Over(why.into());
    }

    /// Whether the run may write at this moment.
    ///
    /// # Errors
    /// Why it may not.
    pub fn holds(&self, now: Moment) -> Result<(), String> {
        match &*self.term() {
            Term::Until(end) if now.steady < end.steady && now.wall < end.wall => Ok(()),
            Term::Until(_) => Err("its turn ended: the lock of the organization was not renewed in time".to_owned()),
            Term::Over(why) => Err(why.clone()),
        }
    }

    fn term(&self) -> MutexGuard<'_, Term> {
        // A panic elsewhere leaves a whole term behind: it is replaced in one assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERM: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_over_when_either_clock_says_so() {
        let (lease, wall) = (Lease::none(), SystemTime::UNIX_EPOCH);
        assert!(lease.holds(Moment::by(wall)).is_err(), "nothing was granted");
        lease.grant(Moment::by(wall), TERM);
        assert_eq!(lease.holds(Moment::by(wall)), Ok(()));
        assert!(lease.holds(Moment::by(wall + TERM)).is_err(), "by the clock on the wall: the machine slept");
        tokio::time::advance(TERM).await;
        assert!(lease.holds(Moment::by(wall)).is_err(), "by the steady one: somebody set the other back");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_revoked_says_why() {
        let lease = Lease::none();
        lease.grant(Moment::by(SystemTime::UNIX_EPOCH), TERM);
        lease.revoke("somebody broke the lock");
        assert_eq!(lease.holds(Moment::by(SystemTime::UNIX_EPOCH)), Err("somebody broke the lock".to_owned()));
    }
}
