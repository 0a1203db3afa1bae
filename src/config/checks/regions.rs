//! Checks of Regions and their zones. AWS adds Regions every year, so a name that this version does not know is worth a word, and no more.

use crate::config::files::Files;
use crate::config::lists::{Whose, wanted_zones, zone_letters};
use crate::config::node::shortened;
use crate::config::problem::Problem;
use crate::config::{expand, settings};
use crate::model::regions::{BY_DEFAULT, OPT_IN};
use std::collections::BTreeSet;

/// Those of the other partitions: GovCloud, China, and the European Sovereign Cloud.
const APART: [&str; 5] = ["cn-north-1", "cn-northwest-1", "eusc-de-east-1", "us-gov-east-1", "us-gov-west-1"];

pub fn check(files: &Files, found: &mut Vec<Problem>) {
    let organization = &files.domains.value.organization;
    let home = [(vec!["home_region".to_owned()], organization.home_region.as_str())];
    let others = organization.regions.iter().enumerate();
    let others = others.map(|(at, region)| (vec!["regions".to_owned(), at.to_string()], region.0.as_str()));
    let known = || BY_DEFAULT.iter().chain(&OPT_IN).chain(&APART).copied();
    for (path, region) in home.into_iter().chain(others).filter(|(_, region)| !known().any(|known| known == *region)) {
        let path: Vec<&str> = ["organization"].into_iter().chain(path.iter().map(String::as_str)).collect();
        let message = format!("this version of landfall knows no Region `{}`", shortened(region));
        found.push(files.domains.at("unknown-region", &path, message).suggest(region, known()).warning());
    }
}

/// Whether there is a letter for each zone that a network is to have. One problem a place.
pub fn zones(files: &Files, found: &mut Vec<Problem>) {
    let domains = &files.domains.value;
    let letters = zone_letters(domains);
    let mut told = BTreeSet::new();
    for (name, domain) in &domains.domains {
        for environment in &domain.environments {
            let Some(values) = expand::values(files, domain, *environment, settings::NETWORK) else { continue };
            let wanted = wanted_zones(&Whose { files, name, domain, environment: *environment, values: &values });
            let own = ["domains", name, "network", "zones"];
            let path = if domain.network.zones.is_some() { &own[..] } else { &own[2..] };
            if wanted <= letters.len() || !told.insert(path.to_vec()) {
                continue;
            }
            let home = shortened(&domains.organization.home_region);
            let message = format!("{name} wants {wanted} zones in {home}, and there are {}: {}", letters.len(), letters.join(", "));
            let hint = "lower `zones`, or name all zones that your accounts have there, such as `network: { zone_letters: [b, c] }`";
            found.push(files.domains.at("zones", path, message).hint(hint));
        }
    }
}
