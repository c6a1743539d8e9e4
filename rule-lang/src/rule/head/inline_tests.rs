//! Inline tests as written: `test "name" fires events -> { Column: value }`.

use super::{Parsed, Parser, Reported};
use crate::Diagnostic;
use crate::nearest::nearest;
use crate::rule::token::Kind;
use crate::rule::written::{Events, EventsKind, Setting, SettingKind, Test};
use crate::syntax::Name;

/// How events look, for messages about something else in their place.
const EVENT: &str = "an event: `{ … }`, `[ … ]`, `r#\"…\"#` or `file \"…\"`";

/// How a test looks, for messages about one that looks otherwise.
const FORM: &str =
    "a test is `test \"name\" fires { … }`, with `-> { Column: value }` behind it where a row is compared";

impl Parser<'_> {
    pub(super) fn test(&mut self) -> Parsed<Test> {
        let keyword = self.name(self.at);
        if keyword.text != "test" {
            let fault = Diagnostic::error(keyword.span, "a test begins with the word `test`");
            self.fault(fault.note(FORM).help("write `test`"));
        }
        let name = self.test_name();
        if self.is_symbol(self.at, ':') {
            self.colon_in_test();
        }
        let fires = match self.word(self.at) {
            Some("fires") => true,
            Some("silent") => false,
            Some(word) if let Some(meant) = nearest(word, ["fires", "silent"]) => {
                let fault = Diagnostic::error(self.span(self.at), format!("a test has no verdict `{word}`"));
                self.fault(fault.note(FORM).help(format!("write `{meant}`")));
                meant == "fires"
            }
            _ => return self.expected_in_test("`fires` or `silent`"),
        };
        self.at += 1;
        if self.is_symbol(self.at, ':') {
            self.colon_in_test();
        }
        let mut events = Vec::new();
        self.events(&mut events)?;
        while self.is_symbol(self.at, ',') && self.begins_events(self.at + 1) {
            self.at += 1;
            self.events(&mut events)?;
        }
        let expected = self.expected_columns(fires)?;
        Ok(Test { name, fires, events, expected })
    }

    /// The name behind the word `test`; one that is missing or no text is told.
    fn test_name(&mut self) -> Name {
        let is_missing = matches!(self.word(self.at + 1), Some("fires" | "silent"))
            && !matches!(self.word(self.at + 2), Some("fires" | "silent"));
        let name = self.name(self.at + usize::from(!is_missing));
        if is_missing || self.word(self.at + 1).is_some() || name.text.trim().is_empty() {
            let what = if is_missing { "this test has no name" } else { "the name of a test is a text" };
            let fault = Diagnostic::error(name.span, what);
            let fault = fault.note("reports name a test by its rule and its name");
            self.fault(
                fault.help("write what the events are in quotes, as in `test \"a role is given\" fires`"),
            );
        }
        self.at += 1 + usize::from(!is_missing);
        name
    }

    /// Reports and passes a colon, which other notations of tests have.
    fn colon_in_test(&mut self) {
        let fault = Diagnostic::error(self.span(self.at), "no colon stands in a test before its events");
        self.fault(fault.note(FORM).help("leave out the `:`"));
        self.at += 1;
    }

    /// Whether events stand at `at`: in brackets, or behind the name of their table.
    fn begins_events(&self, at: usize) -> bool {
        let json = |at| self.is_symbol(at, '{') || self.is_symbol(at, '[');
        json(at) || (self.word(at).is_some() && json(at + 1))
    }

    fn events(&mut self, into: &mut Vec<Events>) -> Parsed<()> {
        if self.is_symbol(self.at, '{') && self.word(self.at + 1).is_some() {
            return self.events_by_table(into);
        }
        let is_named = self.word(self.at).is_some_and(|word| word != "file") && !self.is_test(self.at);
        let table = is_named.then(|| self.name(self.at));
        self.at += usize::from(is_named);
        if is_named && self.is_symbol(self.at, ':') {
            self.colon_in_test();
        }
        into.push(self.json(table)?);
        Ok(())
    }

    /// `{ Table: [ … ], Other: { … } }`
    fn events_by_table(&mut self, into: &mut Vec<Events>) -> Parsed<()> {
        self.at += 1;
        while !self.closes('}')? {
            let table = self.name(self.at);
            if self.word(self.at).is_some() && self.is_symbol(self.at + 1, '=') {
                return self.name_without_quotes(&table);
            }
            if self.word(self.at).is_none() || !self.is_symbol(self.at + 1, ':') {
                return self.expected_in_test("a table's name and `:`");
            }
            self.at += 2;
            if self.is_plain_value() {
                return self.name_without_quotes(&table);
            }
            into.push(self.json(Some(table))?);
            self.comma('}')?;
        }
        Ok(())
    }

    /// Whether a text, number or other plain value stands here, which no table has for events.
    fn is_plain_value(&self) -> bool {
        match self.tokens.get(self.at).map(|token| &token.kind) {
            Some(Kind::Text(_)) => true,
            Some(Kind::Word) => self.word(self.at) != Some("file"),
            _ => false,
        }
    }

    fn name_without_quotes<T>(&mut self, name: &Name) -> Parsed<T> {
        let fault = Diagnostic::error(name.span, format!("the name `{}` stands without quotes", name.text));
        self.fault(
            fault
                .note("events are JSON; a name without quotes is that of a table")
                .help(format!("write `\"{}\":`, and quotes around each other name of the event", name.text)),
        );
        Err(Reported)
    }

    fn json(&mut self, table: Option<Name>) -> Parsed<Events> {
        let Some(token) = self.tokens.get(self.at).cloned() else {
            return self.expected_in_test(EVENT);
        };
        let (kind, span) = match token.kind {
            Kind::Symbol('{' | '[') => {
                let end = self.matching(self.at)?;
                let span = token.span.to(self.span(end));
                self.at = end;
                (EventsKind::Json(span), span)
            }
            Kind::Raw(content) => (EventsKind::Json(content), token.span),
            Kind::Word => match self.tokens.get(self.at + 1).map(|token| &token.kind) {
                Some(Kind::Text(path)) if self.word(self.at) == Some("file") => {
                    let kind = EventsKind::File(path.clone());
                    self.at += 1;
                    (kind, token.span.to(self.span(self.at)))
                }
                _ => return self.expected_in_test(EVENT),
            },
            Kind::Unclosed => return self.unclosed(),
            _ => return self.expected_in_test(EVENT),
        };
        self.at += 1;
        Ok(Events { table, kind, span })
    }

    fn expected_columns(&mut self, fires: bool) -> Parsed<Vec<(Name, Setting)>> {
        let arrow = |dash| self.is_symbol(self.at, dash) && self.is_symbol(self.at + 1, '>');
        let is_fat = arrow('=');
        if !is_fat && !arrow('-') {
            return Ok(Vec::new());
        }
        let arrow = self.span(self.at).to(self.span(self.at + 1));
        if is_fat {
            let fault = Diagnostic::error(arrow, "`=>` leads to no columns");
            self.fault(fault.note(FORM).help("write `->`"));
        } else if !fires {
            let fault = Diagnostic::error(arrow, "a silent test has no row to compare with");
            self.fault(fault.help("write `fires`, or leave out `-> { … }`"));
            return Err(Reported);
        }
        self.at += 2;
        if !self.is_symbol(self.at, '{') {
            return self.columns_without_braces();
        }
        match self.map()? {
            SettingKind::Map(columns) => Ok(columns),
            _ => Ok(Vec::new()),
        }
    }

    /// `-> Column: value`
    fn columns_without_braces<T>(&mut self) -> Parsed<T> {
        let reported = self.expected_in_test("`{ Column: value }`");
        if self.word(self.at).is_some() && self.is_symbol(self.at + 1, ':') {
            self.at += 2;
            self.setting()?;
        }
        reported
    }

    fn expected_in_test<T>(&mut self, what: &str) -> Parsed<T> {
        self.expected_of(what, FORM)
    }

    pub(super) fn is_test(&self, at: usize) -> bool {
        let verdict = |at| matches!(self.word(at), Some("fires" | "silent"));
        let is_text = matches!(self.tokens.get(at + 1).map(|token| &token.kind), Some(Kind::Text(_)));
        match self.word(at) {
            // A name without its quotes, or none, is told where the test is read.
            Some("test") => is_text || verdict(at + 2) || verdict(at + 1) && self.begins_events(at + 2),
            Some(word) => is_text && verdict(at + 2) && is_nearly_test(word),
            None => false,
        }
    }
}

fn is_nearly_test(word: &str) -> bool {
    ["test", "tests", "testcase", "case"].iter().any(|near| word.eq_ignore_ascii_case(near))
}
