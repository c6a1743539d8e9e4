//! A rule as written, before any name in it is looked up.

use crate::Span;
use crate::syntax::Name;
use rule_model::Timespan;
use rule_model::metadata::Trigger;

/// The body of a `rule!`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// `<Table>`.
    pub table: Option<Name>,
    /// The lines of its documentation, without `///`.
    pub documentation: Vec<Name>,
    /// `name: value`, in order.
    pub fields: Vec<Field>,
    /// The names of fields whose values cannot be read.
    pub faulty: Vec<Name>,
    /// Whether a query in token form cannot be read to its end.
    pub is_query_faulty: bool,
    /// The query in token form, from its first to its last token.
    pub query: Option<Span>,
    /// `test "name" …`, in order.
    pub tests: Vec<Test>,
}

/// `name: value`
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Name.
    pub name: Name,
    /// Value.
    pub value: Setting,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// What it is.
    pub kind: SettingKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of value.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingKind {
    /// `"…"`
    Text(String),
    /// `r#"…"#`; the range of its content.
    Raw(Span),
    /// `file "…"`
    File(String),
    /// A word or number: `High`, `T1078.004`, `1d`, `47`.
    Word,
    /// `[a, b]`, or `a, b` without brackets.
    List(Vec<Setting>),
    /// `{ key: value, … }`; the colon is left out before `{`.
    Map(Vec<(Name, Setting)>),
    /// `> 0`
    Comparison(Trigger),
    /// `every 1d over 1d`
    Every(Timespan, Timespan),
    /// What could not be read, and has been told.
    Faulty,
}

/// `test "name" fires …`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Name.
    pub name: Name,
    /// Whether the rule must alert.
    pub fires: bool,
    /// Events, in order.
    pub events: Vec<Events>,
    /// `-> { Column: value }`.
    pub expected: Vec<(Name, Setting)>,
}

/// Events of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Events {
    /// The table they belong to, where it is named.
    pub table: Option<Name>,
    /// What they are.
    pub kind: EventsKind,
    /// Where they stand.
    pub span: Span,
}

/// How the events of a test are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventsKind {
    /// JSON in place: an object, or a list of objects; or the content of a raw string with any number of either.
    Json(Span),
    /// `file "…"`: newline-delimited JSON.
    File(String),
}
