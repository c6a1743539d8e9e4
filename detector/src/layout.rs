//! Prose and columns for people, on a terminal and in a pipe.
//!
//! Nothing here is cut: prose is wrapped, and in columns the last one is, under its own beginning.

use rule_runtime::sink::table::Style;

/// Prose is wrapped to this many characters at the most: longer lines are hard to read.
const WIDEST: usize = 100;
/// The last of several columns is given at least this many characters, even if lines then are too long.
const NARROWEST: usize = 24;
const GAP: &str = "  ";

/// A text under construction.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    width: usize,
    colour: bool,
}

impl Page {
    /// An empty page.
    pub(crate) fn new(style: Style) -> Page {
        let width = style.width.unwrap_or(WIDEST).min(WIDEST);
        Page { text: String::new(), width, colour: style.colour }
    }

    /// The text.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// A line of its own that names what follows, with an empty line before it.
    pub(crate) fn heading(&mut self, words: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.bold(words);
    }

    /// A line that stands out.
    pub(crate) fn bold(&mut self, words: &str) {
        if self.colour {
            self.line(&format!("\x1b[1m{words}\x1b[0m"));
        } else {
            self.line(words);
        }
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, words: &str) {
        self.text.push_str(words.trim_end());
        self.text.push('\n');
    }

    /// Paragraphs, wrapped and indented.
    pub(crate) fn prose(&mut self, words: &str, indent: usize) {
        let width = self.width.saturating_sub(indent).max(NARROWEST);
        for line in words.lines().flat_map(|line| wrapped(line, width)) {
            self.line(&format!("{:indent$}{line}", ""));
        }
    }

    /// Rows in aligned columns, indented; the last column is wrapped.
    pub(crate) fn columns<const N: usize>(&mut self, rows: &[[String; N]]) {
        let widths = column_widths(rows);
        let taken: usize =
            widths.iter().rev().skip(1).map(|width| width + GAP.len()).sum::<usize>() + GAP.len();
        let room = self.width.saturating_sub(taken).max(NARROWEST);
        for row in rows {
            let (Some(last), mut line) = (row.last(), GAP.to_owned()) else { continue };
            for (cell, width) in row.iter().zip(widths).take(N - 1) {
                line.extend([format!("{cell:<width$}"), GAP.to_owned()]);
            }
            let mut paragraphs = last.lines().flat_map(|line| wrapped(line, room));
            self.line(&(line + &paragraphs.next().unwrap_or_default()));
            for further in paragraphs {
                self.line(&format!("{:taken$}{further}", ""));
            }
        }
    }
}

/// Characters of the widest cell of each column.
pub(crate) fn column_widths<const N: usize>(rows: &[[String; N]]) -> [usize; N] {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

/// A line as several, broken at blanks; at least one. A word longer than `width` stays whole: it may be an address.
fn wrapped(line: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut room = width;
    for word in line.split_whitespace() {
        let length = word.chars().count();
        let Some(last) = lines.last_mut() else { continue };
        if last.is_empty() {
            last.push_str(word);
            room = width.saturating_sub(length);
        } else if length < room {
            last.push(' ');
            last.push_str(word);
            room -= length + 1;
        } else {
            lines.push(word.to_owned());
            room = width.saturating_sub(length);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: usize) -> Page {
        Page::new(Style { width: Some(width), colour: false })
    }

    #[test]
    fn prose_is_broken_at_blanks() {
        for (text, width, lines) in [
            ("", 10, &[""][..]),
            ("one two", 7, &["one two"]),
            ("one two", 6, &["one", "two"]),
            ("averylongword x", 4, &["averylongword", "x"]),
            ("  a   b  ", 9, &["a b"]),
        ] {
            assert_eq!(wrapped(text, width), lines, "{text:?} in {width}");
        }
    }

    #[test]
    fn the_last_column_is_wrapped_under_its_own_beginning() {
        let mut page = page(30);
        page.columns(&[
            ["a".to_owned(), "one two three four five six".to_owned()],
            ["bcd".to_owned(), "seven".to_owned()],
        ]);
        let expected = "  a    one two three four five\n       six\n  bcd  seven\n";
        assert_eq!(page.into_text(), expected);
    }

    #[test]
    fn headings_are_bold_only_in_colour() {
        let mut page = Page::new(Style { width: None, colour: true });
        page.heading("Stages");
        assert_eq!(page.into_text(), "\x1b[1mStages\x1b[0m\n");
    }
}
