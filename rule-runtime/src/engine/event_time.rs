//! Reads event times, of which the next is mostly of a minute of which some were read shortly before.
//!
//! ```text
//! 2024-03-01T12:30  :07.1234567Z
//! └ known? ──────┘  └ read alone ┘      anything else is read whole
//! ```

use rule_eval::time_text;
use rule_model::DateTime;
use rule_model::time::TICKS_PER_SECOND;

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

/// Bytes of `2024-03-01T12:30`, and of `2024-03-01T12:30:07`.
const MINUTE: usize = 16;
const SECOND: usize = 19;
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
        if let Some(minute) = text.first_chunk()
            && let Some(known) = self.minutes.get(place(minute))
            && *minute == known.text
            && let Some(ticks) = ticks_within(text)
        {
            // Of the last minute that there is the last tick is one, too.
            return Some(DateTime(known.start.0 + ticks));
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

/// The ticks in what follows the minute of a text: `:07`, with or without one to seven digits after a point, in UTC. `None` for
/// anything else.
#[inline]
fn ticks_within(text: &[u8]) -> Option<i64> {
    let (until_second, last) = (text.first_chunk::<SECOND>()?, u64::from_le_bytes(*text.last_chunk()?));
    let [.., before, colon, tens, ones] = *until_second;
    // What `:` and both digits are beyond `:00`: a byte beyond what there may be comes to the top bit.
    let second = u32::from_le_bytes([before, colon, tens, ones]) >> 8 ^ u32::from_le_bytes(*b":00\0");
    if (second | second.wrapping_add(0x0076_7a00)) & 0x0080_80ff != 0 {
        return None;
    }
    let seconds = i64::from((second >> 8 & 0xff) * 10 + (second >> 16)) * TICKS_PER_SECOND;
    let zone = usize::from(last >> 56 == u64::from(b'Z'));
    match text.len() - SECOND - zone {
        0 => Some(seconds),
        after @ 2..=8 if text.get(SECOND) == Some(&b'.') => {
            Some(seconds + fraction(last << (8 * zone), after - 1)?)
        }
        _ => None,
    }
}

/// The ticks in the digits of a second after its point: the last of eight bytes, one to seven of them. `None` where one is no
/// digit.
#[inline]
fn fraction(last: u64, digits: usize) -> Option<i64> {
    // From the lowest byte on.
    let digits = (last ^ ZEROS).checked_shr(64 - 8 * digits as u32)?;
    if (digits | digits.wrapping_add(0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    Some(joined(digits << 8))
}

/// The number of eight digits, the first of which is the lowest byte: neighbours are joined, to pairs, fours and all eight.
#[inline]
fn joined(digits: u64) -> i64 {
    const ODD_PAIRS: u64 = 0x0000_00ff_0000_00ff;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let [odd, even] = [pairs & ODD_PAIRS, pairs >> 16 & ODD_PAIRS];
    let sum = odd.wrapping_mul(100 + (1_000_000 << 32)).wrapping_add(even.wrapping_mul(1 + (10_000 << 32)));
    (sum >> 32) as i64
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
    fn any_byte_in_any_place_reads_as_it_does_alone() {
        for text in [
            "2024-03-01T12:30:59",
            "2024-03-01T12:30:07Z",
            "2024-03-01T12:30:07.1Z",
            "2024-03-01T12:30:07.98",
            "2024-03-01T12:30:07.123Z",
            "2024-03-01T12:30:07.1234",
            "2024-03-01T12:30:07.90909Z",
            "2024-03-01T12:30:07.654321",
            "2024-03-01T12:30:07.9999999Z",
            "2024-03-01T12:30:07.1234567",
            "2024-03-01T12:30:07.12345678Z",
            "2024-03-01T12:30:07.123456789",
        ] {
            for at in 0..text.len() {
                for byte in 0..=127 {
                    let mut other = text.as_bytes().to_vec();
                    other[at] = byte;
                    let mut times = EventTimes::default();
                    times.read(text.as_bytes());
                    let alone = time_text::parse_datetime(std::str::from_utf8(&other).unwrap());
                    assert_eq!(times.read(&other), alone, "{byte} at {at} of {text}");
                }
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_no_time() {
        let mut times = EventTimes::default();
        assert_eq!(times.read(&[0; 20]), None);
        assert_eq!(times.read(b"2024-03-01T12:3\xff:07Z"), None);
    }
}
