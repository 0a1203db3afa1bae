//! For every rule: plans that break just this one, and are told of; and near misses, which are not.

use super::*;
use crate::plan::Found;
use crate::plan::made::{account, at, create, delete, desired, live, plan_of, replace, shown, spec, stranger, unread, update, waiting};
use serde_json::{Value, json};

const OLD: &str = "elastic-ip/old";
const PARAMETER: &str = "ssm-parameter/landfall/x";

/// What `check` is told of.
#[derive(Clone)]
struct World {
    desired: Desired,
    live: Live,
    steps: Vec<Step>,
}

impl World {
    fn of(declared: &[(&str, Value)], living: &[(&str, Value)], steps: impl IntoIterator<Item = Step>) -> World {
        World { desired: desired(declared), live: live(living), steps: steps.into_iter().collect() }
    }

    /// What is said of the plan after a change of the world.
    fn told(&self, change: impl FnOnce(&mut World)) -> Vec<String> {
        let mut world = self.clone();
        change(&mut world);
        let plan = plan_of(&world.desired, &world.steps);
        check(&world.desired, &world.live, &plan).iter().map(|told| shown(told)).collect()
    }

    fn declares(&mut self, text: &str, fields: Value) {
        self.desired.resources.get_mut(&at(text)).unwrap().spec = spec(text, fields);
    }

    /// Retires a resource, or a whole account.
    fn retires(&mut self, text: &str) {
        let retired = &mut self.desired.estate.retired;
        match text.parse() {
            Ok(account) => retired.accounts.extend([account]),
            Err(_) => retired.resources.extend([at(text)]),
        }
    }

    fn holds(&mut self, text: &str, fields: Value) {
        self.live.found.insert(at(text), Found { id: "id".into(), spec: spec(text, fields) });
    }
}

fn vpc(cidr: impl Into<Value>) -> Value {
    json!({ "cidr": cidr.into() })
}

fn subnet(cidr: impl Into<Value>) -> Value {
    json!({ "vpc": "vpc/main", "cidr": cidr.into(), "zone": "a" })
}

fn parameter(text: &str) -> Value {
    json!({ "value": { "text": text } })
}

fn id_of_vpc() -> Value {
    json!({ "value": { "id_of": "vpc/main" } })
}

/// A plan that keeps all promises, with a step of each sort.
fn sound() -> World {
    World::of(
        &[("vpc/main", vpc(json!({ "prefix": 20 }))), ("subnet/a", subnet(json!({ "newbits": 4 }))), (PARAMETER, parameter("new"))],
        &[(PARAMETER, parameter("old")), (OLD, json!({}))],
        [
            create("vpc/main", vpc("10.0.16.0/20")),
            waiting(create("subnet/a", subnet("10.0.16.0/24")), &[0]),
            update(PARAMETER, parameter("old"), parameter("new")),
            delete(OLD, json!({})),
        ],
    )
}

/// A replaced VPC, whose id a parameter publishes.
fn moved() -> World {
    let [removal, creation] = replace("vpc/main", vpc("10.0.16.0/20"), vpc("10.0.32.0/20"));
    World::of(
        &[("vpc/main", vpc("10.0.32.0/20")), (PARAMETER, id_of_vpc())],
        &[("vpc/main", vpc("10.0.16.0/20")), (PARAMETER, id_of_vpc())],
        [removal, creation, waiting(update(PARAMETER, id_of_vpc(), id_of_vpc()), &[1])],
    )
}

#[test]
fn a_sound_plan_passes() {
    assert_eq!(sound().told(|_| {}), Vec::<String>::new());
    assert_eq!(moved().told(|_| {}), Vec::<String>::new());
}

#[test]
fn what_could_not_be_read_is_not_touched_nor_what_several_resources_claim() {
    let unread = |of: &str, kind: &str| sound().told(|world| unread(&mut world.live, of, kind));
    assert_eq!(unread("payments/prod", "elastic-ip"), ["elastic-ip/old: elastic-ip of payments/prod could not be read"]);
    let all = ["vpc/main", "subnet/a", PARAMETER, OLD].map(|at| format!("{at}: which accounts exist is not known"));
    assert_eq!(unread("management", "account"), all);
    for (of, kind) in [("payments/prod", "log-group"), ("payments/dev", "elastic-ip"), ("management", "permission-set")] {
        assert_eq!(unread(of, kind), Vec::<String>::new(), "no step is of {kind} in {of}");
    }
    let claimed = |text: &str| sound().told(|world| drop(world.live.twins.insert(at(text), vec!["one".into(), "two".into()])));
    assert_eq!(claimed(OLD), ["elastic-ip/old: several resources claim it"]);
    assert_eq!(claimed("elastic-ip/other"), Vec::<String>::new());
}

#[test]
fn an_account_that_nobody_declares_is_touched_only_while_it_carries_our_mark() {
    let mut world = World::of(&[], &[(OLD, json!({}))], [delete(OLD, json!({}))]);
    world.desired.estate.members.clear();
    assert_eq!(world.told(|_| {}), Vec::<String>::new());
    let told = world.told(|world| {
        let mark = world.live.found.remove(&at("account/main")).unwrap();
        world.live.found.insert(at("payments/dev/global/account/main"), mark);
    });
    assert_eq!(told, ["elastic-ip/old: its account is neither declared nor ours"]);
}

#[test]
fn what_a_step_says_is_there_is_what_was_found() {
    let changed = sound().told(|world| world.holds(PARAMETER, parameter("by hand")));
    assert_eq!(changed, [format!("{PARAMETER}: what it says is there is not what was found")]);
    let there = sound().told(|world| world.holds("vpc/main", vpc("10.0.16.0/20")));
    assert_eq!(there, ["vpc/main: what it says is there is not what was found", "vpc/main is created and is there already"]);
    let gone = sound().told(|world| drop(world.live.found.remove(&at(OLD))));
    assert_eq!(gone, ["what it says is there is not what was found", "it is not ours to delete"].map(|why| format!("{OLD}: {why}")));
}

#[test]
fn only_what_nobody_declares_is_deleted_for_good() {
    let declared = sound().told(|world| {
        let eip = desired(&[(OLD, json!({}))]).resources.remove(&at(OLD)).unwrap();
        world.desired.resources.insert(at(OLD), eip);
    });
    assert_eq!(declared, ["elastic-ip/old: declared ones are only replaced, others only deleted"]);
    let undeclared = moved().told(|world| drop(world.desired.resources.remove(&at("vpc/main"))));
    assert_eq!(undeclared, ["vpc/main: declared ones are only replaced, others only deleted"]);
    let unit = "management/global/organizational-unit/old";
    let world = World::of(&[], &[(unit, json!({}))], [delete(unit, json!({}))]);
    assert_eq!(world.told(|_| {}), [format!("{unit}: units are never deleted")]);
}

#[test]
fn what_nobody_gets_back_goes_only_when_it_is_retired() {
    let group = json!({ "holds_entries": true });
    let log = "log-group/landfall/x";
    let world = World::of(&[], &[(log, group.clone())], [delete(log, group)]);
    assert_eq!(world.told(|_| {}), [format!("{log}: it holds what nobody gets back, and is not retired")]);
    for retired in [log, "payments/prod"] {
        assert_eq!(world.told(|world| world.retires(retired)), Vec::<String>::new(), "{retired} is retired");
    }
    let empty = World::of(&[], &[(log, json!({}))], [delete(log, json!({}))]);
    assert_eq!(empty.told(|_| {}), Vec::<String>::new(), "it holds nothing");
}

#[test]
fn an_account_is_closed_only_when_it_is_retired_itself() {
    let (main, fields) =
        ("account/main", json!({ "email": "x", "name": "x", "organizational_unit": "organizational-unit/x", "access_role": "x" }));
    let mut world = World::of(&[], &[(main, fields.clone())], [delete(main, fields)]);
    world.desired.resources.remove(&at(main));
    assert_eq!(world.told(|world| world.retires(main)), ["account/main: it closes an account that is not retired"]);
    assert_eq!(world.told(|world| world.retires("payments/prod")), Vec::<String>::new());
}

#[test]
fn a_plan_leaves_no_range_open() {
    let open = |world: &mut World| world.steps = vec![create("vpc/main", vpc(json!({ "prefix": 20 })))];
    assert_eq!(sound().told(open), ["vpc/main: its range is not chosen: a /20 from the pool"]);
}

#[test]
fn a_step_waits_for_earlier_ones_of_its_account_each_named_once() {
    let after = |step: usize, after: &[usize]| sound().told(|world| world.steps[step].after = after.to_vec());
    for wrong in [vec![3], vec![4], vec![1, 0], vec![0, 0]] {
        assert_eq!(after(3, &wrong), ["elastic-ip/old waits for what does not come before it"], "{wrong:?}");
    }
    assert_eq!(after(3, &[0, 1, 2]), Vec::<String>::new());

    let World { desired, live, steps } = sound();
    let mut plan = plan_of(&desired, &steps);
    let accounts = &mut plan.waves[0].accounts;
    let mine = accounts.remove(&account("payments/prod")).unwrap();
    accounts.insert(account("payments/dev"), vec![mine[3].clone()]);
    let told: Vec<String> = check(&desired, &live, &plan).iter().map(|told| shown(told)).collect();
    assert_eq!(told, ["elastic-ip/old is listed under payments/dev"]);
}

#[test]
fn a_step_waits_for_all_that_it_needs_directly_or_by_way_of_others() {
    let alone = sound().told(|world| world.steps[1].after.clear());
    assert_eq!(alone, ["subnet/a does not wait for what it needs"]);
    let both = json!({ "value": { "ids_of": ["vpc/main", "subnet/a"] } });
    let by_way = |after: &[usize]| {
        sound().told(|world| {
            let publishes = waiting(create("ssm-parameter/landfall/ids", both.clone()), after);
            world.steps.insert(2, publishes);
        })
    };
    assert_eq!(by_way(&[1]), Vec::<String>::new());
    assert_eq!(by_way(&[0]), ["ssm-parameter/landfall/ids does not wait for what it needs"]);
}

#[test]
fn what_is_made_anew_waits_for_its_removal_and_that_for_whoever_lets_go() {
    let at_once = moved().told(|world| world.steps[1].after.clear());
    assert_eq!(at_once, ["vpc/main does not wait for its own removal"]);

    let removal = |after: &[usize], parameter_after: Value| {
        let steps = [update(PARAMETER, id_of_vpc(), parameter_after.clone()), waiting(delete("vpc/main", vpc("10.0.16.0/20")), after)];
        let living = [("vpc/main", vpc("10.0.16.0/20")), (PARAMETER, id_of_vpc())];
        World::of(&[(PARAMETER, parameter_after)], &living, steps).told(|_| {})
    };
    assert_eq!(removal(&[0], parameter("none")), Vec::<String>::new());
    assert_eq!(removal(&[], parameter("none")), ["vpc/main does not wait for what lets go of it"]);
    assert_eq!(removal(&[], id_of_vpc()), Vec::<String>::new(), "the parameter does not let go");

    let subnet_too = World::of(
        &[],
        &[("vpc/main", vpc("10.0.16.0/20")), ("subnet/a", subnet("10.0.16.0/24"))],
        [delete("subnet/a", subnet("10.0.16.0/24")), delete("vpc/main", vpc("10.0.16.0/20"))],
    );
    assert_eq!(subnet_too.told(|_| {}), ["vpc/main does not wait for what lets go of it"]);
    assert_eq!(subnet_too.told(|world| world.steps[1].after.push(0)), Vec::<String>::new());
}

#[test]
fn done_one_by_one_every_step_finds_what_it_needs() {
    let nowhere = World::of(&[(PARAMETER, id_of_vpc())], &[], [create(PARAMETER, id_of_vpc())]);
    let missing = |world: &World| world.told(|world| drop(world.live.found.remove(&at("vpc/main"))));
    assert_eq!(missing(&nowhere), [format!("{PARAMETER} needs vpc/main, which is not there by then")]);
    assert_eq!(nowhere.told(|world| world.holds("vpc/main", vpc("10.0.16.0/20"))), Vec::<String>::new());
    let deleted_before = nowhere.told(|world| {
        world.holds("vpc/main", vpc("10.0.16.0/20"));
        world.steps.insert(0, delete("vpc/main", vpc("10.0.16.0/20")));
    });
    assert_eq!(deleted_before, [format!("{PARAMETER} needs vpc/main, which is not there by then")]);
    let outside = World::of(&[(OLD, json!({}))], &[], [create(OLD, json!({}))]);
    let no_account = outside.told(|world| world.live.found.clear());
    assert_eq!(no_account, ["elastic-ip/old needs account/main, which is not there by then"]);
}

#[test]
fn no_address_is_made_or_deleted_twice_and_both_halves_of_a_replacement_are_there() {
    let twice = sound().told(|world| world.steps.push(delete(OLD, json!({}))));
    assert_eq!(twice, ["elastic-ip/old is made or deleted twice"]);
    let half = moved().told(|world| world.steps.truncate(1));
    assert_eq!(half, ["vpc/main is replaced by nothing"]);
}

#[test]
fn a_new_vpc_shares_no_address_with_another_whoever_made_it() {
    let beside = |of: &str, range: &str| {
        let other = stranger(of, "vpc-1", "vpc", vpc(range));
        sound().told(|world| world.live.strangers.push(other))
    };
    for range in ["10.0.16.0/20", "10.0.0.0/16", "10.0.17.0/24"] {
        for of in ["payments/prod", "catalog/dev"] {
            assert_eq!(beside(of, range), ["vpc/main takes addresses of vpc-1"], "{range} of {of}");
        }
    }
    assert_eq!(beside("payments/prod", "10.0.32.0/20"), Vec::<String>::new());
    let ours = "payments/dev/us-west-2/vpc/main";
    let dev = |world: &mut World| world.live.found.extend(live(&[(ours, vpc("10.0.17.0/24"))]).found);
    assert_eq!(sound().told(dev), [format!("vpc/main takes addresses of {ours}")]);
    let freed = sound().told(|world| {
        world.holds("vpc/old", vpc("10.0.16.0/20"));
        world.steps.push(delete("vpc/old", vpc("10.0.16.0/20")));
    });
    assert_eq!(freed, Vec::<String>::new(), "it goes in the same plan");
}

#[test]
fn a_chosen_range_lies_in_the_pool_and_outside_of_what_is_reserved() {
    let chosen = |range: &str, declared: Value| {
        sound().told(|world| {
            world.declares("vpc/main", vpc(declared));
            world.steps = vec![create("vpc/main", vpc(range))];
        })
    };
    // The office has 10.0.0.0/20.
    for range in ["192.168.0.0/20", "10.0.0.0/20", "10.0.1.0/24", "10.0.0.0/16"] {
        assert_eq!(chosen(range, json!({ "prefix": 20 })), ["vpc/main is outside the pool, or in what is reserved"], "{range}");
        assert_eq!(chosen(range, json!(range)), Vec::<String>::new(), "a file fixes {range} there");
    }
}

#[test]
fn no_new_vpc_takes_addresses_while_some_vpcs_are_unknown() {
    let dev = "payments/dev/us-west-2/vpc/main";
    let unreadable = |world: &mut World| unread(&mut world.live, "payments/dev", "vpc");
    let claimed = |world: &mut World| drop(world.live.twins.insert(at(dev), vec!["one".into(), "two".into()]));
    let suspended = |world: &mut World| {
        let mut main = live(&[(dev, vpc("10.9.0.0/20"))]).found.remove(&at("payments/dev/global/account/main")).unwrap();
        if let Spec::Account(account) = &mut main.spec {
            account.status = Some("SUSPENDED".into());
        }
        world.live.found.insert(at("payments/dev/global/account/main"), main);
    };
    let adopted = json!({ "cidr": "10.0.16.0/20", "adopts": "vpc-1" });
    let causes: [&dyn Fn(&mut World); 3] = [&unreadable, &claimed, &suspended];
    for cause in causes {
        assert_eq!(sound().told(cause), ["vpc/main takes addresses while not all VPCs are known"]);
        let adopting = sound().told(|world| {
            cause(world);
            world.declares("vpc/main", adopted.clone());
            world.steps[0] = create("vpc/main", adopted.clone());
        });
        assert_eq!(adopting, Vec::<String>::new(), "it keeps what it has");
    }
    assert_eq!(sound().told(|world| unread(&mut world.live, "payments/dev", "subnet")), Vec::<String>::new());
}

#[test]
fn what_is_adopted_keeps_what_it_has_and_takes_nothing_of_others() {
    let adopted = json!({ "cidr": "172.30.0.0/20", "adopts": "vpc-1" });
    let world = World::of(&[("vpc/main", adopted.clone())], &[], [create("vpc/main", adopted)]);
    let beside = |of: &str, id: &str| {
        let other = stranger(of, id, "vpc", vpc("172.30.0.0/20"));
        world.told(|world| world.live.strangers.push(other))
    };
    assert_eq!(beside("payments/prod", "vpc-1"), Vec::<String>::new());
    assert_eq!(beside("payments/prod", "vpc-2"), ["vpc/main takes addresses of vpc-2"]);
    assert_eq!(beside("payments/dev", "vpc-1"), ["vpc/main takes addresses of vpc-1"]);
}

#[test]
fn a_new_subnet_lies_in_its_vpc_apart_from_the_others_there() {
    let network = |of: &str, vpc_name: &str| {
        let at = |kind_and_name: &str| format!("{of}/us-west-2/{kind_and_name}");
        let inside = json!({ "vpc": format!("vpc/{vpc_name}"), "cidr": "10.0.16.0/24", "zone": "a" });
        live(&[(at(&format!("vpc/{vpc_name}")), vpc("10.0.16.0/20")), (at("subnet/b"), inside)]).found
    };
    let new = |range: &str, change: &dyn Fn(&mut World)| {
        let made = create("subnet/a", subnet(range));
        World::of(&[("subnet/a", subnet(range))], &[("vpc/main", vpc("10.0.16.0/20"))], [made]).told(change)
    };
    assert_eq!(new("10.0.16.0/20", &|_| {}), Vec::<String>::new(), "all of it");
    for outside in ["10.0.32.0/24", "10.0.0.0/16"] {
        assert_eq!(new(outside, &|_| {}), ["subnet/a is outside its VPC"]);
    }
    for range in ["10.0.16.0/24", "10.0.16.0/23", "10.0.16.128/25"] {
        let beside = |of: &str, vpc_name: &str| new(range, &|world| world.live.found.extend(network(of, vpc_name)));
        assert_eq!(beside("payments/prod", "main"), ["subnet/a takes addresses of subnet/b"], "{range}");
        assert_eq!(beside("payments/prod", "other"), Vec::<String>::new(), "{range} in another VPC of the account");
        assert_eq!(beside("payments/dev", "main"), Vec::<String>::new(), "{range} in a VPC of this name, of another account");
    }
    let foreign = |world: &mut World| world.live.strangers.push(stranger("payments/prod", "subnet-1", "subnet", subnet("10.0.16.0/24")));
    assert_eq!(new("10.0.16.0/24", &foreign), ["subnet/a takes addresses of subnet-1"]);
    // What is left of a VPC that is gone is in none of those to come.
    let stranded = |world: &mut World| world.holds("subnet/b", subnet("10.0.16.0/24"));
    assert_eq!(sound().told(stranded), Vec::<String>::new());
}
