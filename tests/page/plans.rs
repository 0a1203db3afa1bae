//! The plans whose pages are looked at: small and large, everyday and hostile. Holds no expectation.

use crate::estates::{Domain, applied, domain, with_domains};
use landfall::config::{DOMAINS, load};
use landfall::kinds::Spec;
use landfall::model::{Environment, Note, Severity, Subject};
use landfall::plan::{Desired, Live, Plan, Report, plan};
use std::path::Path;

pub type Planned = (Plan, Report);

/// What breaks a page that takes text for anything else.
pub const HOSTILE: [&str; 8] = [
    "<img src=x onerror=\"document.title='owned'\">",
    "</script><script>document.title='owned'</script>",
    "</style><style>*{display:none}</style>",
    "\" autofocus onfocus=\"document.title='owned'\" x='",
    "<!--<script>",
    "&lt;b&gt; ‹domain› ${document.title='owned'} javascript:alert(1)",
    "admin\u{202e}nimda\u{200b}\u{2066}",
    "a\nb\r\n\tc\u{1b}[31mred\u{0}",
];

/// The repository's own estate, of which nothing lives yet.
pub fn example() -> Planned {
    plan(&repository(), &Live::default())
}

/// The same estate, living, after somebody's long day: something dangerous, something by hand, something almost everywhere.
pub fn changed() -> Planned {
    let desired = repository();
    let mut live = applied(&plan(&desired, &Live::default()).0, &Live::default());
    live.found.retain(|at, _| at.account.to_string() != "tools/prod" && !at.to_string().starts_with("orders/dev/us-west-2/subnet"));
    for (at, found) in &mut live.found {
        let account = at.account.to_string();
        match &mut found.spec {
            Spec::Vpc(vpc) if account == "search/prod" => vpc.cidr = serde_json::from_str("\"10.200.0.0/20\"").unwrap(),
            Spec::SecurityGroup(group) if account == "catalog/stage" => group.ingress.clear(),
            spec if account.ends_with("/dev") || (account.ends_with("/stage") && account != "payments/stage") => {
                spec.tags().map(|tags| tags.remove("domain"));
            }
            _ => {}
        }
    }
    let (plan, mut report) = plan(&desired, &live);
    let subject = || Subject::Account("metrics/dev".parse().unwrap());
    let read = "ec2:DescribeVpcs UnauthorizedOperation: You are not authorized to perform this operation.";
    report.notes.push(Note::new(Severity::Blocking, subject(), "Live state could not be read", read).hint("plan again"));
    report.notes.push(Note::new(Severity::Warning, subject(), "An account is no longer declared", "None of it is touched."));
    report.notes.sort();
    (plan, report)
}

/// Everything that comes from outside says what it should not.
pub fn hostile() -> Planned {
    let domains = ["catalog", "prod", "constructor", "__proto__"].map(domain);
    let mut desired = with_domains("10.0.0.0/8", &domains);
    let mut live = applied(&plan(&desired, &Live::default()).0, &Live::default());
    live.found.retain(|at, _| at.account.environment() != Some(Environment::Prod));
    for (number, (at, declared)) in desired.resources.iter_mut().enumerate() {
        let evil = HOSTILE[number % HOSTILE.len()];
        declared.place.file = format!("{evil}.yaml");
        if let Some(tags) = declared.spec.tags() {
            tags.extend(HOSTILE.map(|evil| (evil.to_owned(), evil.to_owned())));
        }
        match &mut declared.spec {
            // Long enough for one line in some accounts, and too long in others.
            Spec::SecurityGroup(group) => group.description = format!("{} {} {:-<48}", at.account, HOSTILE[5], ""),
            Spec::IamRole(role) => role.description = HOSTILE[number % 2].to_owned(),
            _ => {}
        }
    }
    let (plan, mut report) = plan(&desired, &live);
    for evil in HOSTILE {
        let subject = Subject::Account("catalog/prod".parse().unwrap());
        report.notes.push(Note::new(Severity::Warning, subject, evil, evil).hint(evil));
    }
    (plan, report)
}

/// More zones than AWS has anywhere, for more steps than a platform of ours takes.
const ZONES: &str = "abcdefghij";

/// 501 accounts of some sixty steps each, with a few that differ.
pub fn large() -> Planned {
    let of = |number| Domain { zones: ZONES.chars().collect(), vpc_prefix: 18, newbits: 4, ..domain(&format!("domain-{number}")) };
    let domains: Vec<Domain> = (0..167).map(of).collect();
    let mut desired = with_domains("10.0.0.0/8", &domains);
    for number in [7, 77, 133] {
        let at = format!("domain-{number}/prod/us-west-2/security-group/web").parse().unwrap();
        if let Some(Spec::SecurityGroup(group)) = desired.resources.get_mut(&at).map(|declared| &mut declared.spec) {
            group.ingress.clear();
        }
    }
    plan(&desired, &Live::default())
}

/// Nothing to do.
pub fn nothing() -> Planned {
    let desired = repository();
    let live = applied(&plan(&desired, &Live::default()).0, &Live::default());
    plan(&desired, &live)
}

/// Not even the accounts are known.
pub fn unreadable() -> Planned {
    let desired = repository();
    let note = Note::new(Severity::Blocking, Subject::Estate, "Live state could not be read", "AccessDenied");
    (Plan::empty(&desired.estate), Report { notes: vec![note], unchanged: 0, accounts: 30 })
}

fn repository() -> Desired {
    match load(Path::new(env!("CARGO_MANIFEST_DIR")), DOMAINS, jiff::Timestamp::UNIX_EPOCH) {
        Ok(loaded) => loaded.desired,
        Err(problems) => panic!("{}", landfall::config::show(&problems, false)),
    }
}
