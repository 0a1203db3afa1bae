//! Tests of what the shipped network module plans: each way to the internet, changes from one to another, endpoints, adoption, removal.

use super::*;
use crate::kinds::{Spec, row};
use crate::model::{Address, Note, Risk, Severity};
use crate::plan::{Action, Desired, Found, Live, Plan, Stranger, check, plan};
use serde_json::json;

/// One account of three zones; `{}` are the settings of its network and of the module.
const DOMAINS: &str = "\
organization: { name: acme, account_email: \"aws+{domain}-{environment}@acme.example\", home_region: us-west-2, github: acme }
network: { pool: 10.0.0.0/8 }
teams: { core: {} }
domains:
  shop: { team: core, environments: [prod], network: NETWORK, modules: { network: MODULE } }
";
const AT: &str = "shop/prod/us-west-2/";

fn desired_with(network: &str, module: &str) -> Desired {
    desired_of(&DOMAINS.replace("NETWORK", network).replace("MODULE", module))
}

fn desired_of(text: &str) -> Desired {
    let mut modules = super::made::shipped().1;
    modules.retain(|name, _| ["account", "network"].contains(&name.as_str()));
    load_texts(("domains.yaml", text), &modules, super::cases::NOW).map_err(|problems| show(&problems, false)).unwrap().desired
}

fn desired(module: &str) -> Desired {
    desired_with("{ zones: 3 }", module)
}

/// Live state after every step was done.
fn applied(plan: &Plan, live: &Live) -> Live {
    let mut live = live.clone();
    for step in plan.steps() {
        match step.action.after() {
            Some(spec) => {
                let id = spec.adopts().map_or_else(|| format!("id-of-{}", step.address), str::to_owned);
                live.strangers.retain(|stranger| stranger.id.as_str() != id);
                live.found.insert(step.address.clone(), Found { id: id.into(), spec: spec.clone() });
            }
            None => drop(live.found.remove(&step.address)),
        }
    }
    live
}

/// A plan that keeps all promises and leaves nothing to do.
fn sound(desired: &Desired, live: &Live) -> (Plan, Vec<Note>) {
    let (first, report) = plan(desired, live);
    assert_eq!(check(desired, live, &first), Vec::<String>::new());
    let (second, _) = plan(desired, &applied(&first, live));
    assert_eq!(lines(&second), Vec::<String>::new(), "the second plan is empty");
    (first, report.notes)
}

/// What a change of the module's settings takes, step by step.
fn change(from: &str, to: &str) -> Vec<String> {
    let before = applied(&plan(&desired(from), &Live::default()).0, &Live::default());
    lines(&sound(&desired(to), &before).0)
}

/// The steps inside the account: `+ nat-gateway/a`, `~ route-table/private-b routes.0.0.0.0/0: nat-gateway/b → nat-gateway/a`.
fn lines(plan: &Plan) -> Vec<String> {
    let inside = plan.steps().filter_map(|step| Some((step, step.address.to_string().strip_prefix(AT)?.to_owned())));
    let line = |(step, at): (&crate::plan::Step, String)| match &step.action {
        Action::Create { .. } => format!("+ {at}"),
        Action::Delete { .. } => format!("- {at}"),
        Action::Update { changes, .. } => {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let changes = changes.iter().map(|change| format!("{}: {} → {}", change.field, text(&change.before), text(&change.after)));
            format!("~ {at} {}", changes.collect::<Vec<_>>().join("; "))
        }
    };
    inside.map(line).collect()
}

/// Where each private route table sends what goes out.
fn ways_out(module: &str) -> Vec<String> {
    let desired = desired(module);
    let way = |(at, spec): (&Address, &Spec)| match spec {
        Spec::RouteTable(table) if at.name.as_str().starts_with("private") => {
            Some(format!("{} {}", at.name, table.routes.get("0.0.0.0/0").map(ToString::to_string).unwrap_or_default()))
        }
        Spec::NatGateway(gateway) => Some(format!("{} in {} from {}", at.name, gateway.subnet, gateway.elastic_ip)),
        Spec::ElasticIp(_) => Some(at.name.to_string()),
        _ => None,
    };
    desired.resources.iter().filter_map(|(at, declared)| way((at, &declared.spec))).collect()
}

#[test]
fn three_ways_to_the_internet() {
    assert_eq!(
        ways_out("{}"),
        [
            "nat-a",
            "nat-b",
            "nat-c",
            "a in subnet/public-a from elastic-ip/nat-a",
            "b in subnet/public-b from elastic-ip/nat-b",
            "c in subnet/public-c from elastic-ip/nat-c",
            "private-a nat-gateway/a",
            "private-b nat-gateway/b",
            "private-c nat-gateway/c",
        ]
    );
    let shared = [
        "nat-a",
        "a in subnet/public-a from elastic-ip/nat-a",
        "private-a nat-gateway/a",
        "private-b nat-gateway/a",
        "private-c nat-gateway/a",
    ];
    assert_eq!(ways_out("{ nat: shared }"), shared);
    assert_eq!(ways_out("{ nat: none }"), ["private-a ", "private-b ", "private-c "]);
}

#[test]
fn routes_move_to_the_shared_gateway_before_the_others_go() {
    assert_eq!(
        change("{}", "{ nat: shared }"),
        [
            "~ route-table/private-b routes.0.0.0.0/0: nat-gateway/b → nat-gateway/a",
            "~ route-table/private-c routes.0.0.0.0/0: nat-gateway/c → nat-gateway/a",
            "- nat-gateway/b",
            "- nat-gateway/c",
            "- elastic-ip/nat-b",
            "- elastic-ip/nat-c",
        ]
    );
}

#[test]
fn gateways_come_before_routes_lead_to_them() {
    assert_eq!(
        change("{ nat: shared }", "{ nat: per-zone }"),
        [
            "+ elastic-ip/nat-b",
            "+ elastic-ip/nat-c",
            "+ nat-gateway/b",
            "+ nat-gateway/c",
            "~ route-table/private-b routes.0.0.0.0/0: nat-gateway/a → nat-gateway/b",
            "~ route-table/private-c routes.0.0.0.0/0: nat-gateway/a → nat-gateway/c",
        ]
    );
    let first = change("{ nat: none }", "{ nat: shared }");
    assert_eq!(first[..2], ["+ elastic-ip/nat-a", "+ nat-gateway/a"]);
    assert_eq!(first.len(), 5);
}

#[test]
fn without_a_way_out_the_routes_go_first() {
    let steps = change("{ nat: shared }", "{ nat: none }");
    assert!(steps[..3].iter().all(|step| step.starts_with("~ route-table/private-")), "{steps:?}");
    assert_eq!(steps[3..], ["- nat-gateway/a", "- elastic-ip/nat-a"]);
}

#[test]
fn an_endpoint_is_gone_before_what_its_interfaces_keep_busy() {
    let wanted = "{ interface_endpoints: [ecr.api] }";
    assert_eq!(change("{}", wanted), ["+ security-group/endpoint-ecr.api", "+ vpc-endpoint/interface-ecr.api"]);
    assert_eq!(change(wanted, "{}"), ["- vpc-endpoint/interface-ecr.api", "- security-group/endpoint-ecr.api"]);
    let steps = change(wanted, "{ interface_endpoints: [ecr.api], zones: 2 }");
    let place = |step: &str| steps.iter().position(|line| line.starts_with(step)).unwrap_or_else(|| panic!("{step} in {steps:?}"));
    assert!(place("~ vpc-endpoint/interface-ecr.api subnets") < place("- subnet/private-c"));
    assert!(place("~ vpc-endpoint/gateway-s3 route_tables") < place("- route-table/private-c"));
    assert!(place("- route-table/private-c") < place("- nat-gateway/c") && place("- nat-gateway/c") < place("- subnet/public-c"));
}

#[test]
fn who_may_connect_to_an_endpoint_are_private_networks() {
    let desired =
        desired("{ interface_endpoints: [ecr.api], interface_endpoint_clients: [10.0.0.0/8, 100.64.0.0/10], dns_hostnames: false }");
    let made = |name: &str| serde_json::to_value(&desired.resources[&format!("{AT}{name}").parse::<Address>().unwrap()].spec).unwrap();
    let group = made("security-group/endpoint-ecr.api");
    let ranges: Vec<_> = group["security-group"]["ingress"].as_array().unwrap().iter().map(|rule| rule["cidr"].clone()).collect();
    assert_eq!(ranges, ["10.0.0.0/8", "100.64.0.0/10"]);
    let endpoint = &made("vpc-endpoint/interface-ecr.api")["vpc-endpoint"];
    assert_eq!(
        (&endpoint["private_dns"], &endpoint["subnets"]),
        (&json!(false), &json!(["subnet/private-a", "subnet/private-b", "subnet/private-c"]))
    );
}

#[test]
fn flow_logs_go_before_what_they_write_to_and_with() {
    let before = applied(&plan(&desired("{}"), &Live::default()).0, &Live::default());
    let (without, _) = sound(&desired("{ flow_logs: false }"), &before);
    let steps: Vec<String> = without.steps().map(|step| format!("{}/{}", step.address.kind, step.address.name)).collect();
    assert_eq!(steps, ["flow-log/main", "iam-role/landfall-flow-logs", "log-group/aws/vpc/landfall"]);
}

#[test]
fn a_network_that_nobody_wants_any_more_goes_whole() {
    let steps = change("{ interface_endpoints: [ecr.api] }", "false");
    assert!(steps.iter().all(|step| step.starts_with("- ")), "{steps:?}");
    let place = |step: &str| steps.iter().position(|line| line == step).unwrap_or_else(|| panic!("{step} in {steps:?}"));
    let after = [
        ("- vpc-endpoint/interface-ecr.api", "- subnet/private-a"),
        ("- vpc-endpoint/gateway-s3", "- route-table/public"),
        ("- flow-log/main", "- log-group/aws/vpc/landfall"),
        ("- nat-gateway/a", "- internet-gateway/main"),
        ("- subnet/private-a", "- vpc/main"),
        ("- flow-log/main", "- vpc/main"),
    ];
    after.iter().for_each(|(first, then)| assert!(place(first) < place(then), "{first} before {then} in {steps:?}"));
    // The default group goes along with its VPC, and nobody deletes it.
    assert!(!steps.iter().any(|step| step.contains("default-security-group")), "{steps:?}");
}

#[test]
fn what_is_in_the_default_group_is_taken_out() {
    let mut live = applied(&plan(&desired("{}"), &Live::default()).0, &Live::default());
    let group: Address = format!("{AT}default-security-group/main").parse().unwrap();
    let fields = json!({ "vpc": "vpc/main", "rules": ["egress.all to 0.0.0.0/0"] });
    live.found.get_mut(&group).unwrap().spec = (row(&group.kind).unwrap().parse)(fields).unwrap();
    let (emptied, _) = sound(&desired("{}"), &live);
    assert_eq!(lines(&emptied), ["~ default-security-group/main egress.all to 0.0.0.0/0: allowed → "]);
    assert_eq!(emptied.steps().next().unwrap().risk(), Risk::Notable);
}

#[test]
fn a_vpc_that_moves_takes_everything_along() {
    let wanted = "{ interface_endpoints: [ecr.api] }";
    let live = applied(&plan(&desired(wanted), &Live::default()).0, &Live::default());
    let mut desired = desired(wanted);
    let vpc: Address = format!("{AT}vpc/main").parse().unwrap();
    let Some(Spec::Vpc(moved)) = desired.resources.get_mut(&vpc).map(|declared| &mut declared.spec) else { panic!("it is declared") };
    moved.cidr = crate::kinds::Cidr::Fixed("192.168.0.0/20".parse().unwrap());
    let steps = lines(&sound(&desired, &live).0);
    let place = |step: &str| steps.iter().position(|line| line.starts_with(step)).unwrap_or_else(|| panic!("{step} in {steps:?}"));
    let after = [
        ("- vpc-endpoint/interface-ecr.api", "- subnet/private-a"),
        ("- vpc-endpoint/interface-ecr.api", "- security-group/endpoint-ecr.api"),
        ("- flow-log/main", "- vpc/main"),
        ("- vpc/main", "+ vpc/main"),
        ("+ vpc/main", "~ default-security-group/main needs.vpc/main"),
        ("+ subnet/private-a", "+ vpc-endpoint/interface-ecr.api"),
    ];
    after.iter().for_each(|(first, then)| assert!(place(first) < place(then), "{first} before {then} in {steps:?}"));
}

const VPC: &str = "vpc-0123456789abcdef0";
const GATEWAY: &str = "igw-0123456789abcdef0";

fn stranger(id: &str, kind: &str, fields: serde_json::Value) -> Stranger {
    let spec = (row(&kind.parse().unwrap()).unwrap().parse)(fields).unwrap();
    Stranger { account: "shop/prod".parse().unwrap(), id: id.into(), spec }
}

/// The account with a network that somebody made by hand, outside of the pool, with a subnet at its bottom.
fn by_hand() -> Live {
    let mut live = applied(&plan(&desired("false"), &Live::default()).0, &Live::default());
    live.strangers = vec![
        stranger(VPC, "vpc", json!({ "cidr": "172.30.0.0/20" })),
        stranger(GATEWAY, "internet-gateway", json!({ "vpc": format!("vpc/{VPC}") })),
        stranger("subnet-0aa", "subnet", json!({ "vpc": format!("vpc/{VPC}"), "cidr": "172.30.0.0/23", "zone": "a" })),
    ];
    live
}

fn adopting(gateway: &str) -> Desired {
    desired_with(&format!("{{ zones: 2, adopt: {{ prod: {{ vpc: {VPC}{gateway} }} }} }}"), "{ flow_logs: false, gateway_endpoints: [] }")
}

#[test]
fn an_adopted_network_keeps_its_range_and_what_lives_in_it() {
    let (adoption, notes) = sound(&adopting(&format!(", internet_gateway: {GATEWAY}")), &by_hand());
    assert_eq!(notes, []);
    let steps = lines(&adoption);
    assert_eq!(steps[..2], ["+ vpc/main", "+ internet-gateway/main"]);
    assert!(!steps.iter().any(|step| step.contains("default-security-group")), "what relies on it is not known");
    let first = adoption.steps().next().unwrap();
    let concern = format!("adopts {VPC}, which others made: it is not created but marked, set up as declared, and ours from then on");
    assert_eq!((first.concerns[0].risk, &first.concerns[0].why), (Risk::Notable, &concern));
    let ranges: Vec<String> =
        adoption.steps().filter_map(|step| Some(format!("{} {}", step.address.name, step.action.after()?.range()?))).collect();
    assert_eq!(
        ranges,
        [
            "main 172.30.0.0/20",
            "private-a 172.30.2.0/23",
            "private-b 172.30.4.0/23",
            "public-a 172.30.15.128/25",
            "public-b 172.30.15.0/25",
        ]
    );
}

#[test]
fn no_second_gateway_is_made_for_an_adopted_network() {
    let (plan, report) = plan(&adopting(""), &by_hand());
    assert!(!lines(&plan).iter().any(|step| step.contains("internet-gateway") || step.contains("nat-gateway")));
    let note = report.notes.iter().find(|note| note.severity == Severity::Blocking).unwrap();
    assert_eq!(note.summary, "The VPC has an internet gateway that is not ours");
    assert!(note.hint.as_ref().unwrap().contains(&format!("adopt: {{ prod: {{ vpc: …, internet_gateway: {GATEWAY} }} }}")), "{note:?}");
}

#[test]
fn what_is_not_there_is_not_adopted_and_nothing_is_made_in_its_place() {
    let mut live = by_hand();
    live.strangers.remove(0);
    let (plan, report) = plan(&adopting(""), &live);
    // Addresses stand in no network, and need none.
    assert_eq!(lines(&plan), ["+ elastic-ip/nat-a", "+ elastic-ip/nat-b"]);
    assert_eq!(report.notes[0].summary, "There is nothing to adopt");
}

#[test]
fn a_network_of_ours_is_not_exchanged_for_another() {
    let live = applied(&plan(&desired("{}"), &Live::default()).0, &Live::default());
    let adopting = desired_with(&format!("{{ zones: 3, adopt: {{ prod: {{ vpc: {VPC} }} }} }}"), "{}");
    let (plan, report) = plan(&adopting, &live);
    assert_eq!(lines(&plan), Vec::<String>::new());
    assert_eq!(report.notes[0].summary, "It can't adopt another one");
}

#[test]
fn what_is_adopted_counts_once() {
    let over = |others: usize| {
        let mut live = by_hand();
        let other = |at: usize| stranger(&format!("vpc-0f{at}"), "vpc", json!({ "cidr": format!("172.31.{at}.0/24") }));
        live.strangers.extend((0..others).map(other));
        let (_, report) = plan(&adopting(&format!(", internet_gateway: {GATEWAY}")), &live);
        report.notes.into_iter().map(|note| note.detail).collect::<Vec<_>>()
    };
    assert_eq!(over(4), Vec::<String>::new());
    assert_eq!(over(5), ["VPCs per Region (L-F678F1CE): 6 after this plan, 5 of them not ours; the default is 5."]);
}

#[test]
fn more_endpoints_than_aws_allows_are_said_before() {
    let services = |count: usize| (0..count).map(|at| format!("s{at}")).collect::<Vec<_>>().join(", ");
    let notes = |module: &str| plan(&desired(module), &Live::default()).1.notes.into_iter().map(|note| note.detail).collect::<Vec<_>>();
    assert_eq!(notes(&format!("{{ gateway_endpoints: [{}] }}", services(20))), Vec::<String>::new());
    let gateways = "Gateway VPC endpoints per Region (L-1B52E74A): 21 after this plan; the default is 20.";
    assert_eq!(notes(&format!("{{ gateway_endpoints: [{}] }}", services(21))), [gateways]);
    let interfaces = "Interface VPC endpoints per VPC (L-29B6F2EB): 51 after this plan; the default is 50.";
    assert_eq!(notes(&format!("{{ interface_endpoints: [{}] }}", services(51))), [interfaces]);
}

#[test]
fn zones_have_the_letters_that_the_region_has_or_that_the_files_name() {
    let zones = |region: &str, network: &str| {
        let text = DOMAINS.replace("NETWORK", "{ zones: 2 }").replace("MODULE", "{ nat: shared }").replace("us-west-2", region);
        let desired = desired_of(&text.replace("{ pool: 10.0.0.0/8 }", network));
        let spec = |spec: &Spec| match spec {
            Spec::Subnet(subnet) => Some(subnet.zone.clone()),
            Spec::NatGateway(gateway) => Some(format!("by {}", gateway.subnet)),
            Spec::RouteTable(table) => table.routes.values().find(|to| to.kind.as_str() == "nat-gateway").map(ToString::to_string),
            _ => None,
        };
        desired
            .resources
            .values()
            .filter_map(|declared| spec(&declared.spec))
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(zones("us-west-2", "{}"), ["a", "b", "by subnet/public-a", "nat-gateway/a"]);
    assert_eq!(zones("ap-northeast-1", "{}"), ["a", "by subnet/public-a", "c", "nat-gateway/a"]);
    assert_eq!(zones("us-west-1", "{ zone_letters: [c, b] }"), ["b", "by subnet/public-b", "c", "nat-gateway/b"]);
}
