//! Dates (RFC 5322 sections 3.3 and 4.3).

use crate::slice;

/// A date and the zone in which it was written.
///
/// Parsed here because the zone is wanted too, and because a date that was not understood must be none, not another
/// one.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Date {
    /// Seconds since the Unix epoch.
    pub unix: i64,
    /// How far the zone is ahead of UTC, in minutes; `None` where the writer did not say (`-0000`, no or an unknown
    /// zone).
    pub offset: Option<i16>,
}

impl Date {
    /// Reads the value of a `Date` field (RFC 5322 sections 3.3 and 4.3), or what stands behind the last semicolon of a
    /// `Received` field; `None` where it is no date.
    ///
    /// ```
    /// let date = mime_extract::Date::parse(b"Tue, 1 Jul 2003 10:52:37 +0200").unwrap();
    /// assert_eq!((date.unix, date.offset), (1_057_049_557, Some(120)));
    /// ```
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        parse(value)
    }
}

const MONTHS: [&[u8]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// Reads `[day-name ","] day month year hour ":" minute [":" second] [zone]`, with comments anywhere, and the
/// asctime order `month day time year` that mail of old carries.
pub(super) fn parse(text: &[u8]) -> Option<Date> {
    let text = without_comments(text);
    let mut words = text
        .split(|byte| slice::is_space(*byte) || *byte == b',')
        .filter(|word| !word.is_empty())
        .take(16)
        .peekable();
    // The day of the week says nothing new, and is often wrong.
    if words.peek()?.first()?.is_ascii_alphabetic() && month(words.peek()?).is_none() {
        words.next();
    }
    let first = words.next()?;
    let (day, of_year, year, clock);
    if let Some(number) = month(first) {
        of_year = number;
        day = number2(words.next()?)?;
        clock = words.next()?;
        // `Jan 1 00:00:00 [zone] 2001`
        let next = words.next()?;
        if next.first()?.is_ascii_digit() {
            year = full_year(next)?;
        } else {
            year = full_year(words.next()?)?;
            return assemble(year, of_year, day, clock, Some(next));
        }
    } else if first.contains(&b'-') {
        // `01-Jan-2001`
        let mut pieces = first.split(|byte| *byte == b'-');
        (day, of_year, year) = (number2(pieces.next()?)?, month(pieces.next()?)?, full_year(pieces.next()?)?);
        clock = words.next()?;
    } else {
        (day, of_year, year) = (number2(first)?, month(words.next()?)?, full_year(words.next()?)?);
        clock = words.next()?;
    }
    assemble(year, of_year, day, clock, words.next())
}

fn assemble(year: i64, month: i64, day: i64, clock: &[u8], zone: Option<&[u8]>) -> Option<Date> {
    let mut pieces = clock.split(|byte| matches!(byte, b':' | b'.'));
    let hour = number2(pieces.next()?)?;
    let minute = number2(pieces.next()?)?;
    let second = pieces.next().map_or(Some(0), number2)?;
    if !(1..=days_in(year, month)).contains(&day) || hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let offset = zone.and_then(self::zone);
    let local = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(Date { unix: local - i64::from(offset.unwrap_or(0)) * 60, offset })
}

/// A number of one or two digits.
fn number2(word: &[u8]) -> Option<i64> {
    (matches!(word.len(), 1 | 2) && word.iter().all(u8::is_ascii_digit)).then_some(())?;
    str::from_utf8(word).ok()?.parse().ok()
}

fn month(word: &[u8]) -> Option<i64> {
    let start = slice::split(word, 3).0.to_ascii_lowercase();
    let index = MONTHS.iter().position(|name| *name == start)?;
    i64::try_from(index + 1).ok()
}

/// RFC 5322 section 4.3: two digits are 2000 to 2049 and 1950 to 1999, three are counted from 1900.
fn full_year(word: &[u8]) -> Option<i64> {
    if !word.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let year: i64 = str::from_utf8(word).ok()?.parse().ok()?;
    match word.len() {
        2 if year < 50 => Some(year + 2000),
        2 | 3 => Some(year + 1900),
        4 => Some(year),
        _ => None,
    }
}

/// The military letters say nothing, since RFC 822 had their signs wrong (RFC 5322 section 4.3).
fn zone(word: &[u8]) -> Option<i16> {
    if let Some((sign @ (b'+' | b'-'), digits)) = word.split_first() {
        let digits: Vec<u8> = digits.iter().copied().filter(|byte| *byte != b':').collect();
        if word == b"-0000" || digits.len() != 4 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number: i16 = str::from_utf8(&digits).ok()?.parse().ok()?;
        let minutes = number / 100 * 60 + number % 100;
        return (number % 100 < 60).then_some(if *sign == b'-' { -minutes } else { minutes });
    }
    let hours = match word.to_ascii_uppercase().as_slice() {
        b"UT" | b"UTC" | b"GMT" | b"Z" => 0,
        b"EDT" => -4,
        b"EST" | b"CDT" => -5,
        b"CST" | b"MDT" => -6,
        b"MST" | b"PDT" => -7,
        b"PST" => -8,
        _ => return None,
    };
    Some(hours * 60)
}

/// Comments nest (RFC 5322 section 3.2.2): a counter, no recursion.
fn without_comments(text: &[u8]) -> Vec<u8> {
    let mut depth = 0usize;
    let mut kept = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(byte),
            _ => {}
        }
    }
    kept
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since the Unix epoch in the Gregorian calendar.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have the leap day at their end.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(unix: i64, offset: Option<i16>) -> Option<Date> {
        Some(Date { unix, offset })
    }

    #[test]
    fn forms() {
        for (text, date) in [
            ("Sun, 02 Oct 2016 07:06:22 -0700 (PDT)", both(1_475_417_182, Some(-420))),
            ("Sun,25 Sep 2016 18:36:33 -0400", both(1_474_842_993, Some(-240))),
            ("1 Jan 2001 00:00 +0000", both(978_307_200, Some(0))),
            ("1 Jan 2001 00:00 -0000", both(978_307_200, None)),
            ("1 Jan 2001 00:00", both(978_307_200, None)),
            ("Mon, 1 (a (b)) Jan 01 01:00:00 +01:00", both(978_307_200, Some(60))),
            ("01-Jan-2001 00:00:00 +0000", both(978_307_200, Some(0))),
            ("Mon Jan  1 00:00:00 2001", both(978_307_200, None)),
            ("Mon Jan  1 00:00:00 EST 2001", both(978_325_200, Some(-300))),
            ("Fri, 30 Nov 2012 20:57:23 GMT", both(1_354_309_043, Some(0))),
            ("Fri, 30 Nov 2012 20:57:23 Q", both(1_354_309_043, None)),
            ("1 Jan 101 00:00:00 GMT", both(978_307_200, Some(0))),
            ("29 Feb 2000 00:00 GMT", both(951_782_400, Some(0))),
            ("31 Dec 1969 23:59:59 GMT", both(-1, Some(0))),
            ("29 Feb 2001 00:00 GMT", None),
            ("1 Jan 99999 00:00 GMT", None),
            ("32 Jan 2001 00:00 GMT", None),
            ("1 Jan 2001 25:00 GMT", None),
            ("1 Janx", None),
            ("(((((", None),
            ("", None),
            ("yesterday", None),
        ] {
            assert_eq!(parse(text.as_bytes()), date, "{text:?}");
        }
    }

    #[test]
    fn agrees_with_mailparse_on_sound_dates() {
        for day in (0..40_000).step_by(7) {
            let unix = i64::from(day) * 86_400 + 12_345;
            // From days back to a date by search, which is slow and plain.
            let mut left = i64::from(day);
            let (mut year, mut month) = (1970, 1);
            while left >= days_in(year, month) {
                left -= days_in(year, month);
                month += 1;
                if month > 12 {
                    (year, month) = (year + 1, 1);
                }
            }
            let name = str::from_utf8(MONTHS[usize::try_from(month - 1).unwrap()]).unwrap();
            let text = format!("{} {name} {year} 03:25:45 +0000", left + 1);
            assert_eq!(parse(text.as_bytes()), both(unix, Some(0)), "{text}");
            assert_eq!(mailparse::dateparse(&text).unwrap(), unix, "{text}");
        }
    }
}
