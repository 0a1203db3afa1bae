//! The types of people in `domains.yaml`, and of who is called when something breaks. Their doc comments are what editors show.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody who is called, written to or let in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// As colleagues write it.
    pub name: String,
    pub email: String,
    /// With the country's code, such as `"+15550100"`.
    #[schemars(regex(pattern = r"^\+[0-9]{7,15}$"))]
    #[schemars(with = "Option<String>")]
    pub phone: Option<String>,
    /// What the person is, such as `Finance`. Told to AWS where it asks for the title of a contact.
    #[schemars(with = "Option<String>")]
    pub title: Option<String>,
    /// How the person is reached when on call, in this order; by everything there is when absent: SMS, voice and email.
    #[schemars(length(min = 1), extend("uniqueItems" = true))]
    #[schemars(with = "Option<Vec<ChannelName>>")]
    pub channels: Option<Vec<ChannelName>>,
    /// When the person is not to be reached, on call or not.
    #[serde(default)]
    pub away: Vec<Away>,
}

/// How somebody is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChannelName {
    Email,
    Sms,
    Voice,
}

/// Days on which somebody is not to be reached.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Away {
    /// The first day: `2026-12-21`.
    pub from: String,
    /// The last day.
    pub to: String,
}

/// Who is called when something breaks, in turn.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnCall {
    /// Called first; one person at a time, in this order, a week each.
    #[schemars(length(min = 1, max = 25))]
    pub primary: Vec<String>,
    /// Called when the first does not answer; one person at a time, in this order.
    #[serde(default)]
    #[schemars(length(max = 25))]
    pub secondary: Vec<String>,
    /// Called when nobody answers.
    pub escalation: Option<String>,
    /// When one person takes over from the other: `monday 09:00 America/Los_Angeles`.
    pub handover: Option<String>,
    /// How long a turn is: a week, handed over on the weekday of `handover`, or a day.
    #[serde(default)]
    pub rotation: Length,
    /// Minutes without an answer after which the secondary is called.
    #[serde(default = "secondary_after")]
    #[schemars(range(min = 1, max = 30))]
    pub secondary_after_minutes: u8,
    /// Minutes without an answer after which the escalation is called.
    #[serde(default = "escalate_after")]
    #[schemars(range(min = 1, max = 30))]
    pub escalate_after_minutes: u8,
}

/// How long a turn is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Length {
    #[default]
    Weekly,
    Daily,
}

fn secondary_after() -> u8 {
    5
}

/// What most agree on: fifteen minutes without an answer are a matter for management.
fn escalate_after() -> u8 {
    15
}

impl Default for OnCall {
    /// Nobody, with the times of everybody.
    fn default() -> OnCall {
        OnCall {
            primary: Vec::new(),
            secondary: Vec::new(),
            escalation: None,
            handover: None,
            rotation: Length::default(),
            secondary_after_minutes: secondary_after(),
            escalate_after_minutes: escalate_after(),
        }
    }
}

impl Length {
    pub fn as_str(self) -> &'static str {
        match self {
            Length::Weekly => "weekly",
            Length::Daily => "daily",
        }
    }
}

impl ChannelName {
    pub fn as_str(self) -> &'static str {
        match self {
            ChannelName::Email => "email",
            ChannelName::Sms => "sms",
            ChannelName::Voice => "voice",
        }
    }
}
