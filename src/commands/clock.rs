//! The one place that asks what time it is. Everything else is told, so that a plan is the same for the same day.

use jiff::Timestamp;
use jiff::civil::Date;

/// Now, or the beginning of a day by UTC.
pub fn now(as_of: Option<Date>) -> Timestamp {
    let day = as_of.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok());
    day.map_or_else(Timestamp::now, |day| day.timestamp())
}
