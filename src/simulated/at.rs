//! Where and when a request is answered, and what is made of that: ids that nothing else has, ARNs, and how long things take.

use std::time::Duration;

/// A time, since the beginning of 1970.
pub type Moment = Duration;

/// The account, the Region and the time of a request.
#[derive(Debug)]
pub struct At<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub now: Moment,
    pub(super) haste: f64,
    pub(super) made: &'a mut u64,
}

impl At<'_> {
    /// An id with so many hexadecimal digits: `id("vpc-", 17)`.
    pub fn id(&mut self, prefix: &str, digits: usize) -> String {
        *self.made += 1;
        format!("{prefix}{:0digits$x}", self.made)
    }

    /// An id as many services make them, such as `00000000-0000-4000-8000-000000000001`.
    pub fn uuid(&mut self) -> String {
        let last = self.id("", 12);
        format!("00000000-0000-4000-8000-{last}")
    }

    /// `arn:aws:service:region:account:resource`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// How long something takes here that takes AWS so long.
    pub fn takes(&self, documented: Duration) -> Duration {
        documented.div_f64(self.haste)
    }
}
