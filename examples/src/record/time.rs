//! Time stamps as text: RFC 3339 in UTC.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;
use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// A time stamp with as many digits as its capture has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    at: Duration,
    digits: u8,
}

impl Time {
    /// The time `at`, since the Unix epoch, written with `digits` digits of a second; more than 9 count as 9.
    #[must_use]
    pub const fn new(at: Duration, digits: u8) -> Self {
        Self { at, digits: if digits > 9 { 9 } else { digits } }
    }

    /// Since the Unix epoch, with all that is known below the digits that are written.
    #[must_use]
    pub const fn at(self) -> Duration {
        self.at
    }
}

/// A text is no time stamp as the records have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a time is written as 2020-09-13T12:26:40.123456Z")]
#[non_exhaustive]
pub struct NotATime;

const DAYS_TO_EPOCH: u64 = 719_468;
const DAYS_OF_ERA: u64 = 146_097;

/// The date `days` after 1970-01-01, in the Gregorian calendar.
///
/// Counts from 1 March of the year 0, so that the leap day is the last of a year and of a 400-year era.
const fn date(days: u64) -> (u64, u64, u64) {
    let days = days + DAYS_TO_EPOCH;
    let (era, day_of_era) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / (DAYS_OF_ERA - 1)) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year_of_era + next, month, day)
}

/// The days from 1970-01-01 to a date; `None` for what is no date, or is before that one.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    // Above that the days of no time stamp reach.
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || year > 1 << 40 {
        return None;
    }
    let (year_of_march, month) =
        if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let (era, year_of_era) = (year_of_march / 400, year_of_march % 400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = (era * DAYS_OF_ERA + day_of_era).checked_sub(DAYS_TO_EPOCH)?;
    // A day that its month does not have would be one of the next.
    (date(days).2 == day).then_some(days)
}

impl FromStr for Time {
    type Err = NotATime;

    /// Reads what [`Display`](fmt::Display) writes, and nothing else.
    fn from_str(text: &str) -> Result<Self, NotATime> {
        fn number(text: &str) -> Option<u64> {
            text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
        }
        fn read(text: &str) -> Option<Time> {
            let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
            let (year, day) = day.strip_prefix('+').unwrap_or(day).split_once('-')?;
            let (month, day) = day.split_once('-')?;
            let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
            let (hour, rest) = time.split_once(':')?;
            let (minute, second) = rest.split_once(':')?;
            let days = days(number(year)?, number(month)?, number(day)?)?;
            let [hour, minute, second] = [number(hour)?, number(minute)?, number(second)?];
            if hour > 23 || minute > 59 || second > 59 {
                return None;
            }
            let seconds = hour * 3600 + minute * 60 + second;
            let digits = u8::try_from(fraction.len()).ok().filter(|digits| *digits <= 9)?;
            let nanos = number(&format!("{fraction:0<9}"))?;
            let seconds = days.checked_mul(86_400)?.checked_add(seconds)?;
            Some(Time::new(Duration::new(seconds, u32::try_from(nanos).ok()?), digits))
        }
        // It has to be the same text again: a missing zero is none of ours.
        read(text).filter(|time| time.to_string() == text).ok_or(NotATime)
    }
}

impl fmt::Display for Time {
    /// `2020-09-13T12:26:40.123456Z`. RFC 3339 ends with the year 9999; later years have more digits and a sign, as
    /// ISO 8601 has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.at.as_secs();
        let (year, month, day) = date(secs / 86_400);
        let (hour, minute, second) = (secs / 3600 % 24, secs / 60 % 60, secs % 60);
        let sign = if year > 9999 { "+" } else { "" };
        write!(f, "{sign}{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        let width = usize::from(self.digits);
        if width > 0 {
            // Cut, not rounded: what was before a moment must not print as after it.
            let fraction = self.at.subsec_nanos() / 10_u32.pow(9 - u32::from(self.digits));
            write!(f, ".{fraction:0width$}")?;
        }
        f.write_str("Z")
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_times() {
        for (secs, nanos, digits, expected) in [
            (0, 0, 6, "1970-01-01T00:00:00.000000Z"),
            (951_782_399, 999_999_999, 6, "2000-02-28T23:59:59.999999Z"),
            (951_782_400, 1, 9, "2000-02-29T00:00:00.000000001Z"),
            (4_107_542_400, 0, 0, "2100-03-01T00:00:00Z"),
            (1_600_000_000, 120_000_000, 2, "2020-09-13T12:26:40.12Z"),
            (253_402_300_799, 0, 0, "9999-12-31T23:59:59Z"),
            (253_402_300_800, 0, 0, "+10000-01-01T00:00:00Z"),
            (u64::MAX, 999_999_999, 200, "+584554051223-11-09T07:00:15.999999999Z"),
        ] {
            assert_eq!(Time::new(Duration::new(secs, nanos), digits).to_string(), expected);
            let read: Time = expected.parse().unwrap();
            assert_eq!(read.to_string(), expected);
            assert_eq!(read.at().as_secs(), secs);
        }
        assert_eq!(
            serde_json::to_string(&Time::new(Duration::ZERO, 0)).unwrap(),
            r#""1970-01-01T00:00:00Z""#
        );
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "Z",
            "2020-02-30T00:00:00Z",
            "2021-02-29T00:00:00Z",
            "2020-13-01T00:00:00Z",
            "2020-00-01T00:00:00Z",
            "2020-01-00T00:00:00Z",
            "2020-01-18446744073709551615T00:00:00Z",
            "2020-01-01T25:00:00Z",
            "2020-01-01T00:61:00Z",
            "2020-01-01T23:59:60Z",
            "2020-1-01T00:00:00Z",
            "2020-01-01T00:00:00",
            "2020-01-01T00:00:00.Z",
            "2020-01-01T00:00:00.1234567890Z",
            "2020-01-01T00:00:00+01:00",
            "1969-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "+2020-01-01T00:00:00Z",
            "+99999999999999999999-01-01T00:00:00Z",
            "+1099511627776-01-01T00:00:00Z",
            "2020-01-01T99999999999999999:00:00Z",
            "2020-01-01T\u{661}2:00:00Z",
        ] {
            assert_eq!(text.parse::<Time>(), Err(NotATime), "{text}");
        }
    }

    proptest! {
        #[test]
        fn as_jiff_says(secs in 0..253_402_207_200_i64, nanos in 0..1_000_000_000_i32) {
            let expected = jiff::Timestamp::new(secs, nanos).unwrap();
            let at = Duration::new(secs.unsigned_abs(), nanos.unsigned_abs());
            prop_assert_eq!(Time::new(at, 9).to_string(), format!("{expected:.9}"));
            prop_assert_eq!(format!("{expected:.9}").parse(), Ok(Time::new(at, 9)));
        }
    }
}
