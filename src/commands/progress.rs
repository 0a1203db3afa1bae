//! Progress on stderr: bars with an estimate on a terminal, nothing but plain lines elsewhere.

use crate::model::Account;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::IsTerminal;

/// The overall bar redraws this often while nothing arrives, so that the estimate stays true.
const TICK: std::time::Duration = std::time::Duration::from_millis(200);

/// One overall bar, and one for each account that is under way.
pub struct Bars {
    all: MultiProgress,
    overall: ProgressBar,
    accounts: RefCell<BTreeMap<Account, ProgressBar>>,
}

impl Bars {
    /// Bars for a run that does `what`. With `-v` the trace has the terminal to itself.
    pub fn new(what: &'static str, verbose: bool) -> Bars {
        let shown = std::io::stderr().is_terminal() && !verbose;
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let all = MultiProgress::with_draw_target(target);
        let overall = all.add(ProgressBar::new(0)).with_message(what);
        overall.set_style(style("{msg:>24} {bar:30} {pos}/{len}  {rate}  {elapsed} elapsed, {eta} left"));
        overall.enable_steady_tick(TICK);
        Bars { all, overall, accounts: RefCell::default() }
    }

    /// Whether there is no terminal to draw on, so that plain lines are wanted.
    pub fn hidden(&self) -> bool {
        self.all.is_hidden()
    }

    /// So many more things are to be done overall.
    pub fn expect(&self, count: usize) {
        self.overall.inc_length(count as u64);
    }

    /// One of them is done, in this account.
    pub fn advance(&self, account: &Account) {
        self.overall.inc(1);
        if let Some(bar) = self.accounts.borrow().get(account) {
            bar.inc(1);
        }
    }

    /// What all of it is at.
    pub fn stage(&self, text: String) {
        self.overall.set_message(text);
    }

    /// An account is under way, with so many things to do.
    pub fn open(&self, account: &Account, count: usize) {
        let bar = self.all.insert_before(&self.overall, ProgressBar::new(count as u64)).with_message(account.to_string());
        bar.set_style(style("{msg:>24} {bar:30} {pos}/{len}  {prefix}"));
        self.accounts.borrow_mut().insert(account.clone(), bar);
    }

    /// What an account is at.
    pub fn show(&self, account: &Account, what: String) {
        if let Some(bar) = self.accounts.borrow().get(account) {
            bar.set_prefix(what);
        }
    }

    /// An account is finished; its bar goes away.
    pub fn close(&self, account: &Account) {
        if let Some(bar) = self.accounts.borrow_mut().remove(account) {
            bar.finish_and_clear();
        }
    }

    /// Prints a line above the bars.
    pub fn line(&self, text: &str) {
        if self.hidden() {
            eprintln!("{text}");
        } else {
            // Only a closed stderr makes this fail, and then there is nobody to tell.
            let _ = self.all.println(text);
        }
    }

    /// Removes all bars.
    pub fn clear(&self) {
        self.overall.finish_and_clear();
        let _ = self.all.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("rate", rate).progress_chars("━╸─")
}

/// How many things a minute are done: steps take seconds, and a rate by the second would be a fraction.
fn rate(state: &ProgressState, to: &mut dyn std::fmt::Write) {
    // A terminal that takes no text shows none.
    let _ = write!(to, "{:.0}/min", state.per_sec() * 60.0);
}
