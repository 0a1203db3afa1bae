//! `landfall policy`: prints the least-privilege IAM policies that the files' modules need, for plan or for apply.

use super::output::print;
use super::{Exit, Outcome, files};
use crate::kinds::policy::{Side, actions, asking, documents, entering, recording, storing};
use crate::plan::{Desired, canaries};
use serde_json::json;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// What the role is for
    #[arg(value_enum)]
    purpose: Purpose,
    #[command(flatten)]
    files: files::FileArgs,
    /// Only the policies of this role; both, when absent
    #[arg(long, value_enum)]
    role: Option<Role>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Purpose {
    /// Reads live state, and can change nothing
    Plan,
    /// Carries out plans
    Apply,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Role {
    /// The one in the management account, from which runs start
    Management,
    /// The one in every member account, assumed from there
    Member,
}

/// Whether any account has a canary, which gates ask.
fn watches(desired: &Desired) -> bool {
    !canaries(desired).is_empty()
}

pub fn run(args: &Args) -> Outcome {
    let desired = files::load(&args.files)?;
    let writes = args.purpose == Purpose::Apply;
    let role = if writes { &desired.estate.access_role } else { &desired.estate.plan_role };
    let management = documents(&actions(&desired.kinds, Side::Management, writes), &[vec![entering(role)], storing(writes)].concat());
    let further: Vec<_> = [recording(writes)].into_iter().chain((writes && watches(&desired)).then(asking)).collect();
    let member = documents(&actions(&desired.kinds, Side::Member, writes), &further);
    let shown = match args.role {
        Some(Role::Management) => json!(management),
        Some(Role::Member) => json!(member),
        None => json!({ "management": management, "member": member }),
    };
    print(&format!("{shown:#}\n")).map(|()| Exit::Done)
}
