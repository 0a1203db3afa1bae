//! How often AWS lets itself be called: its token buckets, as data with sources, for whoever paces calls and whoever estimates how long
//! they take. Knows no clock, and promises nothing: AWS may throttle all the same.

mod table;

pub use table::TABLE;

use std::fmt;

/// One row: calls, and the bucket of tokens that each of them takes one from.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// As IAM policies name them; `*` at the end stands for whatever follows.
    pub calls: &'static [&'static str],
    /// Whether they all take from one bucket. Otherwise each has its own.
    pub together: bool,
    /// Tokens in a full bucket: how many calls may come at once.
    pub capacity: f64,
    /// Tokens that come back in a second.
    pub per_second: f64,
    pub scope: Scope,
    pub source: Source,
}

/// Whose bucket it is. Always of the account whose credentials make the call, whatever account it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One in each Region of an account.
    Region,
    /// One for an account: its Regions share it.
    Account,
    /// One for the organization: only its management account calls.
    Organization,
}

/// Where the numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// AWS's own documentation.
    Published(&'static str),
    /// Somebody outside was told so by AWS, or measured it.
    Told(&'static str),
    /// Nobody tells: a cautious guess, and why it is this one.
    Assumed(&'static str),
}

/// Something of which AWS has only so many going on at once.
#[derive(Clone, Copy, Debug)]
pub struct AtOnce {
    pub what: &'static str,
    pub limit: usize,
    pub source: Source,
}

/// Accounts that are being created. AWS answers one more with an error, not with a queue.
pub const ACCOUNT_CREATIONS: AtOnce = AtOnce { what: "accounts being created", limit: 5, source: table::ORGANIZATIONS };
/// Accounts that are being closed.
pub const ACCOUNT_CLOSURES: AtOnce = AtOnce { what: "accounts being closed", limit: 3, source: table::ORGANIZATIONS };
/// Assignments of permission sets that are being made. One more is throttled, and slows down every other call to Identity Center with it.
pub const ASSIGNMENTS: AtOnce = AtOnce { what: "assignments being made", limit: 10, source: table::ASSIGNMENTS };

/// The limit of a call, given as IAM policies name it. There is one for every call: the last row of the table is for all the others.
pub fn limit(call: &str) -> &'static Limit {
    TABLE.iter().find(|row| row.pattern(call).is_some()).unwrap_or(&table::OTHERS)
}

impl Limit {
    /// The name of the bucket that a call takes from.
    pub fn bucket<'a>(&'a self, call: &'a str) -> &'a str {
        if self.together { self.calls.first().copied().unwrap_or(call) } else { call }
    }

    /// The seconds that have to pass before a full bucket has given this many tokens.
    pub fn seconds(&self, calls: usize) -> f64 {
        ((calls as f64 - self.capacity) / self.per_second).max(0.0)
    }

    /// The pattern of this row that a call fits, if one does.
    fn pattern(&self, call: &str) -> Option<&'static str> {
        let fits = |pattern: &&&str| match pattern.strip_suffix('*') {
            Some(start) => call.starts_with(start),
            None => **pattern == call,
        };
        self.calls.iter().find(fits).copied()
    }
}

/// The table as Markdown: what docs/limits.md shows.
pub fn markdown() -> String {
    let mut text = String::from("| calls | at once | per second | for each | source |\n|---|---|---|---|---|\n");
    for row in TABLE {
        let calls: Vec<String> = row.calls.iter().map(|call| format!("`{call}`")).collect();
        let together = if row.together && (row.calls.len() > 1 || row.calls[0].ends_with('*')) { " together" } else { "" };
        let Limit { capacity, per_second, scope, source, .. } = row;
        let rate = if *per_second < 0.01 { format!("{per_second:.4}") } else { per_second.to_string() };
        text.push_str(&format!("| {}{together} | {capacity} | {rate} | {scope} | {source} |\n", calls.join(", ")));
    }
    text
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scope::Region => "account and Region",
            Scope::Account => "account",
            Scope::Organization => "organization",
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Published(page) => write!(f, "{page}"),
            Source::Told(who) => write!(f, "told, not published: {who}"),
            Source::Assumed(why) => write!(f, "assumed: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_the_limit_of_the_first_row_that_fits() {
        let of = |call| (limit(call).capacity, limit(call).per_second, limit(call).scope);
        assert_eq!(of("organizations:CreateAccount"), (3.0, 0.1, Scope::Organization));
        assert_eq!(of("ec2:CreateVpc"), (50.0, 5.0, Scope::Region));
        assert_eq!(of("ec2:CreateNatGateway"), (10.0, 1.0, Scope::Region));
        assert_eq!(of("ec2:DescribeVpcs"), (100.0, 20.0, Scope::Region));
        assert_eq!(of("ec2:DescribeSecurityGroups"), (50.0, 10.0, Scope::Region));
        assert_eq!(of("sts:AssumeRole"), (600.0, 600.0, Scope::Region));
        assert_eq!(of("invented:Call"), of("another:Call"));
    }

    #[test]
    fn calls_share_a_bucket_where_aws_says_so() {
        let bucket = |call| limit(call).bucket(call).to_owned();
        assert_eq!(bucket("sts:AssumeRole"), bucket("sts:GetCallerIdentity"));
        assert_ne!(bucket("ec2:CreateVpc"), bucket("ec2:CreateSubnet"));
        assert_ne!(bucket("invented:Call"), bucket("another:Call"));
    }

    #[test]
    fn waiting_is_what_the_bucket_makes_of_it() {
        let creation = limit("organizations:CreateAccount");
        assert_eq!(creation.seconds(3), 0.0);
        assert_eq!(creation.seconds(390), 3870.0);
    }

    #[test]
    fn no_row_hides_behind_one_above_it_and_none_gives_nothing() {
        for row in TABLE {
            assert!(row.capacity >= 1.0 && row.per_second > 0.0, "{:?}", row.calls);
            for call in row.calls {
                let first = limit(call.trim_end_matches('*'));
                let shown = if call.ends_with('*') { limit(&format!("{}Zzz", call.trim_end_matches('*'))) } else { first };
                assert!(shown.calls == row.calls, "`{call}` is never reached: {:?} takes it", shown.calls);
            }
        }
    }

    #[test]
    fn the_page_is_the_table() {
        let page = include_str!("../../../docs/limits.md");
        let table = markdown();
        assert!(page.contains(&table), "docs/limits.md is stale; its table is:\n{table}");
    }
}
