//! Virtual time: a clock that goes on only when nothing can happen any more until it does, and the loop that runs a future on it. Knows no
//! real time, no threads and no other runtime, so equal futures take equal times.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// The time since the start, and who waits for what time.
#[derive(Default)]
pub(super) struct Clock {
    now: Cell<Duration>,
    /// In the order in which they come due, and of those due together, in the order in which they came.
    waiting: RefCell<BTreeMap<(Duration, u64), Waker>>,
    came: Cell<u64>,
}

/// Waits until a time has come.
pub(super) struct Sleep<'a> {
    clock: &'a Clock,
    until: (Duration, u64),
}

/// Remembers that somebody can go on.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Flag>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Clock {
    pub fn now(&self) -> Duration {
        self.now.get()
    }

    pub fn sleep(&self, pause: Duration) -> Sleep<'_> {
        let number = self.came.get();
        self.came.set(number + 1);
        Sleep { clock: self, until: (self.now().saturating_add(pause), number) }
    }

    /// Runs a future to its end; none if it waits for what no time brings.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(flag.clone());
        loop {
            while flag.0.swap(false, Ordering::Relaxed) {
                if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return Some(done);
                }
            }
            let ((time, _), next) = self.waiting.borrow_mut().pop_first()?;
            self.now.set(self.now().max(time));
            next.wake();
        }
    }
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.until.0 <= self.clock.now() {
            return Poll::Ready(());
        }
        self.clock.waiting.borrow_mut().insert(self.until, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        self.clock.waiting.borrow_mut().remove(&self.until);
    }
}

/// So many places, given in the order in which they are asked for.
#[derive(Default)]
pub(super) struct Places {
    /// How many tickets have been served so far, beyond those that are served at once.
    returned: Cell<u64>,
    tickets: Cell<u64>,
    at_once: u64,
    waiting: RefCell<BTreeMap<u64, Waker>>,
}

/// A place; dropping it gives it to the next.
pub(super) struct Place<'a>(&'a Places);

impl Places {
    pub fn new(at_once: usize) -> Places {
        Places { at_once: u64::try_from(at_once).unwrap_or(u64::MAX), ..Places::default() }
    }

    /// Waits for a place. Whoever asks must stay until he has one.
    pub async fn take(&self) -> Place<'_> {
        let ticket = self.tickets.get();
        self.tickets.set(ticket + 1);
        std::future::poll_fn(|context| {
            if ticket < self.at_once.saturating_add(self.returned.get()) {
                return Poll::Ready(());
            }
            self.waiting.borrow_mut().insert(ticket, context.waker().clone());
            Poll::Pending
        })
        .await;
        Place(self)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let Places { returned, at_once, waiting, .. } = self.0;
        let next = at_once.saturating_add(returned.get());
        returned.set(returned.get() + 1);
        let waiting = waiting.borrow_mut().remove(&next);
        waiting.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;
    use futures::stream::FuturesUnordered;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_sleeps_side_by_side_takes_as_long_as_the_longest() {
        let clock = Clock::default();
        let order = clock.run(async {
            let mut all: FuturesUnordered<_> = [3, 1, 2, 1].map(|seconds| clock.sleep(SECOND * seconds)).into_iter().collect();
            let mut times = Vec::new();
            while all.next().await.is_some() {
                times.push(clock.now());
            }
            times
        });
        assert_eq!(order, Some([1, 1, 2, 3].map(|seconds| SECOND * seconds).to_vec()));
    }

    #[test]
    fn a_sleep_that_nobody_waits_for_moves_no_clock() {
        let clock = Clock::default();
        let ran = clock.run(async {
            drop(clock.sleep(SECOND * 100));
            clock.sleep(SECOND).await;
        });
        assert_eq!((ran, clock.now()), (Some(()), SECOND));
        assert_eq!(clock.run(std::future::pending::<()>()), None, "nothing brings it about");
    }

    #[test]
    fn places_are_given_in_order_and_no_more_than_there_are() {
        let (clock, places) = (Clock::default(), Places::new(2));
        let served = RefCell::new(Vec::new());
        clock.run(async {
            let all: FuturesUnordered<_> = (0..5)
                .map(|number| {
                    let (clock, places, served) = (&clock, &places, &served);
                    async move {
                        let _place = places.take().await;
                        clock.sleep(SECOND).await;
                        served.borrow_mut().push((number, clock.now().as_secs()));
                    }
                })
                .collect();
            all.collect::<()>().await;
        });
        assert_eq!(served.into_inner(), [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3)]);
    }
}
