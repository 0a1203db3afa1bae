//! Checks of modules by themselves: whatever is wrong in one before any account is looked at.

use crate::config::bind::{self, bindings as names_of};
use crate::config::expand::NAMES;
use crate::config::files::{File, Files};
use crate::config::lists;
use crate::config::module::{Module, ParameterType};
use crate::config::node::{Content, Node, Span};
use crate::config::problem::Problem;
use crate::config::schema;
use crate::config::shape::{Shape, Stage};
use crate::kinds::{self, Row};
use std::collections::BTreeSet;

pub fn kinds(files: &Files, found: &mut Vec<Problem>) {
    for module in files.modules.values() {
        for node in resources(module) {
            let Some(kind) = node.get("kind").and_then(Node::text) else { continue };
            if row(node).is_none() {
                let problem = Problem::error("unknown-kind", &module.name, node.find(&["kind"]), format!("there is no kind `{kind}`"));
                found.push(problem.suggest(kind, kinds::TABLE.iter().map(|row| row.kind.as_str())));
            }
        }
    }
}

pub fn fields(files: &Files, found: &mut Vec<Problem>) {
    for module in files.modules.values() {
        for node in resources(module) {
            let Some(row) = row(node) else { continue };
            let empty = Node { at: node.at, content: Content::Map(Vec::new()) };
            let (spec, at) = (node.get("spec").unwrap_or(&empty), node.find_key(&["spec"]));
            let (_, wrong) = Shape::new(schema::kind(row)).check(&module.name, (row.kind.as_str(), at), spec, Stage::Unbound);
            found.extend(wrong.into_iter().map(super::field));
        }
    }
}

pub fn lists(files: &Files, found: &mut Vec<Problem>) {
    for module in files.modules.values() {
        let known = list_names(&module.value);
        for node in resources(module) {
            walk(node, &mut |inner| {
                let Some(list) = inner.get("for_each") else { return };
                let name = list.text().unwrap_or_default();
                if !known.iter().any(|known| known == name) {
                    let message = format!("`for_each` repeats over a list, and {} is none", list.describe());
                    let problem = Problem::error("unknown-list", &module.name, list.at, message);
                    found.push(problem.suggest(name, known.iter().map(String::as_str)));
                }
            });
        }
    }
}

pub fn bindings(files: &Files, found: &mut Vec<Problem>) {
    for (name, module) in &files.modules {
        let beside = files.beside.get(name).into_iter().flatten();
        let known: Vec<String> = NAMES
            .iter()
            .map(|name| (*name).to_owned())
            .chain(module.value.parameters.keys().map(|name| format!("parameter.{name}")))
            .chain(beside.map(|(name, _)| format!("file.{name}")))
            .collect();
        for node in resources(module) {
            check_bindings(&module.name, node, node.get("for_each").is_some(), &known, found);
        }
    }
}

pub fn conditions(files: &Files, found: &mut Vec<Problem>) {
    for module in files.modules.values() {
        let known = &module.value.parameters;
        for entry in resources(module).iter().filter_map(|node| node.get("when")).flat_map(Node::entries) {
            let Some(parameter) = known.get(&entry.key) else {
                let problem = Problem::error("wrong-condition", &module.name, entry.at, format!("there is no parameter `{}`", entry.key));
                found.push(problem.suggest(&entry.key, known.keys().map(String::as_str)));
                continue;
            };
            let values = if entry.value.items().is_empty() { std::slice::from_ref(&entry.value) } else { entry.value.items() };
            for value in values.iter().filter(|value| !parameter.accepts(&value.json())) {
                let message = format!("`{}` is never {}", entry.key, value.describe());
                found.push(Problem::error("wrong-condition", &module.name, value.at, message));
            }
        }
    }
}

pub fn unused(files: &Files, found: &mut Vec<Problem>) {
    for module in files.modules.values() {
        let mut used = BTreeSet::new();
        for node in resources(module) {
            walk(node, &mut |inner| {
                used.extend(inner.get("for_each").and_then(Node::text).map(str::to_owned));
                used.extend(inner.text().into_iter().flat_map(names_of).map(str::to_owned));
                used.extend(inner.keys().flat_map(names_of).map(str::to_owned));
            });
        }
        for resource in &module.value.resources {
            used.extend(resource.when.keys().map(|name| format!("parameter.{name}")));
        }
        // `for_each: zones` counts by the parameter of that name.
        let is_used = |name: &String| used.contains(&format!("parameter.{name}")) || name == "zones" && used.contains(name);
        for name in module.value.parameters.keys().filter(|name| !is_used(name)) {
            let message = format!("nothing uses the parameter `{name}`");
            found.push(module.at_key("unused-parameter", &["parameters", name], message).warning());
        }
    }
}

fn resources(module: &File<Module>) -> &[Node] {
    module.root.get("resources").map_or(&[], Node::items)
}

fn row(node: &Node) -> Option<&'static Row> {
    let kind = node.get("kind").and_then(Node::text)?.parse().ok()?;
    kinds::row(&kind)
}

fn list_names(module: &Module) -> Vec<String> {
    let lists = module.parameters.iter().filter(|(_, parameter)| matches!(parameter.of, ParameterType::List | ParameterType::Map));
    lists::TABLE.iter().map(|(name, _)| (*name).to_owned()).chain(lists.map(|(name, _)| format!("parameter.{name}"))).collect()
}

fn walk(node: &Node, see: &mut impl FnMut(&Node)) {
    see(node);
    node.items().iter().for_each(|item| walk(item, see));
    node.entries().iter().for_each(|entry| walk(&entry.value, see));
}

fn check_bindings(file: &str, node: &Node, repeats: bool, known: &[String], found: &mut Vec<Problem>) {
    let repeats = repeats || bind::repetition(node).is_some();
    let mut check = |text: &str, at: Span| {
        for name in names_of(text) {
            let is_each = repeats && (name == "each.key" || name == "each.value" || name.starts_with("each.value."));
            if !is_each && !known.iter().any(|known| known == name) {
                found.push(bind::unknown(file, at, name, known.iter().map(String::as_str), repeats));
            }
        }
    };
    match &node.content {
        Content::Text(text) => check(text, node.at),
        Content::List(items) => items.iter().for_each(|item| check_bindings(file, item, repeats, known, found)),
        Content::Map(entries) => {
            for entry in entries {
                let mut inner = Vec::new();
                check_bindings(file, &entry.value, repeats, known, &mut inner);
                check_key(file, entry, repeats, known, &mut inner);
                found.extend(inner);
            }
        }
        _ => {}
    }
}

fn check_key(file: &str, entry: &crate::config::node::Entry, repeats: bool, known: &[String], found: &mut Vec<Problem>) {
    let key = Node { at: entry.at, content: Content::Text(entry.key.clone()) };
    check_bindings(file, &key, repeats, known, found);
}
