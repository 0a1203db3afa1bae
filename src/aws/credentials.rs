//! Credentials of a member account: one assumed role, kept in memory, renewed before it ends.

use super::CallError;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_smithy_async::time::SharedTimeSource;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// Renewed this long before the end, so that no call starts with credentials that end on the way.
const RENEW_BEFORE: Duration = Duration::from_secs(300);

/// Assumes one role, once for all clients of a session. Cloning shares what was assumed.
#[derive(Clone)]
pub(super) struct AssumedRole {
    pub sts: aws_sdk_sts::Client,
    pub arn: String,
    pub session_name: String,
    /// A session policy: what the role's own policies allow is cut down to this.
    pub policy: Option<String>,
    pub clock: SharedTimeSource,
    pub current: Arc<Mutex<Option<Credentials>>>,
}

impl AssumedRole {
    /// The credentials in force, assumed or renewed if need be.
    ///
    /// # Errors
    /// Those of `sts:AssumeRole`.
    pub async fn credentials(&self) -> Result<Credentials, CallError> {
        let mut current = self.current.lock().await;
        let fresh = |c: &Credentials| c.expiry().is_none_or(|end| self.clock.now() + RENEW_BEFORE < end);
        if let Some(credentials) = current.as_ref().filter(|c| fresh(c)) {
            return Ok(credentials.clone());
        }
        let call = self.sts.assume_role().role_arn(&self.arn).role_session_name(&self.session_name);
        let answer = call.set_policy(self.policy.clone()).send().await?;
        let issued = answer.credentials().ok_or_else(|| CallError::refused("sts:AssumeRole", "the answer holds no credentials"))?;
        let end = SystemTime::try_from(*issued.expiration()).ok();
        let token = Some(issued.session_token().to_owned());
        let credentials = Credentials::new(issued.access_key_id(), issued.secret_access_key(), token, end, "AssumeRole");
        *current = Some(credentials.clone());
        Ok(credentials)
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { self.credentials().await.map_err(CredentialsError::provider_error) })
    }
}

impl fmt::Debug for AssumedRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AssumedRole({})", self.arn)
    }
}
