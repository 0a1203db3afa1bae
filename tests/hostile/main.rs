//! Text made to harm, at every door through which text from outside comes in: the fuzzers' corpora and mutations of them, and live state
//! full of tricks, as people and programs are shown it.

mod mutated;
mod shown;
mod tampered;
#[path = "../../fuzz/src/lib.rs"]
mod targets;
mod threats;
