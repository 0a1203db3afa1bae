//! What the operations of the services are called that speak REST, by method and path, and services whose signatures say less than IAM
//! policies do. The others say it themselves.

use super::s3;
use super::wire::Asked;

/// Where S3's interface for whole accounts begins; its requests are signed for S3.
const S3_CONTROL: &str = "v20180820";

/// Names the service and the operation, where they aren't named yet.
pub(super) fn name(asked: &mut Asked) {
    match asked.service.as_str() {
        "monitoring" => "cloudwatch".clone_into(&mut asked.service),
        "s3" if asked.path.first().is_some_and(|first| first == S3_CONTROL) => "s3control".clone_into(&mut asked.service),
        _ => {}
    }
    if !asked.operation.is_empty() {
        return;
    }
    let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    let operation = match (asked.service.as_str(), asked.method.as_str(), path.as_slice()) {
        ("ssm-incidents", "GET", ["tags", _]) => "ListTagsForResource".to_owned(),
        // These are named in the path.
        ("account" | "ssm-incidents", _, [name]) => capital(name),
        ("s3", ..) => s3::operation(asked).to_owned(),
        ("s3control", "GET", [_, "configuration", "publicAccessBlock"]) => "GetAccountPublicAccessBlock".to_owned(),
        ("s3control", "PUT", [_, "configuration", "publicAccessBlock"]) => "PutAccountPublicAccessBlock".to_owned(),
        ("lambda", method, ["2015-03-31", "functions", rest @ ..]) => function(method, rest).to_owned(),
        _ => return,
    };
    asked.operation = operation;
}

/// Lambda's, as IAM policies name them.
fn function(method: &str, rest: &[&str]) -> &'static str {
    match (method, rest) {
        ("POST", []) => "CreateFunction",
        ("GET", []) => "ListFunctions",
        ("GET", [_]) => "GetFunction",
        ("DELETE", [_]) => "DeleteFunction",
        ("PUT", [_, "code"]) => "UpdateFunctionCode",
        ("PUT", [_, "configuration"]) => "UpdateFunctionConfiguration",
        ("POST", [_, "policy"]) => "AddPermission",
        ("GET", [_, "policy"]) => "GetPolicy",
        ("DELETE", [_, "policy", _]) => "RemovePermission",
        ("POST", [_, "invocations"]) => "InvokeFunction",
        _ => "",
    }
}

/// `listRegions` is `ListRegions` everywhere but in paths.
fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}
