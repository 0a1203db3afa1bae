//! Settings: what every account has anyway and nobody can mark. A kind of setting says how one is got and put; the driver follows.
//!
//! Only what is declared is asked for, and nothing is ever deleted: nobody knows what a setting was before it was declared.

use super::Kind;
use crate::aws::{CallError, Session};
use crate::model::{Name, Region};

/// How a setting is read and written.
pub(super) trait Setting: Kind {
    /// What it is now; none where it was never set.
    async fn get(at: &Session, name: &Name) -> Result<Option<Self>, CallError>;

    /// Sets it, whatever it is now.
    async fn put(at: &Session, name: &Name, want: &Self) -> Result<(), CallError>;
}

/// The driver of a kind of setting.
macro_rules! driver {
    ($type:ty) => {
        impl $crate::kinds::Driver for $type {
            async fn read(at: &$crate::aws::Session) -> Result<Vec<$crate::kinds::Seen<$type>>, $crate::aws::CallError> {
                let mut seen = Vec::new();
                for name in at.declared(&<$type as $crate::kinds::Kind>::NAME) {
                    let found = <$type as $crate::kinds::setting::Setting>::get(at, &name).await?;
                    seen.extend(found.map(|spec| $crate::kinds::setting::seen(&name, spec)));
                }
                Ok(seen)
            }

            async fn find(
                at: &$crate::aws::Session,
                address: &$crate::model::Address,
            ) -> Result<Option<$crate::kinds::Seen<$type>>, $crate::aws::CallError> {
                let found = <$type as $crate::kinds::setting::Setting>::get(at, &address.name).await?;
                Ok(found.map(|spec| $crate::kinds::setting::seen(&address.name, spec)))
            }

            async fn create(
                at: &$crate::aws::Session,
                address: &$crate::model::Address,
                want: &$type,
            ) -> Result<$crate::model::RemoteId, $crate::aws::CallError> {
                <$type as $crate::kinds::setting::Setting>::put(at, &address.name, want).await?;
                Ok(address.name.as_str().into())
            }

            async fn update(
                at: &$crate::aws::Session,
                address: &$crate::model::Address,
                _: &$crate::model::RemoteId,
                want: &$type,
                _: &[$crate::model::Change],
            ) -> Result<(), $crate::aws::CallError> {
                <$type as $crate::kinds::setting::Setting>::put(at, &address.name, want).await
            }

            async fn delete(
                _: &$crate::aws::Session,
                _: &$crate::model::Address,
                _: &$crate::model::RemoteId,
                _: &$type,
            ) -> Result<(), $crate::aws::CallError> {
                Ok(())
            }
        }
    };
}
pub(super) use driver;

pub(super) fn seen<K>(name: &Name, spec: K) -> super::Seen<K> {
    super::Seen { id: name.as_str().into(), name: Some(name.clone()), spec }
}

/// The Region that a setting is named after.
///
/// # Errors
/// When its name is no Region.
pub(super) fn region(operation: &str, name: &Name) -> Result<Region, CallError> {
    name.as_str().parse().map_err(|_| CallError::refused(operation, format!("`{name}` is no Region: such a resource is named after one")))
}

/// Whether an error says that the account has not enabled the Region, so that nothing is set in it yet.
pub(super) fn is_not_enabled(error: &CallError) -> bool {
    let codes = ["OptInRequired", "AuthFailure", "UnrecognizedClientException", "InvalidClientTokenId"];
    error.code.as_deref().is_some_and(|code| codes.contains(&code))
}
