//! What holds for every plan, whatever the estate: generated estates, lives and edits against the oracle in `plan::check`.

mod blocked;
mod commented;
#[path = "../estates/mod.rs"]
mod estates;
mod folding;
mod generated;
mod planning;
mod ranges;
mod rollback;
mod shown;
