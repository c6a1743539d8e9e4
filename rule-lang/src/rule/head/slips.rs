//! Values of fields as other notations write them, and what to type for them.

use super::Parser;
use crate::Diagnostic;
use crate::rule::written::{Setting, SettingKind};

/// How a trigger looks, for messages about one that looks otherwise.
const TRIGGER: &str = "a trigger compares the number of rows of an evaluation: `> 0`, `>= 5`";

impl Parser<'_> {
    /// `trigger: gt 5`, `trigger: greater than 5`, `trigger: 5`.
    pub(super) fn trigger_in_words(&mut self, value: &Setting) -> Setting {
        while self.word(self.at).is_some() && !self.is_field(self.at) && !self.is_test(self.at) {
            self.at += 1;
        }
        let span = value.span.to(self.span(self.at - 1));
        let written = span.text(self.text);
        let fault = Diagnostic::error(span, format!("`{written}` compares with no number of rows"));
        let rows = written.rsplit(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty());
        let rows = rows.unwrap_or("0");
        let symbol = match written.to_ascii_lowercase() {
            word if word.starts_with('g') || word.starts_with("more") => ">",
            word if word.starts_with('l') => "<",
            word if word.starts_with('n') => "!=",
            word if word.starts_with('e') => "==",
            _ => ">=",
        };
        self.fault(fault.note(TRIGGER).help(format!("write `{symbol} {rows}`")));
        Setting { kind: SettingKind::Faulty, span }
    }

    /// Whether `::name` stands here.
    pub(super) fn is_path(&self, at: usize) -> bool {
        self.is_symbol(at, ':') && self.is_symbol(at + 1, ':') && self.word(at + 2).is_some()
    }

    /// Reports and passes the rest of a path of Rust, such as `Severity::High`.
    pub(super) fn path(&mut self) -> SettingKind {
        let start = self.span(self.at - 1);
        while self.is_path(self.at) {
            self.at += 3;
        }
        let last = self.span(self.at - 1);
        let path = start.to(last);
        let fault = Diagnostic::error(path, format!("`{}` is a path of Rust", path.text(self.text)));
        let fault = fault.note("the words of a field stand alone");
        self.fault(fault.help(format!("write `{}`", last.text(self.text))));
        SettingKind::Faulty
    }
}
