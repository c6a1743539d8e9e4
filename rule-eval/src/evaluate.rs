//! Plan and tables in, table out: what KQL's queries mean, simple before fast.
//!
//! ```text
//! Plan ─Prepared::new─> Prepared ─run(tables, context)─> Table
//!        columns to indexes,       a table at a time through the operators;
//!        names to functions        joins and groups by hash of their keys
//! ```
//!
//! A [`Prepared`] plan is run as often as wanted. Operators after one whose columns depend on data (`bag_unpack`,
//! `pivot`) are bound when those columns are known.
//!
//! | module | holds |
//! |---|---|
//! | `expression` | scalar expressions over a row |
//! | `query`, `source` | a query: its source and its operators in order |
//! | [`verdict`], [`trace`](mod@trace) | what a condition came to on a row; what each operator of a query did |
//! | the others | an operator or a few of a kind each |

mod expand;
mod expression;
mod ip_lookup;
mod join;
mod nested;
mod parse;
mod parse_kv;
mod plugins;
mod query;
mod rows;
mod scan;
mod series;
mod source;
mod summarize;
pub mod trace;
mod union;
pub mod verdict;
mod window;
mod windows;

use crate::context::EvalError;
use crate::{Context, Table};
use query::PreparedQuery;
use rule_model::Value;
use rule_model::plan::{Field, Plan, Query};
use smol_str::SmolStr;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

pub use expression::Expression;

/// The tables that a query may read.
pub trait Tables {
    /// The table of this canonical name.
    fn table(&self, name: &str) -> Option<Cow<'_, Table>>;

    /// Whether rows of this table are found by the key of the join that it is a side of: that join then says which keys
    /// it needs. Only for a side that the kind of join does not preserve, and whose operators before the join do the
    /// same to the rows of a key whatever rows of other keys there are.
    fn is_keyed(&self, _name: &str) -> bool {
        false
    }

    /// Hands out the rows of a table part by part, so that not all need be in memory; `None` where that is not offered
    /// and the whole table is to be asked for. Of a table that is keyed, `keys` are the hashes ([`key_hash`]) of the
    /// keys that are needed; rows of others may be among what comes.
    ///
    /// [`key_hash`]: crate::key_hash
    fn parts(&self, _name: &str, _keys: Option<&HashSet<u64>>, _use_part: &mut UsePart<'_>) -> Option<Parts> {
        None
    }
}

/// Takes a part of a table.
pub type UsePart<'u> = dyn FnMut(Table) -> Result<(), EvalError> + 'u;

/// How handing out a table ended.
pub type Parts = Result<(), EvalError>;

impl<S: BuildHasher> Tables for HashMap<SmolStr, Table, S> {
    fn table(&self, name: &str) -> Option<Cow<'_, Table>> {
        self.get(name).map(Cow::Borrowed)
    }
}

impl Tables for BTreeMap<SmolStr, Table> {
    fn table(&self, name: &str) -> Option<Cow<'_, Table>> {
        self.get(name).map(Cow::Borrowed)
    }
}

/// No tables at all.
impl Tables for () {
    fn table(&self, _: &str) -> Option<Cow<'_, Table>> {
        None
    }
}

/// A plan whose names are resolved, ready to run.
#[derive(Debug)]
pub struct Prepared {
    bindings: Vec<PreparedQuery>,
    root: PreparedQuery,
    /// Number of values that are computed once a run.
    slots: usize,
}

/// What an evaluation under way knows: the tables, the context, and what it has computed once for all rows.
pub struct Env<'a> {
    /// The time, compiled regular expressions, a failure if there was one.
    pub context: &'a mut Context,
    tables: &'a dyn Tables,
    bindings: &'a [PreparedQuery],
    computed: Vec<Option<Arc<Table>>>,
    /// Where those are parts of tables, the whole ones.
    whole: Option<Whole<'a>>,
    /// Results of `toscalar()` and the like by slot.
    once: HashMap<usize, Once>,
    next_slot: usize,
    /// What [`Source::Input`](rule_model::plan::Source::Input) means in each of the enclosing subqueries.
    inputs: Vec<Table>,
}

/// The tables that queries in expressions see where the others see parts of them, and the bindings over those.
struct Whole<'a> {
    tables: &'a dyn Tables,
    computed: Vec<Option<Arc<Table>>>,
}

/// What the queries in a plan's expressions (`toscalar()`, the right side of `in`) gave: the same for all parts of the tables.
#[derive(Debug, Default)]
pub struct Answers {
    known: HashMap<usize, Once>,
    is_in_the_way: bool,
}

impl Answers {
    /// Bytes that they take, near enough.
    pub fn bytes(&self) -> u64 {
        self.known.values().map(Once::bytes).sum()
    }

    /// Whether the last evaluation ended in one of those queries: with fewer rows of the parts it would, too.
    pub fn is_in_the_way(&self) -> bool {
        self.is_in_the_way
    }
}

/// A value computed once a run.
#[derive(Clone, Debug)]
enum Once {
    Value(Value, u64),
    Members(Arc<expression::Members>),
    /// Its query failed, which the evaluation ends with.
    Failed,
}

impl Once {
    /// Bytes that it takes, near enough.
    fn bytes(&self) -> u64 {
        match self {
            Once::Value(_, bytes) => *bytes,
            Once::Members(members) => members.bytes(),
            Once::Failed => 0,
        }
    }
}

/// Hands out the slots of values that are computed once a run.
#[derive(Debug, Default)]
struct Binder {
    next_slot: usize,
    /// For each of the plan's bindings so far whether its columns depend on data.
    open_bindings: Vec<bool>,
    /// While an operator is bound to the columns that the data turned out to have: those that it hands to a subquery.
    /// The plan then knows only some of them, and a column that the data did not bring reads as absent, as it would
    /// in rows that happen to lack it.
    late: Option<Vec<Field>>,
    /// How often the subquery being bound reads what it is handed; `None` where operators that are bound later may, too.
    input_reads: Option<usize>,
}

/// Evaluates a plan over tables. Fails where Kusto would: on a table that is not there, on what a function reports.
pub fn evaluate(plan: &Plan, tables: &dyn Tables, context: &mut Context) -> Result<Table, EvalError> {
    Prepared::new(plan)?.run(tables, context)
}

impl Prepared {
    /// Resolves the names of a plan.
    pub fn new(plan: &Plan) -> Result<Prepared, EvalError> {
        let mut binder = Binder::default();
        let mut bindings = Vec::new();
        for query in &plan.bindings {
            let query = PreparedQuery::new(query, &mut binder)?;
            binder.open_bindings.push(query.columns().is_none());
            bindings.push(query);
        }
        let root = PreparedQuery::new(&plan.root, &mut binder)?;
        Ok(Prepared { bindings, root, slots: binder.next_slot })
    }

    /// Evaluates the plan over tables.
    pub fn run(&self, tables: &dyn Tables, context: &mut Context) -> Result<Table, EvalError> {
        self.root.run(&mut self.env(tables, context))
    }

    /// Evaluates the plan over parts of tables; the queries in its expressions see the whole ones and are evaluated where
    /// `answers` does not have what they gave.
    pub fn run_part(
        &self,
        part: &dyn Tables,
        whole: &dyn Tables,
        answers: &mut Answers,
        context: &mut Context,
    ) -> Result<Table, EvalError> {
        let mut env = self.env(part, context);
        env.whole = Some(Whole { tables: whole, computed: vec![None; self.bindings.len()] });
        let bytes = answers.bytes();
        env.once = std::mem::take(&mut answers.known);
        let result = env.context.memory.hold_to_the_end(|| bytes).and_then(|()| self.root.run(&mut env));
        answers.known = env.once;
        answers.is_in_the_way = answers.known.values().any(|once| matches!(once, Once::Failed));
        // Further slots are of operators bound late, which may be others in another part.
        answers.known.retain(|slot, once| *slot < self.slots && !matches!(once, Once::Failed));
        result
    }

    /// Evaluates a plan whose root reads [`Source::Input`](rule_model::plan::Source::Input), over `input`.
    pub fn run_over(
        &self,
        input: Table,
        tables: &dyn Tables,
        context: &mut Context,
    ) -> Result<Table, EvalError> {
        let mut env = self.env(tables, context);
        env.inputs.push(input);
        self.root.run(&mut env)
    }

    fn env<'a>(&'a self, tables: &'a dyn Tables, context: &'a mut Context) -> Env<'a> {
        let mut env = Env::new(tables, context);
        env.bindings = &self.bindings;
        env.computed.resize(self.bindings.len(), None);
        env.next_slot = self.slots;
        env
    }
}

impl<'a> Env<'a> {
    /// An environment for expressions over rows.
    pub fn new(tables: &'a dyn Tables, context: &'a mut Context) -> Env<'a> {
        Env {
            context,
            tables,
            bindings: &[],
            computed: Vec::new(),
            whole: None,
            once: HashMap::new(),
            next_slot: 0,
            inputs: Vec::new(),
        }
    }

    /// Does something over whole tables, where the others are parts.
    fn over_whole_tables<T>(&mut self, act: impl FnOnce(&mut Env<'a>) -> T) -> T {
        // Taken out meanwhile: a query within is over whole tables already.
        let Some(mut whole) = self.whole.take() else { return act(self) };
        std::mem::swap(&mut self.tables, &mut whole.tables);
        std::mem::swap(&mut self.computed, &mut whole.computed);
        let result = act(self);
        std::mem::swap(&mut self.tables, &mut whole.tables);
        std::mem::swap(&mut self.computed, &mut whole.computed);
        self.whole = Some(whole);
        result
    }

    /// The error that was reported while values were computed, if any.
    fn check(&mut self) -> Result<(), EvalError> {
        self.context.take_failure().map_or(Ok(()), Err)
    }
}

impl fmt::Debug for Env<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env")
            .field("context", &self.context)
            .field("once", &self.once)
            .finish_non_exhaustive()
    }
}

impl Binder {
    fn slot(&mut self) -> usize {
        self.next_slot += 1;
        self.next_slot - 1
    }

    /// Binds a subquery over rows of these columns.
    fn subquery(&mut self, query: &Query, input: &[Field]) -> Result<PreparedQuery, EvalError> {
        let handed_in = self.late.is_some().then(|| input.to_vec());
        let outer = std::mem::replace(&mut self.late, handed_in);
        let outer_reads = self.input_reads.replace(0);
        let prepared = PreparedQuery::new(query, self);
        let reads = std::mem::replace(&mut self.input_reads, outer_reads);
        self.late = outer;
        prepared.map(|prepared| if reads == Some(1) { prepared.taking_its_input() } else { prepared })
    }
}

fn error(message: impl Into<String>) -> EvalError {
    EvalError { message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_model::plan::{
        AggregateCall, AggregateColumn, Assignment, Direction, Expr, ExprKind, Join, JoinKind, Operator,
        SortKey, Source, Span, Stage,
    };
    use rule_model::{DateTime, Type};
    use std::cell::Cell;

    const SPAN: Span = Span::new(0, 0);

    fn column(name: &str, ty: Type) -> Expr {
        Expr::column(name, ty, SPAN)
    }

    fn long(n: i64) -> Expr {
        Expr::literal(Value::Long(n), Type::Long, SPAN)
    }

    /// Columns `k: string, v: long`.
    fn pairs(rows: &[(&str, Option<i64>)], stages: Vec<Operator>) -> Query {
        let columns = vec![Field::new("k", Type::String), Field::new("v", Type::Long)];
        let rows = rows.iter().map(|(k, v)| vec![Value::string(k), Value::from(*v)]).collect();
        let stage = |operator| Stage { operator, output: Vec::new(), open: false, span: SPAN };
        Query { source: Source::DataTable(rows), columns, stages: stages.into_iter().map(stage).collect() }
    }

    /// Columns and rows, compactly.
    fn shown(root: Query) -> String {
        let plan = Plan { bindings: Vec::new(), root, visible: 0 };
        let table = evaluate(&plan, &(), &mut Context::at(DateTime::MIN)).unwrap();
        let head: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let mut lines = vec![head.join(",")];
        lines.extend(table.rows.iter().map(|row| crate::json::write(&Value::array(row.clone()))));
        lines.join(" ")
    }

    fn join(kind: JoinKind) -> Query {
        let left = [("a", Some(1)), ("a", Some(2)), ("b", Some(3))];
        let right = pairs(&[("a", Some(4)), ("a", Some(5)), ("c", Some(6))], Vec::new());
        let on = vec![(column("k", Type::String), column("k", Type::String))];
        let right_names = vec![Some("k1".into()), Some("v1".into())];
        pairs(&left, vec![Operator::Join(Box::new(Join { kind, right, on, right_names }))])
    }

    #[test]
    fn joins_pair_rows_as_their_kind_says() {
        for (kind, expected) in [
            (JoinKind::Inner, r#"k,v,k1,v1 ["a",1,"a",4] ["a",1,"a",5] ["a",2,"a",4] ["a",2,"a",5]"#),
            (JoinKind::InnerUnique, r#"k,v,k1,v1 ["a",1,"a",4] ["a",1,"a",5]"#),
            (JoinKind::LeftSemi, r#"k,v ["a",1] ["a",2]"#),
            (JoinKind::LeftAnti, r#"k,v ["b",3]"#),
            (JoinKind::RightSemi, r#"k,v ["a",4] ["a",5]"#),
            (JoinKind::RightAnti, r#"k,v ["c",6]"#),
            (
                JoinKind::FullOuter,
                r#"k,v,k1,v1 ["a",1,"a",4] ["a",1,"a",5] ["a",2,"a",4] ["a",2,"a",5] ["b",3,"",null] ["",null,"c",6]"#,
            ),
        ] {
            assert_eq!(shown(join(kind)), expected, "{kind:?}");
        }
    }

    #[test]
    fn groups_come_in_the_order_of_their_first_rows() {
        let count = AggregateColumn {
            names: vec!["n".into()],
            expression: None,
            calls: vec![AggregateCall { function: "count".into(), args: Vec::new(), ty: Type::Long }],
        };
        let by = vec![Assignment { name: "v".into(), value: column("v", Type::Long) }];
        let rows = [("a", None), ("b", Some(2)), ("c", None)];
        let query = pairs(&rows, vec![Operator::Summarize { aggregates: vec![count], by }]);
        assert_eq!(shown(query), "v,n [null,2] [2,1]");
    }

    #[test]
    fn sort_is_stable_and_extend_sees_the_row_as_it_was() {
        let swap = vec![
            Assignment { name: "k".into(), value: column("v", Type::Long) },
            Assignment { name: "v".into(), value: column("k", Type::String) },
        ];
        let key =
            SortKey { value: column("v", Type::Long), direction: Direction::Descending, nulls_first: false };
        let rows = [("a", Some(1)), ("b", None), ("c", Some(2)), ("d", Some(1))];
        let query =
            pairs(&rows, vec![Operator::Top { rows: long(3), keys: vec![key] }, Operator::Extend(swap)]);
        assert_eq!(shown(query), r#"k,v [2,"c"] [1,"a"] [1,"d"]"#);
    }

    #[test]
    fn elements_count_from_either_end_and_absent_ones_are_null() {
        let list = Expr::literal(Value::array([Value::Long(1), Value::Long(2)]), Type::Dynamic, SPAN);
        for (index, expected) in
            [(0, Value::Long(1)), (-1, Value::Long(2)), (2, Value::Null), (-3, Value::Null)]
        {
            let kind = ExprKind::Element(Box::new(list.clone()), Box::new(long(index)));
            let expression = Expression::bind(&Expr { kind, ty: Type::Dynamic, span: SPAN }, &[]).unwrap();
            let mut context = Context::at(DateTime::MIN);
            assert_eq!(expression.value(&mut Env::new(&(), &mut context), &[]), expected, "{index}");
        }
    }

    #[test]
    fn an_evaluation_ends_where_it_has_no_room() {
        let plan = Plan { bindings: Vec::new(), root: join(JoinKind::Inner), visible: 0 };
        for (room, fits) in [(100, false), (1 << 20, true)] {
            let mut context = Context::at(DateTime::MIN).with_room(room);
            assert_eq!(evaluate(&plan, &(), &mut context).is_ok(), fits, "{room}");
            assert_eq!(context.memory.is_exceeded(), !fits, "{room}");
        }
        let peak = |rows: &[(&str, Option<i64>)]| {
            let by = vec![Assignment { name: "v".into(), value: column("v", Type::Long) }];
            let root = pairs(rows, vec![Operator::Summarize { aggregates: Vec::new(), by }]);
            let mut context = Context::at(DateTime::MIN).with_room(u64::MAX);
            evaluate(&Plan { bindings: Vec::new(), root, visible: 0 }, &(), &mut context).unwrap();
            context.memory.peak()
        };
        let (one, many): (Vec<_>, Vec<_>) = (0..500).map(|n| (("a", Some(1)), ("a", Some(n)))).unzip();
        assert!(peak(&one) + 50_000 < peak(&many), "{} {}", peak(&one), peak(&many));
    }

    /// A table that is handed out a row at a time, and how often it was.
    struct RowByRow(Table, Cell<usize>);

    impl Tables for RowByRow {
        fn table(&self, _: &str) -> Option<Cow<'_, Table>> {
            None
        }

        fn parts(&self, _: &str, _: Option<&HashSet<u64>>, use_part: &mut UsePart<'_>) -> Option<Parts> {
            self.1.set(self.1.get() + 1);
            let part = |row: &crate::Row| Table { columns: self.0.columns.clone(), rows: vec![row.clone()] };
            Some(self.0.rows.iter().try_for_each(|row| use_part(part(row))))
        }
    }

    /// A table of so many rows, and a query over it.
    fn many(rows: usize, stages: Vec<Operator>) -> (RowByRow, Query) {
        let Query { source: _, columns, stages } = pairs(&[], stages);
        let row = vec![Value::string("x".repeat(100)), Value::Long(1)];
        let table = Table { columns: columns.clone(), rows: vec![row; rows] };
        let query = Query { source: Source::Table("T".into()), columns, stages };
        (RowByRow(table, Cell::new(0)), query)
    }

    fn count() -> Operator {
        let calls = vec![AggregateCall { function: "count".into(), args: Vec::new(), ty: Type::Long }];
        let column = AggregateColumn { names: vec!["n".into()], expression: None, calls };
        Operator::Summarize { aggregates: vec![column], by: Vec::new() }
    }

    #[test]
    fn a_query_in_an_expression_is_asked_once_of_all_rows_whatever_part_asks() {
        let (whole, counted) = many(3, vec![count()]);
        let asked = Expr { kind: ExprKind::ToScalar(Box::new(counted)), ty: Type::Long, span: SPAN };
        let extend = Operator::Extend(vec![Assignment { name: "all".into(), value: asked }]);
        let (part, root) = many(2, vec![extend]);
        let prepared = Prepared::new(&Plan { bindings: Vec::new(), root, visible: 0 }).unwrap();
        let mut answers = Answers::default();
        for _ in 0..2 {
            let mut context = Context::at(DateTime::MIN);
            let table = prepared.run_part(&part, &whole, &mut answers, &mut context).unwrap();
            let all: Vec<&Value> = table.rows.iter().map(|row| &row[2]).collect();
            assert_eq!(all, [&Value::Long(3), &Value::Long(3)]);
        }
        assert_eq!((whole.1.get(), part.1.get()), (1, 2));
    }

    #[test]
    fn rows_that_come_in_parts_are_held_only_where_the_operator_needs_them() {
        let sort = Operator::Sort(vec![SortKey {
            value: column("v", Type::Long),
            direction: Direction::Descending,
            nulls_first: false,
        }]);
        for (operator, holds) in [(count(), false), (Operator::Take(long(3)), false), (sort, true)] {
            let (table, query) = many(1000, Vec::new());
            let columns = query.columns.clone();
            let input = |label: &str| rule_model::plan::UnionInput {
                label: label.into(),
                query: query.clone(),
                columns: columns.iter().map(|field| Some(field.name.clone())).collect(),
            };
            let inputs = vec![input("one"), input("other")];
            let union = rule_model::plan::Union { inputs, with_source: None, inner: false };
            let stage = Stage { operator, output: columns.clone(), open: false, span: SPAN };
            for source in [query.source.clone(), Source::Union(Box::new(union))] {
                let root = Query { source, columns: columns.clone(), stages: vec![stage.clone()] };
                let mut context = Context::at(DateTime::MIN).with_room(u64::MAX);
                evaluate(&Plan { bindings: Vec::new(), root, visible: 0 }, &table, &mut context).unwrap();
                assert_eq!(context.memory.peak() > 100_000, holds, "{:?}", context.memory);
            }
        }
    }
}
