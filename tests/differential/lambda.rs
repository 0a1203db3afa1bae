//! Lambda: functions, who may call them, and what Landfall's canary says of the network that it runs in.

use super::side::Side;
use aws_sdk_ec2::types::DomainType;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::{Environment, FunctionCode, LoggingConfig, Runtime, VpcConfig};
use landfall::kinds::package::Code;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NAME: &str = "landfall-canary-a";

pub async fn story(side: &mut Side) {
    let lambda = Client::new(&side.member);
    nobodys(side, &lambda).await;
    let network = network(side).await;
    function(side, &lambda, &network).await;
    permissions(side, &lambda).await;
    assert_eq!(called(side, &lambda).await, verdict("green", &[]), "nothing is in the way");
    cut_off(side, &network).await;
    let suspects = ["nat-gateway", "route", "internet-gateway", "security-group"];
    assert_eq!(called(side, &lambda).await, verdict("red", &suspects), "nothing leads out");
    for _ in 0..2 {
        side.told("lambda:DeleteFunction", lambda.delete_function().function_name(NAME).send().await);
    }
}

fn package(name: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(format!("{}/modules/canary/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    Code::Files(BTreeMap::from([(name.to_owned(), text)])).package().unwrap()
}

async fn nobodys(side: &mut Side, lambda: &Client) {
    side.told("lambda:ListFunctions", lambda.list_functions().send().await);
    side.told("lambda:DeleteFunction", lambda.delete_function().function_name(NAME).send().await);
    side.told("lambda:GetPolicy", lambda.get_policy().function_name(NAME).send().await);
    let call = lambda.update_function_configuration().function_name(NAME).timeout(20);
    side.told("lambda:UpdateFunctionConfiguration", call.send().await);
    let call = lambda.update_function_code().function_name(NAME).zip_file(package("handler.py").into());
    side.told("lambda:UpdateFunctionCode", call.send().await);
    side.told("lambda:Invoke", lambda.invoke().function_name(NAME).send().await);
}

/// A private subnet that leads out, and what it does so by.
struct Network {
    ec2: aws_sdk_ec2::Client,
    place: VpcConfig,
    private: String,
}

async fn network(side: &mut Side) -> Network {
    let ec2 = aws_sdk_ec2::Client::new(&side.member);
    let vpc = ec2.create_vpc().cidr_block("10.0.0.0/20").send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
    let mut subnets = Vec::new();
    for range in ["10.0.0.0/24", "10.0.1.0/24"] {
        let call = ec2.create_subnet().vpc_id(&vpc).cidr_block(range).availability_zone("us-west-2a");
        subnets.push(call.send().await.unwrap().subnet.unwrap().subnet_id.unwrap());
    }
    let [public, private] = <[String; 2]>::try_from(subnets).unwrap();
    let group = ec2.create_security_group().vpc_id(&vpc).group_name("canary").description("canary").send().await.unwrap();
    let gateway = ec2.create_internet_gateway().send().await.unwrap().internet_gateway.unwrap().internet_gateway_id.unwrap();
    ec2.attach_internet_gateway().internet_gateway_id(&gateway).vpc_id(&vpc).send().await.unwrap();
    let address = ec2.allocate_address().domain(DomainType::Vpc).send().await.unwrap().allocation_id.unwrap();
    let made = ec2.create_nat_gateway().subnet_id(&public).allocation_id(address).send().await.unwrap();
    let nat = made.nat_gateway.unwrap().nat_gateway_id.unwrap();
    side.rest().await;
    let mut last = String::new();
    for subnet in [&public, &private] {
        last = ec2.create_route_table().vpc_id(&vpc).send().await.unwrap().route_table.unwrap().route_table_id.unwrap();
        let route = ec2.create_route().route_table_id(&last).destination_cidr_block("0.0.0.0/0");
        let route = if *subnet == public { route.gateway_id(&gateway) } else { route.nat_gateway_id(&nat) };
        route.send().await.unwrap();
        ec2.associate_route_table().route_table_id(&last).subnet_id(subnet).send().await.unwrap();
    }
    let place = VpcConfig::builder().subnet_ids(private).security_group_ids(group.group_id.unwrap()).build();
    Network { ec2, place, private: last }
}

async fn cut_off(side: &mut Side, network: &Network) {
    network.ec2.delete_route().route_table_id(&network.private).destination_cidr_block("0.0.0.0/0").send().await.unwrap();
    side.rest().await;
}

async fn function(side: &mut Side, lambda: &Client, network: &Network) {
    let role = format!("arn:aws:iam::{}:role/landfall-canary", side.account);
    let iam = aws_sdk_iam::Client::new(&side.member);
    let trust = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" } });
    iam.create_role().role_name("landfall-canary").assume_role_policy_document(trust.to_string()).send().await.unwrap();
    side.rest().await;
    let variables =
        [("LANDFALL_ZONE", "a"), ("LANDFALL_ACCOUNT", "shop/prod"), ("LANDFALL_SERVICES", "sts events"), ("LANDFALL_BUS", "bus")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let environment = || Environment::builder().set_variables(Some(variables.clone().into())).build();
    let code = FunctionCode::builder().zip_file(package("handler.py").into()).build();
    let call = lambda.create_function().function_name(NAME).runtime(Runtime::Python313).handler("handler.handler").role(&role).code(code);
    let call = call.vpc_config(network.place.clone()).environment(environment()).memory_size(128).timeout(20);
    side.differs("lambda:CreateFunction", "moto's functions are never pending");
    side.told("lambda:CreateFunction", call.clone().send().await);
    side.told("lambda:CreateFunction", call.send().await);
    side.rest().await;
    side.told("lambda:ListFunctions", lambda.list_functions().send().await);
    let logging = LoggingConfig::builder().log_group("/aws/lambda/other").build();
    let call = lambda.update_function_configuration().function_name(NAME).timeout(30).logging_config(logging);
    side.differs("lambda:UpdateFunctionConfiguration", "moto is done with it at once");
    side.told("lambda:UpdateFunctionConfiguration", call.send().await);
    side.rest().await;
    let call = lambda.update_function_code().function_name(NAME).zip_file(package("module.yaml").into());
    side.differs("lambda:UpdateFunctionCode", "moto is done with it at once");
    side.told("lambda:UpdateFunctionCode", call.send().await);
    side.rest().await;
    lambda.update_function_code().function_name(NAME).zip_file(package("handler.py").into()).send().await.unwrap();
    side.rest().await;
    side.told("lambda:ListFunctions", lambda.list_functions().send().await);
}

async fn permissions(side: &mut Side, lambda: &Client) {
    let source = format!("arn:aws:events:us-west-2:{}:rule/landfall-canary-a", side.account);
    let call = lambda.add_permission().function_name(NAME).statement_id("landfall-tick").action("lambda:InvokeFunction");
    let call = call.principal("events.amazonaws.com").source_arn(source);
    side.told("lambda:AddPermission", call.clone().send().await.map(|answer| document(answer.statement())));
    let policy = lambda.get_policy().function_name(NAME).send().await;
    side.told("lambda:GetPolicy", policy.map(|answer| document(answer.policy())));
    side.differs("lambda:AddPermission", "moto gives a right twice");
    side.told("lambda:AddPermission", call.send().await);
    side.told("lambda:RemovePermission", lambda.remove_permission().function_name(NAME).statement_id("landfall-tick").send().await);
}

/// A document with its fields in the order of their names.
fn document(text: Option<&str>) -> String {
    serde_json::from_str::<Value>(text.unwrap()).unwrap().to_string()
}

/// The canary's word. It is held against what is expected, and not by the harness: spaces and the order of fields are anybody's choice.
async fn called(side: &mut Side, lambda: &Client) -> Value {
    let answer = lambda.invoke().function_name(NAME).payload(br"{}".to_vec().into()).send().await.unwrap();
    side.told::<_, aws_sdk_lambda::operation::invoke::InvokeError, ()>("lambda:Invoke", Ok(answer.status_code()));
    serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap()
}

fn verdict(colour: &str, suspects: &[&str]) -> Value {
    let ok = colour == "green";
    let why = if ok { "" } else { "no answer within 3 s" };
    let checks = ["egress", "endpoint sts", "endpoint events"].map(|name| json!({ "check": name, "ok": ok, "why": why }));
    json!({ "format": 1, "verdict": colour, "account": "shop/prod", "zone": "a", "checks": checks, "suspects": suspects, "reported": ok })
}
