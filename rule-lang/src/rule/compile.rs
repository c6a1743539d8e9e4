//! The body of a `rule!` to a checked rule.
//!
//! ```text
//! text ─head─> written::Rule ─fields─> Metadata, columns named ┐
//!                            └─query text─parse─check─> Plan ──┴─> columns checked ─> typed::Rule
//! ```

use super::again::filter;
use super::fields::{self, Fields};
use super::names::Names;
use super::typed::{Language, Rule, Test};
use super::written::{self, EventsKind, Setting, SettingKind};
use super::{bounds, events, head};
use crate::check::{self, Options, conditions, enumerated, equality, lettercase};
use crate::diagnostic::{Level, Position};
use crate::nearest::nearest;
use crate::planning::static_tables;
use crate::schemas::Schemas;
use crate::syntax::{Script, Statement};
use crate::{Diagnostic, Span, kuery, parser, walk};
use rule_model::plan::{HIDDEN, Name, Plan};
use std::collections::HashSet;

/// Files that a rule names, relative to its own.
pub trait Files {
    /// The text of a file, or why it cannot be read.
    fn read(&self, path: &str) -> Result<String, String>;
}

/// The reason why a file cannot be read that is no text.
pub const NOT_UTF_8: &str = "it is not UTF-8";

/// The outcome of compiling a rule.
#[derive(Debug)]
pub struct Outcome {
    /// The rule; none where there is an error.
    pub rule: Option<Rule>,
    /// What is wrong, by place.
    pub diagnostics: Vec<Diagnostic>,
    /// The files that were read.
    pub files: Vec<String>,
}

/// Compiles the body of a rule.
pub fn compile(text: &str, schemas: &Schemas, files: &dyn Files) -> Outcome {
    let (written, faults) = head::parse(text);
    let mut compiler = Compiler { text, schemas, files, faults, read: Vec::new(), names: Names::default() };
    let rule = compiler.rule(&written);
    let mut diagnostics = compiler.faults;
    diagnostics.sort_by_key(|fault| fault.span);
    let failed = diagnostics.iter().any(|fault| fault.level == Level::Error);
    Outcome { rule: rule.filter(|_| !failed), diagnostics, files: compiler.read }
}

struct Compiler<'a> {
    text: &'a str,
    schemas: &'a Schemas,
    files: &'a dyn Files,
    faults: Vec<Diagnostic>,
    read: Vec<String>,
    names: Names,
}

/// A query's text and how its positions lead back to the rule.
struct Query {
    text: String,
    place: Place,
    language: Language,
}

/// Where a query's text lies.
enum Place {
    /// At the same offsets in the rule's text.
    Tokens,
    /// At the same offsets, within a raw string at this place whose content begins here.
    Raw(usize, Span),
    /// In a text of its own: a quoted string, or the file of this name, written at this place of the rule.
    Apart(Option<String>, Span),
}

impl Query {
    /// The place in the rule of a range of the query: that of the whole text where it is no tokens.
    fn place(&self, range: Span) -> Span {
        match self.place {
            Place::Tokens => range,
            Place::Raw(_, whole) | Place::Apart(_, whole) => whole,
        }
    }
}

impl Compiler<'_> {
    fn rule(&mut self, written: &written::Rule) -> Option<Rule> {
        let fields = fields::read(written, self.text, &mut self.faults);
        let mut tests = self.tests(&written.tests);
        let query = self.query(written, &fields)?;
        let plan = self.plan(&query, written, &fields);
        self.tables_of_tests(&written.tests, plan.as_ref(), &query.text);
        let plan = plan?;
        self.meaning(&query, &plan, &fields);
        self.references(&fields, &plan);
        self.head_is_read(written, &plan);
        self.expected_columns(&written.tests, &plan);
        self.events_tables(written, &plan, &mut tests);
        self.tables_beside_query(written);
        self.names.columns(&plan, &query.text, |range| query.place(range), &fields.references);
        let Fields { metadata, full_scan, .. } = fields;
        let table = written.table.as_ref().map(|table| table.text.to_string());
        let Query { text, language, .. } = query;
        Some(Rule {
            metadata,
            table,
            visible: plan.visible,
            plan,
            query: text,
            language,
            full_scan,
            tests,
            named: std::mem::take(&mut self.names.0),
        })
    }

    /// What is wrong with a query that can be run: conditions that say nothing, state without bounds.
    fn meaning(&mut self, query: &Query, plan: &Plan, fields: &Fields) {
        let mut faults = conditions::check(plan, &query.text);
        faults.extend(equality::check(plan, &query.text));
        faults.extend(enumerated::check(plan, self.schemas));
        faults.extend(lettercase::check(plan));
        faults.extend(bounds::check(plan, &query.text, fields, self.schemas));
        self.report(query, faults);
        self.faults.extend(bounds::check_fields(fields));
    }

    /// The text of the query, which exactly one of three places gives.
    fn query(&mut self, written: &written::Rule, fields: &Fields) -> Option<Query> {
        let settings = [(fields.query.as_ref(), Language::Kusto), (fields.kuery.as_ref(), Language::Kibana)];
        let mut settings = settings.into_iter().filter_map(|(setting, language)| Some((setting?, language)));
        match (written.query, settings.next(), settings.next()) {
            (Some(span), None, _) => Some(self.in_tokens(span)),
            (None, Some((setting, language)), None) => self.in_setting(setting, language),
            // What is wrong with it has been said.
            (None, None, _) if written.is_query_faulty || written.faulty.iter().any(is_query) => None,
            (None, None, _) => {
                let at = written.table.as_ref().map_or(Span::new(0, 0), |table| table.span);
                let fault = Diagnostic::error(at, "this rule has no query");
                let fault = fault.note("the query says which events alert, and what an alert holds");
                self.faults.push(fault.help("add `| where …`, or `query: r#\"…\"#`"));
                None
            }
            (Some(_), Some((setting, language)), None) if !is_text(setting) => {
                self.in_setting(setting, language)
            }
            (_, Some((setting, _)), _) => {
                let fault = Diagnostic::error(setting.span, "a second query in one rule");
                self.faults.push(fault.note("a rule has one query").help("keep one of the two"));
                None
            }
        }
    }

    fn in_tokens(&self, span: Span) -> Query {
        Query { text: blanked(self.text, span), place: Place::Tokens, language: Language::Kusto }
    }

    fn in_setting(&mut self, setting: &Setting, language: Language) -> Option<Query> {
        let (text, place) = match &setting.kind {
            SettingKind::Raw(content) => {
                (blanked(self.text, *content), Place::Raw(content.start as usize, setting.span))
            }
            SettingKind::Text(text) => (text.clone(), Place::Apart(None, setting.span)),
            SettingKind::File(path) => {
                (self.file(path, setting.span)?, Place::Apart(Some(path.clone()), setting.span))
            }
            _ => {
                let fault = Diagnostic::error(setting.span, "a query is a text");
                self.faults.push(fault.help("write `r#\"…\"#`, or `file \"query.kql\"`"));
                return None;
            }
        };
        Some(Query { text, place, language })
    }

    fn file(&mut self, path: &str, span: Span) -> Option<String> {
        match self.files.read(path) {
            Ok(text) => {
                self.read.push(path.to_owned());
                Some(text)
            }
            Err(reason) => {
                let fault = Diagnostic::error(span, format!("cannot read {path}: {reason}"));
                self.faults.push(if reason == NOT_UTF_8 {
                    fault.help("save the file as UTF-8")
                } else {
                    let fault = fault.note("a path begins at the folder of the rule's own file");
                    fault.help("mend the path, or put the file there")
                });
                None
            }
        }
    }

    /// Parses and checks the query.
    fn plan(&mut self, query: &Query, written: &written::Rule, fields: &Fields) -> Option<Plan> {
        if query.language == Language::Kibana {
            return self.kibana_plan(query, written, fields);
        }
        if let Some(fault) = without_pipe(query) {
            self.report(query, vec![fault]);
            return None;
        }
        let continues = parser::is_continuation(&query.text);
        let (script, faults) = if continues {
            let (expr, faults) = parser::parse_continuation(&query.text);
            (Script { statements: vec![Statement::Query(expr)] }, faults)
        } else {
            parser::parse(&query.text)
        };
        let faults = as_errors(faults);
        let failed = !faults.is_empty();
        self.report(query, faults);
        let continue_from = written.table.as_ref().map(|table| table.text.clone());
        let unknown = continue_from.as_deref().filter(|name| self.schemas.find(name).is_none());
        if let (Some(name), Some(table)) = (unknown, &written.table) {
            self.faults.push(unknown_table(name, table.span, self.schemas));
            return None;
        }
        if failed {
            return None;
        }
        // What is wrong with the head has been said.
        if continues && continue_from.is_none() && written.is_query_faulty {
            return None;
        }
        if continues && continue_from.is_none() {
            let fault = Diagnostic::error(
                Span::new(0, 0),
                "a query that begins with `|` needs a table to begin from",
            );
            let fault = fault.note("it continues the table that the rule begins with");
            self.faults.push(fault.help("begin the rule with the table's name: `<AuditLogs>`"));
            return None;
        }
        let carry = fields.references.iter().filter(|reference| reference.hidden);
        let carry = carry.map(|reference| reference.name.text.clone()).collect();
        let options = Options { continue_from, carry };
        let checked = check::check_script(&script, self.schemas, &options);
        self.report(query, as_errors(checked.diagnostics));
        self.names.tables(&checked.tables, |range| query.place(range));
        checked.plan
    }

    /// Compiles a query in Kibana's language: the head's table and one condition on it.
    fn kibana_plan(&mut self, query: &Query, written: &written::Rule, fields: &Fields) -> Option<Plan> {
        let Some(name) = &written.table else {
            let span = fields.kuery.as_ref().map_or(Span::new(0, 0), |setting| setting.span);
            let fault = Diagnostic::error(span, "a query in Kibana's language needs a table to look at");
            self.faults.push(fault.help("begin the rule with the table's name: `<O365Audit>`"));
            return None;
        };
        let Some(schema) = self.schemas.find(&name.text) else {
            self.faults.push(unknown_table(&name.text, name.span, self.schemas));
            return None;
        };
        let start = match query.place {
            Place::Raw(start, _) => start,
            Place::Tokens | Place::Apart(..) => 0,
        };
        let text = query.text.get(start..).unwrap_or_default();
        match kuery::compile(text, schema, start as u32) {
            Ok(predicate) => Some(filter(schema, predicate)),
            Err(faults) => {
                self.report(query, faults);
                None
            }
        }
    }

    /// Takes over what is wrong with a query, at places of the rule.
    fn report(&mut self, query: &Query, faults: Vec<Diagnostic>) {
        for fault in faults {
            let fault = match &query.place {
                Place::Tokens => fault,
                Place::Raw(start, whole) => {
                    // What is wrong with the query as a whole has no place within it.
                    if (fault.span.start as usize) < *start {
                        self.faults.push(Diagnostic { span: *whole, ..fault });
                        continue;
                    }
                    let within = fault.span.start - *start as u32;
                    let text = self.text.get(*start..).unwrap_or_default();
                    with_position(fault, Position::of(within, text), "the query")
                }
                Place::Apart(file, span) => {
                    let position = fault.position(&query.text);
                    let fault = with_position(fault, position, file.as_deref().unwrap_or("the query"));
                    Diagnostic { span: *span, ..fault }
                }
            };
            self.faults.push(fault);
        }
    }

    /// Columns that fields name must be given by the query.
    fn references(&mut self, fields: &Fields, plan: &Plan) {
        let output = plan.root.output();
        if plan.root.stages.last().is_some_and(|stage| stage.open) {
            return;
        }
        let visible =
            || output.iter().map(|field| field.name.as_str()).filter(|name| !name.starts_with(HIDDEN));
        for name in fields.doubled.iter().filter(|name| visible().any(|column| column == name.text)) {
            let message =
                format!("`{{{{{0}}}}}` in a title is `{{{0}}}`, not the value of the column", name.text);
            let fault = Diagnostic::error(name.span, message);
            self.faults
                .push(fault.note("a doubled brace is a brace").help(format!("write `{{{}}}`", name.text)));
        }
        for reference in &fields.references {
            let name = reference.name.text.as_str();
            let is_hidden = || output.iter().any(|field| field.name.strip_prefix(HIDDEN) == Some(name));
            if visible().any(|column| column == name) || (reference.hidden && is_hidden()) {
                continue;
            }
            let message =
                format!("`{}` names the column `{name}`, which the query does not give", reference.field);
            let fault = Diagnostic::error(reference.name.span, message);
            let computes = name.contains(['(', '['])
                || name.split_once('.').is_some_and(|(first, _)| visible().any(|column| column == first));
            self.faults.push(if computes {
                let fault = fault.note("fields name columns, they compute nothing");
                fault.help(format!("add `| extend Name = {name}` to the query, and write `Name` here"))
            } else {
                with_columns(fault, name, visible().collect())
            });
        }
    }

    /// Says of each event of the tests whose table is not named that it is of the head's, or of the one that the query
    /// reads.
    fn events_tables(&mut self, written: &written::Rule, plan: &Plan, tests: &mut [Test]) {
        let read: Vec<&str> = walk::tables(plan).into_iter().map(Name::as_str).collect();
        let read: Vec<&str> = read.into_iter().filter(|name| self.schemas.find(name).is_some()).collect();
        let table = match (&written.table, read.as_slice()) {
            (Some(head), _) => Some(head.text.to_string()),
            (None, [one]) => Some((*one).to_owned()),
            _ => None,
        };
        for (test, typed) in written.tests.iter().zip(tests) {
            for (named, _) in &mut typed.events {
                *named = named.take().or_else(|| table.clone());
            }
            for name in test.events.iter().filter_map(|events| events.table.as_ref()) {
                self.reads_table(name, &read);
            }
            if let Some(events) = test.events.iter().find(|events| events.table.is_none() && table.is_none())
            {
                let fault = Diagnostic::error(events.span, "it is not said of which table this event is");
                let name = read.first().copied().unwrap_or("AuditLogs");
                self.faults.push(
                    fault
                        .note(format!("the query reads {}", read.join(", ")))
                        .help(format!("write the table's name before it: `{name} {{ … }}`")),
                );
            }
        }
    }

    /// A query that names its tables itself must name that of the head among them, if it has one.
    fn head_is_read(&mut self, written: &written::Rule, plan: &Plan) {
        let Some(head) = &written.table else { return };
        let read = walk::tables(plan);
        let is_head =
            |name: &&Name| self.schemas.find(&head.text).is_some_and(|schema| schema.is_called(name));
        if read.is_empty() || read.iter().any(is_head) {
            return;
        }
        let read: Vec<&str> = read.into_iter().map(Name::as_str).collect();
        let message = format!("the query does not read `{}`, the table of the rule", head.text);
        let fault = Diagnostic::error(head.span, message).note(format!("it reads {}", read.join(", ")));
        self.faults.push(fault.help(match read.as_slice() {
            [one] => format!("write `<{one}>`, or leave the table out"),
            _ => "leave it out: the query names its tables itself".to_owned(),
        }));
    }

    /// Takes down the tables that the head and the tests name.
    fn tables_beside_query(&mut self, written: &written::Rule) {
        let of_tests = written.tests.iter().flat_map(|test| &test.events);
        let names = written.table.iter().chain(of_tests.filter_map(|events| events.table.as_ref()));
        for name in names {
            if let Some(schema) = self.schemas.find(&name.text) {
                self.names.table(&schema.name, name.span);
            }
        }
    }

    /// Events of a table that the query does not read say nothing.
    fn reads_table(&mut self, name: &crate::syntax::Name, read: &[&str]) {
        let Some(schema) = self.schemas.find(&name.text) else { return };
        if !read.iter().any(|read| schema.is_called(read)) {
            let fault = Diagnostic::error(name.span, format!("the query does not read `{}`", name.text));
            let fault = fault.note(format!("it reads {}", read.join(", ")));
            self.faults.push(fault.help("give events of these, or leave them out"));
        }
    }

    fn expected_columns(&mut self, tests: &[written::Test], plan: &Plan) {
        let names: Vec<&str> = plan.root.output().iter().map(|field| field.name.as_str()).collect();
        for (column, _) in tests.iter().flat_map(|test| &test.expected) {
            if names.contains(&column.text.as_str()) {
                continue;
            }
            let message = format!("the query gives no column `{}`", column.text);
            let fault = Diagnostic::error(column.span, message);
            self.faults.push(with_columns(fault, &column.text, names.clone()));
        }
    }

    fn tests(&mut self, tests: &[written::Test]) -> Vec<Test> {
        let mut names = HashSet::new();
        let mut typed = Vec::new();
        for test in tests {
            if !names.insert(test.name.text.as_str()) {
                let message = format!("a second test called \"{}\"", test.name.text);
                let fault = Diagnostic::error(test.name.span, message);
                let fault = fault.note("reports name a test by its rule and its name");
                self.faults.push(fault.help("give one of the two another name"));
            }
            let events = test.events.iter().flat_map(|events| self.events(events)).collect();
            let expected =
                test.expected.iter().map(|(column, value)| (column.text.to_string(), self.shown(value)));
            typed.push(Test {
                name: test.name.text.to_string(),
                span: test.name.span,
                fires: test.fires,
                events,
                expected: expected.collect(),
            });
        }
        typed
    }

    /// The tables that tests give events for must be known, or be read by the query by name (a watchlist). Where the
    /// query is faulty, a name that occurs in it passes.
    fn tables_of_tests(&mut self, tests: &[written::Test], plan: Option<&Plan>, query: &str) {
        let read = plan.map(|plan| static_tables(plan, |name| self.schemas.find(name).is_some()));
        let is_read = |name: &str| match &read {
            Some(tables) => tables.iter().any(|table| table.name == name),
            None => query.contains(name),
        };
        for name in tests.iter().flat_map(|test| &test.events).filter_map(|events| events.table.as_ref()) {
            if self.schemas.find(&name.text).is_none() && !is_read(&name.text) {
                self.faults.push(unknown_table(&name.text, name.span, self.schemas));
            }
        }
    }

    fn events(&mut self, events: &written::Events) -> Vec<(Option<String>, String)> {
        let table = events.table.as_ref();
        let (text, start) = match &events.kind {
            EventsKind::Json(span) => (span.text(self.text).to_owned(), Some(span.start)),
            EventsKind::File(path) => match self.file(path, events.span) {
                Some(text) => (text, None),
                None => return Vec::new(),
            },
        };
        let is_apart = matches!(events.kind, EventsKind::File(_)) || text.trim().is_empty();
        match events::objects(&text) {
            Ok(objects) if objects.is_empty() && is_apart => {
                let what = match &events.kind {
                    EventsKind::File(path) => format!("{path} holds no event"),
                    EventsKind::Json(_) => "this text holds no event".to_owned(),
                };
                let fault = Diagnostic::error(events.span, what);
                let fault = fault.note("where no event is meant, that is written `[]`");
                self.faults.push(fault.help("write one event a line, each a JSON object"));
                Vec::new()
            }
            Ok(objects) => {
                objects.into_iter().map(|json| (table.map(|name| name.text.to_string()), json)).collect()
            }
            Err(fault) => {
                let offset = fault.offset as u32;
                let help =
                    "write an object: names and texts in double quotes, `true`, `false`, `null`, numbers";
                self.faults.push(if let Some(start) = start {
                    let span = Span::new(start + offset, start + offset + 1);
                    let Position { line, column } = Position::of(offset, &text);
                    let diagnostic = Diagnostic::error(span, fault.message);
                    diagnostic.note(format!("line {line}, column {column} of the event")).help(help)
                } else {
                    let diagnostic = Diagnostic::error(events.span, fault.message).help(help);
                    with_position(diagnostic, Position::of(offset, &text), "the file")
                });
                Vec::new()
            }
        }
    }

    /// An expected value as `tostring()` shows values.
    fn shown(&self, value: &Setting) -> String {
        match &value.kind {
            SettingKind::Text(text) => text.clone(),
            SettingKind::Raw(content) => content.text(self.text).to_owned(),
            SettingKind::Word if value.span.text(self.text) == "null" => String::new(),
            SettingKind::List(_) | SettingKind::Map(_) => {
                let text = value.span.text(self.text);
                rule_eval::json::parse(text)
                    .map_or_else(|_| text.to_owned(), |json| rule_eval::json::write(&json))
            }
            _ => value.span.text(self.text).to_owned(),
        }
    }
}

/// The text with blanks in place of all bytes outside of `span`, so that offsets stay.
fn blanked(text: &str, span: Span) -> String {
    let mut blanked = " ".repeat(span.start as usize);
    blanked.push_str(span.text(text));
    blanked
}

/// What is wrong with a query that begins with an operator, without the `|` before it.
fn without_pipe(query: &Query) -> Option<Diagnostic> {
    let start = query.text.len() - query.text.trim_start().len();
    let rest = &query.text[start..];
    let word = &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '-').unwrap_or(rest.len())];
    let begins_alone = matches!(word, "union" | "search" | "evaluate" | "partition");
    let follows = rest[word.len()..].trim_start();
    let is_table = follows.is_empty() || follows.starts_with(['|', ';', '=']);
    (parser::is_operator(word) && !begins_alone && !is_table).then(|| {
        let span = Span::new(start as u32, (start + word.len()) as u32);
        Diagnostic::error(span, format!("`{word}` needs rows to work on"))
            .note("a query begins with a table, or with `|` where it continues the table of the rule's head")
            .help(format!("write `| {word}`"))
    })
}

/// Whether a field of this name holds the query.
fn is_query(name: &crate::syntax::Name) -> bool {
    matches!(name.text.as_str(), "query" | "kuery")
}

/// Whether a query can stand there.
fn is_text(setting: &Setting) -> bool {
    matches!(setting.kind, SettingKind::Raw(_) | SettingKind::Text(_) | SettingKind::File(_))
}

/// What a query may say and does not mean, such as a literal that is none and read as null, is a mistake in a rule.
fn as_errors(faults: Vec<Diagnostic>) -> Vec<Diagnostic> {
    faults.into_iter().map(|fault| Diagnostic { level: Level::Error, ..fault }).collect()
}

/// The fault with the columns that there are, and the one that was probably meant.
fn with_columns(fault: Diagnostic, name: &str, columns: Vec<&str>) -> Diagnostic {
    const LISTED: usize = 12;
    let mut listed: Vec<String> = columns.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    if columns.len() > LISTED {
        listed.push(format!("{} more", columns.len() - LISTED));
    }
    let fault = fault.note(format!("its columns are {}", listed.join(", ")));
    match nearest(name, columns) {
        Some(meant) => fault.help(format!("write `{meant}`")),
        None => fault.help("write one of these, or let the query give it"),
    }
}

fn with_position(fault: Diagnostic, position: Position, of: &str) -> Diagnostic {
    let Position { line, column } = position;
    fault.note(format!("line {line}, column {column} of {of}"))
}

fn unknown_table(name: &str, span: Span, schemas: &Schemas) -> Diagnostic {
    let names: Vec<&str> = schemas.iter().map(|schema| schema.name.as_ref()).collect();
    let fault = Diagnostic::error(span, format!("unknown table `{name}`"))
        .note(format!("the tables are {}", names.join(", ")));
    match nearest(name, schemas.iter().map(|schema| schema.name.as_ref())) {
        Some(meant) => fault.help(format!("write `{meant}`")),
        None => fault.help("add a file schemas/*.toml that describes it beside Cargo.toml"),
    }
}
