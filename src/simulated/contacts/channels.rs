//! The ways to reach a person, each of which works once somebody has entered the code that was sent there. Sends nothing.

use super::{Contacts, PAGES, check_name, fields};
use crate::simulated::At;
use crate::simulated::wire::{Answer, Asked, Fault, fault, invalid, json as ok, missing};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Digits of a code.
const CODE: usize = 6;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Channel {
    /// As it is shown.
    shown: Map<String, Value>,
    /// Whether a code is on its way.
    sent: bool,
    /// Of the call that made it.
    token: String,
}

impl Channel {
    fn text(&self, field: &str) -> &str {
        self.shown.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whom it reaches.
    pub fn of(&self) -> &str {
        self.text("ContactArn")
    }

    fn activation(&mut self, status: &str) -> Answer {
        self.shown.insert("ActivationStatus".to_owned(), status.into());
        ok(json!({}))
    }

    fn activate(&mut self, code: &str) -> Answer {
        let is_right = code.len() == CODE && self.text("ContactChannelArn").ends_with(code);
        if self.sent && is_right { self.activation("ACTIVATED") } else { invalid("that is not the code") }
    }

    /// Another address wants another code.
    fn update(&mut self, asked: &Asked) -> Answer {
        check_name(&asked.text("Name"))?;
        let given = fields(asked, &["Name", "DeliveryAddress"]);
        if given.get("DeliveryAddress").is_some_and(|address| self.shown.get("DeliveryAddress") != Some(address)) {
            self.sent = false;
            self.activation("NOT_ACTIVATED")?;
        }
        self.shown.extend(given);
        ok(json!({}))
    }
}

impl Contacts {
    pub(super) fn answer_channels(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        match asked.operation.as_str() {
            "CreateContactChannel" => self.create_channel(at, asked),
            "ListContactChannels" => {
                let contact = self.contact(asked)?.text("ContactArn").to_owned();
                let all = self.channels.values().filter(|channel| channel.of() == contact);
                PAGES.of(asked, "ContactChannels", all.map(|channel| Value::Object(channel.shown.clone())))
            }
            "UpdateContactChannel" => self.channel(asked)?.update(asked),
            "SendActivationCode" => {
                self.channel(asked)?.sent = true;
                ok(json!({}))
            }
            "ActivateContactChannel" => self.channel(asked)?.activate(&asked.text("ActivationCode")),
            "DeactivateContactChannel" => self.channel(asked)?.activation("NOT_ACTIVATED"),
            "DeleteContactChannel" => {
                self.channel(asked)?;
                let arn = asked.text("ContactChannelId");
                self.refuse_in_use(&arn)?;
                self.channels.remove(&arn);
                ok(json!({}))
            }
            other => fault("UnknownOperationException", format!("the simulated contacts have no {other}")),
        }
    }

    fn channel(&mut self, asked: &Asked) -> Result<&mut Channel, Fault> {
        self.channels.get_mut(&asked.text("ContactChannelId")).map_or_else(|| missing("contact channel"), Ok)
    }

    fn create_channel(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let token = asked.text("IdempotencyToken");
        if let Some((arn, _)) = self.channels.iter().find(|(_, channel)| !token.is_empty() && channel.token == token) {
            return ok(json!({ "ContactChannelArn": arn }));
        }
        let contact = self.contact(asked)?;
        if contact.text("Type") != "PERSONAL" {
            return invalid("only a person has channels");
        }
        let (alias, contact) = (contact.text("Alias").to_owned(), contact.text("ContactArn").to_owned());
        check_name(&asked.text("Name"))?;
        let mut shown = fields(asked, &["Name", "Type", "DeliveryAddress"]);
        let same = |other: &Channel, field: &str| other.shown.get(field) == shown.get(field);
        let is_same = |other: &Channel| same(other, "Name") || (same(other, "Type") && same(other, "DeliveryAddress"));
        if self.channels.values().any(|other| other.of() == contact && is_same(other)) {
            return fault("ConflictException", "the contact has that channel");
        }
        let id = numbered(at);
        let arn = at.arn("ssm-contacts", &format!("contact-channel/{alias}/{id}"));
        let rest = json!({ "ContactChannelArn": arn, "ContactArn": contact, "ActivationStatus": "NOT_ACTIVATED" });
        shown.extend(rest.as_object().cloned().unwrap_or_default());
        let sent = !asked.json["DeferActivation"].as_bool().unwrap_or_default();
        self.channels.insert(arn.clone(), Channel { shown, sent, token });
        ok(json!({ "ContactChannelArn": arn }))
    }
}

/// An id whose end is all digits, since it is a code.
fn numbered(at: &mut At<'_>) -> String {
    let number = u64::from_str_radix(&at.id("", 1), 16).unwrap_or_default();
    format!("00000000-0000-4000-8000-{number:012}")
}
