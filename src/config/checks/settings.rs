//! Checks of what domains set in modules.

use crate::config::files::{File, Files};
use crate::config::module::Module;
use crate::config::node::{Content, Node};
use crate::config::problem::Problem;
use crate::config::settings::NETWORK;
use crate::config::shape::{Shape, Stage};
use std::collections::BTreeSet;

/// A mapping of settings: its path in the domains file, its node, and the module it is for.
struct Settings<'a> {
    path: Vec<&'a str>,
    node: &'a Node,
    module: &'a str,
}

pub fn modules(files: &Files, found: &mut Vec<Problem>) {
    for settings in all(files) {
        if !files.modules.contains_key(settings.module) && !is_network(&settings.path) {
            let problem = files.domains.at_key("unknown-module", &settings.path, format!("there is no module `{}`", settings.module));
            found.push(problem.suggest(settings.module, files.modules.keys().map(String::as_str)));
        }
    }
}

pub fn needs(files: &Files, found: &mut Vec<Problem>) {
    for module in files.modules.values() {
        for (at, need) in module.value.needs.iter().enumerate().filter(|(_, need)| !files.modules.contains_key(*need)) {
            let problem = module.at("unknown-need", &["needs", &at.to_string()], format!("there is no module `{need}`"));
            found.push(problem.suggest(need, files.modules.keys().map(String::as_str)));
        }
    }
}

pub fn parameters(files: &Files, found: &mut Vec<Problem>) {
    for (name, module) in &files.modules {
        defaults(module, found);
        unset(files, name, module, found);
    }
    for settings in all(files) {
        let Some(module) = files.modules.get(settings.module) else { continue };
        for entry in settings.node.entries() {
            match module.value.parameters.get(&entry.key) {
                Some(parameter) => found.extend(check(&files.domains.name, &entry.key, &entry.value, entry.at, &parameter.schema())),
                // `network` has keys besides the module's parameters, and a schema of its own.
                None if is_network(&settings.path) => {}
                None => {
                    let message = format!("the module `{}` has no parameter `{}`", settings.module, entry.key);
                    let problem = Problem::error("bad-parameter", &files.domains.name, entry.at, message);
                    found.push(problem.suggest(&entry.key, module.value.parameters.keys().map(String::as_str)));
                }
            }
        }
    }
}

/// `network` and `modules: { network: … }` of one level: the second wins, and the first misleads.
pub fn shadowed(files: &Files, found: &mut Vec<Problem>) {
    let all = all(files);
    for network in all.iter().filter(|settings| is_network(&settings.path)) {
        let level = &network.path[..network.path.len() - 1];
        let Some(module) = all.iter().find(|settings| settings.path == [level, &["modules", NETWORK]].concat()) else { continue };
        for entry in network.node.entries() {
            if let Some(other) = module.node.entry(&entry.key) {
                let message = format!("`{}` is set again in `modules`, which wins", entry.key);
                let problem = Problem::error("shadowed", &files.domains.name, entry.at, message).also(other.at, "this wins");
                found.push(problem.warning().hint("delete one of them"));
            }
        }
    }
}

/// Whether a path is that of a `network` mapping, and not of the module of that name.
fn is_network(path: &[&str]) -> bool {
    path.last() == Some(&NETWORK) && !path.contains(&"modules") && !path.contains(&"modules_in")
}

/// A default has to be what it is the default of.
fn defaults(module: &File<Module>, found: &mut Vec<Problem>) {
    for (name, parameter) in &module.value.parameters {
        let path = ["parameters", name.as_str(), "default"];
        let written = module.root.get("parameters").and_then(|all| all.get(name)).and_then(|one| one.get("default"));
        if let (Some(node), Some(_)) = (written, &parameter.default) {
            found.extend(check(&module.name, name, node, module.root.find_key(&path), &parameter.schema()));
        }
        if parameter.minimum.zip(parameter.maximum).is_some_and(|(least, most)| least > most) {
            found.push(module.at("bad-parameter", &["parameters", name, "minimum"], "the minimum is over the maximum"));
        }
    }
}

/// A parameter without default has to be set for every domain whose module is on.
fn unset(files: &Files, name: &str, module: &File<Module>, found: &mut Vec<Problem>) {
    if module.value.parameters.values().all(|parameter| parameter.default.is_some()) {
        return;
    }
    for (domain_name, domain) in &files.domains.value.domains {
        let in_any = |environment| crate::config::settings::of(&files.domains.value, domain, environment, name, &module.value);
        let all: Vec<_> = domain.environments.iter().filter_map(|environment| in_any(*environment)).collect();
        let is_unset = |parameter: &&String| all.iter().any(|values| !values.contains_key(*parameter));
        for parameter in module.value.parameters.keys().filter(is_unset) {
            let message = format!("`{domain_name}` sets no `{parameter}` of the module `{name}`, which has no default");
            let problem = files.domains.at_key("bad-parameter", &["domains", domain_name, "modules", name], message);
            found.push(problem.hint(format!("write `modules: {{ {name}: {{ {parameter}: … }} }}`, for the domain or for all of them")));
        }
    }
}

fn check(file: &str, name: &str, node: &Node, at: crate::config::node::Span, schema: &serde_json::Value) -> Vec<Problem> {
    let (_, found) = Shape::new(schema.clone()).check(file, (name, at), node, Stage::Bound);
    found.into_iter().map(|problem| Problem { check: "bad-parameter", ..problem }).collect()
}

/// Every place where parameters of modules are set.
fn all(files: &Files) -> Vec<Settings<'_>> {
    let root = &files.domains.root;
    let mut all = layer(root, &[]);
    for entry in root.get("domains").map_or(&[][..], Node::entries) {
        all.extend(layer(&entry.value, &["domains", &entry.key]));
    }
    let mut seen = BTreeSet::new();
    all.retain(|settings| seen.insert(settings.path.clone()));
    all
}

/// Those of the estate or of one domain.
fn layer<'a>(node: &'a Node, path: &[&'a str]) -> Vec<Settings<'a>> {
    let modules = node.get("modules").map_or(&[][..], Node::entries).iter();
    let settings =
        modules.map(|entry| Settings { path: [path, &["modules", &entry.key]].concat(), node: &entry.value, module: &entry.key });
    let within = node.get("modules_in").map_or(&[][..], Node::entries).iter().flat_map(|environment| {
        let modules = environment.value.entries().iter();
        modules.map(|entry| Settings {
            path: [path, &["modules_in", &environment.key, &entry.key]].concat(),
            node: &entry.value,
            module: &entry.key,
        })
    });
    let network = node.get(NETWORK).filter(|network| matches!(network.content, Content::Map(_)));
    let network = network.map(|node| Settings { path: [path, &[NETWORK]].concat(), node, module: NETWORK });
    settings.chain(within).chain(network).collect()
}
