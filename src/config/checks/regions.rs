//! Checks of Regions. AWS adds some every year, so a name that this version does not know is worth a word, and no more.

use crate::config::files::Files;
use crate::config::node::shortened;
use crate::model::regions::{BY_DEFAULT, OPT_IN};

/// Those of the other partitions: GovCloud, China, and the European Sovereign Cloud.
const APART: [&str; 5] = ["cn-north-1", "cn-northwest-1", "eusc-de-east-1", "us-gov-east-1", "us-gov-west-1"];

pub fn check(files: &Files, found: &mut Vec<crate::config::problem::Problem>) {
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
