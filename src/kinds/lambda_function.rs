//! `lambda-function`: a small program that AWS runs in the account's subnets. Its code comes along in the spec, and is known in AWS by
//! its SHA-256. A function is ours by its name, see `own`. Nothing here may show what its environment holds beside what is declared.

use super::package::{Code, Setting};
use super::{Driver, Kind, Scope, Seen, Tags, own};
use crate::aws::{CallError, Fault, Session, or_missing};
use crate::model::{Address, Change, Effect, KindName, Reference, Region, RemoteId, Risk, show};
use aws_sdk_lambda::types::{Environment, FunctionCode, FunctionConfiguration, LoggingConfig, VpcConfig};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A function. Its name is the resource's, and begins with `landfall-`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LambdaFunction {
    /// What runs it, such as `python3.13`.
    pub runtime: String,
    /// What is called, such as `handler.handler`: a file without its ending, and a function in it.
    pub handler: String,
    /// The files of its package: texts by file names. Plans show the package's SHA-256.
    pub code: Code,
    /// What it may do.
    pub role: Reference,
    /// The subnets that it runs in; none to run outside of any VPC.
    #[serde(default)]
    pub subnets: BTreeSet<Reference>,
    /// The security groups that it is in, within its subnets.
    #[serde(default)]
    pub security_groups: BTreeSet<Reference>,
    /// The log group that it writes to, made before it. When absent, whatever Lambda makes, and that is not compared.
    pub log_group: Option<Reference>,
    /// The event bus that it reports to; its ARN is in the function's environment as `LANDFALL_BUS`.
    pub reports_to: Option<Reference>,
    /// Its environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, Setting>,
    /// Its memory in MiB.
    #[serde(default = "least_memory")]
    #[schemars(range(min = 128, max = 10240))]
    pub memory: i32,
    /// How long it may take, in seconds.
    #[serde(default = "usual_timeout")]
    #[schemars(range(min = 1, max = 900))]
    pub timeout: i32,
}

/// The least that Lambda gives, in MiB.
fn least_memory() -> i32 {
    128
}

/// Lambda's own default, in seconds.
fn usual_timeout() -> i32 {
    3
}

const ROLE: KindName = KindName::new("iam-role");
const SUBNET: KindName = KindName::new("subnet");
const GROUP: KindName = KindName::new("security-group");
const BUS: KindName = KindName::new("event-bus");
const LOG: KindName = KindName::new("log-group");

/// The variable that holds the ARN of the bus.
const BUS_VARIABLE: &str = "LANDFALL_BUS";

impl Kind for LambdaFunction {
    const NAME: KindName = KindName::new("lambda-function");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "A Lambda function: a small program that AWS runs, in the account's subnets where it has some.";
    const REFERS: &'static [KindName] = &[SUBNET, GROUP, LOG, ROLE, BUS];
    const READS: &'static [&'static str] = &["lambda:ListFunctions"];
    const WRITES: &'static [&'static str] = &[
        "lambda:CreateFunction",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
        "lambda:DeleteFunction",
        "iam:PassRole",
    ];

    fn changes(live: &LambdaFunction, want: &LambdaFunction) -> Vec<Change> {
        let LambdaFunction { runtime, handler, code, role, subnets, security_groups, log_group, reports_to, environment, memory, timeout } =
            live;
        let code = Change::of("code", code, &want.code).map(|change| change.concerning(Risk::Notable, "changes what the function does"));
        let role = Change::of("role", role, &want.role).map(|change| change.concerning(Risk::Notable, "changes what the function may do"));
        let plain = [
            Change::of("runtime", runtime, &want.runtime),
            Change::of("handler", handler, &want.handler),
            names("subnets", subnets, &want.subnets),
            names("security_groups", security_groups, &want.security_groups),
            Change::of_option("log_group", log_group, &want.log_group).filter(|_| want.log_group.is_some()),
            Change::of_option("reports_to", reports_to, &want.reports_to),
            Change::of("memory", memory, &want.memory),
            Change::of("timeout", timeout, &want.timeout),
        ];
        let variables: BTreeSet<&String> = environment.keys().chain(want.environment.keys()).collect();
        let variable = |name: &String| {
            let (live, want) = (environment.get(name).cloned(), want.environment.get(name).cloned());
            Change::of_option(format!("environment.{name}"), &live, &want)
        };
        [code, role].into_iter().chain(plain).flatten().chain(variables.into_iter().filter_map(variable)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        let LambdaFunction { role, subnets, security_groups, log_group, reports_to, .. } = self;
        subnets.iter().chain(security_groups).chain(log_group).chain(reports_to).chain([role]).cloned().collect()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    // Reading them would cost a call a function.
    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

fn names(field: &str, live: &BTreeSet<Reference>, want: &BTreeSet<Reference>) -> Option<Change> {
    Change::of(field, &show(live), &show(want))
}

impl Driver for LambdaFunction {
    async fn read(at: &Session) -> Result<Vec<Seen<LambdaFunction>>, CallError> {
        let mut pages = at.lambda().list_functions().into_paginator().send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            seen.extend(page?.functions().iter().filter_map(|found| see(at, found)));
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &LambdaFunction) -> Result<RemoteId, CallError> {
        let name = own::checked("lambda:CreateFunction", address)?;
        let LambdaFunction { runtime, handler, memory, timeout, .. } = want;
        let code = FunctionCode::builder().zip_file(package("lambda:CreateFunction", want)?.into()).build();
        let call = at.lambda().create_function().function_name(name).runtime(runtime.as_str().into()).handler(handler).code(code);
        let call = call.role(id(at, &want.role)?).vpc_config(network(at, want)?).environment(environment(at, want)?);
        let call = call.set_logging_config(logging(want)).memory_size(*memory).timeout(*timeout);
        match call.send().await.map_err(|error| unsettled(error.into())) {
            Ok(made) => Ok(made.function_arn().unwrap_or_default().into()),
            // The name is ours, so an earlier attempt made it.
            Err(error) if is_conflict(&error) => again(at, address, want).await,
            Err(error) => Err(error),
        }
    }

    async fn update(at: &Session, address: &Address, _: &RemoteId, want: &LambdaFunction, changes: &[Change]) -> Result<(), CallError> {
        write(at, address, want, changes).await
    }

    async fn delete(at: &Session, address: &Address, _: &RemoteId, _: &LambdaFunction) -> Result<(), CallError> {
        or_missing(at.lambda().delete_function().function_name(address.name.as_str()).send().await.map_err(CallError::from)).map(drop)
    }
}

/// Finds the function that an earlier attempt made, and makes it as wanted.
async fn again(at: &Session, address: &Address, want: &LambdaFunction) -> Result<RemoteId, CallError> {
    let gone = || CallError::missing("lambda:ListFunctions", format!("{} is not there", address.name));
    let seen = LambdaFunction::find(at, address).await?.ok_or_else(gone)?;
    write(at, address, want, &LambdaFunction::changes(&seen.spec, want)).await?;
    Ok(seen.id)
}

/// Writes what changed: code and configuration are two calls, and while AWS is at the one, it refuses the other.
async fn write(at: &Session, address: &Address, want: &LambdaFunction, changes: &[Change]) -> Result<(), CallError> {
    let name = address.name.as_str();
    let busy = |error: CallError| if is_conflict(&error) { CallError { fault: Fault::Busy, ..error } } else { unsettled(error) };
    if changes.iter().any(|change| change.field != "code") {
        let LambdaFunction { runtime, handler, memory, timeout, .. } = want;
        let call = at.lambda().update_function_configuration().function_name(name).runtime(runtime.as_str().into()).handler(handler);
        let call = call.role(id(at, &want.role)?).vpc_config(network(at, want)?).environment(environment(at, want)?);
        let call = call.set_logging_config(logging(want)).memory_size(*memory).timeout(*timeout);
        call.send().await.map_err(|error| busy(error.into()))?;
    }
    if changes.iter().any(|change| change.field == "code") {
        let package = package("lambda:UpdateFunctionCode", want)?;
        let call = at.lambda().update_function_code().function_name(name).zip_file(package.into());
        call.send().await.map_err(|error| busy(error.into()))?;
    }
    Ok(())
}

/// Lambda's one word for "there is one already" and "another change is under way".
fn is_conflict(error: &CallError) -> bool {
    error.code.as_deref() == Some("ResourceConflictException")
}

/// A role is not in force the moment it is made, and Lambda calls that an invalid parameter.
fn unsettled(error: CallError) -> CallError {
    let of_role = ["cannot be assumed by Lambda", "execution role does not have permissions"];
    let early = error.code.as_deref() == Some("InvalidParameterValueException") && of_role.iter().any(|why| error.message.contains(why));
    if early { CallError { fault: Fault::Busy, ..error } } else { error }
}

fn package(operation: &str, want: &LambdaFunction) -> Result<Vec<u8>, CallError> {
    want.code.package().ok_or_else(|| CallError::refused(operation, "the plan does not hold the function's code"))
}

fn id(at: &Session, role: &Reference) -> Result<String, CallError> {
    at.id_of(role, Region::GLOBAL).map(|id| id.0)
}

fn network(at: &Session, want: &LambdaFunction) -> Result<VpcConfig, CallError> {
    let ids = |references: &BTreeSet<Reference>| -> Result<Vec<String>, CallError> {
        references.iter().map(|one| at.id_of(one, at.region().clone()).map(|id| id.0)).collect()
    };
    let (subnets, groups) = (ids(&want.subnets)?, ids(&want.security_groups)?);
    Ok(VpcConfig::builder().set_subnet_ids(Some(subnets)).set_security_group_ids(Some(groups)).build())
}

/// A log group's name is ours with a slash in front, so that neither way needs an id.
fn logging(want: &LambdaFunction) -> Option<LoggingConfig> {
    want.log_group.as_ref().map(|group| LoggingConfig::builder().log_group(format!("/{}", group.name)).build())
}

fn log_group(found: &FunctionConfiguration) -> Option<Reference> {
    let group = found.logging_config()?.log_group()?;
    Some(Reference::here(LOG, group.strip_prefix('/')?.parse().ok()?))
}

fn environment(at: &Session, want: &LambdaFunction) -> Result<Environment, CallError> {
    let mut variables: Vec<(String, String)> =
        want.environment.iter().map(|(name, value)| (name.clone(), value.text().to_owned())).collect();
    variables.extend(want.reports_to.as_ref().map(|bus| (BUS_VARIABLE.to_owned(), super::event_bus::arn(at, bus))));
    Ok(Environment::builder().set_variables(Some(variables.into_iter().collect())).build())
}

fn see(at: &Session, found: &FunctionConfiguration) -> Option<Seen<LambdaFunction>> {
    let network = found.vpc_config();
    let set = |kind: &KindName, ids: &[String]| ids.iter().filter_map(|id| own::reference(at, kind, id)).collect();
    let variables = found.environment().and_then(|environment| environment.variables());
    let value = |name: &str| variables.and_then(|variables| variables.get(name));
    let others = variables.into_iter().flatten().filter(|(name, _)| *name != BUS_VARIABLE);
    let spec = LambdaFunction {
        runtime: found.runtime().map(|runtime| runtime.as_str().to_owned()).unwrap_or_default(),
        handler: found.handler().unwrap_or_default().to_owned(),
        code: Code::found(found.code_sha256().unwrap_or_default()),
        role: own::reference(at, &ROLE, found.role()?)?,
        subnets: set(&SUBNET, network.map(|network| network.subnet_ids()).unwrap_or_default()),
        security_groups: set(&GROUP, network.map(|network| network.security_group_ids()).unwrap_or_default()),
        log_group: log_group(found),
        reports_to: value(BUS_VARIABLE).and_then(|arn| super::event_bus::reference(at, arn)),
        environment: others.map(|(name, value)| (name.clone(), Setting::found(value))).collect(),
        memory: found.memory_size().unwrap_or_else(least_memory),
        timeout: found.timeout().unwrap_or_else(usual_timeout),
    };
    Some(Seen { id: found.function_arn()?.into(), name: own::name(found.function_name()?), spec })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn function(changed: Value) -> LambdaFunction {
        let mut fields = json!({
            "runtime": "python3.13", "handler": "handler.handler", "code": { "handler.py": "x = 1\n" }, "role": "iam-role/canary",
            "subnets": ["subnet/private-a"], "security_groups": ["security-group/canary"], "environment": { "ZONE": "a" },
        });
        fields.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn everything_changes_in_place_and_code_is_told_by_its_digest() {
        let live = function(json!({}));
        assert_eq!(LambdaFunction::changes(&live, &live), []);
        for field in ["runtime", "handler", "role", "reports_to"] {
            let text = if field == "reports_to" { "management:event-bus/landfall" } else { "iam-role/other" };
            let changes = LambdaFunction::changes(&live, &function(json!({ field: text })));
            assert_eq!((changes.len(), changes[0].field.as_str(), changes[0].effect), (1, field, Effect::InPlace));
        }
        let changes = LambdaFunction::changes(&live, &function(json!({ "code": { "handler.py": "x = 2\n" } })));
        assert!(changes[0].after.as_ref().unwrap().starts_with("package with SHA-256 ") && !changes[0].after.as_ref().unwrap().contains("x ="));
    }

    #[test]
    fn where_lambda_logs_by_itself_is_not_compared() {
        let (live, other) = (function(json!({ "log_group": "log-group/aws/lambda/x" })), function(json!({ "log_group": "log-group/y" })));
        assert_eq!(LambdaFunction::changes(&live, &function(json!({}))), []);
        assert_eq!(LambdaFunction::changes(&live, &other)[0].field, "log_group");
        assert!(live.needs().contains(&"log-group/aws/lambda/x".parse().unwrap()));
        assert_eq!(logging(&live).unwrap().log_group(), Some("/aws/lambda/x"));
    }

    #[test]
    fn a_role_that_is_not_in_force_yet_is_no_mistake() {
        let error = |message: &str| CallError {
            code: Some("InvalidParameterValueException".into()),
            ..CallError::refused("lambda:CreateFunction", message)
        };
        assert_eq!(unsettled(error("The role defined for the function cannot be assumed by Lambda.")).fault, Fault::Busy);
        assert_eq!(unsettled(error("Unzipped size must be smaller than 262144000 bytes")).fault, Fault::Refused);
    }
}
