//! What a rehearsal starts from: live state as it was just read, what canaries said, and what AWS allows. Plain values, brought by whoever
//! can read; asks for nothing itself.

use crate::model::{Account, Healths, Holder};
use crate::plan::Live;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What is known before anything is done.
#[derive(Clone, Debug)]
pub struct Known {
    pub live: Live,
    /// What canaries said when they were asked. Of an account that is not here nothing is known.
    pub healths: Healths,
    /// What was read of quotas, beside what live state tells of those that are declared.
    pub granted: BTreeMap<QuotaOf, u64>,
    /// How many accounts the organization has, ours or not; none where that was not read.
    pub accounts: Option<usize>,
    /// Whose turn it is to write, if it is somebody's.
    pub writer: Option<Holder>,
    /// When it begins.
    pub now: Timestamp,
}

/// A quota of an account, in the plan's home Region or, where it is the account's as a whole, wherever AWS keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QuotaOf {
    pub account: Account,
    /// As Service Quotas calls it: `vpc`.
    pub service: &'static str,
    /// `L-F678F1CE`
    pub code: &'static str,
}

/// How many accounts an organization may have (Organizations user guide, "Maximum and minimum values": 10 by default).
pub const ACCOUNTS: (&str, &str, usize) = ("organizations", "L-E619E033", 10);

impl QuotaOf {
    /// The organization's quota of accounts.
    pub fn accounts() -> QuotaOf {
        QuotaOf { account: Account::Management, service: ACCOUNTS.0, code: ACCOUNTS.1 }
    }
}
