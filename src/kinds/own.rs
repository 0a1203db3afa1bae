//! What is ours by its name: resources whose listings tell no tags, or which can't have any. Their names begin with `landfall-`, and
//! whatever of their kind begins so was made by Landfall. Asking for tags would cost a call a resource.

use crate::aws::{CallError, Session};
use crate::model::{Address, KindName, Name, Reference};

/// What the names of all resources begin with that are marked by nothing else.
pub(super) const PREFIX: &str = "landfall-";

/// The name in our addresses of what has this name in AWS, if it is ours.
pub(super) fn name(found: &str) -> Option<Name> {
    found.parse::<Name>().ok().filter(|name| name.as_str().starts_with(PREFIX))
}

/// The name to create a resource by.
pub(super) fn checked<'a>(operation: &str, address: &'a Address) -> Result<&'a str, CallError> {
    let name = address.name.as_str();
    let why = || CallError::refused(operation, format!("{name} does not begin with {PREFIX}, by which Landfall knows what is its own"));
    name.starts_with(PREFIX).then_some(name).ok_or_else(why)
}

/// What an ARN is of, as a spec names it. One that nobody of ours has is named by its own words, so that it differs from all of ours.
pub(super) fn reference(at: &Session, kind: &KindName, arn: &str) -> Option<Reference> {
    at.reference(kind, arn).or_else(|| Some(Reference::here(kind.clone(), words(arn)?)))
}

/// An ARN as a name: without the signs that no name has.
fn words(arn: &str) -> Option<Name> {
    let kept: String = arn.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '.' }).take(LONGEST).collect();
    kept.parse().ok()
}

/// Far below the most signs of a name.
const LONGEST: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_what_is_called_so() {
        assert_eq!(name("landfall-canary-a").unwrap().as_str(), "landfall-canary-a");
        assert_eq!((name("canary"), name("landfall-\u{1b}")), (None, None));
        let address: Address = "payments/prod/us-west-2/alarm/canary".parse().unwrap();
        assert!(checked("cloudwatch:PutMetricAlarm", &address).unwrap_err().message.starts_with("canary does not begin with landfall-"));
        assert_eq!(words("arn:aws:lambda:x:1:function:f").unwrap().as_str(), "arn.aws.lambda.x.1.function.f");
    }
}
