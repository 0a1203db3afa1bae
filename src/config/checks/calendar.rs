//! Checks of when and in which order things are changed.

use crate::config::domains::WaveName;
use crate::config::files::Files;
use crate::config::problem::Problem;
use crate::model::Environment;

pub fn waves(files: &Files, found: &mut Vec<Problem>) {
    let waves = &files.domains.value.rollout.waves;
    for (at, wave) in waves.iter().enumerate() {
        if waves[..at].contains(wave) {
            found.push(files.domains.at("waves", &["rollout", "waves", &at.to_string()], "this wave is here twice"));
        }
    }
    let in_use = |environment: &Environment| files.domains.value.domains.values().any(|domain| domain.environments.contains(environment));
    let waved: Vec<Environment> = waves.iter().copied().filter_map(WaveName::environment).collect();
    for environment in Environment::ALL.into_iter().filter(in_use).filter(|environment| !waved.contains(environment)) {
        let message = format!("no wave takes the accounts of {environment}");
        found.push(files.domains.at_key("waves", &["rollout", "waves"], message).hint(format!("add `{environment}` to the waves")));
    }
}

pub fn block_days(files: &Files, found: &mut Vec<Problem>) {
    for (at, days) in files.domains.value.calendar.block_days.iter().enumerate() {
        let at = at.to_string();
        let path = |key| ["calendar", "block_days", &at, key];
        let (from, to) = (date(&days.from), date(&days.to));
        for (key, text, date) in [("from", &days.from, from), ("to", &days.to, to)] {
            if date.is_none() {
                let problem =
                    files.domains.at("block-days", &path(key), format!("\"{}\" is no date", crate::config::node::shortened(text)));
                found.push(problem.hint("write it as 2026-11-26"));
            }
        }
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            found.push(files.domains.at("block-days", &path("to"), format!("`{}` ends before it begins", days.name)));
        }
    }
}

/// Year, month and day of a date that exists.
pub fn date(text: &str) -> Option<(u16, u8, u8)> {
    let fits = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    let (year, month, day) = fits.then(|| (&text[..4], &text[5..7], &text[8..]))?;
    let (year, month, day) = (year.parse::<u16>().ok()?, month.parse::<u8>().ok()?, day.parse::<u8>().ok()?);
    (1..=days(year, month)?).contains(&day).then_some((year, month, day))
}

fn days(year: u16, month: u8) -> Option<u8> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_exist() {
        assert_eq!(date("2028-02-29"), Some((2028, 2, 29)));
        for text in ["2026-02-29", "2026-13-01", "2026-1-1", "2026-11-00", "26-11-2026", "２026-11-2", ""] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
