//! Instances → `Desired`: fields bound, checked against the kind's schema, tagged, and every reference followed.

use super::bind::{Bound, Budget};
use super::expand::{self, Instance, Setup};
use super::files::Files;
use super::node::{Content, Node, Span};
use super::problem::Problem;
use super::shape::{Shape, Stage};
use super::{checks, estate, schema};
use crate::kinds::{self, Scope, Spec};
use crate::model::{Account, Address, KindName, Name, Place, Reference, Region};
use crate::plan::{Declared, Desired};
use std::collections::{BTreeMap, BTreeSet};

/// The most values that may come of all modules in all accounts: ten times what 450 accounts of the shipped modules hold.
const MOST: u32 = 10_000_000;

/// The most values of one resource, once its repetitions are written out. AWS refuses far smaller ones.
const MOST_OF_ONE: u32 = 100_000;

/// Everything that the files ask for; what is wrong with it is added to what was found. None when not even the estate is known.
pub fn desired(files: &Files, found: &mut Vec<Problem>) -> Option<Desired> {
    let estate = estate::of(files)?;
    let budget = Budget::new(MOST);
    let setups = expand::setups(files, &budget);
    let (mut instances, mut raw) = (Vec::new(), Vec::new());
    for (number, setup) in setups.iter().enumerate() {
        let mut new = Vec::new();
        instances.extend(setup.instances(number, &estate.home_region, &mut new));
        raw.extend(new.into_iter().map(|problem| (setup.account.clone(), problem)));
    }
    let known = expand::addresses(&instances);
    let mut making =
        Making { home: &estate.home_region, known, shapes: BTreeMap::new(), resources: BTreeMap::new(), needs: BTreeMap::new() };
    for instance in instances.iter().take_while(|_| budget.spend(1)) {
        let setup = &setups[instance.setup];
        let mut new = Vec::new();
        making.make(setup, instance, &budget, &mut new);
        // Whatever explodes in one account does in all.
        if new.iter().any(|problem| problem.check == "too-large") {
            budget.spend(MOST);
        }
        raw.extend(new.into_iter().map(|problem| (setup.account.clone(), problem)));
    }
    if !budget.spend(1) {
        let message = format!("with all modules written out, the estate holds more than {MOST} values");
        found.push(files.domains.at_key("too-large", &["domains"], message));
        return None;
    }
    let new = gathered(raw, found);
    found.extend(new);
    found.extend(checks::cycles(&making.needs, &making.resources));
    let made = making.resources;
    checks::networks(files, &estate, &made, found);
    checks::repositories(files, &made, found);
    let resources = made.into_iter().map(|(address, made)| (address, made.declared)).collect();
    Some(Desired { estate, resources, kinds: read(files) })
}

/// The kinds that any module names, and those that may live although no module names them any more.
fn read(files: &Files) -> BTreeSet<KindName> {
    let resources = files.modules.values().flat_map(|file| &file.value.resources);
    let named = resources.filter_map(|resource| resource.kind.parse::<KindName>().ok()).filter(|kind| kinds::row(kind).is_some());
    let always = kinds::TABLE.iter().filter(|row| !row.setting && !row.optional).map(|row| row.kind.clone());
    named.chain(always).collect()
}

/// A resource, and where its module asks for it.
pub struct Made {
    pub declared: Declared,
    pub at: Span,
}

struct Making<'a> {
    home: &'a Region,
    known: BTreeSet<Address>,
    shapes: BTreeMap<KindName, Shape>,
    resources: BTreeMap<Address, Made>,
    needs: BTreeMap<Address, Vec<Address>>,
}

impl Making<'_> {
    fn make(&mut self, setup: &Setup<'_>, instance: &Instance<'_>, budget: &Budget, found: &mut Vec<Problem>) {
        let file = setup.file.name.as_str();
        let at = instance.node.find_key(&["kind"]);
        let empty = Node { at, content: Content::Map(Vec::new()) };
        let own = Budget::new(MOST_OF_ONE);
        let bound = Bound { budget: &own, ..setup.bound() };
        let bound = instance.each.as_ref().map_or(bound, |each| bound.within(each));
        let fields = bound.expand(instance.node.get("spec").unwrap_or(&empty));
        budget.spend(MOST_OF_ONE - own.left());
        let fields = match fields {
            Ok(fields) => fields,
            Err(problem) => return found.push(*problem),
        };
        let shape = self.shapes.entry(instance.row.kind.clone()).or_insert_with(|| Shape::new(schema::kind(instance.row)));
        let (value, wrong) = shape.check(file, ("spec", instance.node.find_key(&["spec"])), &fields, Stage::Bound);
        let is_whole = wrong.is_empty();
        found.extend(wrong.into_iter().map(checks::field));
        let Some(value) = value.filter(|_| is_whole) else { return };
        let mut spec = match (instance.row.parse)(value) {
            Ok(spec) => spec,
            Err(error) => {
                return found.push(Problem::error("wrong-spec", file, at, format!("this {} can't be: {error}", instance.row.kind)));
            }
        };
        tag(&mut spec, setup, &instance.address.name);
        found.extend(checks::spec(&spec, &instance.address, file, &fields, at));
        self.references(file, &fields, instance, &spec, found);
        let place = Place { file: file.to_owned(), line: at.line };
        let Ok(module) = setup.name.parse::<Name>() else { return };
        self.place(file, instance, Made { declared: Declared { spec, module, place }, at }, found);
    }

    /// Two modules, or two accounts, may declare one address if they mean the same by it.
    fn place(&mut self, file: &str, instance: &Instance<'_>, made: Made, found: &mut Vec<Problem>) {
        let Some(other) = self.resources.get(&instance.address) else {
            self.resources.insert(instance.address.clone(), made);
            return;
        };
        if other.declared.spec != made.declared.spec {
            let message = format!("{} is declared twice, and differently", instance.address);
            let problem = Problem::error("duplicate-address", file, made.at, message);
            found.push(problem.hint(format!("it is declared at {} too", other.declared.place)));
        }
    }

    fn references(&mut self, file: &str, fields: &Node, instance: &Instance<'_>, spec: &Spec, found: &mut Vec<Problem>) {
        let mut needs = Vec::new();
        for reference in spec.needs() {
            let target = reference.resolve(&instance.address, self.home);
            let at = written(fields, &reference).unwrap_or_else(|| instance.node.find_key(&["kind"]));
            if !instance.row.refers.contains(&reference.kind) {
                found.push(wrong_reference(file, at, instance, &reference));
            } else if !self.known.contains(&target) {
                found.push(self.dangling(file, at, instance, &reference));
            } else {
                needs.push(target);
            }
        }
        self.needs.insert(instance.address.clone(), needs);
    }

    fn dangling(&self, file: &str, at: Span, instance: &Instance<'_>, reference: &Reference) -> Problem {
        let account = reference.account.as_ref().unwrap_or(&instance.address.account);
        let problem = Problem::error("dangling-reference", file, at, format!("nothing declares {reference}"));
        let managed = Address { account: Account::Management, ..reference.resolve(&instance.address, self.home) };
        if reference.account.is_none() && self.known.contains(&managed) {
            return problem.hint(format!("it belongs to the organization: write `management:{reference}`"));
        }
        let there = self.known.iter().filter(|known| known.account == *account && instance.row.refers.contains(&known.kind));
        let there: Vec<String> = there.map(|known| format!("{}/{}", known.kind, known.name)).collect();
        let plain = Reference { account: None, ..reference.clone() }.to_string();
        problem.suggest(&plain, there.iter().map(String::as_str))
    }
}

fn wrong_reference(file: &str, at: Span, instance: &Instance<'_>, reference: &Reference) -> Problem {
    let refers: Vec<&str> = instance.row.refers.iter().map(KindName::as_str).collect();
    let message = format!("`{}` can't refer to `{}`", instance.row.kind, reference.kind);
    let problem = Problem::error("wrong-reference", file, at, message);
    problem.hint(format!("it refers to {}", super::problem::listed(&refers)))
}

/// Where a reference is written in the fields.
fn written(fields: &Node, reference: &Reference) -> Option<Span> {
    let text = reference.to_string();
    match &fields.content {
        Content::Text(written) => (*written == text).then_some(fields.at),
        Content::List(items) => items.iter().find_map(|item| written(item, reference)),
        Content::Map(entries) => entries.iter().find_map(|entry| written(&entry.value, reference)),
        _ => None,
    }
}

/// What people and cost reports go by, on everything that can be tagged.
fn tag(spec: &mut Spec, setup: &Setup<'_>, name: &Name) {
    let kind = spec.kind();
    let is_regional = kinds::row(&kind).is_some_and(|row| row.scope == Scope::Regional);
    let Some(tags) = spec.tags() else { return };
    let environment = setup.environment;
    if is_regional {
        tags.entry("Name".to_owned()).or_insert_with(|| format!("{}-{environment}-{name}", setup.domain));
    }
    for (key, value) in [("team", setup.team), ("domain", setup.domain), ("environment", environment.as_str())] {
        tags.insert(key.to_owned(), value.to_owned());
    }
}

/// One problem a place: what is wrong with a module is wrong in every account. What is known of the module itself is left out.
fn gathered(raw: Vec<(Account, Problem)>, known: &[Problem]) -> Vec<Problem> {
    let known: BTreeSet<(&str, Span)> = known.iter().map(|problem| (problem.file.as_str(), problem.at)).collect();
    let mut by_place: BTreeMap<(String, Span, &'static str), (Problem, BTreeSet<Account>)> = BTreeMap::new();
    for (account, problem) in raw.into_iter().filter(|(_, problem)| !known.contains(&(problem.file.as_str(), problem.at))) {
        let key = (problem.file.clone(), problem.at, problem.check);
        by_place.entry(key).or_insert_with(|| (problem, BTreeSet::new())).1.insert(account);
    }
    let labelled = by_place.into_values().map(|(problem, accounts)| match (accounts.first(), accounts.len()) {
        (Some(first), 1) => problem.label(format!("in {first}")),
        (Some(first), 2) => problem.label(format!("in {first} and one more account")),
        (Some(first), count) => problem.label(format!("in {first} and {} more accounts", count - 1)),
        (None, _) => problem,
    });
    labelled.collect()
}
