//! The real cloud: reads every account into `Live`, and carries out steps. The one room where kinds' drivers are called.

pub mod glass;
mod health;
pub mod lock;
mod organization;
mod perform;
mod read;
mod record;
pub mod records;
mod sessions;
mod store;
mod surroundings;

pub use health::{ASKING, health};
pub use organization::open_accounts;
pub use perform::{RealCloud, performing};
pub use read::{Progress, Selection, read};
pub use record::{READING, deed};
pub use sessions::{Entrance, enter};
pub use store::{LOOKING, Store};
pub use surroundings::{count_accounts, granted};
