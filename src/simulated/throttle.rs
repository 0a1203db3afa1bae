//! The token buckets that AWS documents, as `model::limits` lists them. Says only whether there is a token.

use super::Moment;
use super::wire::{Asked, Fault, fault};
use crate::model::limits::{Scope, limit};
use std::collections::BTreeMap;

/// What AWS's services answer that are asked too often.
pub(super) const CODES: [&str; 4] = ["RequestLimitExceeded", "ThrottlingException", "Throttling", "TooManyRequestsException"];

/// Buckets by their name, and by whose they are.
#[derive(Debug, Default)]
pub(super) struct Buckets(BTreeMap<(String, String), Bucket>);

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Moment,
}

impl Buckets {
    pub(super) fn take(&mut self, account: &str, asked: &Asked, strictness: f64, now: Moment) -> Result<(), Fault> {
        let action = asked.action();
        let limit = limit(&action);
        let whose = match limit.scope {
            Scope::Organization => String::new(),
            Scope::Account => account.to_owned(),
            Scope::Region => format!("{account} {}", asked.region),
        };
        let (capacity, rate) = ((limit.capacity / strictness).max(1.0), limit.per_second / strictness);
        let full = || Bucket { tokens: capacity, at: now };
        let bucket = self.0.entry((limit.bucket(&action).to_owned(), whose)).or_insert_with(full);
        let passed = now.saturating_sub(bucket.at).as_secs_f64();
        bucket.tokens = (bucket.tokens + passed * rate).min(capacity);
        bucket.at = now;
        // Sums of fractions; AWS would not see a millionth of a token either.
        if bucket.tokens < 1.0 - 1e-6 {
            let code = match asked.service.as_str() {
                "ec2" => "RequestLimitExceeded",
                "iam" | "sts" => "Throttling",
                _ => "ThrottlingException",
            };
            return fault(code, "Rate exceeded");
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}
