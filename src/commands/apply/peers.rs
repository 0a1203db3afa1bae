//! The other jobs of a wave, as far as their change records tell: one that starts when too many of them have failed does nothing. Must never
//! take a job that is under way for one that failed.

use super::super::{Failure, record};
use super::turn::Held;
use crate::apply::failed_in;
use crate::cloud::records::of_turn;
use crate::model::show;

/// # Errors
/// The wave has halted: more of its other accounts failed in this turn than it tolerates.
pub(super) async fn go_on(args: &super::Args, held: &Held) -> Result<(), Failure> {
    let Some((tolerated, wave)) = args.tolerate.zip(args.wave.as_ref()) else { return Ok(()) };
    let mut failed = failed_in(wave, &of_turn(&held.store, held.fence()).await.map_err(record::unreadable)?);
    failed.retain(|account| !args.account.contains(account));
    if failed.len() <= tolerated {
        return Ok(());
    }
    let detail = format!("{} failed ({}), and it tolerates {tolerated}", failed.len(), show(&failed));
    let failure = Failure::new("nothing was started: the wave has halted", format!("wave {wave}: {detail}"));
    Err(failure.hint("mend what failed, plan again, and apply the new plan"))
}
