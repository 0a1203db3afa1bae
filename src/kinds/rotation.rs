//! `rotation`: people who are on call in turn. When the first turn began is declared, so that who is on call at a given time follows from
//! the files alone, and no plan ever finds that time has passed.

use super::{Driver, Kind, Scope, Seen, Tags, contacts};
use crate::aws::{CallError, Session};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId, Risk, show};
use aws_sdk_ssmcontacts::primitives::DateTime;
use aws_sdk_ssmcontacts::types::{DayOfWeek, HandOffTime, RecurrenceSettings, Rotation as Found, WeeklySetting};
use jiff::civil;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// People who are on call in turn. The resource's name is the rotation's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// Who takes turns, in this order.
    #[schemars(length(min = 1, max = 25))]
    pub contacts: Vec<Reference>,
    /// When the first of them first took over, by the clocks of the time zone: `2026-01-05T09:00`. Every later turn begins at that time of
    /// day, and a weekly one on that weekday.
    #[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"))]
    pub starts: String,
    /// The time zone that handovers are in: `America/Los_Angeles`.
    pub time_zone: String,
    /// How long a turn is: `weekly` or `daily`.
    pub shift: Shift,
    /// Found, never declared: recurrences that we don't make, such as two handovers a week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub irregular: Option<String>,
}

/// How long a turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Shift {
    Weekly,
    Daily,
}

impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Shift::Weekly => "weekly",
            Shift::Daily => "daily",
        })
    }
}

impl Kind for Rotation {
    const NAME: KindName = KindName::new("rotation");
    const SCOPE: Scope = Scope::Organization;
    const ABOUT: &'static str = "People who are on call in turn, a week or a day each.";
    const REFERS: &'static [KindName] = &[KindName::new("contact")];
    const OPTIONAL: bool = true;
    const READS: &'static [&'static str] = &["ssm-contacts:ListRotations", "ssm-contacts:ListTagsForResource"];
    const WRITES: &'static [&'static str] = &[
        "ssm-contacts:CreateRotation",
        "ssm-contacts:UpdateRotation",
        "ssm-contacts:DeleteRotation",
    ];

    fn changes(live: &Rotation, want: &Rotation) -> Vec<Change> {
        let Rotation { contacts, starts, time_zone, shift, irregular } = live;
        let Rotation { contacts: want_contacts, starts: want_starts, time_zone: want_zone, shift: want_shift, irregular: _ } = want;
        let people = |contacts: &[Reference]| Some(show(contacts.iter().map(|contact| &contact.name)));
        let contacts = (contacts != want_contacts).then(|| Change::between("contacts", people(contacts), people(want_contacts)));
        let shift = match irregular {
            Some(other) => Some(Change::between("shift", Some(other.clone()), Some(want_shift.to_string()))),
            None => Change::of("shift", shift, want_shift),
        };
        let changes = [contacts, Change::of("starts", starts, want_starts), Change::of("time_zone", time_zone, want_zone), shift];
        let all = changes.into_iter().flatten();
        all.map(|change| change.concerning(Risk::Notable, "changes who is on call when")).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        self.contacts.iter().cloned().collect()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Driver for Rotation {
    async fn read(at: &Session) -> Result<Vec<Seen<Rotation>>, CallError> {
        let mut pages = at.ssmcontacts().list_rotations().into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            all.extend(page?.rotations);
        }
        let owners = contacts::each(&all, async |one: &Found| contacts::owner(at, &Rotation::NAME, one.rotation_arn()).await).await?;
        let seen = owners.into_iter().map(|(found, name)| Seen {
            id: found.rotation_arn().into(),
            name: name.filter(|name| name.as_str() == found.name()),
            spec: see(at, found),
        });
        Ok(seen.collect())
    }

    async fn create(at: &Session, address: &Address, want: &Rotation) -> Result<RemoteId, CallError> {
        let call = at.ssmcontacts().create_rotation().name(address.name.as_str()).tags(contacts::mark(address));
        let call = call.set_contact_ids(Some(contacts::ids(at, &want.contacts)?)).time_zone_id(&want.time_zone);
        let (start, recurrence) = timing(want)?;
        let answer = call.start_time(start).recurrence(recurrence).send().await?;
        Ok(answer.rotation_arn().into())
    }

    // AWS wants the recurrence in every update, and so gets the whole.
    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &Rotation, _: &[Change]) -> Result<(), CallError> {
        let call = at.ssmcontacts().update_rotation().rotation_id(id.as_str()).time_zone_id(&want.time_zone);
        let (start, recurrence) = timing(want)?;
        let call = call.set_contact_ids(Some(contacts::ids(at, &want.contacts)?)).start_time(start).recurrence(recurrence);
        call.send().await?;
        Ok(())
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &Rotation) -> Result<(), CallError> {
        contacts::gone(at.ssmcontacts().delete_rotation().rotation_id(id.as_str()).send().await.map_err(CallError::from))
    }
}

fn see(at: &Session, found: &Found) -> Rotation {
    let kind = [KindName::new("contact")];
    let time_zone = found.time_zone_id().unwrap_or_default().to_owned();
    let starts = found.start_time().and_then(|start| clock(start.secs(), &time_zone));
    let recurrence = found.recurrence().and_then(|recurrence| regular(recurrence, starts?));
    Rotation {
        contacts: found.contact_ids().iter().map(|id| contacts::named(at, &kind, id)).collect(),
        starts: starts.map(written).unwrap_or_default(),
        time_zone,
        shift: recurrence.unwrap_or(Shift::Weekly),
        irregular: recurrence.is_none().then(|| "irregular".to_owned()),
    }
}

/// What the clocks of a zone show.
fn clock(seconds: i64, zone: &str) -> Option<civil::DateTime> {
    Some(jiff::Timestamp::from_second(seconds).ok()?.in_tz(zone).ok()?.datetime())
}

fn written(time: civil::DateTime) -> String {
    time.strftime("%Y-%m-%dT%H:%M").to_string()
}

/// The shift of a recurrence that has one handover, where its first turn began.
fn regular(recurrence: &RecurrenceSettings, starts: civil::DateTime) -> Option<Shift> {
    let single = recurrence.number_of_on_calls() == 1
        && recurrence.recurrence_multiplier() == 1
        && recurrence.shift_coverages().is_none_or(|coverages| coverages.is_empty())
        && recurrence.monthly_settings().is_empty();
    let at_start = |time: &HandOffTime| {
        time.hour_of_day() == i32::from(starts.hour()) && time.minute_of_hour() == i32::from(starts.minute())
    };
    match (recurrence.weekly_settings(), recurrence.daily_settings()) {
        ([weekly], []) if weekly.hand_off_time().is_some_and(at_start) => {
            (*weekly.day_of_week() == day(starts)).then_some(Shift::Weekly)
        }
        ([], [daily]) if at_start(daily) => Some(Shift::Daily),
        _ => None,
    }
    .filter(|_| single)
}

/// The start and the recurrence as AWS takes them.
pub(super) fn timing(want: &Rotation) -> Result<(DateTime, RecurrenceSettings), CallError> {
    let wrong = |error: jiff::Error| CallError::refused("ssm-contacts:CreateRotation", format!("{}: {error}", want.starts));
    let starts: civil::DateTime = want.starts.parse().map_err(wrong)?;
    let zoned = starts.in_tz(&want.time_zone).map_err(wrong)?;
    let time = HandOffTime::builder().hour_of_day(starts.hour().into()).minute_of_hour(starts.minute().into()).build();
    let settings = RecurrenceSettings::builder().number_of_on_calls(1).recurrence_multiplier(1);
    let settings = match want.shift {
        Shift::Daily => settings.daily_settings(time),
        Shift::Weekly => {
            let weekly = WeeklySetting::builder().day_of_week(day(starts)).hand_off_time(time).build();
            settings.weekly_settings(weekly.map_err(contacts::unbuilt)?)
        }
    };
    Ok((DateTime::from_secs(zoned.timestamp().as_second()), settings.build().map_err(contacts::unbuilt)?))
}

fn day(of: civil::DateTime) -> DayOfWeek {
    match of.weekday() {
        civil::Weekday::Monday => DayOfWeek::Mon,
        civil::Weekday::Tuesday => DayOfWeek::Tue,
        civil::Weekday::Wednesday => DayOfWeek::Wed,
        civil::Weekday::Thursday => DayOfWeek::Thu,
        civil::Weekday::Friday => DayOfWeek::Fri,
        civil::Weekday::Saturday => DayOfWeek::Sat,
        civil::Weekday::Sunday => DayOfWeek::Sun,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rotation() -> Rotation {
        Rotation {
            contacts: vec!["contact/ada".parse().unwrap(), "contact/grace".parse().unwrap()],
            starts: "2026-01-05T09:00".into(),
            time_zone: "America/Los_Angeles".into(),
            shift: Shift::Weekly,
            irregular: None,
        }
    }

    #[test]
    fn a_rotation_comes_back_as_it_was_written() {
        for shift in [Shift::Weekly, Shift::Daily] {
            let want = Rotation { shift, ..rotation() };
            let (start, recurrence) = timing(&want).unwrap();
            let starts = clock(start.secs(), &want.time_zone).unwrap();
            assert_eq!((written(starts), regular(&recurrence, starts)), (want.starts, Some(shift)));
        }
    }

    #[test]
    fn what_we_do_not_make_is_seen() {
        let (start, mut other) = timing(&rotation()).unwrap();
        let starts = clock(start.secs(), "America/Los_Angeles").unwrap();
        other.recurrence_multiplier = 2;
        assert_eq!(regular(&other, starts), None);
        let live = Rotation { irregular: Some("irregular".into()), ..rotation() };
        let changes = Rotation::changes(&live, &rotation());
        assert_eq!((changes.len(), changes[0].field.as_str()), (1, "shift"));
        assert_eq!(clock(0, "Nowhere/Else"), None);
    }

    #[test]
    fn the_order_matters() {
        let mut want = rotation();
        want.contacts.reverse();
        let changes = Rotation::changes(&rotation(), &want);
        assert_eq!(changes[0].after.as_deref(), Some("grace, ada"));
        assert_eq!(changes[0].effect, Effect::InPlace);
    }
}
