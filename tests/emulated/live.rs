//! What is really in the accounts, asked of AWS by its SDK and written down without ids, so that two organizations can be compared.
//! Knows nothing of landfall but the tag that it marks its resources with.

use crate::census;
use crate::emulator::Emulator;
use aws_config::SdkConfig;
use aws_sdk_ec2::types::{IpPermission, RouteTable, SecurityGroup, Tag};
use landfall::simulated::World;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// The lines of each account, by its email.
pub type Inventory = BTreeMap<String, Vec<String>>;

/// Everything in every member account. No two accounts have one email, no two resources one mark: that is checked on the way.
pub async fn inventory(emulator: &Emulator) -> Inventory {
    let mut inventory = Inventory::new();
    if let Some(world) = emulator.world().await {
        return simulated(&world);
    }
    for account in accounts(emulator).await {
        let mut page = Page::default();
        page.names.insert(account.id.clone(), "<account>".to_owned());
        page.line(format!("account {} in {} with {:?}", account.name, account.unit, account.tags));
        let config = emulator.member(&account.id).await;
        network(&mut page, &config).await;
        gateways(&mut page, &config).await;
        identities(&mut page, &config).await;
        parameters(&mut page, &config).await;
        let twin = inventory.insert(account.email.clone(), page.finish());
        assert_eq!(twin, None, "two accounts have the email {}", account.email);
    }
    inventory
}

/// What the simulated AWS holds: counts of everything, and all that bears a mark, with the emails of accounts for their numbers.
fn simulated(world: &World) -> Inventory {
    let (counts, twice) = census::of(world);
    assert_eq!(twice, [] as [&str; 0]);
    let emails: Vec<(&String, &String)> = world.organization.accounts.iter().map(|(number, account)| (number, &account.email)).collect();
    let named = |line: String| emails.iter().fold(line, |line, (number, email)| line.replace(*number, email));
    let mut lines: Vec<String> = counts.into_iter().map(|(what, count)| named(format!("{what}: {count}"))).collect();
    lines.sort();
    Inventory::from([("all".to_owned(), lines)])
}

/// Fails with the lines that differ.
#[track_caller]
pub fn same(found: &Inventory, expected: &Inventory, after: &str) {
    let text =
        |inventory: &Inventory| inventory.iter().map(|(email, lines)| format!("{email}\n{}\n", lines.join("\n"))).collect::<String>();
    let (found, expected) = (text(found), text(expected));
    let diff = similar::TextDiff::from_lines(&expected, &found);
    assert!(found == expected, "after {after}:\n{}", diff.unified_diff().context_radius(0).header("expected", "found"));
}

/// A member account.
pub struct Member {
    pub id: String,
    pub email: String,
    name: String,
    /// The name of the organizational unit that it is in.
    pub unit: String,
    tags: BTreeMap<String, String>,
}

/// All accounts but the management account.
pub async fn accounts(emulator: &Emulator) -> Vec<Member> {
    let client = aws_sdk_organizations::Client::new(&emulator.management());
    let management = client.describe_organization().send().await.unwrap().organization.unwrap().master_account_id.unwrap();
    let mut members = Vec::new();
    let pages = client.list_accounts().into_paginator().send().collect::<Result<Vec<_>, _>>().await.unwrap();
    for account in pages.iter().flat_map(|page| page.accounts()) {
        let id = account.id().unwrap().to_owned();
        if id == management {
            continue;
        }
        let parents = client.list_parents().child_id(&id).send().await.unwrap().parents.unwrap();
        let parent = parents[0].id().unwrap();
        let unit = client.describe_organizational_unit().organizational_unit_id(parent).send().await;
        let unit = unit.ok().and_then(|unit| Some(unit.organizational_unit?.name()?.to_owned()));
        let tags = client.list_tags_for_resource().resource_id(&id).send().await.unwrap().tags.unwrap_or_default();
        members.push(Member {
            email: account.email().unwrap().to_owned(),
            name: account.name().unwrap().to_owned(),
            unit: unit.unwrap_or_else(|| "the root".to_owned()),
            tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
            id,
        });
    }
    members
}

/// The account of an email.
pub async fn account(emulator: &Emulator, email: &str) -> Member {
    accounts(emulator).await.into_iter().find(|member| member.email == email).unwrap()
}

/// Lines with ids in them, and what the ids are called.
#[derive(Default)]
struct Page {
    lines: Vec<String>,
    names: BTreeMap<String, String>,
    marks: BTreeSet<String>,
}

impl Page {
    fn line(&mut self, line: String) {
        self.lines.push(line);
    }

    /// A resource of EC2. It is called by its mark; without one its id goes unnamed.
    fn resource(&mut self, id: Option<&str>, tags: &[Tag], told: &dyn Debug) {
        let id = id.unwrap();
        let mut all: BTreeMap<_, _> = tags.iter().map(|tag| (tag.key().unwrap(), tag.value().unwrap_or_default())).collect();
        if let Some(mark) = all.remove("landfall:address") {
            assert!(self.marks.insert(mark.to_owned()), "two resources claim {mark}");
            self.names.insert(id.to_owned(), mark.to_owned());
        }
        self.line(format!("{id}: {told:?} {all:?}"));
    }

    fn finish(self) -> Vec<String> {
        let named = |line: String| self.names.iter().fold(line, |line, (id, name)| line.replace(id, name));
        let mut lines: Vec<String> = self.lines.into_iter().map(|line| anonymous(&named(line))).collect();
        lines.sort();
        lines
    }
}

/// The ids of what nobody marked, such as a VPC's main route table: which one it is does not matter, that it is there does.
fn anonymous(line: &str) -> String {
    const PREFIXES: [&str; 7] = ["vpc-", "vpce-", "subnet-", "rtb-", "sg-", "igw-", "nat-"];
    let is_id = |word: &str| PREFIXES.iter().find(|prefix| word.strip_prefix(*prefix).is_some_and(is_hex));
    let parts = line.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let shown = parts.map(|part| {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        is_id(word).map_or_else(|| part.to_owned(), |prefix| part.replace(word, &format!("{prefix}…")))
    });
    shown.collect()
}

fn is_hex(text: &str) -> bool {
    text.len() >= 8 && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// VPCs, subnets, route tables and security groups, but for those that AWS makes by itself in a new account.
async fn network(page: &mut Page, config: &SdkConfig) {
    let ec2 = aws_sdk_ec2::Client::new(config);
    let vpcs = ec2.describe_vpcs().send().await.unwrap().vpcs.unwrap();
    let defaults: BTreeSet<_> = vpcs.iter().filter(|vpc| vpc.is_default() == Some(true)).filter_map(|vpc| vpc.vpc_id.clone()).collect();
    let ours = |id: Option<&str>| id.is_some_and(|id| !defaults.contains(id));
    for vpc in vpcs.iter().filter(|vpc| ours(vpc.vpc_id())) {
        page.resource(vpc.vpc_id(), vpc.tags(), &vpc.cidr_block());
    }
    for subnet in ec2.describe_subnets().send().await.unwrap().subnets().iter().filter(|subnet| ours(subnet.vpc_id())) {
        let told = (subnet.vpc_id(), subnet.cidr_block(), subnet.availability_zone(), subnet.map_public_ip_on_launch());
        page.resource(subnet.subnet_id(), subnet.tags(), &told);
    }
    for table in ec2.describe_route_tables().send().await.unwrap().route_tables().iter().filter(|table| ours(table.vpc_id())) {
        page.resource(table.route_table_id(), table.tags(), &table.vpc_id());
        routes(page, table);
    }
    for group in ec2.describe_security_groups().send().await.unwrap().security_groups().iter().filter(|group| ours(group.vpc_id())) {
        page.resource(group.group_id(), group.tags(), &rules(group));
    }
}

/// One line each: as a list they would come in the order of their ids.
fn routes(page: &mut Page, table: &RouteTable) {
    let id = table.route_table_id().unwrap();
    for route in table.routes() {
        let target = route.gateway_id().or(route.nat_gateway_id());
        page.line(format!("{id} routes {:?} to {target:?}", route.destination_cidr_block()));
    }
    for association in table.associations() {
        page.line(format!("{id} serves {:?}", association.subnet_id()));
    }
}

fn rules(group: &SecurityGroup) -> impl Debug + use<'_> {
    let told = |rules: &[IpPermission]| {
        let mut told: Vec<String> = rules.iter().map(rule).collect();
        told.sort();
        told
    };
    (group.group_name(), group.description(), group.vpc_id(), told(group.ip_permissions()), told(group.ip_permissions_egress()))
}

fn rule(rule: &IpPermission) -> String {
    let ranges: Vec<_> = rule.ip_ranges().iter().map(|range| (range.cidr_ip(), range.description())).collect();
    let groups: Vec<_> = rule.user_id_group_pairs().iter().map(|pair| (pair.group_id(), pair.description())).collect();
    format!("{:?} {:?}-{:?} {ranges:?} {groups:?}", rule.ip_protocol(), rule.from_port(), rule.to_port())
}

/// Internet gateways, elastic IPs and NAT gateways, marked or not.
async fn gateways(page: &mut Page, config: &SdkConfig) {
    let ec2 = aws_sdk_ec2::Client::new(config);
    for gateway in ec2.describe_internet_gateways().send().await.unwrap().internet_gateways() {
        let attached: Vec<_> = gateway.attachments().iter().map(|attachment| attachment.vpc_id()).collect();
        page.resource(gateway.internet_gateway_id(), gateway.tags(), &attached);
    }
    for address in ec2.describe_addresses().send().await.unwrap().addresses() {
        page.resource(address.allocation_id(), address.tags(), &"elastic IP");
    }
    for gateway in ec2.describe_nat_gateways().send().await.unwrap().nat_gateways() {
        let addresses: Vec<_> = gateway.nat_gateway_addresses().iter().map(|address| address.allocation_id()).collect();
        page.resource(gateway.nat_gateway_id(), gateway.tags(), &(gateway.state(), gateway.subnet_id(), addresses));
    }
}

async fn identities(page: &mut Page, config: &SdkConfig) {
    let iam = aws_sdk_iam::Client::new(config);
    for role in iam.list_roles().send().await.unwrap().roles {
        let name = role.role_name();
        let mut policies = BTreeMap::new();
        for policy in iam.list_role_policies().role_name(name).send().await.unwrap().policy_names {
            let found = iam.get_role_policy().role_name(name).policy_name(&policy).send().await.unwrap();
            policies.insert(policy, found.policy_document);
        }
        let attached = iam.list_attached_role_policies().role_name(name).send().await.unwrap().attached_policies.unwrap_or_default();
        let attached: BTreeSet<_> = attached.into_iter().map(|policy| policy.policy_arn).collect();
        let tags = iam.list_role_tags().role_name(name).send().await.unwrap().tags;
        let tags: BTreeMap<_, _> = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        let told = (role.description(), role.max_session_duration(), role.assume_role_policy_document(), policies, attached, tags);
        page.line(format!("role {name}: {told:?}"));
    }
    for provider in iam.list_open_id_connect_providers().send().await.unwrap().open_id_connect_provider_list() {
        let arn = provider.arn().unwrap();
        let found = iam.get_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await.unwrap();
        let clients: BTreeSet<_> = found.client_id_list().iter().collect();
        page.line(format!("{arn}: {:?} {clients:?}", found.url()));
    }
}

async fn parameters(page: &mut Page, config: &SdkConfig) {
    let ssm = aws_sdk_ssm::Client::new(config);
    let call = ssm.get_parameters_by_path().path("/landfall").recursive(true).into_paginator().send();
    let pages = call.collect::<Result<Vec<_>, _>>().await.unwrap();
    for parameter in pages.iter().flat_map(|page| page.parameters()) {
        page.line(format!("{}: {:?} {:?}", parameter.name().unwrap(), parameter.r#type(), parameter.value()));
    }
}
