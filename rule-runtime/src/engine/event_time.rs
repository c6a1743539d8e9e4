//! Reads event times, of which the next is mostly of a minute of which some were read shortly before.
//!
//! ```text
//! 2024-03-01T12:30  :07.1234567Z
//! └ known? ──────┘  └ read alone ┘      anything else is read whole
//! ```

use rule_eval::time_text;
use rule_model::time::TICKS_PER_SECOND;
use rule_model::{DateTime, Timespan};

/// Minutes of event times read last. Several, because sources write events of neighbouring minutes in turns.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventTimes {
    /// By what is in the last byte of their texts.
    minutes: [Minute; MINUTES],
}

#[derive(Clone, Copy, Debug)]
struct Minute {
    /// As it is written.
    text: [u8; MINUTE],
    start: DateTime,
}

/// Minutes that are known at a time: a power of two, which the last digits of all fit.
const MINUTES: usize = 16;

/// Bytes of `2024-03-01T12:30`.
const MINUTE: usize = 16;
/// Ticks that the last of so many digits of a second counts.
const UNITS: [i64; 8] = [10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

/// Eight times `0`.
const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);

impl Default for EventTimes {
    fn default() -> EventTimes {
        let epoch = Minute { text: *b"1970-01-01T00:00", start: DateTime::UNIX_EPOCH };
        EventTimes { minutes: [epoch; MINUTES] }
    }
}

impl EventTimes {
    /// The time that a text writes, as [`time_text::parse_datetime`] reads it; `None` where it is none.
    #[inline]
    pub(super) fn read(&mut self, text: &[u8]) -> Option<DateTime> {
        if let Some((minute, rest)) = text.split_first_chunk()
            && let Some(known) = self.minutes.get(place(minute))
            && *minute == known.text
            && let Some(ticks) = ticks_within(rest)
        {
            return known.start.checked_add(Timespan(ticks));
        }
        self.read_whole(text)
    }

    #[cold]
    fn read_whole(&mut self, text: &[u8]) -> Option<DateTime> {
        if let Some((minute, _)) = text.split_first_chunk()
            && let Some(start) = std::str::from_utf8(minute).ok().and_then(DateTime::parse_iso)
            && let Some(known) = self.minutes.get_mut(place(minute))
        {
            *known = Minute { text: *minute, start };
        }
        time_text::parse_datetime(std::str::from_utf8(text).ok()?)
    }
}

/// Where a minute is, if it is known.
#[inline]
fn place(minute: &[u8; MINUTE]) -> usize {
    usize::from(minute[MINUTE - 1]) % MINUTES
}

/// The ticks in what follows a minute: `:07`, with or without digits after a point, in UTC. `None` for anything else.
#[inline]
fn ticks_within(text: &[u8]) -> Option<i64> {
    let (b':', [tens, ones, rest @ ..]) = text.split_first()? else { return None };
    let rest = rest.strip_suffix(b"Z").unwrap_or(rest);
    let seconds = number(&[*tens, *ones])?;
    let fraction = match rest.split_first() {
        None => 0,
        Some((b'.', digits)) if !digits.is_empty() => number(digits)? * *UNITS.get(digits.len())?,
        Some(_) => return None,
    };
    (seconds < 60).then_some(seconds * TICKS_PER_SECOND + fraction)
}

/// The number that at most eight digits write; `None` where they are more, or none.
#[inline]
fn number(digits: &[u8]) -> Option<i64> {
    let missing = 8_usize.checked_sub(digits.len())?;
    if let (Some(first), Some(last)) = (digits.first_chunk(), digits.last_chunk()) {
        let [first, last] = [first, last].map(|half| u64::from(u32::from_le_bytes(*half)));
        // Bytes that are in both halves come to lie on themselves.
        let written = first | last << (8 * (4 - missing));
        let before = ZEROS.checked_shr(8 * (8 - missing) as u32).unwrap_or(0);
        return eight_digits(written << (8 * missing) | before);
    }
    digits.iter().try_fold(0, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then_some(number * 10 + i64::from(digit))
    })
}

/// The number that eight digits write, the first as the lowest byte: neighbours are joined, to pairs, fours and all eight.
#[inline]
fn eight_digits(bytes: u64) -> Option<i64> {
    const ODD_PAIRS: u64 = 0x0000_00ff_0000_00ff;
    let digits = bytes.wrapping_sub(ZEROS);
    // A byte below `0` borrows, one beyond `9` comes to the top bit.
    if (digits | bytes.wrapping_add(0x4646_4646_4646_4646)) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let [odd, even] = [pairs & ODD_PAIRS, pairs >> 16 & ODD_PAIRS];
    let sum = odd.wrapping_mul(100 + (1_000_000 << 32)).wrapping_add(even.wrapping_mul(1 + (10_000 << 32)));
    i64::try_from(sum >> 32).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_they_do_alone_whatever_was_read_before() {
        let texts = [
            "2024-03-01T12:30:07.1234567Z",
            "2024-03-01T12:30:59Z",
            "2024-03-01T12:30:07",
            "2024-03-01T12:30:07.5",
            "2024-03-01T12:30:07.123456789Z",
            "2024-03-01T12:30:07.12345678",
            "2024-03-01T12:30:60Z",
            "2024-03-01T12:30:07+02:00",
            "2024-03-01T12:30:07.1+02:00",
            "2024-03-01T12:30:07.",
            "2024-03-01T12:30:07.Z",
            "2024-03-01T12:30:0:Z",
            "2024-03-01T12:30:07.12:Z",
            "2024-03-01T12:30:07zZ",
            "2024-03-01T12:30:07ZZ",
            "2024-03-01T12:30:07z",
            "2024-03-01T12:30:07.1z",
            "2024-03-01T12:30",
            "2024-03-01T12:30Z",
            "2024-03-01T12:30 Z",
            "2024-03-01T12:30:07 ",
            " 2024-03-01T12:30:07Z",
            "2024-03-01 12:30:08Z",
            "9999-12-31T23:59:59.9999999Z",
            "9999-12-31T23:59:60Z",
            "0001-01-01T00:00:00Z",
            "3/1/2024 12:30:07 PM",
            "Fri, 01 Mar 2024 12:30:07 GMT",
            "2024-03-01",
            "yesterday at half past one",
            "",
        ];
        for before in texts {
            for text in texts {
                let mut times = EventTimes::default();
                times.read(before.as_bytes());
                let read = times.read(text.as_bytes());
                assert_eq!(read, time_text::parse_datetime(text), "{text} after {before}");
            }
        }
    }

    #[test]
    fn numbers_read_as_they_do_alone() {
        for text in
            ["0", "9", "12", "090", "1234", "00001", "99999", "654321", "7654321", "12345678", "00000000"]
        {
            assert_eq!(number(text.as_bytes()), text.parse().ok(), "{text}");
            for at in 0..text.len() {
                for byte in (0..=255_u8).filter(|byte| !byte.is_ascii_digit()) {
                    let mut other = text.as_bytes().to_vec();
                    other[at] = byte;
                    assert_eq!(number(&other), None, "{byte} at {at} of {text}");
                }
            }
        }
        assert_eq!(number(b"123456789"), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_no_time() {
        let mut times = EventTimes::default();
        assert_eq!(times.read(&[0; 20]), None);
        assert_eq!(times.read(b"2024-03-01T12:3\xff:07Z"), None);
    }
}
