//! The files as typed values, each with the tree that tells where every part is written.

use super::domains::Domains;
use super::module::Module;
use super::node::Node;
use super::problem::Problem;
use super::{schema, shape, yaml};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A file that could be read.
pub struct File<T> {
    pub name: String,
    pub root: Node,
    /// What fits its schema. What doesn't is left out, and has been reported.
    pub value: T,
}

/// All files of an estate.
pub struct Files {
    pub domains: File<Domains>,
    /// By the name of the module's folder.
    pub modules: BTreeMap<String, File<Module>>,
    /// The files beside a `module.yaml`, such as the code of its functions: their texts, by module and name.
    pub beside: BTreeMap<String, BTreeMap<String, String>>,
    /// When they are read: what ends by a date has ended or has not.
    pub now: Timestamp,
}

impl<T: serde::de::DeserializeOwned> File<T> {
    /// Reads a text. None when it is not even a mapping, which then has been reported.
    ///
    /// `stand_in` takes the place of what is needed, missing and reported, so that the rest can be checked all the same.
    fn read(name: &str, text: &str, shape: &shape::Shape, stand_in: Value) -> (Option<File<T>>, Vec<Problem>) {
        let (root, mut found) = yaml::parse(name, text);
        let Some(root) = root else { return (None, found) };
        let (value, more) = shape.check(name, ("this file", root.at), &root, shape::Stage::Bound);
        found.extend(more);
        let (Some(Value::Object(value)), Value::Object(mut whole)) = (value, stand_in) else { return (None, found) };
        whole.extend(value);
        let value = Value::Object(whole);
        match serde_json::from_value(value) {
            Ok(value) => (Some(File { name: name.to_owned(), root, value }), found),
            Err(error) => {
                found.push(Problem::error("wrong-value", name, root.at, format!("this file does not fit its schema: {error}")));
                (None, found)
            }
        }
    }
}

impl<T> File<T> {
    /// A problem at the value that a path of keys leads to.
    pub fn at(&self, check: &'static str, path: &[&str], message: impl Into<String>) -> Problem {
        Problem::error(check, &self.name, self.root.find(path), message)
    }

    /// A problem at the key that a path ends in.
    pub fn at_key(&self, check: &'static str, path: &[&str], message: impl Into<String>) -> Problem {
        Problem::error(check, &self.name, self.root.find_key(path), message)
    }

    /// The keys of a mapping as written, those included whose values don't fit: what is wrong in itself still exists.
    pub fn keys(&self, key: &str) -> BTreeSet<&str> {
        self.root.get(key).into_iter().flat_map(Node::keys).collect()
    }
}

fn no_domains() -> Value {
    let organization = json!({
        "name": "unnamed", "account_email": "{domain}-{environment}@unnamed.example", "home_region": "us-east-1", "github": "unnamed",
    });
    json!({ "organization": organization, "teams": {}, "domains": {} })
}

/// Reads the texts of all files; those beside a module are called `canary/handler.py`. None when a domains file can't be made of them.
pub fn read(domains: (&str, &str), modules: &BTreeMap<String, (String, String)>, now: Timestamp) -> (Option<Files>, Vec<Problem>) {
    let (domains, mut found) = File::read(domains.0, domains.1, &shape::Shape::new(schema::domains()), no_domains());
    let shape = shape::Shape::new(schema::plain_module());
    let mut read = BTreeMap::new();
    let mut beside: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (name, (path, text)) in modules {
        if let Some((module, file)) = name.split_once('/') {
            beside.entry(module.to_owned()).or_default().insert(file.to_owned(), text.clone());
            continue;
        }
        let (file, more) = File::read(path, text, &shape, json!({ "about": "", "resources": [] }));
        found.extend(more);
        read.extend(file.map(|file| (name.clone(), file)));
    }
    (domains.map(|domains| Files { domains, modules: read, beside, now }), found)
}
