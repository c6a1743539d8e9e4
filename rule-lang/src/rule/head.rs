//! The body of a `rule!`: text to [`Rule`] as written.
//!
//! ```text
//! < Table >   /// documentation   field: value,   query   test "name" fires { … }
//! ```
//!
//! After the table everything may come in any order. The query in token form begins with `|` or with a word that no
//! colon follows, and ends, outside of brackets, before the next field, test or documentation.

mod inline_tests;
mod slips;

use super::duration;
use super::fields::NAMES;
use super::token::{Kind, Token, tokens};
use super::written::{Field, Rule, Setting, SettingKind};
use crate::parser::is_operator;
use crate::syntax::Name;
use crate::{Diagnostic, Span};
use rule_model::metadata::{Comparison, Trigger};
use rule_model::{Timespan, Type};

/// The rule that `text` writes, as far as it can be read, and what is wrong with it.
pub fn parse(text: &str) -> (Rule, Vec<Diagnostic>) {
    let mut parser = Parser { text, tokens: tokens(text), at: 0, faults: Vec::new(), is_table_faulty: false };
    let rule = parser.rule();
    (rule, parser.faults)
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    faults: Vec<Diagnostic>,
    is_table_faulty: bool,
}

/// How the parts of a rule look, for messages about one that looks otherwise.
const FORM: &str =
    "a rule is `<Table>`, `/// documentation`, `field: value,`, a query, and `test \"name\" fires { … }`";

/// What stands at a place outside of brackets.
enum Item {
    Doc,
    Field,
    Test,
    Query,
    Separator,
}

/// The fault has been reported; the caller passes on to the next item.
struct Reported;

type Parsed<T> = Result<T, Reported>;

impl<'a> Parser<'a> {
    fn rule(&mut self) -> Rule {
        let mut rule = Rule { table: self.table(), ..Rule::default() };
        rule.is_query_faulty = self.is_table_faulty;
        while let Some(token) = self.tokens.get(self.at) {
            let start = self.at;
            let parsed = match self.item(token) {
                Item::Separator => {
                    self.at += 1;
                    Ok(())
                }
                Item::Doc => {
                    self.documentation(&mut rule);
                    Ok(())
                }
                Item::Test => self.test().map(|test| rule.tests.push(test)),
                Item::Field => self.field(&mut rule),
                Item::Query => self.query(&mut rule).inspect_err(|_| rule.is_query_faulty = true),
            };
            if parsed.is_err() {
                // What follows an open bracket is lost, the query with it.
                rule.is_query_faulty |= !self.recover(start);
            }
        }
        rule
    }

    fn item(&self, token: &Token) -> Item {
        match &token.kind {
            Kind::Symbol(',' | ';') => Item::Separator,
            Kind::Doc(_) => Item::Doc,
            Kind::Word if self.is_test(self.at) => Item::Test,
            Kind::Word if self.is_field(self.at) || self.is_assigned(self.at) => Item::Field,
            _ => Item::Query,
        }
    }

    /// Whether a field begins here, whatever its name.
    fn is_field(&self, at: usize) -> bool {
        self.word(at).is_some_and(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '_'))
            && self.is_symbol(at + 1, ':')
    }

    /// `severity = …`, where a colon is meant.
    fn is_assigned(&self, at: usize) -> bool {
        self.word(at).is_some_and(|word| NAMES.contains(&word))
            && self.is_symbol(at + 1, '=')
            && !self.is_symbol(at + 2, '=')
    }

    /// `<Table>`
    fn table(&mut self) -> Option<Name> {
        if !self.is_symbol(0, '<') {
            return None;
        }
        let close = self.tokens.iter().position(|token| token.kind == Kind::Symbol('>'))?;
        self.at = close + 1;
        let name = match self.tokens[1..close].iter().map(|token| &token.kind).collect::<Vec<_>>()[..] {
            [Kind::Word] => self.name(1),
            [Kind::Symbol('['), Kind::Text(_), Kind::Symbol(']')] => self.name(2),
            _ => {
                let span = self.span(0).to(self.span(close));
                let fault = Diagnostic::error(span, "expected one table name between `<` and `>`");
                self.fault(fault.help("write one, such as `<AuditLogs>`; the query names further ones"));
                self.is_table_faulty = true;
                return None;
            }
        };
        Some(name)
    }

    fn documentation(&mut self, rule: &mut Rule) {
        if let Some(Token { kind: Kind::Doc(line), span }) = self.tokens.get(self.at) {
            rule.documentation.push(Name { text: line.as_str().into(), span: *span });
        }
        self.at += 1;
    }

    fn field(&mut self, rule: &mut Rule) -> Parsed<()> {
        let name = self.name(self.at);
        if self.is_symbol(self.at + 1, '=') {
            let fault =
                Diagnostic::error(self.span(self.at + 1), "the value of a field stands behind a colon");
            self.fault(fault.help(format!("write `{}:`", name.text)));
        }
        self.at += 2;
        match self.field_value(&name) {
            Ok(value) => rule.fields.push(Field { name, value }),
            Err(reported) => {
                rule.faulty.push(name);
                return Err(reported);
            }
        }
        Ok(())
    }

    fn field_value(&mut self, name: &Name) -> Parsed<Setting> {
        let value = self.setting()?;
        if name.text == "trigger" && value.kind == SettingKind::Word {
            return Ok(self.trigger_in_words(&value));
        }
        if self.continues_list(&value) { self.bare_list(value) } else { Ok(value) }
    }

    /// Whether a comma and another item follow a word or text, and no field, test or query: `alert_key: A, B`.
    fn continues_list(&self, value: &Setting) -> bool {
        let (next, behind) = (self.at + 1, self.at + 2);
        let same_kind = |kind: &Kind| match value.kind {
            SettingKind::Word => *kind == Kind::Word,
            SettingKind::Text(_) => matches!(kind, Kind::Text(_)),
            _ => false,
        };
        let is_item = self.tokens.get(next).is_some_and(|token| same_kind(&token.kind));
        // What a query begins with has something behind it that no list has.
        let ends_item = behind >= self.tokens.len()
            || self.is_symbol(behind, ',')
            || matches!(self.tokens.get(behind).map(|token| &token.kind), Some(Kind::Doc(_)))
            || self.is_field(behind)
            || self.is_test(behind)
            || (matches!(value.kind, SettingKind::Text(_)) && self.is_symbol(behind, '|'));
        self.is_symbol(self.at, ',')
            && is_item
            && ends_item
            && !self.is_test(next)
            && !self.word(next).is_some_and(is_operator)
    }

    fn bare_list(&mut self, first: Setting) -> Parsed<Setting> {
        let mut span = first.span;
        let mut items = vec![first];
        while items.last().is_some_and(|last| self.continues_list(last)) {
            self.at += 1;
            let item = self.setting()?;
            span = span.to(item.span);
            items.push(item);
        }
        Ok(Setting { kind: SettingKind::List(items), span })
    }

    fn setting(&mut self) -> Parsed<Setting> {
        let Some(token) = self.tokens.get(self.at).cloned() else {
            return self.expected("a value");
        };
        let start = token.span;
        let kind = match token.kind {
            Kind::Text(text) => {
                self.at += 1;
                SettingKind::Text(text)
            }
            Kind::Raw(content) => {
                self.at += 1;
                SettingKind::Raw(content)
            }
            Kind::Word => self.word_setting()?,
            Kind::Symbol('-') if self.word(self.at + 1).is_some() => {
                self.at += 2;
                SettingKind::Word
            }
            Kind::Symbol('[') => self.list()?,
            Kind::Symbol('{') => self.map()?,
            Kind::Symbol('>' | '<' | '=' | '!') => self.comparison()?,
            Kind::Unclosed => return self.unclosed(),
            Kind::Symbol(_) | Kind::Doc(_) => return self.expected("a value"),
        };
        Ok(Setting { kind, span: start.to(self.span(self.at - 1)) })
    }

    /// A word, `file "…"`, or `every 1d over 1d`.
    fn word_setting(&mut self) -> Parsed<SettingKind> {
        let word = self.word(self.at);
        self.at += 1;
        match (word, self.tokens.get(self.at).map(|token| token.kind.clone())) {
            (Some("file"), Some(Kind::Text(path))) => {
                self.at += 1;
                Ok(SettingKind::File(path))
            }
            (Some("every"), _) => self.schedule(),
            (Some(_), _) if self.is_path(self.at) => Ok(self.path()),
            _ if self.is_parted(self.at - 1) => {
                let span = self.span(self.at - 1).to(self.span(self.at));
                self.at += 1;
                self.fault(duration::fault(span, self.text));
                Ok(SettingKind::Faulty)
            }
            _ => Ok(SettingKind::Word),
        }
    }

    /// `1d over 1d` behind `every`.
    fn schedule(&mut self) -> Parsed<SettingKind> {
        let start = self.at;
        let every = self.duration();
        if every.is_some() && self.word(self.at) != Some("over") {
            return self.expected("`over` and a span of time, as in `every 1d over 1d`");
        }
        self.at += usize::from(every.is_some());
        let over = every.as_ref().and_then(|_| self.duration());
        let spans = every.as_ref().zip(over.as_ref());
        match spans {
            None => self.expected("a span of time such as `5m`, `1h` or `1d`"),
            Some(((Some(every), _), (Some(over), _))) => Ok(SettingKind::Every(*every, *over)),
            Some(((_, every), (_, over))) => {
                let span = self.span(start).to(self.span(self.at - 1));
                let fault = Diagnostic::error(span, "a span of time is a number and a unit in one word");
                self.fault(fault.help(format!("write `every {every} over {over}`")));
                Ok(SettingKind::Faulty)
            }
        }
    }

    /// The span of time that stands here, and how to write it; no span where it is written otherwise.
    fn duration(&mut self) -> Option<(Option<Timespan>, String)> {
        let parted = self.is_parted(self.at);
        let text = self.span(self.at).to(self.span(self.at + usize::from(parted))).text(self.text);
        let written = duration::parse(text);
        let meant = if written.is_some() { text.to_owned() } else { duration::meant(text)? };
        self.at += 1 + usize::from(parted);
        Some((written, meant))
    }

    /// Whether a number and, as a word of its own, a unit of time stand here: `1 hour`.
    fn is_parted(&self, at: usize) -> bool {
        let number = self.word(at).filter(|word| word.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
        let unit = self.word(at + 1).filter(|_| !self.is_symbol(at + 2, ':'));
        number.zip(unit).is_some_and(|(number, unit)| duration::meant(&format!("{number} {unit}")).is_some())
    }

    fn list(&mut self) -> Parsed<SettingKind> {
        self.at += 1;
        let mut items = Vec::new();
        while !self.closes(']')? {
            items.push(self.setting()?);
            self.comma(']')?;
        }
        Ok(SettingKind::List(items))
    }

    fn map(&mut self) -> Parsed<SettingKind> {
        self.at += 1;
        let mut entries = Vec::new();
        while !self.closes('}')? {
            let key = match self.tokens.get(self.at).map(|token| &token.kind) {
                Some(Kind::Word | Kind::Text(_)) => self.name(self.at),
                _ => return self.expected("a name"),
            };
            self.at += 1;
            match self.is_symbol(self.at, ':') {
                true => self.at += 1,
                false if self.is_symbol(self.at, '{') => {}
                false => return self.no_colon(&key),
            }
            entries.push((key, self.setting()?));
            self.comma('}')?;
        }
        Ok(SettingKind::Map(entries))
    }

    /// Reports what stands in the place of the colon between a name and its value.
    fn no_colon<T>(&mut self, key: &Name) -> Parsed<T> {
        let next = self.word(self.at).filter(|_| self.is_symbol(self.at + 1, ':'));
        let fault = match next {
            Some(next) => {
                let span = key.span.to(self.span(self.at));
                let fault = Diagnostic::error(span, "a name of two words");
                fault.note("a name without quotes is one word").help(format!(
                    "write `{}{next}`, or put it in quotes: `\"{} {next}\"`",
                    key.text, key.text
                ))
            }
            None if self.is_symbol(self.at, '}') || self.is_symbol(self.at, ',') => {
                let fault = Diagnostic::error(key.span, format!("`{}` has no value", key.text));
                fault
                    .note("braces hold names and values, square brackets a list")
                    .help(format!("write `{}: …`, or `[{}]` where a list is meant", key.text, key.text))
            }
            None => return self.expected_of("`:`", "braces hold names and values: `{ name: value }`"),
        };
        self.fault(fault);
        Err(Reported)
    }

    /// Whether the list or map ends here; passes its bracket.
    fn closes(&mut self, bracket: char) -> Parsed<bool> {
        if self.at >= self.tokens.len() {
            return self.expected(&format!("`{bracket}`"));
        }
        let closes = self.is_symbol(self.at, bracket);
        self.at += usize::from(closes);
        Ok(closes)
    }

    /// Passes the comma between two items; there may be none before the closing bracket.
    fn comma(&mut self, bracket: char) -> Parsed<()> {
        match () {
            () if self.is_symbol(self.at, ',') => self.at += 1,
            () if self.is_symbol(self.at, bracket) => {}
            () if self.is_symbol(self.at, '(') => {
                let fault =
                    Diagnostic::error(self.span(self.at - 1), "a field names columns, it computes nothing");
                self.fault(fault.help("add `| extend Name = …` to the query, and write `Name` here"));
                return Err(Reported);
            }
            () if bracket == ']' && self.is_symbol(self.at, '{') => {
                let name = self.span(self.at - 1).text(self.text);
                let fault = Diagnostic::error(self.span(self.at), "a name with braces stands in a list");
                let fault = fault.note("square brackets hold a list, braces hold names and values");
                self.fault(
                    fault.help(format!("write `{{ {name} {{ … }} }}`, braces in place of the brackets")),
                );
                return Err(Reported);
            }
            () => {
                let form =
                    "items of a list or a map have commas between; a text of several words stands in quotes";
                return self.expected_of(&format!("`,` or `{bracket}`"), form);
            }
        }
        Ok(())
    }

    fn comparison(&mut self) -> Parsed<SettingKind> {
        let equals = usize::from(self.is_symbol(self.at + 1, '='));
        let comparison = match (&self.tokens[self.at].kind, equals) {
            (Kind::Symbol('>'), 0) => Comparison::Greater,
            (Kind::Symbol('>'), _) => Comparison::GreaterOrEqual,
            (Kind::Symbol('<'), 0) => Comparison::Less,
            (Kind::Symbol('<'), _) => Comparison::LessOrEqual,
            (Kind::Symbol('='), 1) => Comparison::Equal,
            (Kind::Symbol('!'), 1) => Comparison::NotEqual,
            _ => return self.expected("a comparison such as `> 0`"),
        };
        self.at += 1 + equals;
        let Some(rows) = self.word(self.at).and_then(|word| word.parse().ok()) else {
            return self.expected("a number of rows");
        };
        self.at += 1;
        Ok(SettingKind::Comparison(Trigger { comparison, rows }))
    }

    /// Passes the query up to the next field, test or documentation outside of brackets.
    fn query(&mut self, rule: &mut Rule) -> Parsed<()> {
        let start = self.at;
        while let Some(token) = self.tokens.get(self.at) {
            match token.kind {
                Kind::Symbol('(' | '[' | '{') => self.at = self.matching(self.at)?,
                Kind::Unclosed => return self.unclosed(),
                _ if self.at > start && self.ends_query() => break,
                _ => {}
            }
            self.at += 1;
        }
        let mut last = self.at - 1;
        while last > start && self.is_symbol(last, ',') {
            last -= 1;
        }
        let span = self.span(start).to(self.span(last));
        if let Some(first) = rule.query {
            self.second_query(rule, first, span);
            return Ok(());
        }
        rule.query = Some(span);
        Ok(())
    }

    /// Two queries: mostly one that a field parts, or the name of a table that lacks its brackets.
    fn second_query(&mut self, rule: &mut Rule, first: Span, second: Span) {
        let word = first.text(self.text).trim_matches(['(', ')', '[', ']', '"', '\'']);
        let is_word = word.chars().all(|c| c.is_alphanumeric() || c == '_');
        if rule.table.is_none() && is_word && second.text(self.text).starts_with('|') {
            let fault = Diagnostic::error(first, "the table of a rule stands in angle brackets");
            self.fault(fault.note(FORM).help(format!("write `<{word}>`")));
            rule.is_query_faulty = true;
            rule.query = None;
            return;
        }
        let fault = Diagnostic::error(second, "a second query in one rule");
        let fault = fault.note("a rule has one query");
        self.fault(fault.help("if this continues the query, move it before the fields that part the two"));
    }

    /// Whether what stands here belongs to the head again. `name:type` is part of a `parse` pattern, and what follows
    /// `extend` is no field, though a colon stands where `=` is meant.
    fn ends_query(&self) -> bool {
        let names_columns = |word| matches!(word, "extend" | "project" | "summarize" | "by");
        // Behind a dash stands what is subtracted, or a comment of SQL, which the query's parser tells.
        let is_named = self.at.checked_sub(1).is_some_and(|before| {
            self.word(before).is_some_and(names_columns) || self.is_symbol(before, '-')
        });
        match self.tokens[self.at].kind {
            Kind::Doc(_) => true,
            Kind::Word if is_named => false,
            Kind::Word => self.is_test(self.at) || (self.is_field(self.at) && !self.is_typed(self.at)),
            _ => false,
        }
    }

    /// Whether `name:type` stands here rather than a field: a type, or a word in its place with the text behind it
    /// that a `parse` pattern goes on with.
    fn is_typed(&self, at: usize) -> bool {
        let is_type = self.word(at + 2).is_some_and(|word| Type::named(word).is_some());
        let is_field = self.word(at).is_some_and(|word| NAMES.contains(&word));
        let goes_on = matches!(self.tokens.get(at + 3).map(|token| &token.kind), Some(Kind::Text(_)));
        let is_of_pattern = goes_on || self.is_in_pattern(at);
        is_type || (!is_field && is_of_pattern && self.word(at + 2).is_some_and(|word| word != "file"))
    }

    /// Whether a step begins with `parse` and goes on to this place.
    fn is_in_pattern(&self, at: usize) -> bool {
        let bar = self.tokens[..at].iter().rposition(|token| token.kind == Kind::Symbol('|'));
        bar.and_then(|bar| self.word(bar + 1)).is_some_and(|word| matches!(word, "parse" | "parse-where"))
    }

    /// The token that closes the bracket at `open`.
    fn matching(&mut self, open: usize) -> Parsed<usize> {
        let mut closers = Vec::new();
        for (at, token) in self.tokens.iter().enumerate().skip(open) {
            match token.kind {
                Kind::Symbol('(') => closers.push(')'),
                Kind::Symbol('[') => closers.push(']'),
                Kind::Symbol('{') => closers.push('}'),
                Kind::Symbol(c @ (')' | ']' | '}')) => {
                    if closers.pop() != Some(c) {
                        break;
                    }
                    if closers.is_empty() {
                        return Ok(at);
                    }
                }
                _ => {}
            }
        }
        let fault = Diagnostic::error(self.span(open), "this bracket is not closed");
        self.fault(fault.help("close it behind what belongs to it"));
        self.at = self.tokens.len();
        Err(Reported)
    }

    /// After a fault: passes to the next comma, field or test outside of brackets; whether all brackets were closed.
    fn recover(&mut self, start: usize) -> bool {
        self.at = self.at.max(start + 1);
        // A fault may stand within brackets that opened before it.
        let mut depth = 0_usize;
        for token in self.tokens.get(start..self.at).unwrap_or_default() {
            match token.kind {
                Kind::Symbol('(' | '[' | '{') => depth += 1,
                Kind::Symbol(')' | ']' | '}') => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        while let Some(token) = self.tokens.get(self.at) {
            match token.kind {
                Kind::Symbol('(' | '[' | '{') => depth += 1,
                Kind::Symbol(')' | ']' | '}') => depth = depth.saturating_sub(1),
                Kind::Symbol(',') if depth == 0 => break,
                _ if depth == 0 && self.ends_query() => break,
                _ => {}
            }
            self.at += 1;
        }
        depth == 0
    }

    fn expected<T>(&mut self, what: &str) -> Parsed<T> {
        self.expected_of(what, FORM)
    }

    /// Reports what stands in the place of `what`; `form` says how the whole looks.
    fn expected_of<T>(&mut self, what: &str, form: &str) -> Parsed<T> {
        let span = self.tokens.get(self.at).map_or_else(|| self.end(), |token| token.span);
        let found = match span.text(self.text) {
            "" => "the end of the rule".to_owned(),
            text => format!("`{}`", text.lines().next().unwrap_or_default()),
        };
        let fault = Diagnostic::error(span, format!("expected {what}, found {found}"));
        self.fault(fault.note(form).help(format!("write {what}")));
        Err(Reported)
    }

    fn unclosed<T>(&mut self) -> Parsed<T> {
        let fault = Diagnostic::error(self.span(self.at), "this text is not closed");
        self.fault(fault.help("end it with the quote that it began with"));
        self.at = self.tokens.len();
        Err(Reported)
    }

    fn fault(&mut self, fault: Diagnostic) {
        self.faults.push(fault);
    }

    fn is_symbol(&self, at: usize, symbol: char) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == Kind::Symbol(symbol))
    }

    fn word(&self, at: usize) -> Option<&'a str> {
        let token = self.tokens.get(at)?;
        (token.kind == Kind::Word).then(|| token.span.text(self.text))
    }

    /// The word or text at `at` as a name.
    fn name(&self, at: usize) -> Name {
        let span = self.span(at);
        match self.tokens.get(at).map(|token| &token.kind) {
            Some(Kind::Text(text)) => Name { text: text.into(), span },
            _ => Name { text: span.text(self.text).into(), span },
        }
    }

    fn span(&self, at: usize) -> Span {
        self.tokens.get(at).map_or_else(|| self.end(), |token| token.span)
    }

    fn end(&self) -> Span {
        let end = self.text.len() as u32;
        Span::new(end, end)
    }
}

#[cfg(test)]
mod tests;
