//! An endpoint that is as it was given. S3 Control puts the account's number before the host of any other, where no emulator answers.

use aws_sdk_s3control::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};

/// Resolves to one address, whatever is asked for.
#[derive(Debug)]
pub(super) struct AsGiven(pub String);

impl ResolveEndpoint for AsGiven {
    fn resolve_endpoint<'a>(&'a self, _: &'a Params) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(Endpoint::builder().url(self.0.clone()).build()))
    }
}
