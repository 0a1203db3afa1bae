//! `landfall explain`: tells what a kind is, out of the table of kinds alone; `docs/kinds.md` is made here as well.

use super::output::print;
use super::{Exit, Failure, Outcome};
use crate::kinds::{Field, Row, Scope, TABLE, fields};
use crate::model::KindName;

/// Below this likeness (of 1.0) a name is no typing error but another word.
const ALIKE: f64 = 0.7;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The kind to explain, such as `vpc`; all of them are listed when absent
    kind: Option<String>,
    /// Print the documentation of all kinds, which is docs/kinds.md
    #[arg(long, conflicts_with = "kind")]
    markdown: bool,
}

pub fn run(args: &Args) -> Outcome {
    let text = match &args.kind {
        Some(kind) => explained(find(kind)?),
        None if args.markdown => markdown(),
        None => listed(),
    };
    print(&text)?;
    Ok(Exit::Done)
}

fn find(kind: &str) -> Result<&'static Row, Failure> {
    let found = TABLE.iter().find(|row| row.kind.as_str() == kind);
    found.ok_or_else(|| {
        let failure = Failure::new("there is no such kind", format!("{kind:?} is in no row of the table of kinds"));
        failure.hint(match alike(kind) {
            Some(alike) => format!("did you mean `{alike}`?"),
            None => "`landfall explain` lists them all".to_owned(),
        })
    })
}

fn alike(kind: &str) -> Option<&'static KindName> {
    let likeness = |row: &Row| strsim::jaro_winkler(kind, row.kind.as_str());
    let best = TABLE.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(best) >= ALIKE).then_some(&best.kind)
}

/// Every kind with what it is.
fn listed() -> String {
    let width = TABLE.iter().map(|row| row.kind.as_str().len()).max().unwrap_or_default();
    TABLE.iter().map(|row| format!("{:width$}  {}\n", row.kind, row.about)).collect()
}

/// One kind, for a terminal.
fn explained(row: &Row) -> String {
    let mut text = format!("{}\n  {}\n  {}\n\nFields\n", row.kind, row.about, lives(row.scope));
    for Field { name, holds, required, about } in fields(row) {
        let required = if required { ", required" } else { "" };
        text += &format!("  {name} ({holds}{required})\n      {about}\n");
    }
    if !row.refers.is_empty() {
        text += &format!("\nRefers to\n  {}\n", refers(row, ""));
    }
    text += "\nCalls to read\n";
    text += &row.reads.iter().map(|operation| format!("  {operation}\n")).collect::<String>();
    text += "\nCalls to change\n";
    text + &row.writes.iter().map(|operation| format!("  {operation}\n")).collect::<String>()
}

/// All kinds, as Markdown.
fn markdown() -> String {
    let head = "# Kinds\n\nThe kinds of resource that modules can declare, in the order in which they are read.\n\
        Made by `landfall explain --markdown`; edit the doc comments in `src/kinds/` instead.\n";
    TABLE.iter().map(section).fold(head.to_owned(), |text, section| text + &section)
}

fn section(row: &Row) -> String {
    let mut text = format!("\n## {}\n\n{} {}\n\n", row.kind, escaped(row.about), lives(row.scope));
    text += "| field | holds | |\n|---|---|---|\n";
    for Field { name, holds, required, about } in fields(row) {
        let required = if required { "**Required.** " } else { "" };
        text += &format!("| `{name}` | {} | {required}{} |\n", escaped(&holds), escaped(&about));
    }
    if !row.refers.is_empty() {
        text += &format!("\nRefers to {}.\n", refers(row, "`"));
    }
    text + &format!("\nReads by {}. Changes by {}.\n", code(row.reads), code(row.writes))
}

fn lives(scope: Scope) -> &'static str {
    match scope {
        Scope::Organization => "One for the whole organization, in its management account.",
        Scope::Membership => "One to an account, managed from the management account.",
        Scope::Managed => "Of an account, managed from the management account.",
        Scope::Global => "In an account, without a Region.",
        Scope::Regional => "In an account and a Region.",
    }
}

fn refers(row: &Row, quote: &str) -> String {
    row.refers.iter().map(|kind| format!("{quote}{kind}{quote}")).collect::<Vec<_>>().join(", ")
}

fn code(operations: &[&str]) -> String {
    operations.iter().map(|operation| format!("`{operation}`")).collect::<Vec<_>>().join(", ")
}

/// Text that is safe in a cell of a Markdown table.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_explained_whole() {
        let expected = "\
elastic-ip
  An elastic IP: a public IPv4 address that stays the same, for a NAT gateway to send from.
  In an account and a Region.

Fields
  tags (map of text)
      Tags. Those of the team, domain and environment are set without being declared.

Calls to read
  ec2:DescribeAddresses

Calls to change
  ec2:AllocateAddress
  ec2:ReleaseAddress
  ec2:CreateTags
";
        assert_eq!(explained(find("elastic-ip").unwrap()), expected);
    }

    #[test]
    fn every_kind_is_listed() {
        let first = listed().lines().next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(first.starts_with("organizational-unit An organizational unit: a folder of accounts"), "{first}");
        assert_eq!(listed().lines().count(), TABLE.len());
    }

    #[test]
    fn a_typing_error_is_understood() {
        let error = |kind| find(kind).err().unwrap().to_string();
        let expected =
            "error: there is no such kind\n  \"secrity-group\" is in no row of the table of kinds\n  hint: did you mean `security-group`?";
        assert_eq!(error("secrity-group"), expected);
        assert!(
            error("\u{1b}[31m").ends_with("\"\\u{1b}[31m\" is in no row of the table of kinds\n  hint: `landfall explain` lists them all")
        );
    }

    #[test]
    fn the_documentation_is_fresh() {
        let stale = "docs/kinds.md is stale: run `cargo run -- explain --markdown > docs/kinds.md`";
        assert!(include_str!("../../docs/kinds.md") == markdown(), "{stale}");
    }
}
