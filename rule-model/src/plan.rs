//! A checked query: what the language hands to the evaluator, the macro and the runtime.
//!
//! Names are resolved and types are known; user-defined functions, views and scalar `let`s have been inlined; implicit
//! conversions are explicit calls. Columns are named, not numbered: KQL's names are unique within a table, plans stay
//! readable, and operators whose output columns depend on data (`bag_unpack`, `pivot`) need no second form.
//!
//! ```text
//! Plan ── bindings: tabular lets, evaluated once
//!      └─ root: Query ── source: Source
//!                     └─ stages: Stage ── operator: Operator ── Expr
//!                                      └─ output: columns after it
//! ```

mod expressions;

use crate::{Type, Value};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A name of a column, table or function.
pub type Name = SmolStr;

/// A range of bytes in the text that was compiled, for diagnostics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

/// A whole query with the tables it names along the way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Tabular `let`s and `as` names that are read more than once, or materialized; [`Source::Binding`] refers to
    /// them by position, and each may refer to earlier ones.
    pub bindings: Vec<Query>,
    /// The query whose rows are the result.
    pub root: Query,
    /// How many of the result's columns a reader sees. Those after them were asked for beside the query: columns of
    /// the row that it projected away, named `$hidden:` and their name, for titles and the like.
    pub visible: usize,
}

/// Put before the name of a column that stays in the row although the query projected it away.
pub const HIDDEN: &str = "$hidden:";

/// A source of rows and the operators they pass through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Query {
    /// Where rows come from.
    pub source: Source,
    /// The columns of the source.
    pub columns: Vec<Field>,
    /// The operators, in order.
    pub stages: Vec<Stage>,
}

/// One tabular operator and what comes out of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// What is done.
    pub operator: Operator,
    /// The columns after it.
    pub output: Vec<Field>,
    /// Whether further columns, known only from the data, may follow those of `output`.
    pub open: bool,
    /// Where it was written.
    pub span: Span,
}

/// A column of a table: its name and type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Field {
    /// Name, unique within its table.
    pub name: Name,
    /// KQL type.
    pub ty: Type,
}

/// Where rows come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Source {
    /// A table of the world outside, by its canonical name; also watchlists and external data.
    Table(Name),
    /// The same where the table may have further columns than the query's, known only from the data.
    OpenTable(Name),
    /// One of the plan's bindings.
    Binding(usize),
    /// The rows that the enclosing `mv-apply`, `partition`, … hands in.
    Input,
    /// `print`: one row of expressions.
    Print(Vec<Expr>),
    /// `datatable`: literal rows.
    DataTable(Vec<Vec<Value>>),
    /// `range`: from, to, step.
    Range(Box<[Expr; 3]>),
    /// `union` of complete queries.
    Union(Box<Union>),
    /// Another query in parentheses.
    Query(Box<Query>),
}

/// A tabular operator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Operator {
    /// Keeps the rows for which the predicate is true (neither false nor null).
    Where(Expr),
    /// Adds or replaces columns; every expression sees the row as it was before the operator.
    Extend(Vec<Assignment>),
    /// Exactly these columns: `project` and, once resolved, `project-away`, `-keep`, `-rename`, `-reorder`.
    Project(Vec<Assignment>),
    /// `project-away` and relatives over an open table, where the columns are known only from the data.
    ProjectOpen(ProjectOpen),
    /// One row a distinct combination of `by`; columns are `by`, then `aggregates`. Also `distinct` and `count`.
    Summarize {
        /// Aggregates with their column names.
        aggregates: Vec<AggregateColumn>,
        /// Group keys with their column names.
        by: Vec<Assignment>,
    },
    /// Joins with another query; also `lookup`.
    Join(Box<Join>),
    /// Appends the rows of other queries.
    Union(Box<Union>),
    /// One row an element of the expanded columns.
    MvExpand(MvExpand),
    /// A subquery over the elements of each row.
    MvApply(Box<MvApply>),
    /// Sorts, stably.
    Sort(Vec<SortKey>),
    /// The first rows by the keys.
    Top {
        /// How many.
        rows: Expr,
        /// By what.
        keys: Vec<SortKey>,
    },
    /// Any so many rows; here the first ones.
    Take(Expr),
    /// `parse` and `parse-where`.
    Parse(Parse),
    /// `parse-kv`.
    ParseKv(ParseKv),
    /// Marks the rows as ordered, so that row functions (`prev`, `row_number`, …) may follow.
    Serialize(Vec<Assignment>),
    /// Series over a regular axis.
    MakeSeries(Box<MakeSeries>),
    /// A plugin of `evaluate`.
    Evaluate(Box<Evaluate>),
    /// A subquery for each distinct value of a column.
    Partition {
        /// The column.
        by: Name,
        /// The subquery over [`Source::Input`].
        body: Box<Query>,
    },
    /// `scan`: sequences of rows that match one step after another.
    Scan(Box<Scan>),
    /// The columns of the input as rows.
    GetSchema,
    /// `sample`, `sample-distinct`: here deterministic, the first rows or values.
    Sample {
        /// How many.
        rows: Expr,
        /// Distinct values of this expression, or whole rows.
        of: Option<Assignment>,
    },
    /// `top-nested`: one level after another of groups with the largest aggregates.
    TopNested(Vec<TopNested>),
}

/// A named expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The column that takes the value.
    pub name: Name,
    /// The value.
    pub value: Expr,
}

/// `project-away`, `-keep`, `-rename` and `-reorder` by name patterns, resolved against the data's columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ProjectOpen {
    /// Without the columns that match.
    Away(Vec<Name>),
    /// Only the columns that match.
    Keep(Vec<Name>),
    /// With new names: (new, old).
    Rename(Vec<(Name, Name)>),
    /// First the columns that match, each pattern optionally sorted.
    Reorder(Vec<(Name, Option<Direction>)>),
}

/// An aggregate of `summarize`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AggregateColumn {
    /// The columns that take its results: one, or several for `arg_max(x, *)` and `percentiles`.
    pub names: Vec<Name>,
    /// A scalar expression over the results of `calls`, which it reads as columns `$0`, `$1`, …; `None` where the
    /// column is the result of the only call itself.
    pub expression: Option<Expr>,
    /// The aggregate functions called.
    pub calls: Vec<AggregateCall>,
}

/// A call of an aggregate function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AggregateCall {
    /// Canonical name in `rule-eval`'s table of aggregates.
    pub function: Name,
    /// Arguments, evaluated on each row.
    pub args: Vec<Expr>,
    /// Type of the result.
    pub ty: Type,
}

/// How the rows of two sides are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JoinKind {
    /// Inner join over left rows that are first made unique by key. KQL's default.
    InnerUnique,
    /// All matching pairs.
    Inner,
    /// All left rows, with nulls where the right has none.
    LeftOuter,
    /// All right rows, with nulls where the left has none.
    RightOuter,
    /// All rows of both sides.
    FullOuter,
    /// Left rows that match.
    LeftSemi,
    /// Left rows that match nothing.
    LeftAnti,
    /// Right rows that match.
    RightSemi,
    /// Right rows that match nothing.
    RightAnti,
}

/// A `join` or `lookup`. Output columns are the left ones, then the right ones under `right_names`; semi and anti
/// joins give the columns of the kept side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Join {
    /// Kind; `lookup` is [`JoinKind::LeftOuter`] or [`JoinKind::Inner`].
    pub kind: JoinKind,
    /// The right side.
    pub right: Query,
    /// Key expressions: over the left side and over the right side.
    pub on: Vec<(Expr, Expr)>,
    /// For each right column the name it has in the output; `None` drops it (the keys of a `lookup`).
    pub right_names: Vec<Option<Name>>,
}

/// A `union`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Union {
    /// The inputs, each with the name under which `withsource` reports it. As an operator, its own input comes first
    /// as a query over [`Source::Input`]. Each input's columns are matched to the output's by name and type.
    pub inputs: Vec<UnionInput>,
    /// The column that takes the name of the input.
    pub with_source: Option<Name>,
    /// Whether only columns common to all inputs are kept.
    pub inner: bool,
}

/// An input of a union.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnionInput {
    /// What `withsource` says: the table's name, or `union_argN`.
    pub label: Name,
    /// The rows.
    pub query: Query,
    /// For each output column of the union the column of this input that feeds it, if any.
    pub columns: Vec<Option<Name>>,
}

/// An `mv-expand`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MvExpand {
    /// The expanded columns, in parallel, each with the type its elements are converted to.
    pub columns: Vec<ExpandColumn>,
    /// `with_itemindex=`.
    pub item_index: Option<Name>,
    /// `limit`.
    pub limit: Option<u64>,
    /// `bagexpansion=array` (`kind=array`): a bag becomes `[name, value]` pairs.
    pub bags_as_arrays: bool,
}

/// A column expanded by `mv-expand` or `mv-apply`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpandColumn {
    /// The column that takes the elements.
    pub name: Name,
    /// The array or bag.
    pub value: Expr,
    /// `to typeof(…)`, else dynamic.
    pub ty: Type,
}

/// An `mv-apply`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MvApply {
    /// What is expanded.
    pub expand: MvExpand,
    /// What is done with the elements of each row, over [`Source::Input`], whose columns are those of the row with
    /// the expanded ones. Its output columns follow the row's own, and replace those of the same name.
    pub body: Query,
}

/// Ascending or descending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first. KQL's default.
    Descending,
}

/// A sort key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SortKey {
    /// By what.
    pub value: Expr,
    /// In which direction.
    pub direction: Direction,
    /// Whether nulls come first; KQL's default is first when ascending, last when descending.
    pub nulls_first: bool,
}

/// How `parse` reads its pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParseMode {
    /// Each column takes what fits between two literals, all or nothing.
    Simple,
    /// As simple, but a column whose conversion fails is null and the others stay.
    Relaxed,
    /// Literals are regular expressions.
    Regex,
}

/// `parse` or `parse-where`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parse {
    /// The text.
    pub value: Expr,
    /// Mode.
    pub mode: ParseMode,
    /// Flags of regex mode (`U`, `i`, `m`, `s`).
    pub flags: Name,
    /// The pattern, left to right.
    pub pattern: Vec<ParsePart>,
    /// Whether rows that do not match are dropped (`parse-where`).
    pub filter: bool,
}

/// A part of a `parse` pattern.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ParsePart {
    /// A literal text, or regular expression.
    Literal(Name),
    /// `*`: anything.
    Skip,
    /// A column.
    Column(Field),
}

/// `parse-kv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParseKv {
    /// The text.
    pub value: Expr,
    /// The keys, each a column.
    pub keys: Vec<Field>,
    /// Between pairs.
    pub pair_delimiter: Option<Name>,
    /// Between key and value.
    pub kv_delimiter: Option<Name>,
    /// Opening and closing quotes.
    pub quotes: Vec<(Name, Name)>,
    /// The character that escapes.
    pub escape: Option<Name>,
    /// Whether a value runs on until the next key's delimiter.
    pub greedy: bool,
    /// A regular expression with two groups, in place of delimiters.
    pub regex: Option<Name>,
}

/// A `make-series`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MakeSeries {
    /// Aggregates, each with the value of an empty bin.
    pub aggregates: Vec<(AggregateColumn, Value)>,
    /// The axis column.
    pub axis: Assignment,
    /// First bin; the smallest value when absent.
    pub from: Option<Expr>,
    /// End, exclusive; the largest value, inclusive, when absent.
    pub to: Option<Expr>,
    /// Width of a bin.
    pub step: Expr,
    /// Group keys.
    pub by: Vec<Assignment>,
    /// `kind=nonempty`: without rows and keys, still one series of empty bins.
    pub non_empty: bool,
}

/// A `scan`. Conditions and assignments are over the columns of the row, then the declared ones with their defaults,
/// then for each step in order the same columns as the step's state has them, named `step.column`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// The column that takes the number of the sequence.
    pub match_id: Option<Name>,
    /// Columns behind those of the input, with their defaults, which are constants.
    pub declared: Vec<Assignment>,
    /// The steps of a sequence.
    pub steps: Vec<ScanStep>,
}

/// A step of a `scan`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScanStep {
    /// Its name.
    pub name: Name,
    /// Which of its rows come out.
    pub output: ScanOutput,
    /// Which rows match.
    pub condition: Expr,
    /// Values of declared columns on a row that matches.
    pub assignments: Vec<Assignment>,
}

/// Which of the rows that match a step of a `scan` come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScanOutput {
    /// All.
    All,
    /// The last of those that match it one after another.
    Last,
    /// None.
    None,
}

/// A plugin of `evaluate`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Evaluate {
    /// `bag_unpack(column, prefix)`.
    BagUnpack {
        /// The bag column.
        column: Name,
        /// Put before the names of its properties.
        prefix: Name,
        /// `keep_original`, `replace_source` or `error` on a name that the table already has.
        conflict: Name,
        /// Properties that are left out.
        ignored: Vec<Name>,
    },
    /// `pivot(column, aggregate, others…)`.
    Pivot {
        /// The column whose values become columns.
        column: Name,
        /// What is aggregated.
        aggregate: AggregateCall,
        /// The columns that stay; all others when empty.
        by: Vec<Name>,
    },
    /// `ipv4_lookup` or `ipv6_lookup`.
    IpLookup {
        /// The table of networks.
        lookup: Query,
        /// The address, over the input.
        address: Expr,
        /// The column of the table that holds networks in CIDR notation.
        network: Name,
        /// Whether input rows without a network stay.
        return_unmatched: bool,
        /// Columns of both tables that must be equal, too.
        keys: Vec<Name>,
        /// For each column of the table the name it has in the output; `None` drops it (the keys).
        names: Vec<Option<Name>>,
    },
    /// `narrow()`: a row a cell.
    Narrow,
    /// `activity_counts_metrics`, `sliding_window_counts` or `rolling_percentile`.
    Windows(Box<Windows>),
    /// `rows_near`: rows so near to one on which the predicate is true.
    RowsNear {
        /// Which rows are looked for.
        predicate: Expr,
        /// How many rows before one stay.
        before: Expr,
        /// How many rows after one stay.
        after: Expr,
    },
}

/// Figures over one window of a timeline after another, for each combination of some columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Windows {
    /// What is computed.
    pub figures: Figures,
    /// The column that is counted.
    pub value: Name,
    /// The column along which windows follow each other.
    pub timeline: Name,
    /// First value of the timeline; 0 where absent.
    pub from: Option<Expr>,
    /// Last value of the timeline, inclusive.
    pub to: Option<Expr>,
    /// Width of a step.
    pub step: Expr,
    /// The columns that part the rows.
    pub by: Vec<Name>,
}

/// What is computed over windows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Figures {
    /// Of each step: rows, distinct values, those not seen in an earlier step, distinct values so far.
    Activity,
    /// Rows and distinct values of a step and those before it, as far as this span looks back.
    Sliding(Expr),
    /// This percentile of the values of a step and those before it, so many steps in all.
    Percentile {
        /// Which percentile.
        percentile: Expr,
        /// Steps in a window.
        steps: Expr,
    },
}

/// A level of `top-nested`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopNested {
    /// How many groups; all when absent.
    pub rows: Option<Expr>,
    /// The group key.
    pub key: Assignment,
    /// The value that the remaining groups are put under, where `with others=` is given.
    pub others: Option<Value>,
    /// The aggregate that orders the groups.
    pub aggregate: AggregateColumn,
    /// In which direction.
    pub direction: Direction,
}

/// A scalar expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its type.
    pub ty: Type,
    /// Where it was written.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExprKind {
    /// A constant.
    Literal(Value),
    /// A column of the row.
    Column(Name),
    /// A property of a bag: `value.name`, `value["name"]`.
    Property(Box<Expr>, Name),
    /// An element of an array, or a property by a computed name: `value[index]`.
    Element(Box<Expr>, Box<Expr>),
    /// A scalar function or operator by its canonical name in `rule-eval`'s function table; operators are entries
    /// too (`==`, `has`, `and`, `in~`, `between`, `-` …), so that checker, evaluator and macro treat all alike.
    Call(Name, Vec<Expr>),
    /// The first cell of a query's result, evaluated once: `toscalar(…)`.
    ToScalar(Box<Query>),
    /// The first column of a query's result as an array, evaluated once: the right side of `in (table)`.
    FirstColumn(Box<Query>),
    /// The whole row as a bag, for `pack_all()`.
    WholeRow {
        /// `pack_all(true)`: without nulls and empty texts.
        ignore_empty: bool,
    },
}

impl Span {
    /// The range from `start` to `end`.
    pub const fn new(start: u32, end: u32) -> Span {
        Span { start, end }
    }

    /// The smallest range that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The text in this range of `source`; empty when the range does not lie in it.
    pub fn text(self, source: &str) -> &str {
        source.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

impl Query {
    /// The columns that come out of the last operator.
    pub fn output(&self) -> &[Field] {
        self.stages.last().map_or(&self.columns, |stage| &stage.output)
    }
}

impl Field {
    /// A column of this name and type.
    pub fn new(name: impl Into<Name>, ty: Type) -> Field {
        Field { name: name.into(), ty }
    }
}

impl Expr {
    /// A constant.
    pub fn literal(value: Value, ty: Type, span: Span) -> Expr {
        Expr { kind: ExprKind::Literal(value), ty, span }
    }

    /// A column.
    pub fn column(name: impl Into<Name>, ty: Type, span: Span) -> Expr {
        Expr { kind: ExprKind::Column(name.into()), ty, span }
    }

    /// A call of a function or operator.
    pub fn call(function: impl Into<Name>, args: Vec<Expr>, ty: Type, span: Span) -> Expr {
        Expr { kind: ExprKind::Call(function.into(), args), ty, span }
    }
}
