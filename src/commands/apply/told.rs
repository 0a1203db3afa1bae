//! Everybody who hears what happens in a run, each in their own way. Decides nothing, and keeps nothing from anybody.

use super::super::clock;
use super::approved::Approved;
use super::ci::Runner;
use super::journal::Journal;
use super::notices::{self, Notices, Unheard, last_words};
use super::stream::Stream;
use super::tell::Teller;
use super::trace::{self, Trace};
use super::turn::Held;
use crate::apply::{Event, Outcome};
use futures::future::{Either, select};
use std::pin::{Pin, pin};

/// Who hears, besides the journal.
pub(super) struct Told<'a> {
    teller: Teller<'a>,
    runner: Option<&'a Runner>,
    stream: Option<Stream>,
    notices: Notices<'a>,
    trace: Option<Trace>,
    unheard: Unheard,
}

/// Somebody who carries notices while something else is done.
pub(super) type Sending = Pin<Box<dyn Future<Output = ()>>>;

impl<'a> Told<'a> {
    pub fn of(
        args: &super::Args,
        (approved, held): (&'a Approved, &Held),
        teller: Teller<'a>,
        runner: Option<&'a Runner>,
    ) -> (Told<'a>, Sending) {
        let (notices, courier) = notices::of(args, approved, held);
        let unheard = courier.unheard();
        let now = clock::now(None);
        let trace = trace::of(approved, held, now).unwrap_or_else(|why| {
            unheard.note("OpenTelemetry", why);
            None
        });
        let stream = (args.format == super::Format::Json).then(Stream::default);
        stream.iter().for_each(|stream| stream.begin(approved, held, now));
        notices.begin(now);
        (Told { teller, runner, stream, notices, trace, unheard }, Box::pin(courier.carry()))
    }

    pub fn hear(&self, event: &Event<'_>, journal: &Journal) {
        let at = clock::now(None);
        self.runner.iter().for_each(|runner| runner.hear(event));
        self.teller.tell(event);
        journal.hear(event, at);
        self.stream.iter().for_each(|stream| stream.hear(event, at));
        self.trace.iter().for_each(|trace| trace.hear(event, at));
        self.notices.hear(event, at);
    }

    /// Says how it ended, waits a moment for those who are slow, and tells who did not hear.
    pub async fn end(self, approved: &Approved, outcome: &Outcome, sending: Sending) {
        let Told { teller: _, runner: _, stream, notices, trace, unheard } = self;
        let now = clock::now(None);
        stream.iter().for_each(|stream| stream.end(approved, outcome, now));
        notices.end(outcome, now);
        // Nobody can write to the courier any more, so the carrying ends.
        drop(notices);
        let traced = async {
            match trace {
                Some(trace) => trace.end(outcome, now).await,
                None => Ok(()),
            }
        };
        let ((), traced) = futures::future::join(last_words(sending, &unheard), traced).await;
        unheard.remember("OpenTelemetry", traced);
        unheard.lines().iter().for_each(|line| eprintln!("{line}"));
    }
}

/// Does the work; what is beside it goes on as far as it comes meanwhile.
pub(super) async fn beside<T>(work: impl Future<Output = T>, sending: &mut Sending) -> T {
    match select(pin!(work), sending).await {
        Either::Left((done, _)) => done,
        Either::Right(((), work)) => work.await,
    }
}
