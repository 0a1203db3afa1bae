//! Credentials: the caller's own, and those of a member account's role, each kept in memory and renewed before it ends.

use super::CallError;
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_async::time::SharedTimeSource;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// Renewed this long before the end, so that no call starts with credentials that end on the way.
const RENEW_BEFORE: Duration = Duration::from_secs(300);

/// What was issued last.
type Current = Arc<Mutex<Option<Credentials>>>;

/// Whether credentials last long enough to start a call with them.
fn is_fresh(credentials: &Credentials, clock: &SharedTimeSource) -> bool {
    credentials.expiry().is_none_or(|end| clock.now() + RENEW_BEFORE < end)
}

/// The caller's own credentials, asked for once for all clients: the SDK would ask for them again for each client, be it by starting a
/// program, and there is a client for each service and account that something is managed for.
#[derive(Debug)]
pub(super) struct Kept {
    from: SharedCredentialsProvider,
    clock: SharedTimeSource,
    current: Current,
}

impl Kept {
    /// The same configuration, with its credentials kept.
    pub fn by(config: SdkConfig, clock: &SharedTimeSource) -> SdkConfig {
        let Some(from) = config.credentials_provider() else { return config };
        let kept = Kept { from, clock: clock.clone(), current: Arc::default() };
        config.into_builder().credentials_provider(SharedCredentialsProvider::new(kept)).build()
    }

    async fn credentials(&self) -> Result<Credentials, CredentialsError> {
        let mut current = self.current.lock().await;
        if let Some(credentials) = current.as_ref().filter(|current| is_fresh(current, &self.clock)) {
            return Ok(credentials.clone());
        }
        let credentials = self.from.provide_credentials().await?;
        *current = Some(credentials.clone());
        Ok(credentials)
    }
}

impl ProvideCredentials for Kept {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}

/// Assumes one role, once for all clients of a session. Cloning shares what was assumed.
#[derive(Clone)]
pub(super) struct AssumedRole {
    pub sts: aws_sdk_sts::Client,
    pub arn: String,
    pub session_name: String,
    /// A session policy: what the role's own policies allow is cut down to this.
    pub policy: Option<String>,
    pub clock: SharedTimeSource,
    pub current: Current,
}

impl AssumedRole {
    /// The credentials in force, assumed or renewed if need be.
    ///
    /// # Errors
    /// Those of `sts:AssumeRole`.
    pub async fn credentials(&self) -> Result<Credentials, CallError> {
        let mut current = self.current.lock().await;
        if let Some(credentials) = current.as_ref().filter(|current| is_fresh(current, &self.clock)) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    const START: SystemTime = SystemTime::UNIX_EPOCH;

    /// Issues credentials for an hour, counting them, and is its own clock.
    #[derive(Clone, Debug, Default)]
    struct Issuer {
        issued: Arc<AtomicU64>,
        seconds: Arc<AtomicU64>,
    }

    impl aws_smithy_async::time::TimeSource for Issuer {
        fn now(&self) -> SystemTime {
            START + Duration::from_secs(self.seconds.load(Ordering::SeqCst))
        }
    }

    impl ProvideCredentials for Issuer {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            use aws_smithy_async::time::TimeSource;
            let number = self.issued.fetch_add(1, Ordering::SeqCst);
            let end = self.now() + Duration::from_secs(3600);
            future::ProvideCredentials::ready(Ok(Credentials::new(number.to_string(), "secret", None, Some(end), "test")))
        }
    }

    #[tokio::test]
    async fn credentials_are_asked_for_once_until_they_are_about_to_end() {
        let issuer = Issuer::default();
        let (from, clock) = (SharedCredentialsProvider::new(issuer.clone()), SharedTimeSource::new(issuer.clone()));
        let config = SdkConfig::builder().credentials_provider(from).build();
        let kept = Kept::by(config, &clock).credentials_provider().unwrap();
        for (seconds, number) in [(0, "0"), (3299, "0"), (3301, "1"), (3302, "1")] {
            issuer.seconds.store(seconds, Ordering::SeqCst);
            assert_eq!(kept.provide_credentials().await.unwrap().access_key_id(), number, "after {seconds} s");
        }
        assert!(Kept::by(SdkConfig::builder().build(), &clock).credentials_provider().is_none());
    }
}
