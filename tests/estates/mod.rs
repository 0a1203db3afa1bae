//! Estates for tests: declared in a few lines, made real by a pure stand-in for apply. Holds no expectation.

#![allow(dead_code, reason = "each test binary uses its part")]

use landfall::kinds::{Spec, row};
use landfall::model::{Account, Address, Approvals, Environment, Place};
use landfall::plan::{Action, Declared, Desired, Estate, Found, Live, Member, Plan, Rollout, Stranger, WaveRules};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What one domain gets in each of its environments.
#[derive(Clone, Debug)]
pub struct Domain {
    pub name: String,
    pub environments: Vec<Environment>,
    pub vpc_prefix: u8,
    pub zones: Vec<char>,
    /// Bits that a private subnet is smaller than its VPC by; public ones are two bits smaller still.
    pub newbits: u8,
    pub with_role: bool,
    pub with_network: bool,
}

pub fn domain(name: &str) -> Domain {
    let environments = Environment::ALL.to_vec();
    Domain { name: name.into(), environments, vpc_prefix: 20, zones: vec!['a', 'b'], newbits: 3, with_role: true, with_network: true }
}

/// An estate without domains, with a pool and a reserved range.
pub fn estate(pool: &str) -> Desired {
    let estate = Estate {
        name: "acme".parse().unwrap(),
        home_region: "us-west-2".parse().unwrap(),
        access_role: "OrganizationAccountAccessRole".to_owned(),
        plan_role: "OrganizationAccountAccessRole".to_owned(),
        pools: vec![pool.parse().unwrap()],
        reserved: BTreeMap::from([("office".to_owned(), "10.0.0.0/20".parse().unwrap())]),
        rollout: rollout(),
        approvals: Approvals::default(),
        notices: Default::default(),
        members: BTreeMap::new(),
        retired: landfall::plan::Retired::default(),
    };
    let mut desired =
        Desired { estate, resources: BTreeMap::new(), kinds: landfall::kinds::TABLE.iter().map(|row| row.kind.clone()).collect() };
    declare(&mut desired, "management/global/organizational-unit/workloads", json!({}));
    for environment in Environment::ALL {
        let parent = json!({ "parent": "management:organizational-unit/workloads" });
        declare(&mut desired, &format!("management/global/organizational-unit/{environment}"), parent);
    }
    desired
}

/// One environment after the other.
pub fn rollout() -> Rollout {
    let rules = |environment: Environment| WaveRules::of(environment, Default::default(), environment.as_str().parse().unwrap());
    Rollout { waves: Environment::ALL.map(rules).into(), time_zone: "UTC".to_owned(), ..Rollout::default() }
}

pub fn with_domains(pool: &str, domains: &[Domain]) -> Desired {
    let mut desired = estate(pool);
    domains.iter().for_each(|domain| add(&mut desired, domain));
    desired
}

pub fn add(desired: &mut Desired, domain: &Domain) {
    for environment in &domain.environments {
        let account = Account::member(domain.name.parse().unwrap(), *environment);
        let email = format!("aws+{}-{environment}@acme.example", domain.name);
        let member = Member { email: email.clone(), team: "platform".parse().unwrap(), place: place() };
        desired.estate.rollout.waves[*environment as usize].members.insert(account.clone());
        desired.estate.members.insert(account.clone(), member);
        let unit = format!("management:organizational-unit/{environment}");
        let name = format!("{}-{environment}", domain.name);
        let fields = json!({ "email": email, "name": name, "organizational_unit": unit, "access_role": "OrganizationAccountAccessRole" });
        declare(desired, &format!("{account}/global/account/main"), fields);
        if domain.with_network {
            add_network(desired, &account, domain);
        }
        if domain.with_role {
            add_role(desired, &account);
        }
    }
}

fn add_network(desired: &mut Desired, account: &Account, domain: &Domain) {
    let tags = json!({ "team": "platform", "Name": "main" });
    let mut put = |kind_and_name: &str, fields: Value| declare(desired, &format!("{account}/us-west-2/{kind_and_name}"), fields);
    put("vpc/main", json!({ "cidr": { "prefix": domain.vpc_prefix }, "tags": tags }));
    put("internet-gateway/main", json!({ "vpc": "vpc/main", "tags": tags }));
    put(
        "security-group/internal",
        json!({ "vpc": "vpc/main", "description": "inside", "ingress": [{ "protocol": "all", "security_group": "security-group/internal" }] }),
    );
    put(
        "security-group/web",
        json!({ "vpc": "vpc/main", "description": "web", "ingress": [{ "protocol": "tcp", "ports": 443, "security_group": "security-group/internal" }] }),
    );
    let public: Vec<String> = domain.zones.iter().map(|zone| format!("subnet/public-{zone}")).collect();
    put("route-table/public", json!({ "vpc": "vpc/main", "routes": { "0.0.0.0/0": "internet-gateway/main" }, "subnets": public }));
    for zone in &domain.zones {
        let subnet = |bits: u8, public: bool| json!({ "vpc": "vpc/main", "cidr": { "newbits": bits }, "zone": zone, "map_public_ip_on_launch": public });
        put(&format!("subnet/private-{zone}"), subnet(domain.newbits, false));
        put(&format!("subnet/public-{zone}"), subnet(domain.newbits + 2, true));
        put(&format!("elastic-ip/nat-{zone}"), json!({}));
        put(
            &format!("nat-gateway/{zone}"),
            json!({ "subnet": format!("subnet/public-{zone}"), "elastic_ip": format!("elastic-ip/nat-{zone}") }),
        );
        let routes = json!({ "0.0.0.0/0": format!("nat-gateway/{zone}") });
        put(
            &format!("route-table/private-{zone}"),
            json!({ "vpc": "vpc/main", "routes": routes, "subnets": [format!("subnet/private-{zone}")] }),
        );
    }
    put("ssm-parameter/landfall/network/vpc-id", json!({ "value": { "id_of": "vpc/main" } }));
}

fn add_role(desired: &mut Desired, account: &Account) {
    let host = "token.actions.githubusercontent.com";
    let provider = format!("arn:${{partition}}:iam::${{account.id}}:oidc-provider/{host}");
    declare(desired, &format!("{account}/global/iam-oidc-provider/{host}"), json!({ "client_ids": ["sts.amazonaws.com"] }));
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Federated": provider }, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": { format!("{host}:aud"): "sts.amazonaws.com" } },
    }] });
    let policy =
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*" }] });
    let fields = json!({ "trust": trust, "policies": { "deploy": policy }, "tags": { "team": "platform" } });
    declare(desired, &format!("{account}/global/iam-role/ci-deploy"), fields);
}

pub fn declare(desired: &mut Desired, at: &str, fields: Value) {
    let at: Address = at.parse().unwrap();
    let spec = spec(at.kind.as_str(), fields);
    desired.resources.insert(at, Declared { spec, module: "network".parse().unwrap(), place: place() });
}

pub fn spec(kind: &str, fields: Value) -> Spec {
    let row = row(&kind.parse().unwrap()).unwrap_or_else(|| panic!("{kind} is no kind"));
    (row.parse)(fields).unwrap_or_else(|error| panic!("{kind}: {error}"))
}

pub fn stranger(account: &str, id: &str, kind: &str, fields: Value) -> Stranger {
    Stranger { account: account.parse().unwrap(), id: id.into(), spec: spec(kind, fields) }
}

/// Live state after every step of a plan was done.
pub fn applied(plan: &Plan, live: &Live) -> Live {
    let mut live = live.clone();
    for step in plan.steps() {
        match &step.action {
            Action::Create { want, .. } => {
                live.found.insert(step.address.clone(), found(&step.address, want));
            }
            Action::Update { want, .. } => {
                live.found.get_mut(&step.address).expect("an update is of what lives").spec = want.clone();
            }
            Action::Delete { .. } => drop(live.found.remove(&step.address)),
        }
    }
    live
}

/// A live resource with a made-up id.
pub fn found(at: &Address, spec: &Spec) -> Found {
    Found { id: format!("id-of-{at}").into(), spec: spec.clone() }
}

fn place() -> Place {
    Place { file: "domains.yaml".into(), line: 1 }
}

/// An address from its text.
pub fn at(text: &str) -> Address {
    text.parse().unwrap()
}
