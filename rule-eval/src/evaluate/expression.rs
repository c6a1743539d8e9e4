//! Scalar expressions over a row.

use super::query::PreparedQuery;
use super::window::Window;
use super::{Binder, Env, Once, error};
use crate::access::{element, property};
use crate::context::EvalError;
use crate::function::{Function, Implementation};
use crate::order::Key;
use crate::{Context, Table, memory, text};
use rule_model::plan::{Expr, ExprKind, Field, Name};
use rule_model::{Bag, Value};
use smol_str::SmolStr;
use std::collections::HashSet;
use std::sync::Arc;

/// An expression whose columns are indexes and whose functions are entries of the function table.
#[derive(Debug)]
pub struct Expression(Node);

#[derive(Debug)]
enum Node {
    Literal(Value),
    Column(usize),
    Property(Box<Node>, Name),
    Element(Box<Node>, Box<Node>),
    Call(Call, Vec<Node>),
    /// `and` and `or`, whose right side is not looked at when the left decides: the call and the deciding value.
    Logic(Call, bool, Box<[Node; 2]>),
    /// `in (table)` and relatives: by hash, because the table may be long.
    Membership(Call, Box<Node>, OnceQuery, Fold),
    ToScalar(OnceQuery),
    FirstColumn(OnceQuery),
    WholeRow {
        names: Vec<Name>,
        ignore_empty: bool,
    },
}

/// A query whose result is needed as a value, and the slot that holds it for the time of a run.
#[derive(Debug)]
struct OnceQuery {
    slot: usize,
    query: Box<PreparedQuery>,
}

type Implement = fn(&mut Context, &[Value]) -> Value;

/// An implementation; its name is for debugging.
#[derive(Clone, Copy)]
struct Call {
    name: &'static str,
    implementation: Implement,
}

/// Whether texts are compared without regard to case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fold {
    Case,
    Nothing,
}

/// The first column of a table as the right side of `in`.
#[derive(Debug)]
pub(super) struct Members {
    list: Value,
    keys: HashSet<Key>,
    all_texts: bool,
    all_whole: bool,
    bytes: u64,
}

/// The columns an expression may name, and the window functions found in the expressions of an operator: their
/// results follow the columns of the row.
pub(super) struct Scope<'a> {
    pub(super) fields: &'a [Field],
    pub(super) binder: &'a mut Binder,
    pub(super) windows: Vec<Window>,
}

impl Expression {
    /// Resolves the names of `expr` in a row of these columns. Window functions are refused: they need all rows.
    pub fn bind(expr: &Expr, fields: &[Field]) -> Result<Expression, EvalError> {
        Expression::bind_in(expr, fields, &mut Binder::default())
    }

    /// The same within a plan.
    pub(super) fn bind_in(
        expr: &Expr,
        fields: &[Field],
        binder: &mut Binder,
    ) -> Result<Expression, EvalError> {
        let mut scope = Scope::new(fields, binder);
        let bound = scope.bind(expr)?;
        scope.without_windows()?;
        Ok(bound)
    }

    /// The value on a row of the columns that it was bound to.
    pub fn value(&self, env: &mut Env<'_>, row: &[Value]) -> Value {
        self.0.value(env, row)
    }

    /// Whether the value is true, neither false nor null.
    pub fn holds(&self, env: &mut Env<'_>, row: &[Value]) -> bool {
        self.0.value(env, row) == Value::Bool(true)
    }

    /// The column at a position.
    pub(super) fn column(index: usize) -> Expression {
        Expression(Node::Column(index))
    }
}

impl<'a> Scope<'a> {
    pub(super) fn new(fields: &'a [Field], binder: &'a mut Binder) -> Scope<'a> {
        Scope { fields, binder, windows: Vec::new() }
    }

    pub(super) fn bind(&mut self, expr: &Expr) -> Result<Expression, EvalError> {
        self.node(expr).map(Expression)
    }

    /// Refuses window functions, where there is no table to compute them over.
    pub(super) fn without_windows(self) -> Result<(), EvalError> {
        match self.windows.first() {
            Some(window) => {
                Err(error(format!("{}() cannot be used here; extend a column with it first", window.name())))
            }
            None => Ok(()),
        }
    }

    /// The position of a column.
    pub(super) fn column(&self, name: &str) -> Result<usize, EvalError> {
        column(self.fields, name)
    }

    fn node(&mut self, expr: &Expr) -> Result<Node, EvalError> {
        Ok(match &expr.kind {
            ExprKind::Literal(value) => Node::Literal(value.clone()),
            ExprKind::Column(name) => match self.column(name) {
                Err(_) if self.binder.late.is_some() => Node::Literal(Value::absent(expr.ty)),
                index => Node::Column(index?),
            },
            ExprKind::Property(value, name) => Node::Property(self.boxed(value)?, name.clone()),
            ExprKind::Element(value, index) => Node::Element(self.boxed(value)?, self.boxed(index)?),
            ExprKind::Call(name, args) => self.call(name, args)?,
            ExprKind::ToScalar(query) => Node::ToScalar(self.once(query)?),
            ExprKind::FirstColumn(query) => Node::FirstColumn(self.once(query)?),
            ExprKind::WholeRow { ignore_empty } => Node::WholeRow {
                names: self.fields.iter().map(|field| field.name.clone()).collect(),
                ignore_empty: *ignore_empty,
            },
        })
    }

    fn boxed(&mut self, expr: &Expr) -> Result<Box<Node>, EvalError> {
        self.node(expr).map(Box::new)
    }

    fn once(&mut self, query: &rule_model::plan::Query) -> Result<OnceQuery, EvalError> {
        let slot = self.binder.slot();
        Ok(OnceQuery { slot, query: Box::new(PreparedQuery::new(query, self.binder)?) })
    }

    fn call(&mut self, name: &str, args: &[Expr]) -> Result<Node, EvalError> {
        let function: &'static Function =
            crate::function(name).ok_or_else(|| error(format!("there is no function {name}()")))?;
        let call = match function.call {
            Implementation::Scalar(implementation) => Call { name: function.name, implementation },
            Implementation::Window(implementation) => {
                let args = args.iter().map(|arg| self.bind(arg)).collect::<Result<_, _>>()?;
                self.windows.push(Window::new(function.name, implementation, args));
                return Ok(Node::Column(self.fields.len() + self.windows.len() - 1));
            }
        };
        Ok(match (function.name, args) {
            ("and", [left, right]) => {
                Node::Logic(call, false, Box::new([self.node(left)?, self.node(right)?]))
            }
            ("or", [left, right]) => Node::Logic(call, true, Box::new([self.node(left)?, self.node(right)?])),
            ("in" | "!in" | "in~" | "!in~", [value, Expr { kind: ExprKind::FirstColumn(query), .. }]) => {
                let fold = if function.name.ends_with('~') { Fold::Case } else { Fold::Nothing };
                Node::Membership(call, self.boxed(value)?, self.once(query)?, fold)
            }
            _ => Node::Call(call, args.iter().map(|arg| self.node(arg)).collect::<Result<_, _>>()?),
        })
    }
}

impl Node {
    fn value(&self, env: &mut Env<'_>, row: &[Value]) -> Value {
        match self {
            Node::Literal(value) => value.clone(),
            Node::Column(index) => row.get(*index).cloned().unwrap_or_default(),
            Node::Property(value, name) => property(&value.value(env, row), name),
            Node::Element(value, index) => {
                let value = value.value(env, row);
                element(&value, &index.value(env, row))
            }
            Node::Call(call, args) => call.over(args, env, row),
            Node::Logic(call, decider, sides) => {
                let left = sides[0].value(env, row);
                if left == Value::Bool(*decider) {
                    return left;
                }
                let right = sides[1].value(env, row);
                (call.implementation)(env.context, &[left, right])
            }
            Node::Membership(call, value, members, fold) => {
                let value = value.value(env, row);
                let members = members.members(env, *fold);
                members.test(*call, value, *fold, env.context)
            }
            Node::ToScalar(query) => query.value(env, |table| {
                table.rows.first().and_then(|row| row.first()).cloned().unwrap_or_default()
            }),
            Node::FirstColumn(query) => query.value(env, |table| first_column(&table).into()),
            Node::WholeRow { names, ignore_empty } => whole_row(names, row, *ignore_empty),
        }
    }
}

impl Call {
    /// The call on the values of `args`, on the stack where they are few.
    fn over(self, args: &[Node], env: &mut Env<'_>, row: &[Value]) -> Value {
        match args {
            [a] => {
                let args = [a.value(env, row)];
                (self.implementation)(env.context, &args)
            }
            [a, b] => {
                let args = [a.value(env, row), b.value(env, row)];
                (self.implementation)(env.context, &args)
            }
            [a, b, c] => {
                let args = [a.value(env, row), b.value(env, row), c.value(env, row)];
                (self.implementation)(env.context, &args)
            }
            _ => {
                let args: Vec<Value> = args.iter().map(|arg| arg.value(env, row)).collect();
                (self.implementation)(env.context, &args)
            }
        }
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl OnceQuery {
    /// What `of` takes from the query's result, computed on first use.
    fn value(&self, env: &mut Env<'_>, of: fn(Table) -> Value) -> Value {
        let compute = |table| {
            let value = of(table);
            let bytes = memory::of_value(&value);
            Once::Value(value, bytes)
        };
        match self.once(env, compute) {
            Once::Value(value, _) => value,
            Once::Members(_) | Once::Failed => Value::Null,
        }
    }

    fn members(&self, env: &mut Env<'_>, fold: Fold) -> Arc<Members> {
        match self.once(env, |table| Once::Members(Arc::new(Members::new(first_column(&table), fold)))) {
            Once::Members(members) => members,
            Once::Value(..) | Once::Failed => Arc::new(Members::new(Vec::new(), fold)),
        }
    }

    /// What `of` makes of the query's result, computed on first use. What that took is let go of, but for what is made.
    fn once(&self, env: &mut Env<'_>, of: impl FnOnce(Table) -> Once) -> Once {
        if let Some(once) = env.once.get(&self.slot) {
            return once.clone();
        }
        let before = env.context.memory.held();
        let result = env.over_whole_tables(|env| self.query.run(env)).map(of);
        env.context.memory.release_to(before);
        let made = result.and_then(|once| {
            env.context.memory.hold_to_the_end(|| once.bytes())?;
            Ok(once)
        });
        let once = made.unwrap_or_else(|failure| {
            env.context.fail(failure.message);
            Once::Failed
        });
        env.once.insert(self.slot, once.clone());
        once
    }
}

impl Members {
    fn new(items: Vec<Value>, fold: Fold) -> Members {
        Members {
            all_texts: items.iter().all(|item| item.as_str().is_some()),
            all_whole: items.iter().all(|item| item.as_i64().is_some()),
            keys: items.iter().map(|item| member_key(item, fold)).collect(),
            // Held as a list and as keys.
            bytes: 2 * memory::of_many(&items, memory::of_value),
            list: items.into(),
        }
    }

    /// Bytes that they take, near enough.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// By hash where all texts or all whole numbers meet their like, which is what equality of keys decides; else the
    /// function itself, which knows about mixed types and nulls.
    fn test(&self, call: Call, value: Value, fold: Fold, context: &mut Context) -> Value {
        if (self.all_texts && value.as_str().is_some()) || (self.all_whole && value.as_i64().is_some()) {
            let found = self.keys.contains(&member_key(&value, fold));
            return Value::Bool(found != call.name.starts_with('!'));
        }
        (call.implementation)(context, &[value, self.list.clone()])
    }
}

fn member_key(value: &Value, fold: Fold) -> Key {
    match value {
        Value::String(content) if fold == Fold::Case => {
            Key::Text(content.chars().map(text::fold).collect::<SmolStr>())
        }
        _ => Key::of(value),
    }
}

fn first_column(table: &Table) -> Vec<Value> {
    table.rows.iter().filter_map(|row| row.first().cloned()).collect()
}

/// The position of the column called `name`.
pub(super) fn column(fields: &[Field], name: &str) -> Result<usize, EvalError> {
    let found = fields.iter().position(|field| field.name == name);
    found.ok_or_else(|| error(format!("there is no column {name} here")))
}

fn whole_row(names: &[Name], row: &[Value], ignore_empty: bool) -> Value {
    let cells = names.iter().cloned().zip(row.iter().cloned());
    let bag: Bag = cells.filter(|(_, value)| !ignore_empty || !is_empty(value)).collect();
    bag.into()
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value == &Value::EMPTY
}
