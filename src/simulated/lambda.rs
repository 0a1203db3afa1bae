//! AWS Lambda: functions, kept as they are shown, and who may call them. Runs none: it answers for Landfall's canaries.

use super::ec2::{Ec2, Place};
use super::iam::Iam;
use super::wire::{Answer, Asked, Body, Fault, Reply, fault, iso, json};
use super::{At, Moment, canary};
use aws_smithy_types::base64;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// For how long a function in a VPC is `Pending` (Lambda developer guide, *Function states*: until its network interfaces exist).
const PENDING: Moment = Moment::from_secs(30);
/// For how long a change of a function is under way, and another is refused.
const CHANGING: Moment = Moment::from_secs(2);
/// The most that Lambda lists in a page.
const PAGE: usize = 50;
/// What a function may have, in MiB and seconds, and what its environment may take (Lambda developer guide, *Lambda quotas*).
const MEMORY: std::ops::RangeInclusive<u64> = 128..=10240;
const TIMEOUT: std::ops::RangeInclusive<u64> = 1..=900;
const ENVIRONMENT: usize = 4096;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Lambda {
    functions: BTreeMap<String, Function>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Function {
    /// Its configuration.
    shown: Map<String, Value>,
    /// From when on it can be called, and changed.
    ready: Moment,
    changed: Moment,
    /// Who may call it: statements by their ids.
    policy: BTreeMap<String, Value>,
    tags: BTreeMap<String, String>,
}

impl Lambda {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked, ec2: &mut Ec2, iam: &Iam) -> Answer {
        match asked.operation.as_str() {
            "CreateFunction" => self.create(at, asked, ec2, iam),
            "ListFunctions" => self.list(asked),
            "UpdateFunctionConfiguration" => self.configure(at, asked, ec2, iam),
            "UpdateFunctionCode" => self.update_code(at, asked),
            "DeleteFunction" => self.delete(at, asked, ec2),
            "AddPermission" => self.permit(at, asked),
            "RemovePermission" => self.forbid(at, asked),
            "GetPolicy" => self.policy(at, asked),
            "InvokeFunction" => self.invoke(at, asked, ec2),
            other => fault("UnknownOperationException", format!("the simulated Lambda has no {other}")),
        }
    }

    fn create(&mut self, at: &mut At<'_>, asked: &Asked, ec2: &mut Ec2, iam: &Iam) -> Answer {
        let name = asked.text("FunctionName");
        if self.functions.contains_key(&name) {
            return conflict(format!("Function already exist: {name}"));
        }
        let mut shown = Map::from_iter([
            ("FunctionName".to_owned(), json!(name)),
            ("FunctionArn".to_owned(), json!(at.arn("lambda", &format!("function:{name}")))),
            ("Description".to_owned(), json!(asked.text("Description"))),
            ("Version".to_owned(), json!("$LATEST")),
            ("PackageType".to_owned(), json!("Zip")),
            ("MemorySize".to_owned(), json!(MEMORY.start())),
            ("Timeout".to_owned(), json!(3)),
            ("LoggingConfig".to_owned(), json!({ "LogFormat": "Text", "LogGroup": format!("/aws/lambda/{name}") })),
        ]);
        code(&mut shown, &asked.json["Code"]["ZipFile"])?;
        configure(&mut shown, at, asked, iam)?;
        let is_in_vpc = connect(&mut shown, at, ec2)?;
        let takes = if is_in_vpc { at.takes(PENDING) } else { Moment::ZERO };
        let tags = asked.json["Tags"].as_object().into_iter().flatten();
        let tags = tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
        let function = Function { shown, ready: at.now + takes, changed: at.now, policy: BTreeMap::new(), tags };
        let answer = function.whole(at);
        self.functions.insert(name, function);
        json(answer)
    }

    fn list(&self, asked: &Asked) -> Answer {
        let after = asked.query.get("Marker").cloned().unwrap_or_default();
        let size = asked.query.get("MaxItems").and_then(|size| size.parse().ok()).unwrap_or(PAGE).clamp(1, PAGE);
        let mut rest = self.functions.iter().filter(|(name, _)| **name > after);
        let page: Vec<_> = rest.by_ref().take(size).collect();
        let next = rest.next().and(page.last()).map(|(name, _)| (*name).clone());
        let shown: Vec<_> = page.into_iter().map(|(_, function)| &function.shown).collect();
        json(json!({ "Functions": shown, "NextMarker": next }))
    }

    fn configure(&mut self, at: &mut At<'_>, asked: &Asked, ec2: &mut Ec2, iam: &Iam) -> Answer {
        let function = self.free(at, asked)?;
        let mut shown = function.shown.clone();
        configure(&mut shown, at, asked, iam)?;
        if asked.has("VpcConfig") {
            connect(&mut shown, at, ec2)?;
        }
        function.change(shown, at)
    }

    fn update_code(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let function = self.free(at, asked)?;
        let mut shown = function.shown.clone();
        code(&mut shown, &asked.json["ZipFile"])?;
        function.change(shown, at)
    }

    fn delete(&mut self, at: &mut At<'_>, asked: &Asked, ec2: &mut Ec2) -> Answer {
        let name = named(asked);
        self.get(at, asked)?;
        self.functions.remove(&name);
        ec2.connect(at, &name, &BTreeSet::new(), &BTreeSet::new())?;
        empty()
    }

    fn permit(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let id = asked.text("StatementId");
        let function = self.get(at, asked)?;
        if function.policy.contains_key(&id) {
            return conflict(format!("The statement id ({id}) provided already exists. Please provide a new statement id."));
        }
        let principal = asked.text("Principal");
        let principal = if principal.ends_with(".amazonaws.com") { json!({ "Service": principal }) } else { json!({ "AWS": principal }) };
        let mut statement = json!({ "Sid": id, "Effect": "Allow", "Principal": principal, "Action": asked.text("Action") });
        statement["Resource"] = function.shown.get("FunctionArn").cloned().unwrap_or_default();
        if let Some(source) = asked.some("SourceArn") {
            statement["Condition"] = json!({ "ArnLike": { "AWS:SourceArn": source } });
        }
        function.policy.insert(id, statement.clone());
        json(json!({ "Statement": statement.to_string() }))
    }

    fn forbid(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let id = asked.path.get(4).cloned().unwrap_or_default();
        match self.get(at, asked)?.policy.remove(&id) {
            Some(_) => empty(),
            None => missing(format!("Statement {id} is not found in resource policy.")),
        }
    }

    fn policy(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let statements: Vec<&Value> = self.get(at, asked)?.policy.values().collect();
        if statements.is_empty() {
            return missing("The resource you requested does not exist.");
        }
        let policy = json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements });
        json(json!({ "Policy": policy.to_string() }))
    }

    fn invoke(&mut self, at: &At<'_>, asked: &Asked, ec2: &mut Ec2) -> Answer {
        let function = self.get(at, asked)?;
        if at.now < function.ready {
            return pending();
        }
        ec2.settle(at.now);
        let (environment, subnets, groups) = (function.environment(), function.ids("SubnetIds"), function.ids("SecurityGroupIds"));
        let place = Place { subnets: &subnets, groups: &groups };
        // What other functions would say, nobody knows who doesn't run them.
        let is_canary = canary::is_canary(&environment);
        let says = if is_canary { canary::verdict(&environment, place, ec2, at) } else { Value::Null };
        let headers = vec![("content-type", "application/json".to_owned()), ("x-amz-executed-version", "$LATEST".to_owned())];
        Ok(Body::Whole(Reply { status: 200, headers, body: says.to_string().into_bytes() }))
    }

    fn get(&mut self, at: &At<'_>, asked: &Asked) -> Result<&mut Function, Fault> {
        let name = named(asked);
        let arn = at.arn("lambda", &format!("function:{name}"));
        self.functions.get_mut(&name).map_or_else(|| missing(format!("Function not found: {arn}")), Ok)
    }

    /// One that may be changed now.
    fn free(&mut self, at: &At<'_>, asked: &Asked) -> Result<&mut Function, Fault> {
        let function = self.get(at, asked)?;
        match function {
            _ if at.now < function.ready => pending(),
            _ if at.now < function.changed => conflict("An update is in progress for resource. Try again later."),
            function => Ok(function),
        }
    }
}

impl Function {
    /// What calls for one function show: more than listings do.
    fn whole(&self, at: &At<'_>) -> Value {
        let mut whole = self.shown.clone();
        whole.insert("State".to_owned(), json!(if at.now < self.ready { "Pending" } else { "Active" }));
        whole.insert("LastUpdateStatus".to_owned(), json!(if at.now < self.changed { "InProgress" } else { "Successful" }));
        Value::Object(whole)
    }

    fn change(&mut self, shown: Map<String, Value>, at: &At<'_>) -> Answer {
        (self.shown, self.changed) = (shown, at.now + at.takes(CHANGING));
        json(self.whole(at))
    }

    fn environment(&self) -> BTreeMap<String, String> {
        let variables = self.shown.get("Environment").and_then(|all| all["Variables"].as_object());
        variables.into_iter().flatten().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
    }

    fn ids(&self, of: &str) -> Vec<String> {
        texts(&self.shown.get("VpcConfig").map(|network| network[of].clone()).unwrap_or_default())
    }
}

/// Puts what a request says into a configuration.
fn configure(shown: &mut Map<String, Value>, at: &At<'_>, asked: &Asked, iam: &Iam) -> Result<(), Fault> {
    for field in ["Runtime", "Role", "Handler", "MemorySize", "Timeout", "Environment", "VpcConfig", "Description"] {
        if let Some(value) = asked.json.get(field).filter(|value| !value.is_null()) {
            shown.insert(field.to_owned(), value.clone());
        }
    }
    if let (Some(group), Some(logging)) = (asked.json["LoggingConfig"]["LogGroup"].as_str(), shown.get_mut("LoggingConfig")) {
        logging["LogGroup"] = json!(group);
    }
    // `2026-11-21T14:00:00.000+0000`, as Lambda has it.
    shown.insert("LastModified".to_owned(), json!(iso(at.now).replace('Z', ".000+0000")));
    let number = |field: &str| shown.get(field).and_then(Value::as_u64).unwrap_or_default();
    let environment = shown.get("Environment").map_or(0, |environment| environment["Variables"].to_string().len());
    let bare = ["Runtime", "Role", "Handler"].iter().any(|field| shown.get(*field).is_none_or(|value| value == ""));
    let role = shown.get("Role").and_then(Value::as_str).unwrap_or_default();
    let wrong = [
        (!MEMORY.contains(&number("MemorySize")), "'MemorySize' has to be from 128 to 10240"),
        (!TIMEOUT.contains(&number("Timeout")), "'Timeout' has to be from 1 to 900"),
        (environment > ENVIRONMENT, "The environment variables exceed the 4KB limit"),
        (bare, "Runtime, Role and Handler are mandatory parameters for functions created with deployment packages."),
        (!iam.serves(role, "lambda.amazonaws.com", at), "The role defined for the function cannot be assumed by Lambda."),
    ];
    wrong.into_iter().find(|(is_so, _)| *is_so).map_or(Ok(()), |(_, why)| invalid(why))
}

/// Puts the function into its subnets, and says whether it has any.
fn connect(shown: &mut Map<String, Value>, at: &mut At<'_>, ec2: &mut Ec2) -> Result<bool, Fault> {
    let Some(network) = shown.get_mut("VpcConfig") else { return Ok(false) };
    let (subnets, groups) = (texts(&network["SubnetIds"]), texts(&network["SecurityGroupIds"]));
    if subnets.is_empty() != groups.is_empty() {
        return invalid("SubnetIds and SecurityIds must coexist or be both empty list.");
    }
    let name = shown.get("FunctionName").and_then(Value::as_str).unwrap_or_default().to_owned();
    let connected = ec2.connect(at, &name, &subnets.iter().cloned().collect(), &groups.iter().cloned().collect());
    if let Err(Fault { code, message, .. }) = connected {
        return invalid(format!("Error occurred while DescribeSubnets. EC2 Error Code: {code}. EC2 Error Message: {message}"));
    }
    let vpc = subnets.first().and_then(|subnet| ec2.vpc_of(subnet)).unwrap_or_default();
    let network = json!({ "SubnetIds": subnets, "SecurityGroupIds": groups, "VpcId": vpc });
    shown.insert("VpcConfig".to_owned(), network);
    Ok(!subnets.is_empty())
}

/// Puts the package of a request into a configuration: by its size and its digest, as Lambda shows it.
fn code(shown: &mut Map<String, Value>, package: &Value) -> Result<(), Fault> {
    let Some(bytes) = package.as_str().and_then(|text| base64::decode(text).ok()).filter(|bytes| !bytes.is_empty()) else {
        return invalid("Could not unzip uploaded file. Please check your file, then try to upload again.");
    };
    shown.insert("CodeSize".to_owned(), json!(bytes.len()));
    shown.insert("CodeSha256".to_owned(), json!(base64::encode(Sha256::digest(&bytes))));
    Ok(())
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The function that a path names: by its name or its ARN.
fn named(asked: &Asked) -> String {
    asked.path.get(2).and_then(|name| name.rsplit(':').next()).unwrap_or_default().to_owned()
}

fn empty() -> Answer {
    Ok(Body::Whole(Reply { status: 204, headers: Vec::new(), body: Vec::new() }))
}

fn pending<T>() -> Result<T, Fault> {
    conflict("The operation cannot be performed at this time. The function is currently in the following state: Pending")
}

fn conflict<T>(message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { status: 409, code: "ResourceConflictException".to_owned(), message: message.into() })
}

fn missing<T>(message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { status: 404, code: "ResourceNotFoundException".to_owned(), message: message.into() })
}

fn invalid<T>(message: impl Into<String>) -> Result<T, Fault> {
    fault("InvalidParameterValueException", message)
}

#[cfg(test)]
mod tests {
    use crate::simulated::wire::Request;
    use crate::simulated::{Moment, World};
    use serde_json::{Value, json};

    /// When the tests' signatures are of.
    const NOW: &str = "20261121T140000Z";

    struct Bench {
        world: World,
        now: Moment,
    }

    impl Bench {
        fn new() -> Bench {
            Bench { world: World::new(1), now: Moment::from_secs(1_795_269_600) }
        }

        fn send(&mut self, service: &str, method: &str, target: &str, body: String, kind: &str) -> (u16, String) {
            let scope = format!("Credential=test/20261121/us-west-2/{service}/aws4_request,");
            let headers = [("authorization", scope.as_str()), ("x-amz-date", NOW), ("content-type", kind)];
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            let request = Request { method: method.to_owned(), target: target.to_owned(), headers, body: body.into_bytes() };
            let reply = self.world.reply(&request, self.now);
            (reply.status, String::from_utf8(reply.body).unwrap())
        }

        fn query(&mut self, service: &str, form: &str, element: &str) -> String {
            let (_, text) = self.send(service, "POST", "/", form.to_owned(), "application/x-www-form-urlencoded");
            let found = text.split_once(&format!("<{element}>")).map(|(_, rest)| rest.split('<').next().unwrap().to_owned());
            found.unwrap_or_else(|| panic!("{text}"))
        }

        fn lambda(&mut self, method: &str, rest: &str, body: &Value) -> (u16, Value) {
            let (status, text) = self.send("lambda", method, &format!("/2015-03-31/functions{rest}"), body.to_string(), "application/json");
            (status, serde_json::from_str(&text).unwrap_or_default())
        }
    }

    fn function(subnet: &str, group: &str) -> Value {
        json!({
            "FunctionName": "landfall-canary-a", "Runtime": "python3.13", "Handler": "handler.handler", "Code": { "ZipFile": "UEs=" },
            "Role": "arn:aws:iam::1:role/landfall-canary", "VpcConfig": { "SubnetIds": [subnet], "SecurityGroupIds": [group] },
            "Environment": { "Variables": { "LANDFALL_ZONE": "a", "LANDFALL_SERVICES": "s3 sts" } },
        })
    }

    #[test]
    fn a_canary_tells_what_its_network_lacks_and_its_interfaces_stay_a_while() {
        let mut aws = Bench::new();
        let vpc = aws.query("ec2", "Action=CreateVpc&CidrBlock=10.0.0.0/20", "vpcId");
        let subnet = aws.query("ec2", &format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.0.0/24"), "subnetId");
        let group = aws.query("ec2", &format!("Action=CreateSecurityGroup&VpcId={vpc}&GroupName=a&GroupDescription=a"), "groupId");
        assert_eq!(aws.lambda("POST", "", &function(&subnet, &group)).0, 400, "there is no such role");
        let trust = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" } });
        aws.query("iam", &format!("Action=CreateRole&RoleName=landfall-canary&AssumeRolePolicyDocument={trust}"), "Arn");
        assert_eq!(aws.lambda("POST", "", &function(&subnet, &group)).0, 400, "the role is not in force yet");
        aws.now += super::PENDING;
        assert_eq!(aws.lambda("POST", "", &function("subnet-nobodys", &group)).0, 400);
        assert_eq!(aws.lambda("POST", "", &function(&subnet, &group)).1["State"], "Pending");
        assert_eq!(aws.lambda("POST", "/landfall-canary-a/invocations", &Value::Null).0, 409);
        aws.now += super::PENDING;
        let told = |aws: &mut Bench| aws.lambda("POST", "/landfall-canary-a/invocations", &Value::Null).1;
        let verdict = told(&mut aws);
        assert_eq!(verdict["suspects"], json!(["nat-gateway", "route", "internet-gateway", "security-group"]));
        let table = aws.query("ec2", &format!("Action=CreateRouteTable&VpcId={vpc}"), "routeTableId");
        aws.query("ec2", &format!("Action=AssociateRouteTable&SubnetId={subnet}&RouteTableId={table}"), "associationId");
        let endpoint = format!("Action=CreateVpcEndpoint&VpcId={vpc}&ServiceName=com.amazonaws.us-west-2.s3&RouteTableId.1={table}");
        aws.query("ec2", &endpoint, "vpcEndpointId");
        let verdict = told(&mut aws);
        let ok: Vec<_> = verdict["checks"].as_array().unwrap().iter().map(|check| check["ok"].as_bool().unwrap()).collect();
        assert_eq!((ok, &verdict["suspects"]), (vec![false, true, false], &json!(["nat-gateway", "route", "internet-gateway"])));
        aws.query("ec2", &format!("Action=ModifyVpcAttribute&VpcId={vpc}&EnableDnsSupport.Value=false"), "return");
        assert_eq!(told(&mut aws)["suspects"], json!(["dns"]));

        assert_eq!(aws.lambda("DELETE", "/landfall-canary-a", &Value::Null).0, 204);
        let delete = format!("Action=DeleteSubnet&SubnetId={subnet}");
        assert_eq!(aws.query("ec2", &delete, "Code"), "DependencyViolation");
        aws.now += Moment::from_secs(200);
        assert_eq!(aws.query("ec2", &delete, "Code"), "DependencyViolation", "Lambda keeps its interfaces for up to 20 minutes");
    }
}
