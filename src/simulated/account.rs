//! AWS Account Management, as one account has it: its name, whom AWS writes to, and the Regions that it has opted into, which takes time.

use super::organizations::Organization;
use super::wire::{Answer, Asked, Body, Fault, Reply, fault, invalid, json as ok};
use super::{At, Moment};
use crate::model::regions::{BY_DEFAULT, OPT_IN};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How long AWS takes to spread an account over a Region: minutes for most, and it may be hours (Account Management, "EnableRegion").
const ENABLING: Moment = Moment::from_secs(300);
/// Regions that an account opts into at once (Account Management quotas).
const AT_ONCE: usize = 6;
const CONTACTS: [&str; 3] = ["BILLING", "OPERATIONS", "SECURITY"];
/// The fields of a contact, and how long each may be.
const FIELDS: [(&str, usize); 4] = [("EmailAddress", 254), ("Name", 64), ("PhoneNumber", 25), ("Title", 50)];
const LONGEST_NAME: usize = 50;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountManagement {
    /// Contacts by their type, as they are shown.
    contacts: BTreeMap<String, Value>,
    /// The Regions that it has opted into, and from when on it is there.
    regions: BTreeMap<String, Moment>,
}

impl AccountManagement {
    /// `of` is the account that the call is about.
    pub(super) fn answer(&mut self, at: &At<'_>, asked: &Asked, of: &str, organization: &mut Organization) -> Answer {
        match asked.operation.as_str() {
            "GetAlternateContact" => self.contact(asked),
            "PutAlternateContact" => self.put_contact(asked),
            "PutAccountName" => put_name(asked, of, organization),
            "GetRegionOptStatus" => self.region(at, asked),
            "EnableRegion" => self.enable(at, asked),
            other => fault("UnknownOperationException", format!("the simulated account has no {other}")),
        }
    }

    /// Whether the account can use a Region.
    pub(super) fn is_in(&self, region: &str, now: Moment) -> bool {
        !OPT_IN.contains(&region) || self.regions.get(region).is_some_and(|ready| *ready <= now)
    }

    fn contact(&self, asked: &Asked) -> Answer {
        match self.contacts.get(&kind(asked)?) {
            Some(contact) => ok(json!({ "AlternateContact": contact })),
            None => absent("No contact of the inputted alternate contact type found."),
        }
    }

    fn put_contact(&mut self, asked: &Asked) -> Answer {
        let kind = kind(asked)?;
        let mut contact = json!({ "AlternateContactType": kind });
        for (field, most) in FIELDS {
            let text = asked.text(field);
            if text.is_empty() || text.chars().count() > most {
                return invalid(format!("{field} has 1 to {most} characters"));
            }
            contact[field] = text.into();
        }
        self.contacts.insert(kind, contact);
        done()
    }

    fn region(&self, at: &At<'_>, asked: &Asked) -> Answer {
        let region = known(asked)?;
        let status = match self.regions.get(&region) {
            _ if BY_DEFAULT.contains(&region.as_str()) => "ENABLED_BY_DEFAULT",
            None => "DISABLED",
            Some(ready) if at.now < *ready => "ENABLING",
            Some(_) => "ENABLED",
        };
        ok(json!({ "RegionName": region, "RegionOptStatus": status }))
    }

    fn enable(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let region = known(asked)?;
        if BY_DEFAULT.contains(&region.as_str()) {
            return invalid(format!("{region} can't be enabled"));
        }
        let open = self.regions.values().filter(|ready| at.now < **ready).count();
        if self.regions.contains_key(&region) || open >= AT_ONCE {
            return refused(409, "ConflictException", &format!("{region} is enabled or being enabled, or too many are"));
        }
        self.regions.insert(region, at.now + at.takes(ENABLING));
        done()
    }
}

/// What the services of a Region say to an account that is not in it.
pub(super) fn closed(asked: &Asked) -> Answer {
    let code = match asked.service.as_str() {
        "ec2" => "AuthFailure",
        "sts" | "iam" | "sns" | "cloudwatch" => "InvalidClientTokenId",
        _ => "UnrecognizedClientException",
    };
    fault(code, format!("the account has not enabled {}", asked.region))
}

fn put_name(asked: &Asked, of: &str, organization: &mut Organization) -> Answer {
    let name = asked.text("AccountName");
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return invalid(format!("AccountName has 1 to {LONGEST_NAME} characters"));
    }
    organization.rename(of, name)?;
    done()
}

fn kind(asked: &Asked) -> Result<String, Fault> {
    let kind = asked.text("AlternateContactType");
    if CONTACTS.contains(&kind.as_str()) { Ok(kind) } else { invalid("the type is BILLING, OPERATIONS or SECURITY") }
}

fn known(asked: &Asked) -> Result<String, Fault> {
    let region = asked.text("RegionName");
    let is_known = BY_DEFAULT.iter().chain(&OPT_IN).any(|known| *known == region);
    if is_known { Ok(region) } else { invalid(format!("{region} is no Region")) }
}

/// AWS answers with nothing at all here.
fn done() -> Answer {
    Ok(Body::Whole(Reply { status: 200, headers: Vec::new(), body: Vec::new() }))
}

fn absent<T>(why: &str) -> Result<T, Fault> {
    refused(404, "ResourceNotFoundException", why)
}

fn refused<T>(status: u16, code: &str, why: &str) -> Result<T, Fault> {
    Err(Fault { status, code: code.to_owned(), message: why.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::wire::Request;

    #[test]
    fn a_region_takes_its_time_and_six_are_as_many_as_may() {
        let (mut own, mut organization) = (AccountManagement::default(), Organization::default());
        let mut ask = |operation: &str, region: &str, now: u64| {
            let headers = [("x-amz-target".to_owned(), operation.to_owned())].into();
            let request = Request { headers, body: json!({ "RegionName": region }).to_string().into_bytes(), ..Request::default() };
            let asked = Asked::of(&request);
            let at = At { account: "100000000000", region: "us-east-1", now: Moment::from_secs(now), haste: 1.0, made: &mut 0 };
            match own.answer(&at, &asked, "100000000000", &mut organization) {
                Ok(Body::Json(answer)) => answer["RegionOptStatus"].as_str().unwrap_or_default().to_owned(),
                Ok(_) => String::new(),
                Err(fault) => fault.code,
            }
        };
        for region in &OPT_IN[..6] {
            assert_eq!(ask("EnableRegion", region, 0), "");
        }
        assert_eq!(ask("EnableRegion", OPT_IN[6], 0), "ConflictException");
        assert_eq!(ask("GetRegionOptStatus", OPT_IN[0], 299), "ENABLING");
        assert_eq!(ask("GetRegionOptStatus", OPT_IN[0], 300), "ENABLED");
        assert_eq!(ask("GetRegionOptStatus", "eu-nowhere-1", 300), "ValidationException");
        let at = Moment::from_secs;
        assert!(own.is_in("us-east-1", at(0)) && !own.is_in(OPT_IN[0], at(299)) && own.is_in(OPT_IN[0], at(300)));
    }
}
