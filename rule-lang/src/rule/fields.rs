//! The fields of a rule as written to its [`Metadata`].
//!
//! Columns that fields name are only gathered here, as [`Reference`]s: whether the query gives them is known later.

use super::duration;
use super::platform_fields;
use super::template;
use super::written::{Field, Rule, Setting, SettingKind};
use crate::nearest::nearest;
use crate::syntax::Name;
use crate::{Diagnostic, Span};
use rule_model::entity::EntityMapping;
use rule_model::metadata::{Comparison, Connector, Dedup, Grouping, Metadata, Schedule, Severity};
use rule_model::{Text, Timespan};
use std::collections::HashMap;

/// All fields that a rule can have.
pub const NAMES: &[&str] = &[
    "id",
    "version",
    "severity",
    "attack",
    "enabled",
    "kind",
    "status",
    "author",
    "licence",
    "tags",
    "references",
    "false_positives",
    "runbook",
    "setup",
    "investigation",
    "remediation",
    "connectors",
    "indices",
    "log_types",
    "impacted_assets",
    "categories",
    "source",
    "support",
    "risk_score",
    "schedule",
    "lookback",
    "trigger",
    "threshold",
    "dedup",
    "suppress",
    "grouping",
    "max_alerts",
    "alert_key",
    "title",
    "context",
    "entities",
    "query",
    "kuery",
    "full_scan",
];

/// Why a rule does not compile without them.
const NEEDED: &str = "who reads an alert needs id, title, description, severity and ATT&CK techniques";

/// A column that a field names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// The column.
    pub(super) name: Name,
    /// The field that names it.
    pub(super) field: &'static str,
    /// Whether the column may be one that the query computed and projected away.
    pub(super) hidden: bool,
    /// Whether it is written as a name, not within a text.
    pub(super) is_bare: bool,
}

/// What the fields of a rule say.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) metadata: Metadata,
    /// Columns that fields name.
    pub(super) references: Vec<Reference>,
    /// `query: …`
    pub(super) query: Option<Setting>,
    /// `kuery: …`
    pub(super) kuery: Option<Setting>,
    /// `full_scan: accepted`
    pub(super) full_scan: bool,
    /// Whether something stands there for a schedule, were it misspelt or faulty.
    pub(super) schedule_is_written: bool,
    /// Names in doubled braces of the title.
    pub(super) doubled: Vec<Name>,
    /// Where the value of each field stands.
    pub(super) spans: HashMap<String, Span>,
}

/// Reads the fields of `rule`, whose body is `text`.
pub(super) fn read(rule: &Rule, text: &str, faults: &mut Vec<Diagnostic>) -> Fields {
    let metadata = Metadata { enabled: true, threshold: 1, version: "1".into(), ..Metadata::default() };
    let mut reader = Reader { text, faults, fields: Fields { metadata, ..Fields::default() } };
    reader.documentation(&rule.documentation);
    reader.fields(&rule.fields);
    reader.required(rule);
    reader.fields
}

struct Reader<'a> {
    text: &'a str,
    faults: &'a mut Vec<Diagnostic>,
    fields: Fields,
}

impl Reader<'_> {
    /// The first line is the title, what follows the blank line after it the description.
    fn documentation(&mut self, lines: &[Name]) {
        let indent = |line: &str| line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned();
        let lines: Vec<String> = lines.iter().map(|line| indent(&line.text)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).skip_while(|line| line.is_empty()).collect();
        let Some((title, description)) = lines.split_first() else { return };
        self.fields.metadata.title = Text::Owned((*title).trim().to_owned());
        self.fields.metadata.description = Text::Owned(paragraphs(description));
    }

    fn fields(&mut self, fields: &[Field]) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for field in fields {
            let name = field.name.text.as_str();
            if seen.insert(name, field.name.span).is_some() {
                let fault = Diagnostic::error(field.name.span, format!("`{name}` is given twice"));
                self.faults.push(fault.note("a rule has each field once").help("keep one of the two"));
                continue;
            }
            self.fields.spans.insert(name.to_owned(), field.value.span);
            self.field(&field.name, &field.value);
        }
    }

    fn field(&mut self, name: &Name, value: &Setting) {
        if value.kind == SettingKind::Faulty {
            return;
        }
        match name.text.as_str() {
            "id" => self.id(value),
            "version" => self.fields.metadata.version = self.text(value),
            "severity" => self.severity(value),
            "attack" => {
                self.fields.metadata.attack = super::attack::read(value, self.text, self.faults).into();
            }
            "enabled" => self.fields.metadata.enabled = self.flag(value),
            "kind" => self.fields.metadata.kind = self.text(value),
            "status" => self.fields.metadata.status = self.text(value),
            "author" => self.fields.metadata.author = self.texts(value).into(),
            "licence" => self.fields.metadata.licence = self.text(value),
            "tags" => self.fields.metadata.tags = self.texts(value).into(),
            "references" => self.fields.metadata.references = self.texts(value).into(),
            "false_positives" => self.fields.metadata.false_positives = self.texts(value).into(),
            "runbook" => self.fields.metadata.runbook = self.text(value),
            "setup" => self.fields.metadata.setup = self.text(value),
            "investigation" => self.fields.metadata.investigation = self.text(value),
            "remediation" => self.fields.metadata.remediation = self.text(value),
            "connectors" => self.connectors(value),
            "indices" => self.fields.metadata.indices = self.texts(value).into(),
            "log_types" => self.fields.metadata.log_types = self.texts(value).into(),
            "impacted_assets" => self.impacted_assets(value),
            "categories" => self.fields.metadata.categories = self.texts(value).into(),
            "source" => self.fields.metadata.source = self.text(value),
            "support" => self.fields.metadata.support = self.text(value),
            "risk_score" => self.risk_score(value),
            "schedule" => self.schedule(value),
            "lookback" => self.fields.metadata.lookback = self.duration(value),
            "trigger" => self.trigger(value),
            "threshold" => self.fields.metadata.threshold = self.number(value).unwrap_or(1),
            "dedup" => self.dedup(value),
            "suppress" => self.fields.metadata.suppress = self.duration(value),
            "grouping" => self.grouping(value),
            "max_alerts" => self.fields.metadata.max_alerts = self.number(value),
            "alert_key" => {
                let columns = self.columns("alert_key", value, true);
                self.fields.metadata.alert_key = texts_of(&columns).into();
            }
            "title" => self.title(value),
            "context" => self.context(value),
            "entities" => self.entities(value),
            "query" => self.fields.query = Some(value.clone()),
            "kuery" => self.fields.kuery = Some(value.clone()),
            "full_scan" => self.full_scan(value),
            _ => self.unknown(name),
        }
    }

    fn unknown(&mut self, name: &Name) {
        let fault = Diagnostic::error(name.span, format!("unknown field `{}`", name.text));
        if let Some((platform, meant)) = platform_fields::meant(&name.text) {
            let fault = fault.note(format!("{platform} calls it so"));
            return self.faults.push(fault.help(format!("write {meant}")));
        }
        self.faults.push(match nearest(&name.text, NAMES.iter().copied()) {
            Some(meant) => fault.note("a rule has no such field").help(format!("write `{meant}`")),
            None => fault
                .note(format!("the fields of a rule are {}", NAMES.join(", ")))
                .help("write one of these, or put the text into `tags` or `runbook`"),
        });
    }

    /// What a rule's readers need: id, title, description, severity, and techniques or their explicit absence.
    fn required(&mut self, rule: &Rule) {
        let at = rule.table.as_ref().map_or(Span::new(0, 0), |table| table.span);
        let names = || rule.fields.iter().map(|field| &field.name).chain(&rule.faulty);
        // A field whose name is only misspelt is there: one slip is told once.
        let means = |field: &Name, name: &str| {
            field.text == name
                || nearest(&field.text, NAMES.iter().copied()) == Some(name)
                || platform_fields::is_for(&field.text, name)
        };
        let given = |name: &str| names().any(|field| means(field, name));
        self.fields.schedule_is_written = given("schedule");
        let mut missing = |what: &str, help: &str| {
            let fault = Diagnostic::error(at, format!("this rule has no {what}"));
            self.faults.push(fault.note(NEEDED).help(help));
        };
        if self.fields.metadata.title.is_empty() && !given("documentation") {
            missing("title", "begin it with a line `/// What it detects`");
        }
        if self.fields.metadata.description.is_empty() && !given("documentation") {
            missing(
                "description",
                "behind the title, write `///` and then `/// What it means, and why it matters.`",
            );
        }
        if !given("id") {
            missing("id", "add `id: \"…\"`, unique among all rules and never changed");
        }
        if !given("severity") {
            missing("severity", "add `severity: Medium`, or another of Informational, Low, High, Critical");
        }
        if !given("attack") {
            missing(
                "ATT&CK technique",
                "add `attack: { Persistence: [T1098] }`, or `attack: none` where none applies",
            );
        }
    }

    fn id(&mut self, value: &Setting) {
        let id = self.text(value);
        let is_text = matches!(value.kind, SettingKind::Text(_) | SettingKind::Raw(_) | SettingKind::Word);
        if is_text && id.trim().is_empty() {
            let fault = Diagnostic::error(value.span, "this id is empty");
            let fault = fault.note("alerts are told apart by the ids of their rules");
            self.faults.push(fault.help("write one that no other rule has, and never change it"));
        }
        if let Some(sign) = id.chars().find(|c| c.is_control()).filter(|_| is_text) {
            let message = format!("this id holds a control character, U+{:04X}", u32::from(sign));
            let fault = Diagnostic::error(value.span, message);
            let fault = fault.note("ids stand in tables, file names and command lines");
            self.faults.push(fault.help("leave that character out"));
        }
        self.fields.metadata.id = id;
    }

    fn severity(&mut self, value: &Setting) {
        let written = self.text(value);
        if let Some(severity) = Severity::named(&written) {
            self.fields.metadata.severity = severity;
        } else {
            let names = Severity::ALL.map(Severity::name);
            let fault = Diagnostic::error(value.span, format!("unknown severity `{written}`"))
                .note(format!("the severities are {}", names.join(", ")));
            let of_others = match written.to_lowercase().as_str() {
                "info" | "information" | "notice" | "debug" => Some("Informational"),
                "moderate" | "warning" | "warn" => Some("Medium"),
                "major" | "error" => Some("High"),
                "severe" | "fatal" | "emergency" => Some("Critical"),
                _ => None,
            };
            let help = match of_others.or_else(|| nearest(&written, names)) {
                Some(meant) => format!("write `{meant}`"),
                None => format!("write one of {}", names.join(", ")),
            };
            self.faults.push(fault.help(help));
        }
    }

    fn risk_score(&mut self, value: &Setting) {
        match self.number(value) {
            Some(score @ 0..=100) => self.fields.metadata.risk_score = u8::try_from(score).ok(),
            Some(_) => {
                let fault = Diagnostic::error(value.span, "a risk score lies between 0 and 100")
                    .note("Elastic counts so: from 0, nothing, to 100, the worst");
                self.faults.push(fault.help("write a number from 0 to 100, such as `47`"));
            }
            None => {}
        }
    }

    fn schedule(&mut self, value: &Setting) {
        let SettingKind::Every(every, over) = value.kind else {
            return self.faults.push(schedule_in_other_form(value, self.text));
        };
        if every.0 <= 0 || over.0 <= 0 {
            let fault = Diagnostic::error(value.span, "a schedule's spans of time are longer than zero");
            return self.faults.push(fault.help("write a schedule such as `every 1h over 1d`"));
        }
        if over < every {
            let message = "events between the evaluations of this schedule are looked at by none";
            let fault = Diagnostic::warning(value.span, message);
            let fault = fault.note("each evaluation looks at less time than lies between two of them");
            let (_, over) = value.span.text(self.text).rsplit_once(' ').unwrap_or_default();
            let help = format!("write `every {over} over {over}`, or a longer span behind `over`");
            self.faults.push(fault.help(help));
        }
        self.fields.metadata.schedule = Some(Schedule { every, over });
    }

    fn trigger(&mut self, value: &Setting) {
        match value.kind {
            SettingKind::Comparison(trigger) => self.fields.metadata.trigger = trigger,
            _ => self.expected(value, "a comparison with a number of rows such as `> 0`"),
        }
    }

    /// `dedup: 60m`, or `dedup: { period: 60m, by: [Column] }`.
    fn dedup(&mut self, value: &Setting) {
        let SettingKind::Map(entries) = &value.kind else {
            let period = self.duration(value);
            self.fields.metadata.dedup = period.map(|period| Dedup { period, key: Vec::new().into() });
            return;
        };
        let mut period = None;
        let mut key = Vec::new();
        for (name, value) in entries {
            match name.text.as_str() {
                "period" => period = self.duration(value),
                "by" => key = self.columns("dedup", value, true),
                _ => {
                    let fault = Diagnostic::error(name.span, format!("a dedup has no `{}`", name.text));
                    let fault = fault.note("it has a `period`, and columns `by` which alerts are the same");
                    self.faults.push(fault.help("write `dedup: { period: 60m, by: [Column] }`"));
                }
            }
        }
        match period {
            Some(period) => self.fields.metadata.dedup = Some(Dedup { period, key: texts_of(&key).into() }),
            None if entries.iter().any(|(name, _)| name.text == "period") => {}
            None => {
                let fault = Diagnostic::error(value.span, "this dedup has no period");
                let fault = fault.note("repeats are collapsed that follow an alert within the period");
                self.faults.push(fault.help("write `dedup: { period: 60m, by: [Column] }`"));
            }
        }
    }

    fn grouping(&mut self, value: &Setting) {
        match &*self.text(value) {
            "each" => self.fields.metadata.grouping = Grouping::Each,
            "single" => self.fields.metadata.grouping = Grouping::Single,
            _ => self
                .expected(value, "`each` (a row an alert) or `single` (all rows of an evaluation one alert)"),
        }
    }

    fn title(&mut self, value: &Setting) {
        let written = self.text(value);
        let parts = template::parse(&written, value.span, self.faults);
        for column in template::columns(&parts) {
            self.refer("title", &Name { text: column.into(), span: value.span }, true);
        }
        let doubled = template::doubled(&written).map(|name| Name { text: name.into(), span: value.span });
        self.fields.doubled = doubled.collect();
        self.fields.metadata.alert_title = parts.into();
    }

    /// `context: { "Label": Column }`, or `context: [Column]`.
    fn context(&mut self, value: &Setting) {
        let columns: Vec<(Text, Name)> = match &value.kind {
            SettingKind::Map(entries) => entries
                .iter()
                .map(|(label, column)| (Text::Owned(label.text.to_string()), self.name(column)))
                .collect(),
            _ => {
                self.names(value).into_iter().map(|name| (Text::Owned(name.text.to_string()), name)).collect()
            }
        };
        for (_, column) in &columns {
            self.refer("context", column, true);
        }
        let columns =
            columns.into_iter().map(|(label, column)| (label, Text::Owned(column.text.to_string())));
        self.fields.metadata.context = columns.collect::<Vec<_>>().into();
    }

    /// `entities: { Account { FullName: Column }, IP { Address: Column } }`
    fn entities(&mut self, value: &Setting) {
        let mut mappings = Vec::new();
        for (entity, fields) in self.entries(value, "entities such as `{ Account { FullName: Column } }`") {
            let pairs = self.entries(fields, "identifiers and columns such as `{ FullName: Column }`");
            if matches!(fields.kind, SettingKind::Map(_)) {
                super::entities::check(entity, pairs, self.faults);
            }
            let columns: Vec<(Text, Name)> = pairs
                .iter()
                .map(|(identifier, column)| (Text::Owned(identifier.text.to_string()), self.name(column)))
                .collect();
            for (_, column) in &columns {
                self.refer("entities", column, false);
            }
            let fields =
                columns.into_iter().map(|(identifier, column)| (identifier, column.text.to_string().into()));
            let fields = fields.collect::<Vec<_>>().into();
            mappings.push(EntityMapping { entity: entity.text.to_string().into(), fields });
        }
        self.fields.metadata.entities = mappings.into();
    }

    /// `impacted_assets: { Identifier: Column }`
    fn impacted_assets(&mut self, value: &Setting) {
        let mut assets = Vec::new();
        for (identifier, column) in
            self.entries(value, "identifiers and columns such as `{ AccountUpn: Column }`")
        {
            let column = self.name(column);
            self.refer("impacted_assets", &column, false);
            assets.push((Text::Owned(identifier.text.to_string()), Text::Owned(column.text.to_string())));
        }
        self.fields.metadata.impacted_assets = assets.into();
    }

    /// `connectors: { AzureActiveDirectory: [AuditLogs] }`
    fn connectors(&mut self, value: &Setting) {
        let mut connectors = Vec::new();
        for (id, tables) in
            self.entries(value, "connectors and tables such as `{ AzureActiveDirectory: [AuditLogs] }`")
        {
            let data_types = self.texts(tables).into();
            connectors.push(Connector { id: id.text.to_string().into(), data_types });
        }
        self.fields.metadata.connectors = connectors.into();
    }

    fn full_scan(&mut self, value: &Setting) {
        match &*self.text(value) {
            "accepted" => self.fields.full_scan = true,
            _ => self.expected(value, "`accepted`"),
        }
    }

    fn entries<'s>(&mut self, value: &'s Setting, what: &str) -> &'s [(Name, Setting)] {
        if let SettingKind::Map(entries) = &value.kind {
            entries
        } else {
            self.expected(value, what);
            &[]
        }
    }

    /// A text: quoted, raw, or a word as it stands.
    fn text(&mut self, value: &Setting) -> Text {
        match &value.kind {
            SettingKind::Text(text) => Text::Owned(text.clone()),
            SettingKind::Raw(content) => Text::Owned(content.text(self.text).to_owned()),
            SettingKind::Word => Text::Owned(value.span.text(self.text).to_owned()),
            _ => {
                self.expected(value, "a text");
                Text::default()
            }
        }
    }

    /// A list of texts, or one text.
    fn texts(&mut self, value: &Setting) -> Vec<Text> {
        match &value.kind {
            SettingKind::List(items) => items.iter().map(|item| self.text(item)).collect(),
            _ => vec![self.text(value)],
        }
    }

    fn flag(&mut self, value: &Setting) -> bool {
        match value.span.text(self.text) {
            "true" => true,
            "false" => false,
            _ => {
                self.expected(value, "`true` or `false`");
                true
            }
        }
    }

    fn number(&mut self, value: &Setting) -> Option<u64> {
        let number = value.span.text(self.text).replace('_', "").parse().ok();
        if let (None, SettingKind::Comparison(compared)) = (number, &value.kind) {
            let fault = Diagnostic::error(value.span, "a number is expected here, this is a comparison");
            let least = compared.rows + u64::from(compared.comparison == Comparison::Greater);
            self.faults.push(fault.note("it is the least that is enough").help(format!("write `{least}`")));
        } else if number.is_none() {
            self.expected(value, "a whole number such as `5`");
        }
        number
    }

    fn duration(&mut self, value: &Setting) -> Option<Timespan> {
        let span = duration::parse(value.span.text(self.text));
        if span.is_none() && value.kind != SettingKind::Faulty {
            self.faults.push(duration::fault(value.span, self.text));
        }
        span
    }

    fn name(&mut self, value: &Setting) -> Name {
        Name { text: self.text(value).as_ref().into(), span: value.span }
    }

    fn names(&mut self, value: &Setting) -> Vec<Name> {
        match &value.kind {
            SettingKind::List(items) => items.iter().map(|item| self.name(item)).collect(),
            _ => vec![self.name(value)],
        }
    }

    fn columns(&mut self, field: &'static str, value: &Setting, hidden: bool) -> Vec<Name> {
        let names = self.names(value);
        for name in &names {
            self.refer(field, name, hidden);
        }
        names
    }

    fn refer(&mut self, field: &'static str, name: &Name, hidden: bool) {
        if !name.text.is_empty() {
            let is_bare = name.span.text(self.text) == name.text;
            self.fields.references.push(Reference { name: name.clone(), field, hidden, is_bare });
        }
    }

    fn expected(&mut self, value: &Setting, what: &str) {
        if value.kind == SettingKind::Faulty {
            return;
        }
        let found = value.span.text(self.text).lines().next().unwrap_or_default();
        let fault = Diagnostic::error(value.span, format!("expected {what}, found `{found}`"));
        self.faults.push(fault.help(format!("write {what}")));
    }
}

/// A schedule as a text, a span of time, a map, or as cron has it.
fn schedule_in_other_form(value: &Setting, text: &str) -> Diagnostic {
    let written = value.span.text(text).lines().next().unwrap_or_default();
    let fault = Diagnostic::error(value.span, format!("`{written}` is no schedule"));
    let fault = fault.note("a schedule says how often a rule is evaluated, and over how long a time");
    let spans: Vec<&str> = written
        .split(|c: char| !c.is_alphanumeric() && c != '.')
        .filter(|word| duration::parse(word).is_some())
        .collect();
    fault.help(match spans[..] {
        [every, over] => format!("write `every {every} over {over}`"),
        [both] => format!("write `every {both} over {both}`"),
        _ => "write a schedule such as `every 1h over 1d`".to_owned(),
    })
}

fn texts_of(names: &[Name]) -> Vec<Text> {
    names.iter().map(|name| Text::Owned(name.text.to_string())).collect()
}

/// Lines joined to paragraphs; a blank line parts two. Lists and indented lines stay lines of their own.
fn paragraphs(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        let starts_anew = line.is_empty() || line.starts_with(['-', '*', ' ', '#']);
        match text.ends_with('\n') || text.is_empty() {
            true if line.is_empty() && (text.is_empty() || text.ends_with("\n\n")) => continue,
            false if starts_anew => text.push('\n'),
            false => text.push(' '),
            true => {}
        }
        text.push_str(line);
        if line.is_empty() {
            text.push('\n');
        }
    }
    text.trim_end().to_owned()
}
