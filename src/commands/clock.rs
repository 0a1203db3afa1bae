//! The one place that asks what time it is. Everything else is told, so that a plan is the same for the same day.

use jiff::Timestamp;
use jiff::civil::Date;

/// Now, or the beginning of a day by UTC.
pub fn now(as_of: Option<Date>) -> Timestamp {
    let day = as_of.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok());
    day.map_or_else(Timestamp::now, |day| day.timestamp())
}

/// Now, since the beginning of 1970.
pub fn since_1970() -> std::time::Duration {
    Timestamp::now().as_duration().try_into().unwrap_or_default()
}
