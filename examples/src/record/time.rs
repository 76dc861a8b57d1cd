//! Time stamps as text: RFC 3339 in UTC.

use core::fmt;
use core::time::Duration;

use serde::{Serialize, Serializer};

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

/// The date `days` after 1970-01-01, in the Gregorian calendar.
///
/// Counts from 1 March of the year 0, so that the leap day is the last of a year and of a 400-year era.
const fn date(days: u64) -> (u64, u64, u64) {
    const DAYS_TO_EPOCH: u64 = 719_468;
    const DAYS_OF_ERA: u64 = 146_097;
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
        }
        assert_eq!(
            serde_json::to_string(&Time::new(Duration::ZERO, 0)).unwrap(),
            r#""1970-01-01T00:00:00Z""#
        );
    }

    proptest! {
        #[test]
        fn as_jiff_says(secs in 0..253_402_207_200_i64, nanos in 0..1_000_000_000_i32) {
            let expected = jiff::Timestamp::new(secs, nanos).unwrap();
            let at = Duration::new(secs.unsigned_abs(), nanos.unsigned_abs());
            prop_assert_eq!(Time::new(at, 9).to_string(), format!("{expected:.9}"));
        }
    }
}
