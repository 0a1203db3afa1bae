//! What the emulated AWS has to be told before it is an organization's.

use super::super::Failure;
use super::server::{Running, ask, broken};
use super::{CREDENTIAL, REGION};
use crate::aws::CallError;
use aws_config::BehaviorVersion;
use aws_sdk_organizations::types::OrganizationFeatureSet;

/// Settles what an AWS organization has from the start.
pub(super) async fn prepare(running: &Running) -> Result<(), Failure> {
    ask(running.port, "/moto-api/config", r#"{"lambda":{"use_docker":false}}"#).await?;
    let client = organizations(&running.endpoint());
    if client.describe_organization().send().await.is_ok() {
        return Ok(());
    }
    let made = client.create_organization().feature_set(OrganizationFeatureSet::All).send().await;
    made.map(drop).map_err(|error| broken(&CallError::from(error).to_string()))
}

/// A client that knows no other endpoint, and no credentials but the sandbox's.
fn organizations(endpoint: &str) -> aws_sdk_organizations::Client {
    let config = aws_sdk_organizations::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(aws_config::Region::from_static(REGION))
        .credentials_provider(aws_credential_types::Credentials::new(CREDENTIAL, CREDENTIAL, None, None, "sandbox"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    aws_sdk_organizations::Client::from_conf(config)
}
