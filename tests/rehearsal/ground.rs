//! One organization for one fault: files, an emulated AWS that many share under numbers of their own, and landfall run against it.

use super::emulator::{Emulator, REGION, ROLE, Ran};
use super::strict::{Refuse, Strict};
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_ec2::config::{Credentials, Region};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tempfile::TempDir;

/// An organization, its files, and the way to it.
pub struct Ground {
    folder: TempDir,
    strict: Strict,
    endpoint: String,
    /// Of the management account.
    credentials: Credentials,
    /// That of the management account.
    pub id: String,
    emulator: &'static Emulator,
}

/// What becomes of each step that started, by address.
pub type Results = BTreeMap<String, String>;

/// What was said of a run, or came of it.
#[derive(Debug)]
pub struct Came {
    pub results: Results,
    /// The accounts that each gate held back.
    pub held: BTreeMap<String, Vec<String>>,
    /// Why steps did not succeed.
    pub whys: BTreeMap<String, String>,
    pub succeeded: bool,
}

const HEAD: &str = "\
organization:
  name: acme
  account_email: aws+{domain}-{environment}@acme.example
  home_region: us-west-2
  github: acme-example
network: { pool: 10.0.0.0/8, vpc_prefix: 20, zones: 1 }
people:
  ada: { name: Ada Fern, email: ada@acme.example, phone: \"+15550100\" }
teams:
  core: { on_call: { primary: [ada], handover: monday 09:00 Europe/Berlin } }
domains:
  shop: { team: core, environments: [dev, prod], repositories: [shop] }
  tools: { team: core, environments: [dev, prod], repositories: [tools] }
";

const MODULE: &str = "\
about: An account, and a network of one of everything.
parameters:
  one: { type: string, about: What a parameter says., default: one }
resources:
  - { kind: organizational-unit, name: dev }
  - { kind: organizational-unit, name: prod }
  - kind: account
    name: main
    spec:
      email: ${account.email}
      name: ${account.name}
      organizational_unit: management:organizational-unit/${environment}
      access_role: ${organization.access_role}
  - { kind: vpc, name: main, spec: { cidr: { prefix: 20 } } }
  - { kind: vpc, name: spare, spec: { cidr: { prefix: 24 } } }
  - { kind: internet-gateway, name: main, spec: { vpc: vpc/main } }
  - { kind: subnet, name: a, spec: { vpc: vpc/main, cidr: { newbits: 4 }, zone: a } }
  - { kind: security-group, name: web, spec: { vpc: vpc/main, description: Web } }
  - { kind: log-group, name: landfall/kept, spec: { retention_days: 30 } }
  - { kind: ssm-parameter, name: landfall/one, spec: { value: { text: \"${parameter.one}\" } } }
";

impl Ground {
    /// An organization of two domains in two environments, as declared.
    pub async fn settled(emulator: &'static Emulator, id: String, more: &str) -> Ground {
        let management = emulator.management();
        let issued = assumed(&management, &id).await;
        let (strict, endpoint) = (Strict::to(&emulator.endpoint()).await, emulator.endpoint());
        let ground = Ground { folder: TempDir::new().unwrap(), strict, endpoint, credentials: issued, id, emulator };
        let organizations = aws_sdk_organizations::Client::new(&ground.management());
        let all = aws_sdk_organizations::types::OrganizationFeatureSet::All;
        organizations.create_organization().feature_set(all).send().await.unwrap();
        organizations
            .enable_policy_type()
            .root_id(root(&organizations).await)
            .policy_type("SERVICE_CONTROL_POLICY".into())
            .send()
            .await
            .unwrap();
        std::fs::create_dir_all(ground.file("modules/all")).unwrap();
        ground.declare("", "", more);
        let plan = ground.plan().await;
        ground.landfall(&["apply", &plan]).await.expect(0);
        ground
    }

    /// The files, with more before and after the domains file, and in the module.
    pub fn declare(&self, settings: &str, domain: &str, resources: &str) {
        std::fs::write(self.file("domains.yaml"), format!("{settings}{HEAD}{domain}")).unwrap();
        std::fs::write(self.file("modules/all/module.yaml"), format!("{MODULE}{resources}")).unwrap();
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Plans into a file, and answers its name.
    pub async fn plan(&self) -> String {
        self.plan_to("plan.json").await
    }

    /// The same, into a file of another name.
    pub async fn plan_to(&self, name: &str) -> String {
        let file = self.file(name).to_string_lossy().into_owned();
        self.landfall(&["plan", "--out", &file]).await.expect(0);
        file
    }

    pub async fn landfall(&self, arguments: &[&str]) -> Ran {
        let mut command = self.emulator.command(self.folder.path(), arguments);
        command.env("AWS_ENDPOINT_URL", &self.strict.endpoint);
        command.env("AWS_ACCESS_KEY_ID", self.credentials.access_key_id());
        command.env("AWS_SECRET_ACCESS_KEY", self.credentials.secret_access_key());
        command.env("AWS_SESSION_TOKEN", self.credentials.session_token().unwrap_or_default());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// What a rehearsal says of a plan.
    pub async fn rehearse(&self, plan: &str) -> (Came, Value) {
        let ran = self.landfall(&["rehearse", plan, "--format", "json"]).await;
        let said: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}\n{}", ran.stdout, ran.stderr));
        let expected = if said["succeeds"] == true { 0 } else { 2 };
        assert_eq!(ran.status, Some(expected), "{}", ran.stderr);
        let steps: Vec<&Value> = said["steps"].as_array().unwrap().iter().filter(|step| step["result"] != "not-started").collect();
        let gates = said["gates"].as_array().unwrap();
        let succeeded = steps.iter().all(|step| step["result"] == "done" || step["result"] == "already-so") && gates.is_empty();
        (came(&steps, gates, succeeded), said)
    }

    /// What comes of applying it.
    pub async fn apply(&self, plan: &str) -> Came {
        let (ran, events) = self.events(&["apply", plan]).await;
        let of = |name: &str| events.iter().filter(move |event| event["event"] == name).collect::<Vec<_>>();
        let held = |gate: &&Value| gate["held"] != Value::Array(Vec::new());
        let gates: Vec<Value> = of("gate-answered").into_iter().filter(held).cloned().collect();
        came(&of("step-ended"), &gates, ran.status == Some(0))
    }

    /// What an apply tells as it happens.
    pub async fn events(&self, arguments: &[&str]) -> (Ran, Vec<Value>) {
        let arguments: Vec<&str> = arguments.iter().chain(&["--format", "json"]).copied().collect();
        let ran = self.landfall(&arguments).await;
        let events = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (ran, events)
    }

    /// From now on, AWS refuses this to an account.
    pub async fn refuse(&self, account: &str, operation: &'static str, code: &'static str) {
        let account = self.number(account).await;
        self.strict.refuse(Refuse { account, operation, code, after: 0 });
    }

    /// From now on, AWS answers the management account so, once it has let so many calls through.
    pub fn refuse_management(&self, operation: &'static str, code: &'static str, after: usize) {
        self.strict.know(self.credentials.access_key_id(), &self.id);
        self.strict.refuse(Refuse { account: self.id.clone(), operation, code, after });
    }

    pub fn management(&self) -> SdkConfig {
        config(&self.endpoint, self.credentials.clone())
    }

    /// The number of an account such as `shop/dev`.
    pub async fn number(&self, account: &str) -> String {
        let client = aws_sdk_organizations::Client::new(&self.management());
        let email = format!("aws+{}@acme.example", account.replace('/', "-"));
        let pages = client.list_accounts().into_paginator().send().collect::<Result<Vec<_>, _>>().await.unwrap();
        pages
            .iter()
            .flat_map(|page| page.accounts())
            .find(|found| found.email() == Some(&email))
            .and_then(|found| found.id())
            .unwrap()
            .to_owned()
    }

    /// Into an account, by its role.
    pub async fn member(&self, account: &str) -> SdkConfig {
        let issued = assumed(&self.management(), &self.number(account).await).await;
        config(&self.endpoint, issued)
    }

    pub async fn ec2(&self, account: &str) -> aws_sdk_ec2::Client {
        aws_sdk_ec2::Client::new(&self.member(account).await)
    }

    pub async fn ssm(&self, account: &str) -> aws_sdk_ssm::Client {
        aws_sdk_ssm::Client::new(&self.member(account).await)
    }

    /// Gives a parameter a value by hand.
    pub async fn put(&self, account: &str, name: &str, value: &str) {
        let call = self.ssm(account).await.put_parameter().name(name).value(value).overwrite(true);
        call.r#type(aws_sdk_ssm::types::ParameterType::String).send().await.unwrap();
    }

    /// The range that the plan gives to a new subnet.
    pub fn planned_range(&self, address: &str) -> String {
        let kind = address.split('/').nth(3).unwrap();
        let plan: Value = serde_json::from_str(&std::fs::read_to_string(self.file("plan.json")).unwrap()).unwrap();
        let waves = plan["plan"]["waves"].as_array().unwrap().iter();
        let steps = waves.flat_map(|wave| wave["accounts"].as_object().unwrap().values()).flat_map(|steps| steps.as_array().unwrap());
        let step = steps.into_iter().find(|step| step["address"] == address).unwrap();
        step["action"]["create"]["want"][kind]["cidr"].as_str().unwrap().to_owned()
    }

    pub async fn iam(&self, account: &str) -> aws_sdk_iam::Client {
        aws_sdk_iam::Client::new(&self.member(account).await)
    }
}

fn came<'a>(steps: &[&'a Value], gates: &'a [Value], succeeded: bool) -> Came {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let results = steps.iter().map(|step| (text(&step["address"]), text(&step["result"]))).collect();
    let whys = steps.iter().filter(|step| step["why"].is_string()).map(|step| (text(&step["address"]), text(&step["why"]))).collect();
    let names = |all: &Value| all.as_array().unwrap().iter().map(text).collect();
    let held = gates.iter().map(|gate| (text(&gate["wave"]), names(&gate["held"]))).collect();
    Came { results, held, whys, succeeded }
}

pub async fn root(organizations: &aws_sdk_organizations::Client) -> String {
    organizations.list_roots().send().await.unwrap().roots()[0].id().unwrap().to_owned()
}

async fn assumed(by: &SdkConfig, id: &str) -> Credentials {
    let sts = aws_sdk_sts::Client::new(by);
    let call = sts.assume_role().role_arn(format!("arn:aws:iam::{id}:role/{ROLE}")).role_session_name("test");
    let issued = call.send().await.unwrap().credentials.unwrap();
    Credentials::new(issued.access_key_id(), issued.secret_access_key(), Some(issued.session_token().to_owned()), None, "test")
}

fn config(endpoint: &str, credentials: Credentials) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(REGION))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .build()
}

/// The id of what carries a mark of ours.
pub async fn tagged(ec2: &aws_sdk_ec2::Client, address: &str) -> String {
    let found = ec2.describe_tags().send().await.unwrap().tags.unwrap_or_default();
    let of = found.iter().find(|tag| tag.key() == Some("landfall:address") && tag.value() == Some(address));
    of.and_then(|tag| tag.resource_id()).unwrap().to_owned()
}

/// Puts an account's canary where nothing leads out.
pub async fn blinded(ground: &Ground, account: &str) {
    let ec2 = ground.ec2(account).await;
    let subnet = tagged(&ec2, &format!("{account}/us-west-2/subnet/a")).await;
    let group = tagged(&ec2, &format!("{account}/us-west-2/security-group/web")).await;
    let network = aws_sdk_lambda::types::VpcConfig::builder().subnet_ids(subnet).security_group_ids(group).build();
    let lambda = aws_sdk_lambda::Client::new(&ground.member(account).await);
    lambda.update_function_configuration().function_name("landfall-canary-a").vpc_config(network).send().await.unwrap();
}
