//! Amazon S3's interface for whole accounts.

use super::side::Side;
use aws_sdk_s3control::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use aws_sdk_s3control::types::PublicAccessBlockConfiguration;

/// The endpoint as it is, without the account's number before it.
#[derive(Debug)]
struct AsGiven(String);

impl ResolveEndpoint for AsGiven {
    fn resolve_endpoint<'a>(&'a self, _: &'a Params) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(Endpoint::builder().url(self.0.clone()).build()))
    }
}

pub async fn story(side: &mut Side) {
    let given = AsGiven(side.member.endpoint_url().unwrap().to_owned());
    let config = aws_sdk_s3control::Config::from(&side.member).to_builder().endpoint_resolver(given).build();
    let (control, account) = (aws_sdk_s3control::Client::from_conf(config), side.account.clone());
    let (get, put) = (|| control.get_public_access_block().account_id(&account), || control.put_public_access_block().account_id(&account));
    side.told("s3control:GetPublicAccessBlock", get().send().await);
    let some = PublicAccessBlockConfiguration::builder().block_public_acls(true).restrict_public_buckets(false);
    let all = some.clone().ignore_public_acls(true).block_public_policy(true).restrict_public_buckets(true);
    for block in [some, all] {
        side.told("s3control:PutPublicAccessBlock", put().public_access_block_configuration(block.build()).send().await);
        side.told("s3control:GetPublicAccessBlock", get().send().await);
    }
}
