//! What AWS's errors mean to us: faults, told apart by the documented error codes.

use crate::model::{CallError, Fault};
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// Whether an answer asks for patience, whatever operation it answers.
pub(super) fn is_throttled(answer: &HttpResponse) -> bool {
    let status = answer.status().as_u16();
    status >= 400 && fault_of(code(answer).as_deref(), status) == Fault::Throttled
}

/// The error code of an answer in any of AWS's formats.
fn code(answer: &HttpResponse) -> Option<String> {
    let body = || answer.body().bytes().map(String::from_utf8_lossy);
    let of_xml = || Some(body()?.split_once("<Code>")?.1.split_once("</Code>")?.0.to_owned());
    let of_json = || {
        let fields: serde_json::Value = serde_json::from_slice(answer.body().bytes()?).ok()?;
        ["__type", "code", "Code"].iter().find_map(|name| fields.get(name)?.as_str().map(str::to_owned))
    };
    let found = answer.headers().get("x-amzn-errortype").map(str::to_owned).or_else(of_xml).or_else(of_json)?;
    // `namespace#Code:where`
    let code = found.rsplit('#').next().unwrap_or_default();
    Some(code.split(':').next().unwrap_or_default().to_owned())
}

/// Turns "already there" into success: for calls that may have been made before.
pub fn or_exists<T>(result: Result<T, CallError>) -> Result<Option<T>, CallError> {
    or(result, Fault::Exists)
}

/// Turns "already gone" into success: for deletes.
pub fn or_missing<T>(result: Result<T, CallError>) -> Result<Option<T>, CallError> {
    or(result, Fault::Missing)
}

fn or<T>(result: Result<T, CallError>, fault: Fault) -> Result<Option<T>, CallError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is(fault) => Ok(None),
        Err(error) => Err(error),
    }
}

/// An error that came inside of an answer of success: its code means what it always means.
pub fn unsuccessful(operation: &str, code: &str, message: &str) -> CallError {
    let code = Some(code.to_owned()).filter(|code| !code.is_empty());
    let fault = fault_of(code.as_deref(), 400);
    CallError { operation: operation.to_owned(), fault, code, message: message.to_owned(), request_id: None }
}

impl<E> From<SdkError<E, HttpResponse>> for CallError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> CallError {
        let request_id = error.raw_response().and_then(request_id).map(str::to_owned);
        let status = error.raw_response().map_or(0, |raw| raw.status().as_u16());
        let operation = operation_of::<E>();
        let text = innermost(&error);
        if super::guard::is_refusal(&error) {
            return CallError { operation, fault: Fault::Withheld, code: None, message: text, request_id };
        }
        match error.as_service_error() {
            Some(service) => {
                let code = service.code().map(str::to_owned);
                let message = service.message().map_or(text, str::to_owned);
                CallError { operation, fault: fault_of(code.as_deref(), status), code, message, request_id }
            }
            None => CallError { operation, fault: Fault::Lost, code: None, message: unsent(&error, text), request_id },
        }
    }
}

/// What AWS calls a request.
pub(super) fn request_id(answer: &HttpResponse) -> Option<&str> {
    answer.headers().get("x-amzn-requestid").or_else(|| answer.headers().get("x-amz-request-id"))
}

/// The operation that an SDK error type belongs to; its path is `aws_sdk_ec2::operation::create_vpc::CreateVpcError`.
fn operation_of<E>() -> String {
    let path = std::any::type_name::<E>();
    let service = path.split("::").next().unwrap_or_default().trim_start_matches("aws_sdk_");
    let operation = path.rsplit("::").next().unwrap_or_default().trim_end_matches("Error");
    super::action::action(service, operation)
}

/// Why a call got no answer: without credentials none is sent, and what the last provider asked says of itself misleads.
fn unsent(error: &(dyn std::error::Error + 'static), text: String) -> String {
    let causes = std::iter::successors(Some(error), |cause| cause.source());
    let mut credentials = causes.filter(|cause| cause.is::<CredentialsError>());
    credentials.next().map_or_else(|| text.clone(), |_| format!("no usable AWS credentials were found; the last place said: {text}"))
}

/// The cause at the bottom of the chain: the SDK's outer errors only say that something failed.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// What this status says needs no code.
const TOO_MANY_REQUESTS: u16 = 429;

/// The fault behind an error code. Sources: "Common errors" of each API reference, and the EC2 API's list of error codes.
fn fault_of(code: Option<&str>, status: u16) -> Fault {
    if status == TOO_MANY_REQUESTS {
        return Fault::Throttled;
    }
    let Some(code) = code else { return if status >= 500 { Fault::Lost } else { Fault::Refused } };
    match code {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestLimitExceeded"
        | "EC2ThrottledException"
        | "TooManyRequestsException"
        | "TooManyUpdates"
        | "SlowDown"
        | "RequestThrottledException" => Fault::Throttled,
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "Client.UnauthorizedOperation" => Fault::Denied,
        "DependencyViolation"
        | "DeleteConflict"
        | "ConcurrentModification"
        | "ConcurrentModificationException"
        | "ConcurrentAccess"
        | "OperationAbortedException"
        | "StaleTag"
        | "IncorrectState"
        | "ResourceInUse"
        | "FinalizingOrganizationException"
        | "PolicyChangesInProgressException"
        | "PolicyInUseException"
        | "InvalidIPAddress.InUse"
        | "InvalidGroup.InUse"
        | "Resource.AlreadyAssociated"
        | "InvalidParameter.DependencyViolation" => Fault::Busy,
        "NoSuchEntity" | "Gateway.NotAttached" | "NoSuchResourceException" | "ParameterNotFound" | "InvalidNatGatewayID.NotFound" => {
            Fault::Missing
        }
        "ServiceUnavailable"
        | "ServiceFailure"
        | "ServiceException"
        | "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "InternalServerException"
        | "Unavailable"
        | "RequestTimeout" => Fault::Lost,
        _ if code.ends_with("NotFound") || code.ends_with("NotFoundException") => Fault::Missing,
        _ if code.contains("Duplicate") || code.ends_with("AlreadyExists") || code.ends_with("AlreadyExistsException") => Fault::Exists,
        _ if status >= 500 => Fault::Lost,
        _ => Fault::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_tell_what_to_do() {
        let cases = [
            ("RequestLimitExceeded", 503, Fault::Throttled),
            ("TooManyRequestsException", 400, Fault::Throttled),
            ("InvalidVpcID.NotFound", 400, Fault::Missing),
            ("NoSuchEntity", 404, Fault::Missing),
            ("EntityAlreadyExists", 409, Fault::Exists),
            ("InvalidPermission.Duplicate", 400, Fault::Exists),
            ("DuplicateOrganizationalUnitException", 400, Fault::Exists),
            ("UnauthorizedOperation", 403, Fault::Denied),
            ("DependencyViolation", 400, Fault::Busy),
            ("OperationAbortedException", 400, Fault::Busy),
            ("InternalError", 500, Fault::Lost),
            ("VpcLimitExceeded", 400, Fault::Refused),
        ];
        for (code, status, fault) in cases {
            assert_eq!(fault_of(Some(code), status), fault, "{code}");
        }
        assert_eq!(fault_of(None, 502), Fault::Lost);
        assert_eq!(fault_of(None, 429), Fault::Throttled);
        assert_eq!(operation_of::<aws_sdk_ec2::operation::create_vpc::CreateVpcError>(), "ec2:CreateVpc");
    }

    #[test]
    fn throttling_is_known_in_every_format() {
        let answer = |status: u16, header: Option<&'static str>, body: &'static str| {
            let mut answer = HttpResponse::new(status.try_into().unwrap(), aws_smithy_types::body::SdkBody::from(body));
            if let Some(header) = header {
                answer.headers_mut().insert("x-amzn-errortype", header);
            }
            is_throttled(&answer)
        };
        assert!(answer(503, None, "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>"));
        assert!(answer(400, None, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"));
        assert!(answer(400, None, r#"{"__type":"com.amazonaws.ssm#ThrottlingException","message":"Rate exceeded"}"#));
        assert!(answer(400, Some("TooManyRequestsException:http://internal/"), "{}"));
        assert!(answer(429, None, "not a word of AWS's"));
        assert!(!answer(400, None, "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code></Error></Errors></Response>"));
        assert!(!answer(500, None, "<html>"));
        assert!(!answer(200, None, "<Code>Throttling</Code>"));
    }
}
