//! The faults: for each, what is to be done, what goes wrong before it is, and what the rehearsal says of it.

use super::ground::{Ground, tagged};
use super::waits::{gates, in_vain};
use futures::future::{BoxFuture, FutureExt};

/// One fault.
pub struct Fault {
    pub name: &'static str,
    /// What lives besides before all.
    pub before: &'static str,
    /// What is put before the domains file, and after it.
    pub settings: &'static str,
    pub domain: &'static str,
    /// What is put after the module.
    pub resources: &'static str,
    pub strike: Strike,
    /// A part of what the rehearsal says of it, if it says anything.
    pub says: &'static str,
}

pub type Strike = for<'a> fn(&'a Ground) -> BoxFuture<'a, ()>;

pub const NOTHING: Fault = Fault { name: "", before: "", settings: "", domain: "", resources: "", strike: |_| async {}.boxed(), says: "" };
pub const VPC: &str = "  - { kind: vpc, name: second, spec: { cidr: { prefix: 24 } } }\n";
pub const PARAMETER: &str = "  - { kind: ssm-parameter, name: landfall/two, spec: { value: { text: two } } }\n";
const ROLE: &str = "  - kind: iam-role
    name: deploy
    spec: { trust: { Version: '2012-10-17', Statement: [{ Effect: Allow, Action: sts:AssumeRole, Principal: { Service: ec2.amazonaws.com } }] } }
";
const GUARDRAIL_AND_ROLE: &str = "  - kind: service-control-policy
    name: no-roles
    spec:
      targets: [management:organizational-unit/dev]
      document: { Version: '2012-10-17', Statement: [{ Effect: Deny, Action: iam:CreateRole, Resource: '*' }] }
  - kind: iam-role
    name: deploy
    spec: { trust: { Version: '2012-10-17', Statement: [{ Effect: Allow, Action: sts:AssumeRole, Principal: { Service: ec2.amazonaws.com } }] } }
";
const BOOKS: &str = "  books: { team: core, environments: [dev, prod], repositories: [books] }\n";

/// Changes a value in every account.
const EVERYWHERE: &str = "modules: { all: { one: other } }\n";

/// All of them, those first that take minutes.
pub fn faults() -> Vec<Fault> {
    [in_vain(), gates(), quotas(), rights(), taken(), drift(), accounts()].into_iter().flatten().collect()
}

fn quotas() -> Vec<Fault> {
    vec![
        Fault {
            name: "others have used up the quota of VPCs",
            resources: VPC,
            strike: |ground| {
                async {
                    let ec2 = ground.ec2("shop/dev").await;
                    for number in 0..4 {
                        ec2.create_vpc().cidr_block(format!("192.168.{number}.0/24")).send().await.unwrap();
                    }
                    ground.refuse("shop/dev", "CreateVpc", "VpcLimitExceeded").await;
                }
                .boxed()
            },
            says: "VpcLimitExceeded",
            ..NOTHING
        },
        Fault {
            name: "others have used up the quota of elastic IPs",
            resources: "  - { kind: elastic-ip, name: a }\n",
            strike: |ground| {
                async {
                    let ec2 = ground.ec2("shop/dev").await;
                    for _ in 0..5 {
                        ec2.allocate_address().send().await.unwrap();
                    }
                    ground.refuse("shop/dev", "AllocateAddress", "AddressLimitExceeded").await;
                }
                .boxed()
            },
            says: "AddressLimitExceeded",
            ..NOTHING
        },
        Fault {
            name: "others have used up the quota of internet gateways",
            resources: "  - { kind: internet-gateway, name: spare, spec: { vpc: vpc/spare } }\n",
            strike: |ground| {
                async {
                    let ec2 = ground.ec2("shop/dev").await;
                    for _ in 0..4 {
                        ec2.create_internet_gateway().send().await.unwrap();
                    }
                    ground.refuse("shop/dev", "CreateInternetGateway", "InternetGatewayLimitExceeded").await;
                }
                .boxed()
            },
            says: "InternetGatewayLimitExceeded",
            ..NOTHING
        },
        Fault {
            name: "the organization may have one account more, and not two",
            domain: BOOKS,
            strike: |ground| {
                async {
                    ground.refuse_management("GetServiceQuota", r#"{"Quota":{"QuotaCode":"L-E619E033","Value":6.0}}"#, 0);
                    ground.refuse_management("CreateAccount", "ConstraintViolationException", 1);
                }
                .boxed()
            },
            says: "ACCOUNT_LIMIT_EXCEEDED",
            ..NOTHING
        },
    ]
}

fn rights() -> Vec<Fault> {
    vec![
        Fault {
            name: "the role may read parameters and not write them",
            resources: PARAMETER,
            strike: |ground| {
                async {
                    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:*","iam:*","logs:*","ssm:Get*"],"Resource":"*"}]}"#;
                    let role = super::emulator::ROLE;
                    let iam = ground.iam("shop/dev").await;
                    iam.put_role_policy().role_name(role).policy_name("all").policy_document(policy).send().await.unwrap();
                    ground.refuse("shop/dev", "PutParameter", "AccessDeniedException").await;
                }
                .boxed()
            },
            says: "no policy of the role OrganizationAccountAccessRole allows it",
            ..NOTHING
        },
        Fault {
            name: "a guardrail that goes up in the same plan denies what the plan needs",
            resources: GUARDRAIL_AND_ROLE,
            strike: |ground| {
                async {
                    ground.refuse("shop/dev", "CreateRole", "AccessDenied").await;
                    ground.refuse("tools/dev", "CreateRole", "AccessDenied").await;
                }
                .boxed()
            },
            says: "service-control-policy/no-roles denies it",
            ..NOTHING
        },
        Fault {
            name: "an account can't be entered any more",
            resources: PARAMETER,
            strike: |ground| ground.refuse("shop/prod", "AssumeRole", "AccessDenied").boxed(),
            says: "AccessDenied",
            ..NOTHING
        },
        Fault {
            name: "an account was suspended",
            resources: PARAMETER,
            strike: |ground| {
                async {
                    ground.refuse("shop/dev", "AssumeRole", "AccessDenied").await;
                    let organizations = aws_sdk_organizations::Client::new(&ground.management());
                    organizations.close_account().account_id(ground.number("shop/dev").await).send().await.unwrap();
                }
                .boxed()
            },
            says: "AWS says that the account is SUSPENDED",
            ..NOTHING
        },
    ]
}

fn taken() -> Vec<Fault> {
    vec![
        Fault {
            name: "a stranger has a role of the name",
            resources: ROLE,
            strike: |ground| {
                async {
                    let iam = ground.iam("shop/dev").await;
                    iam.create_role().role_name("deploy").assume_role_policy_document("{}").send().await.unwrap();
                }
                .boxed()
            },
            says: "EntityAlreadyExists",
            ..NOTHING
        },
        Fault {
            name: "a stranger has a policy of the name",
            resources: "  - kind: iam-policy
    name: narrow
    spec: { document: { Version: '2012-10-17', Statement: [{ Effect: Allow, Action: s3:GetObject, Resource: '*' }] } }
",
            strike: |ground| {
                async {
                    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
                    let iam = ground.iam("tools/dev").await;
                    iam.create_policy().policy_name("narrow").path("/landfall/").policy_document(policy).send().await.unwrap();
                }
                .boxed()
            },
            says: "EntityAlreadyExists",
            ..NOTHING
        },
        Fault {
            name: "a stranger has the identity provider",
            resources: "  - { kind: iam-oidc-provider, name: token.actions.githubusercontent.com, spec: { client_ids: [sts.amazonaws.com] } }\n",
            strike: |ground| {
                async {
                    let iam = ground.iam("tools/prod").await;
                    let call = iam.create_open_id_connect_provider().url("https://token.actions.githubusercontent.com");
                    call.client_id_list("sts.amazonaws.com").send().await.unwrap();
                }
                .boxed()
            },
            says: "EntityAlreadyExists",
            ..NOTHING
        },
        Fault {
            name: "a stranger's subnet has the range",
            resources: "  - { kind: subnet, name: b, spec: { vpc: vpc/main, cidr: { newbits: 4 }, zone: a } }\n",
            strike: |ground| {
                async {
                    let ec2 = ground.ec2("shop/dev").await;
                    let vpc = tagged(&ec2, "shop/dev/us-west-2/vpc/main").await;
                    let range = ground.planned_range("shop/dev/us-west-2/subnet/b");
                    ec2.create_subnet().vpc_id(vpc).cidr_block(range).send().await.unwrap();
                }
                .boxed()
            },
            says: "InvalidSubnet.Conflict",
            ..NOTHING
        },
    ]
}

fn drift() -> Vec<Fault> {
    vec![
        Fault {
            name: "what is to be updated is gone",
            settings: EVERYWHERE,
            strike: |ground| {
                async { drop(ground.ssm("shop/dev").await.delete_parameter().name("/landfall/one").send().await.unwrap()) }.boxed()
            },
            says: "it was to be updated, but it is gone",
            ..NOTHING
        },
        Fault {
            name: "what is to be updated has been changed by hand",
            settings: EVERYWHERE,
            strike: |ground| ground.put("shop/dev", "/landfall/one", "third").boxed(),
            says: "withheld: it has changed since the plan was made (value)",
            ..NOTHING
        },
        Fault {
            name: "what is to be updated has been updated by somebody else",
            settings: EVERYWHERE,
            strike: |ground| ground.put("shop/dev", "/landfall/one", "other").boxed(),
            ..NOTHING
        },
        Fault {
            name: "what is to be made is there, and otherwise",
            resources: PARAMETER,
            strike: |ground| ground.put("shop/prod", "/landfall/two", "three").boxed(),
            says: "withheld: it was to be created, but something else is there by now (value)",
            ..NOTHING
        },
        Fault {
            name: "what is to be made has been made",
            resources: PARAMETER,
            strike: |ground| ground.put("shop/prod", "/landfall/two", "two").boxed(),
            ..NOTHING
        },
        Fault {
            name: "what is to be deleted has changed",
            before: PARAMETER,
            strike: |ground| ground.put("tools/dev", "/landfall/two", "three").boxed(),
            says: "withheld: it was to be deleted, but it has changed since the plan was made (value)",
            ..NOTHING
        },
        Fault {
            name: "what is to be deleted is gone",
            before: PARAMETER,
            strike: |ground| {
                async { drop(ground.ssm("tools/dev").await.delete_parameter().name("/landfall/two").send().await.unwrap()) }.boxed()
            },
            ..NOTHING
        },
    ]
}

fn accounts() -> Vec<Fault> {
    vec![Fault {
        name: "somebody has made an account of the email",
        domain: BOOKS,
        strike: |ground| {
            async {
                let organizations = aws_sdk_organizations::Client::new(&ground.management());
                let call = organizations.create_account().email("aws+books-dev@acme.example").account_name("books-dev");
                call.send().await.unwrap();
            }
            .boxed()
        },
        says: "withheld: it was to be created, but something else is there by now (organizational_unit)",
        ..NOTHING
    }]
}
