//! The parameters of a module in one account: which layer of the files has the last word. Reads; judges nothing.
//!
//! From the weakest to the strongest: the module's default; `network` of the estate; `modules` of the estate; its `modules_in` the
//! environment; `network` of the domain; `modules` of the domain; its `modules_in` the environment. The two `network` mappings are another way to write the parameters of the module of that name.

use super::domains::{Adopted, Domain, Domains, Setting};
use super::module::Module;
use crate::model::Environment;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The module whose parameters `network` of a domains file sets.
pub const NETWORK: &str = "network";

/// The module that looks after GitHub's environments, and its parameter that says whether it does.
pub const CI: &str = "ci-users";
pub const GITHUB: &str = "github";

/// The values of a module's parameters by name; none when the module is switched off for the account.
pub fn of(domains: &Domains, domain: &Domain, environment: Environment, name: &str, module: &Module) -> Option<BTreeMap<String, Value>> {
    let mut values: BTreeMap<String, Value> =
        module.parameters.iter().filter_map(|(name, parameter)| parameter.default.clone().map(|value| (name.clone(), value))).collect();
    let mut is_on = true;
    let mut set = |setting: Option<&Setting>| match setting {
        Some(Setting::Switch(on)) => is_on = *on,
        Some(Setting::Parameters(more)) => {
            is_on = true;
            values.extend(more.clone());
        }
        None => {}
    };
    set(estate_network(domains, name).as_ref());
    set(domains.modules.get(name));
    set(domains.modules_in.get(&environment).and_then(|modules| modules.get(name)));
    set(domain_network(domain, environment, name).as_ref());
    set(domain.modules.get(name));
    set(domain.modules_in.get(&environment).and_then(|modules| modules.get(name)));
    // What the module does not know has been reported, and must not become a binding.
    values.retain(|name, _| module.parameters.contains_key(name));
    is_on.then_some(values)
}

fn estate_network(domains: &Domains, module: &str) -> Option<Setting> {
    let network = &domains.network;
    let values = BTreeMap::from([("vpc_prefix".to_owned(), json!(network.vpc_prefix)), ("zones".to_owned(), json!(network.zones))]);
    (module == NETWORK).then_some(Setting::Parameters(values))
}

fn domain_network(domain: &Domain, environment: Environment, module: &str) -> Option<Setting> {
    let network = &domain.network;
    let sizes = [("vpc_prefix", network.vpc_prefix), ("zones", network.zones)];
    let sizes = sizes.into_iter().filter_map(|(name, value)| value.map(|value| (name, json!(value))));
    let adopted = network.adopt.get(&environment).into_iter();
    let adopted = adopted.flat_map(|Adopted { vpc, internet_gateway }| {
        let gateway = internet_gateway.as_ref().map(|gateway| ("adopt_internet_gateway", json!(gateway)));
        [("adopt_vpc", json!(vpc))].into_iter().chain(gateway)
    });
    let values: BTreeMap<String, Value> = sizes.chain(adopted).map(|(name, value)| (name.to_owned(), value)).collect();
    // A domain that says nothing of its network has not switched the module on.
    (module == NETWORK && !values.is_empty()).then_some(Setting::Parameters(values))
}

/// The number of zones of a domain's networks, for modules that have no parameter of that name.
pub fn zones(domains: &Domains, domain: &Domain) -> u8 {
    domain.network.zones.unwrap_or(domains.network.zones)
}
