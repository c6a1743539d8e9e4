//! Queries and rules as written, before names are resolved.
//!
//! The tree is generic where KQL is regular: an operator with its parameters, an expression with its operator symbol.
//! What a name means is decided by the checker alone.

use crate::Span;
use rule_model::Value;
use smol_str::SmolStr;

/// A name and where it stands. Brackets and quotes (`['a b']`) are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: SmolStr,
    /// Where it stands.
    pub span: Span,
}

/// A whole text: `let`, `set`, `declare` and `alias` statements and at most one query that gives the result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// Statements in order.
    pub statements: Vec<Statement>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `let name = …;`
    Let(Name, LetValue),
    /// `set option = value;` — read and without effect.
    Set(Name, Option<Expr>),
    /// `declare query_parameters(name:type = default, …);`
    Parameters(Vec<Parameter>),
    /// A statement of KQL that queries over a data lake need and this language does not have: `alias database`,
    /// `declare pattern`, `restrict access`; the checker refuses it by the name that is kept.
    Other(Name),
    /// A query.
    Query(Expr),
}

/// The right side of a `let`.
#[derive(Clone, Debug, PartialEq)]
pub enum LetValue {
    /// A scalar or a table; the checker tells which.
    Expr(Expr),
    /// A function, or a view.
    Function(Function),
}

/// `(a:string, T:(x:long)) { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Whether it was written with `view`.
    pub view: bool,
    /// Parameters.
    pub params: Vec<Parameter>,
    /// Body.
    pub body: Script,
    /// Where it stands.
    pub span: Span,
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Name.
    pub name: Name,
    /// Type.
    pub ty: ParameterType,
    /// Default value.
    pub default: Option<Expr>,
}

/// Type of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterType {
    /// A scalar type, by name.
    Scalar(Name),
    /// A table with at least these columns; `(*)` has none.
    Table(Vec<(Name, Name)>),
}

/// An expression, scalar or tabular: KQL tells them apart by meaning, not by form.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A literal: `5`, `"a"`, `1h`, `datetime(2021-01-01)`, `dynamic([1])`, `int(null)` …; its type is known even
    /// where the value is null.
    Literal(Value, rule_model::Type),
    /// A name: column, variable, table, or function without parentheses.
    Name(Name),
    /// `*`, as an argument or column.
    Star,
    /// A name with `*` in it: `Device*`.
    Pattern(SmolStr),
    /// `$left` or `$right`.
    JoinSide(Name),
    /// `value.name` or `value["name"]` written with a constant.
    Property(Box<Expr>, Name),
    /// `value[index]`.
    Element(Box<Expr>, Box<Expr>),
    /// A prefix operator: `-` or `+`.
    Prefix(Name, Box<Expr>),
    /// `a and b and c`: two operands or more. A list, because published queries chain hundreds of them and a nest would
    /// be as deep as the chain is long.
    And(Vec<Expr>),
    /// `a or b or c`: two operands or more.
    Or(Vec<Expr>),
    /// An infix operator by its symbol, `==`, `has`, `!contains_cs`, `+`, `matches regex` … In `where a = b` it is `=`,
    /// which the grammar takes and no table of operators has.
    Infix(Box<Expr>, Name, Box<Expr>),
    /// `value in (list)`, `!in`, `in~`, `!in~`, `has_any`, `has_all`: items as written, one of which may be a table.
    In(Box<Expr>, Name, Vec<Expr>),
    /// `value between (low .. high)` and `!between`.
    Between(Box<Expr>, Name, Box<Expr>, Box<Expr>),
    /// `name(arguments)`, `name(argument = value)`.
    Call(Name, Vec<Argument>),
    /// `cluster("x").database("y")`: a call on what stands before the dot.
    Method(Box<Expr>, Name, Vec<Argument>),
    /// `typeof(type)`, or `typeof(a:int, b:string)`.
    TypeOf(Vec<Name>),
    /// `(…)`.
    Parenthesized(Box<Expr>),
    /// A source with operators behind it: `T | where …`; without a source it stands in a subquery (`mv-apply … on (…)`),
    /// continues a rule's table, or begins with an operator that needs no input (`evaluate plugin(…)`).
    Pipe(Option<Box<Expr>>, Vec<Operator>),
    /// `print a = 1, …`.
    Print(Vec<Named>),
    /// `range x from a to b step c`.
    Range(Name, Box<Expr>, Box<Expr>, Box<Expr>),
    /// `datatable(a:string, …)[…]`.
    DataTable(Vec<(Name, Name)>, Vec<Expr>),
    /// `externaldata(a:string, …)[…] with (…)`.
    ExternalData(Vec<(Name, Name)>, Vec<Expr>),
    /// `union …` as a source.
    Union(UnionOperator),
    /// `search …` or `find …` as a source.
    Search(SearchOperator),
    /// Nothing where an expression must be; reported. `materialize(query)`, `toscalar(query)` and `table(name)` are
    /// calls; `database("x").T` is a property of a call.
    Missing,
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// `name =` before it.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
}

/// An expression with the column name, or names, it is given: `x = …`, `(a, b) = …`.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The names; empty where none is written.
    pub names: Vec<Name>,
    /// The value.
    pub value: Expr,
}

/// A tabular operator behind a `|`.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// The word that names it, as written (`where`, `filter`, `order`, `mvexpand` …).
    pub keyword: Name,
    /// What it says.
    pub kind: OperatorKind,
    /// From the keyword to its end.
    pub span: Span,
}

/// `name=value` parameters of an operator: `kind=inner`, `hint.strategy=shuffle`, `isfuzzy=true`, `withsource=T`.
pub type Parameters = Vec<(Name, Expr)>;

/// Tabular operators by their grammar; synonyms (`filter`, `order`, `limit`, `mvexpand`) have the same kind.
#[derive(Clone, Debug, PartialEq)]
pub enum OperatorKind {
    /// `where predicate`
    Where(Expr),
    /// `extend a = …, …`
    Extend(Vec<Named>),
    /// `project a, b = …`
    Project(Vec<Named>),
    /// `project-away a, b*`
    ProjectAway(Vec<Expr>),
    /// `project-keep a, b*`
    ProjectKeep(Vec<Expr>),
    /// `project-rename new = old, …`
    ProjectRename(Vec<Named>),
    /// `project-reorder a, b* asc, …`
    ProjectReorder(Vec<(Expr, Option<Ordering>)>),
    /// `summarize a = count(), … by …`
    Summarize(Parameters, Vec<Named>, Vec<Named>),
    /// `distinct a, b` or `distinct *`
    Distinct(Parameters, Vec<Named>),
    /// `count` or `count as n`
    Count(Option<Name>),
    /// `join kind=… (right) on …`
    Join(Parameters, Box<Expr>, Vec<Expr>),
    /// `lookup kind=… (right) on …`
    Lookup(Parameters, Box<Expr>, Vec<Expr>),
    /// `union kind=… a, b`
    Union(UnionOperator),
    /// `mv-expand a = x to typeof(…), … limit n`
    MvExpand(Parameters, Vec<ExpandItem>, Option<Expr>),
    /// `mv-apply a = x to typeof(…), … limit n on (subquery)`
    MvApply(Parameters, Vec<ExpandItem>, Option<Expr>, Box<Expr>),
    /// `sort by …`
    Sort(Parameters, Vec<Ordered>),
    /// `top n by …`; `with others` belongs to `top-hitters` and `top-nested`.
    Top(Parameters, Box<Expr>, Vec<Ordered>),
    /// `top-nested n of x with others = … by aggregate, …`
    TopNested(Vec<TopNestedLevel>),
    /// `take n`
    Take(Parameters, Expr),
    /// `sample n`; `sample-distinct n of x`
    Sample(Box<Expr>, Option<Box<Expr>>),
    /// `parse kind=… x with …`, `parse-where`
    Parse(Parameters, Box<Expr>, Vec<PatternPart>),
    /// `parse-kv x as (a:type, …) with (…)`
    ParseKv(Box<Expr>, Vec<(Name, Name)>, Parameters),
    /// `serialize a = …`
    Serialize(Vec<Named>),
    /// `make-series …`
    MakeSeries(Box<MakeSeries>),
    /// `evaluate plugin(…) : (schema)`
    Evaluate(Parameters, Box<Expr>, Option<OutputSchema>),
    /// `invoke function(…)`
    Invoke(Expr),
    /// `as name`
    As(Parameters, Name),
    /// `getschema`
    GetSchema,
    /// `search …`
    Search(SearchOperator),
    /// `render kind with (…)`: no effect.
    Render(Name, Parameters),
    /// `partition by x (subquery)`, `partition by x { query }`
    Partition(Parameters, Box<Expr>, Box<Expr>),
    /// `scan with_match_id=x declare (…) with (step …)`
    Scan(Box<ScanOperator>),
    /// Any other operator of KQL, read to its end: the checker refuses it by name.
    Other,
}

/// `asc`/`desc`, `nulls first`/`nulls last`, or `granny-asc` of `project-reorder`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordering {
    /// `asc` written.
    pub ascending: Option<bool>,
    /// `nulls first` written.
    pub nulls_first: Option<bool>,
}

/// An expression with an order.
#[derive(Clone, Debug, PartialEq)]
pub struct Ordered {
    /// By what.
    pub value: Named,
    /// How.
    pub ordering: Ordering,
}

/// An expanded column.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpandItem {
    /// The column.
    pub value: Named,
    /// `to typeof(…)`
    pub ty: Option<Name>,
}

/// `union` with its parameters and inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct UnionOperator {
    /// `kind=`, `withsource=`, `isfuzzy=`.
    pub params: Parameters,
    /// Inputs; a name may contain `*`.
    pub inputs: Vec<Expr>,
}

/// `search kind=… in (tables) predicate` and `find … where predicate project …`.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchOperator {
    /// Whether it is `find`.
    pub find: bool,
    /// `kind=`, `withsource=`.
    pub params: Parameters,
    /// Tables searched.
    pub tables: Vec<Expr>,
    /// A predicate in which a bare text means "some column has it".
    pub predicate: Box<Expr>,
    /// Columns of `find … project`.
    pub project: Vec<Named>,
}

/// A part of a `parse` pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternPart {
    /// A literal text.
    Literal(SmolStr, Span),
    /// `*`
    Star(Span),
    /// `name` or `name:type`
    Column(Name, Option<Name>),
}

/// `make-series a = agg default = 0, … on t from … to … step … by …`
#[derive(Clone, Debug, PartialEq)]
pub struct MakeSeries {
    /// Parameters.
    pub params: Parameters,
    /// Aggregates, each with its default.
    pub aggregates: Vec<(Named, Option<Expr>)>,
    /// Axis.
    pub axis: Named,
    /// `from`
    pub from: Option<Expr>,
    /// `to`
    pub to: Option<Expr>,
    /// `step`
    pub step: Option<Expr>,
    /// Deprecated `in range(from, to, step)`.
    pub range: Option<Expr>,
    /// `by`
    pub by: Vec<Named>,
}

/// `scan`
#[derive(Clone, Debug, PartialEq)]
pub struct ScanOperator {
    /// `with_match_id=`
    pub params: Parameters,
    /// `partition by …`, which the checker refuses.
    pub partition: Vec<Named>,
    /// `declare (…)`
    pub declared: Vec<Parameter>,
    /// `with (step …; step …)`
    pub steps: Vec<ScanStep>,
}

/// `step name optional output=all: condition => column = value, …;`
#[derive(Clone, Debug, PartialEq)]
pub struct ScanStep {
    /// Name.
    pub name: Name,
    /// `optional`, which the checker refuses.
    pub optional: Option<Name>,
    /// `output=`
    pub params: Parameters,
    /// Condition.
    pub condition: Expr,
    /// Assignments.
    pub assignments: Vec<Named>,
}

/// A level of `top-nested`.
#[derive(Clone, Debug, PartialEq)]
pub struct TopNestedLevel {
    /// How many.
    pub rows: Option<Expr>,
    /// Of what.
    pub key: Named,
    /// `with others =`
    pub others: Option<Expr>,
    /// By what.
    pub by: Ordered,
}

/// `: (a:type, …)` or `: (*, a:type)` behind a plugin call.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputSchema {
    /// Whether the input's columns come first.
    pub star: bool,
    /// Columns.
    pub columns: Vec<(Name, Name)>,
}
