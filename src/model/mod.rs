//! The nouns that every room shares: plain data, no policy, no I/O, no clock.

mod account;
mod address;
mod approvals;
mod call;
mod change;
mod change_record;
mod digest;
pub mod escape;
pub mod limits;
mod lock;
mod name;
mod note;
mod place;
mod record;
pub mod regions;
mod verdict;

pub use account::{Account, Environment};
pub use address::{Address, KindName, Reference, Region, RemoteId};
pub use approvals::Approvals;
pub use call::{Access, Call, CallError, Fault, OnCall, Turn};
pub use change::{Change, Concern, Effect, Risk, show};
pub use change_record::{
    Began, ChangeRecord, Closing, Entry, Head, Part, Reading, Rollback, RunOutcome, StepOutcome, StepRecord, When, Why, flaws,
};
pub use digest::{Digest, canonical};
pub use lock::{Holder, Lock};
pub use name::{BadName, Name};
pub use note::{Note, Severity, Subject};
pub use place::Place;
pub use record::{Deed, Ended, Record, Run, Taken, Touch};
pub use verdict::{Colour, Element, ElementState, Health, Healths, Word};

/// Writes `Serialize` and `Deserialize` by way of `Display` and `FromStr`, for the types whose text form is their one form.
macro_rules! as_text {
    ($($type:ty),+) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
pub(crate) use as_text;
