//! The real cloud: reads every account into `Live`, and carries out steps. The one room where kinds' drivers are called.

mod health;
mod organization;
mod perform;
mod read;
mod record;
mod sessions;

pub use health::{ASKING, health};
pub use perform::RealCloud;
pub use read::{Progress, Selection, read};
pub use record::READING;
pub use sessions::{Entrance, enter};
