//! The faults that make apply wait: gates that do not hold, and what it waits for in vain.

use super::ground::{blinded, tagged};
use super::table::{Fault, NOTHING, PARAMETER, VPC};
use futures::future::FutureExt;

const CANARY: &str = "  - kind: iam-role
    name: landfall-canary
    spec: { trust: { Version: '2012-10-17', Statement: [{ Effect: Allow, Action: sts:AssumeRole, Principal: { Service: lambda.amazonaws.com } }] } }
  - kind: lambda-function
    name: landfall-canary-a
    spec:
      runtime: python3.13
      handler: handler.handler
      role: iam-role/landfall-canary
      code:
        handler.py: |
          SILENT, PATIENCE, Settings = 'silent', 3, dict
          def look(settings, probe):
              return probe('x', 443)
          def judge(settings, failure):
              checks = [{'check': 'egress', 'ok': not failure, 'why': failure[1] if failure else ''}]
              return {'format': 1, 'verdict': 'red' if failure else 'green', 'checks': checks, 'suspects': []}
";
/// Changes a value in prod alone.
const IN_PROD: &str = "modules_in: { prod: { all: { one: other } } }\n";
const ALL_SICK: &str = "modules_in: { prod: { all: { one: other } } }\nrollout: { sick: estate }\n";

/// What apply waits for, for minutes and in vain.
pub fn in_vain() -> Vec<Fault> {
    vec![
        Fault {
            name: "a stranger's subnet is in what is to be deleted",
            before: VPC,
            strike: |ground| {
                async {
                    let ec2 = ground.ec2("shop/dev").await;
                    let vpc = tagged(&ec2, "shop/dev/us-west-2/vpc/second").await;
                    let range = ec2.describe_vpcs().vpc_ids(&vpc).send().await.unwrap().vpcs()[0].cidr_block().unwrap().to_owned();
                    ec2.create_subnet().vpc_id(vpc).cidr_block(range).send().await.unwrap();
                    ground.refuse("shop/dev", "DeleteVpc", "DependencyViolation").await;
                }
                .boxed()
            },
            says: "DependencyViolation",
            ..NOTHING
        },
        Fault {
            name: "what a new resource needs is gone",
            resources: "  - { kind: security-group, name: spare, spec: { vpc: vpc/spare, description: Spare } }\n",
            strike: |ground| {
                async {
                    let ec2 = ground.ec2("tools/dev").await;
                    let vpc = tagged(&ec2, "tools/dev/us-west-2/vpc/spare").await;
                    ec2.delete_vpc().vpc_id(vpc).send().await.unwrap();
                }
                .boxed()
            },
            says: "tools/dev/us-west-2/vpc/spare does not exist (yet)",
            ..NOTHING
        },
    ]
}

/// What holds back.
pub fn gates() -> Vec<Fault> {
    vec![
        Fault {
            name: "today is a block day",
            settings: "calendar: { time_zone: UTC, block_days: [{ name: Fair, from: 2020-01-01, to: 2099-12-31 }] }\n",
            resources: PARAMETER,
            ..NOTHING
        },
        Fault {
            name: "a canary is red where this plan has nothing to do",
            before: CANARY,
            settings: IN_PROD,
            resources: CANARY,
            strike: |ground| blinded(ground, "shop/dev").boxed(),
            ..NOTHING
        },
        Fault {
            name: "a canary is red, and one is enough to hold back all",
            before: CANARY,
            settings: ALL_SICK,
            resources: CANARY,
            strike: |ground| blinded(ground, "tools/dev").boxed(),
            ..NOTHING
        },
        Fault {
            name: "a canary is gone",
            before: CANARY,
            settings: IN_PROD,
            resources: CANARY,
            strike: |ground| {
                async {
                    let lambda = aws_sdk_lambda::Client::new(&ground.member("shop/dev").await);
                    lambda.delete_function().function_name("landfall-canary-a").send().await.unwrap();
                }
                .boxed()
            },
            ..NOTHING
        },
    ]
}
