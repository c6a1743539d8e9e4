//! Reads event times, of which the next is mostly of the same minute as the one before.
//!
//! ```text
//! 2024-03-01T12:30  :07.1234567Z
//! └ as before? ──┘  └ read alone ┘      anything else is read whole
//! ```

use rule_eval::time_text;
use rule_model::time::TICKS_PER_SECOND;
use rule_model::{DateTime, Timespan};

/// The minute of the event time read last.
#[derive(Clone, Copy, Debug)]
pub(super) struct EventTimes {
    /// As it is written.
    text: [u8; MINUTE],
    start: DateTime,
}

/// Bytes of `2024-03-01T12:30`.
const MINUTE: usize = 16;
/// Digits of a second that count.
const DIGITS: usize = 7;

impl Default for EventTimes {
    fn default() -> EventTimes {
        EventTimes { text: *b"1970-01-01T00:00", start: DateTime::UNIX_EPOCH }
    }
}

impl EventTimes {
    /// The time that a text writes, as [`time_text::parse_datetime`] reads it; `None` where it is none.
    #[inline]
    pub(super) fn read(&mut self, text: &[u8]) -> Option<DateTime> {
        if let Some((minute, rest)) = text.split_first_chunk()
            && *minute == self.text
            && let Some(ticks) = ticks_within(rest)
        {
            return self.start.checked_add(Timespan(ticks));
        }
        self.read_whole(text)
    }

    #[cold]
    fn read_whole(&mut self, text: &[u8]) -> Option<DateTime> {
        if let Some((minute, _)) = text.split_first_chunk()
            && let Some(start) = std::str::from_utf8(minute).ok().and_then(DateTime::parse_iso)
        {
            *self = EventTimes { text: *minute, start };
        }
        time_text::parse_datetime(std::str::from_utf8(text).ok()?)
    }
}

/// The ticks in what follows a minute: `:07`, with or without digits after a point, in UTC. `None` for anything else.
#[inline]
fn ticks_within(text: &[u8]) -> Option<i64> {
    let digit = |byte: u8| Some(i64::from(byte.wrapping_sub(b'0'))).filter(|digit| *digit < 10);
    let [b':', tens, ones, rest @ ..] = text else { return None };
    let seconds = digit(*tens)? * 10 + digit(*ones)?;
    let rest = rest.strip_suffix(b"Z").unwrap_or(rest);
    let mut fraction = 0;
    if let Some((point, digits)) = rest.split_first() {
        if *point != b'.' || digits.is_empty() || digits.len() > DIGITS {
            return None;
        }
        let mut unit = TICKS_PER_SECOND;
        for byte in digits {
            unit /= 10;
            fraction += digit(*byte)? * unit;
        }
    }
    (seconds < 60).then_some(seconds * TICKS_PER_SECOND + fraction)
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
    fn bytes_that_are_no_text_are_no_time() {
        let mut times = EventTimes::default();
        assert_eq!(times.read(&[0; 20]), None);
        assert_eq!(times.read(b"2024-03-01T12:3\xff:07Z"), None);
    }
}
