//! Systems Manager contacts: persons, on-call schedules and escalation plans, as strict as AWS about who refers to whom. A channel works once
//! the code has been entered that a human would get: here the last six digits of the channel's ARN.

mod channels;
mod plans;
mod rotations;

use super::At;
use super::paging::Pages;
use super::wire::{Answer, Asked, Fault, fault, invalid, json as ok, missing, tag_list};
use channels::Channel;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// On a page of any listing, at most.
const PAGES: Pages = Pages { token: "NextToken", size: "MaxResults", most: 1024 };
/// Characters of a name.
const LENGTH: usize = 255;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Contacts {
    /// By their ARNs.
    contacts: BTreeMap<String, Thing>,
    rotations: BTreeMap<String, Thing>,
    channels: BTreeMap<String, Channel>,
}

/// A contact or a rotation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Thing {
    /// As it is shown.
    shown: Map<String, Value>,
    /// Of the call that made it.
    token: String,
    tags: BTreeMap<String, String>,
}

/// Refuses what AWS doesn't take for a name.
fn check_name(name: &str) -> Result<(), Fault> {
    let fits = |sign: char| sign.is_alphanumeric() || sign.is_whitespace() || "_.-".contains(sign);
    if name.chars().count() <= LENGTH && name.chars().all(fits) { Ok(()) } else { invalid("that is no name") }
}

/// The fields of these names that were given.
fn fields(asked: &Asked, names: &[&str]) -> Map<String, Value> {
    let given = |name: &str| asked.json.get(name).filter(|value| !value.is_null()).cloned();
    names.iter().filter_map(|name| Some(((*name).to_owned(), given(name)?))).collect()
}

impl Thing {
    fn text(&self, field: &str) -> &str {
        self.shown.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether a call made it that is repeated now.
    fn is_of(&self, token: &str) -> bool {
        !token.is_empty() && self.token == token
    }
}

impl Contacts {
    /// `works` says whether the account has a replication set here.
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked, works: bool) -> Answer {
        match asked.operation.as_str() {
            "CreateContact" if !works => invalid("the account has no replication set"),
            "CreateContact" => self.create(at, asked),
            "GetContact" => ok(self.contact(asked)?.shown.clone().into()),
            "ListContacts" => self.list(asked),
            "UpdateContact" => self.update(asked),
            "DeleteContact" => self.delete(asked),
            "ListTagsForResource" => {
                let arn = asked.text("ResourceARN");
                match self.contacts.get(&arn).or_else(|| self.rotations.get(&arn)) {
                    Some(thing) => ok(json!({ "Tags": tag_list(&thing.tags) })),
                    None => missing("resource"),
                }
            }
            name if name.ends_with("Rotation") || name.ends_with("Rotations") => self.answer_rotations(at, asked),
            _ => self.answer_channels(at, asked),
        }
    }

    /// Whether an ARN is a contact's.
    pub(super) fn has(&self, arn: &str) -> bool {
        self.contacts.contains_key(arn)
    }

    /// The contact of an ARN: an alias names none.
    fn contact(&mut self, asked: &Asked) -> Result<&mut Thing, Fault> {
        match asked.text("ContactId") {
            arn if arn.starts_with("arn:") => self.contacts.get_mut(&arn).map_or_else(|| missing("contact"), Ok),
            _ => invalid("that is no ARN of a contact"),
        }
    }

    fn create(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let (alias, token) = (asked.text("Alias"), asked.text("IdempotencyToken"));
        let arn = at.arn("ssm-contacts", &format!("contact/{alias}"));
        match self.contacts.get(&arn) {
            Some(contact) if contact.is_of(&token) => return ok(json!({ "ContactArn": arn })),
            Some(_) => return fault("ConflictException", format!("the alias {alias} is taken")),
            None => {}
        }
        let is_sign = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || "_-".contains(sign);
        if alias.is_empty() || alias.len() > LENGTH || !alias.chars().all(is_sign) {
            return invalid("that is no alias");
        }
        check_name(&asked.text("DisplayName"))?;
        self.check_plan(&asked.text("Type"), &asked.json["Plan"])?;
        let mut shown = fields(asked, &["Alias", "DisplayName", "Type", "Plan"]);
        shown.insert("ContactArn".to_owned(), arn.as_str().into());
        self.contacts.insert(arn.clone(), Thing { shown, token, tags: asked.tags("Tags") });
        ok(json!({ "ContactArn": arn }))
    }

    fn list(&self, asked: &Asked) -> Answer {
        let (of, prefix) = (asked.some("Type"), asked.text("AliasPrefix"));
        let all = self.contacts.values().filter(|one| of.as_deref().is_none_or(|of| of == one.text("Type")));
        let all = all.filter(|one| one.text("Alias").starts_with(&prefix));
        let shown =
            |one: &Thing| one.shown.iter().filter(|(name, _)| *name != "Plan").map(|(name, value)| (name.clone(), value.clone())).collect();
        PAGES.of(asked, "Contacts", all.map(|one| Value::Object(shown(one))))
    }

    fn update(&mut self, asked: &Asked) -> Answer {
        let of = self.contact(asked)?.text("Type").to_owned();
        check_name(&asked.text("DisplayName"))?;
        self.check_plan(&of, &asked.json["Plan"])?;
        self.contact(asked)?.shown.extend(fields(asked, &["DisplayName", "Plan"]));
        ok(json!({}))
    }

    /// Its channels go with it.
    fn delete(&mut self, asked: &Asked) -> Answer {
        let arn = self.contact(asked)?.text("ContactArn").to_owned();
        self.refuse_in_use(&arn)?;
        self.contacts.remove(&arn);
        self.channels.retain(|_, channel| channel.of() != arn);
        ok(json!({}))
    }
}
