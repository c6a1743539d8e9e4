//! Alerts as lines for people: time, severity, title, and below it what identifies the alert.
//!
//! ```text
//! 2025-04-01 18:42:09  HIGH    Changes to PIM settings
//!                              Account admin@contoso.com  OperationName Update role setting in PIM
//! ```

use super::{Destination, Mark, Sink};
use crate::alert::{Alert, Collapsed, is_blank};
use rule_eval::json::display;
use rule_model::DateTime;
use rule_model::metadata::Severity;
use std::io;

/// Lines for people.
pub struct TableSink<D> {
    destination: D,
    style: Style,
}

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; lines are cut to it. `None` cuts nothing.
    pub width: Option<usize>,
    /// Whether the severity is coloured.
    pub colour: bool,
}

/// Columns before the title: time, two spaces, severity, two spaces.
const INDENT: usize = 19 + 2 + 8 + 2;
/// Columns of an alert's row shown where a rule names neither context nor entities.
const FALLBACK_COLUMNS: usize = 4;
/// Characters of a value that are shown.
const VALUE_LENGTH: usize = 80;

impl<D: Destination> TableSink<D> {
    /// Writes to `destination`.
    pub fn new(destination: D, style: Style) -> TableSink<D> {
        TableSink { destination, style }
    }

    fn first_line(&mut self, time: &str, severity: Severity, title: &str) -> io::Result<()> {
        let title = self.cut(title, INDENT);
        let label = format!("{:<8}", label(severity));
        let label = if self.style.colour { coloured(severity, &label) } else { label };
        writeln!(self.destination, "{time:<19}  {label}  {title}")
    }

    fn more(&mut self, text: &str) -> io::Result<()> {
        let text = self.cut(text, INDENT);
        writeln!(self.destination, "{:INDENT$}{text}", "")
    }

    /// The text without control characters, as long as fits beside `taken` columns.
    fn cut(&self, text: &str, taken: usize) -> String {
        // Control characters in an event must not move the reader's cursor.
        let printable = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        let room = self.style.width.map_or(usize::MAX, |width| width.saturating_sub(taken).max(20));
        shortened(printable, room)
    }
}

impl<D> std::fmt::Debug for TableSink<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableSink").field("style", &self.style).finish_non_exhaustive()
    }
}

impl<D: Destination> Sink for TableSink<D> {
    fn alert(&mut self, alert: &Alert) -> io::Result<()> {
        let time = alert.time.map(second).unwrap_or_default();
        self.first_line(&time, alert.rule.metadata.severity, &alert.title)?;
        let details = details(alert);
        if details.is_empty() { Ok(()) } else { self.more(&details.join("  ")) }
    }

    fn collapsed(&mut self, collapsed: &Collapsed) -> io::Result<()> {
        let title = format!("{} × again: {}", collapsed.count, collapsed.title);
        self.first_line("", collapsed.rule.metadata.severity, &title)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.destination.flush()
    }

    fn prepare(&mut self) -> io::Result<Mark> {
        self.destination.prepare()
    }

    fn committed(&mut self) -> io::Result<()> {
        self.destination.committed()
    }

    fn restore(&mut self, mark: &Mark) -> io::Result<Option<String>> {
        self.destination.restore(mark)
    }

    fn wants_commit(&self, idle: bool) -> bool {
        self.destination.wants_commit(idle)
    }
}

/// What identifies the alert: its context, then its entities, each value once; else the first columns of its row.
fn details(alert: &Alert) -> Vec<String> {
    let mut shown: Vec<(String, String)> = Vec::new();
    let mut show = |label: String, value: &rule_model::Value| {
        let text = shortened(display(value).chars(), VALUE_LENGTH);
        if !is_blank(value) && shown.iter().all(|(_, known)| *known != text) {
            shown.push((label, text));
        }
    };
    for (label, value) in alert.context() {
        show(label.to_owned(), value);
    }
    for (entity, fields) in alert.entities() {
        for (identifier, value) in fields {
            show(format!("{entity}.{identifier}"), &value);
        }
    }
    let is_time = |name: &str| alert.time.is_some_and(|t| alert.column(name) == Some(&t.into()));
    if shown.is_empty() {
        let present = alert.visible().filter(|(name, value)| !is_blank(value) && !is_time(name));
        let first = present.take(FALLBACK_COLUMNS);
        shown = first.map(|(n, v)| (n.to_owned(), shortened(display(v).chars(), VALUE_LENGTH))).collect();
    }
    shown.into_iter().map(|(label, text)| format!("{label} {text}")).collect()
}

/// The first characters of a text; the last is `…` where there are more.
fn shortened(text: impl Iterator<Item = char>, room: usize) -> String {
    let mut text: Vec<char> = text.take(room.saturating_add(1)).collect();
    if text.len() > room {
        text.truncate(room.saturating_sub(1));
        text.push('…');
    }
    text.into_iter().collect()
}

/// To the second, without the letters of ISO 8601.
fn second(time: DateTime) -> String {
    time.to_string().chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

const fn label(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational => "INFO",
        Severity::Low => "LOW",
        Severity::Medium => "MEDIUM",
        Severity::High => "HIGH",
        Severity::Critical => "CRITICAL",
    }
}

fn coloured(severity: Severity, text: &str) -> String {
    let code = match severity {
        Severity::Informational => "2",
        Severity::Low => "36",
        Severity::Medium => "33",
        Severity::High => "31",
        Severity::Critical => "1;97;41",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_hostile_texts_are_cut_to_the_terminal() {
        let sink = TableSink::new(Vec::new(), Style { width: Some(INDENT + 20), colour: false });
        for (text, cut) in [
            ("short", "short"),
            ("exactly twenty chars", "exactly twenty chars"),
            ("one more than twenty!", "one more than twent…"),
            ("\x1b[2Jbell\x07", " [2Jbell "),
        ] {
            assert_eq!(sink.cut(text, INDENT), cut);
        }
    }

    #[test]
    fn the_severity_is_coloured_only_where_asked_for() {
        for (colour, line) in [
            (true, "t                    \x1b[31mHIGH    \x1b[0m  x\n"),
            (false, "t                    HIGH      x\n"),
        ] {
            let mut sink = TableSink::new(Vec::new(), Style { width: None, colour });
            sink.first_line("t", Severity::High, "x").unwrap();
            assert_eq!(String::from_utf8(sink.destination).unwrap(), line);
        }
    }
}
