//! Accounts that are closed: three at once, so many in thirty days, and listed for another ninety.

use super::accounts::{Member, unknown};
use super::{MANAGEMENT, Organization, constraint};
use crate::simulated::wire::{Answer, Asked, fault, json as ok};
use crate::simulated::{At, Moment};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How long AWS takes to close an account. It promises nothing; DescribeAccount has been seen to lag by ten minutes.
const CLOSING: Moment = Moment::from_secs(300);
/// Accounts that are being closed at once, and in how long a time how many of all the organization's (Organizations quotas).
const AT_ONCE: usize = 3;
const WINDOW: Moment = Moment::from_secs(30 * DAY);
const SHARE: usize = 5;
const ALWAYS: usize = 250;
const NEVER_MORE: usize = 1000;
/// For how long a closed account stays in the organization.
const LISTED: Moment = Moment::from_secs(90 * DAY);
const DAY: u64 = 86_400;

/// When an account was closed, and when that is done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Closing {
    asked: Moment,
    done: Moment,
}

impl Organization {
    pub(super) fn close_account(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let id = asked.text("AccountId");
        if id == MANAGEMENT {
            return constraint("CANNOT_CLOSE_MANAGEMENT_ACCOUNT", "You can't close the management account.");
        }
        let closings = || self.accounts.values().filter_map(|member| member.closing.as_ref());
        let open = closings().filter(|closing| at.now < closing.done).count();
        let recent = closings().filter(|closing| at.now < closing.asked + WINDOW).count();
        let most = (self.accounts.len() / SHARE).clamp(ALWAYS, NEVER_MORE);
        let Some(member) = self.accounts.get_mut(&id) else { return unknown() };
        if member.closing.is_some() {
            return fault("AccountAlreadyClosedException", "The provided account is already closed.");
        }
        if open >= AT_ONCE {
            return constraint("CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED", "You have too many accounts being closed at once.");
        }
        if recent >= most {
            return constraint("CLOSE_ACCOUNT_QUOTA_EXCEEDED", "You have closed as many accounts as you may in thirty days.");
        }
        member.closing = Some(Closing { asked: at.now, done: at.now + at.takes(CLOSING) });
        ok(json!({}))
    }
}

impl Member {
    /// Its `Status`, and its `State`.
    pub(super) fn status(&self, now: Moment) -> [&'static str; 2] {
        match &self.closing {
            None => ["ACTIVE", "ACTIVE"],
            Some(closing) if now < closing.done => ["PENDING_CLOSURE", "PENDING_CLOSURE"],
            Some(_) => ["SUSPENDED", "CLOSED"],
        }
    }

    pub(super) fn is_listed(&self, now: Moment) -> bool {
        self.closing.as_ref().is_none_or(|closing| now < closing.done + LISTED)
    }
}
