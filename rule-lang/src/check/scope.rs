//! What names mean at a point of a query: the columns in view, and what `let`, parameters and `as` have named.

use crate::syntax;
use rule_model::Type;
use rule_model::plan::{Expr, Field, HIDDEN, Name, Query};
use std::rc::Rc;

/// A column in view.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: Name,
    pub(crate) ty: Type,
    /// Nothing is known of its type, because its table is open or an error was reported where it was made: it is
    /// accepted anywhere.
    pub(crate) unknown: bool,
}

/// The columns in view.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    pub(crate) list: Vec<Column>,
    /// Whether any other name is a column, too.
    pub(crate) open: bool,
    /// The column that `ingestion_time()` stands for.
    pub(crate) time: Option<Name>,
    /// What `withsource` and `$table` say of these rows, where that is the name of a table.
    pub(crate) label: Option<Name>,
    /// What operators before have left behind.
    pub(crate) gone: Option<Rc<Gone>>,
}

/// Columns that an operator has left behind, for whoever names one of them after it.
#[derive(Debug)]
pub(crate) struct Gone {
    pub(crate) columns: Vec<Name>,
    /// The operator's keyword.
    pub(crate) operator: Name,
    pub(crate) before: Option<Rc<Gone>>,
}

/// A query under construction: its plan so far, and the columns after it.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) query: Query,
    pub(crate) columns: Columns,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Entity<'a> {
    /// A scalar: a constant, or what an argument is bound to.
    Scalar(Expr),
    /// A table.
    Table(Rc<Rows>),
    /// A function or view.
    Function(Rc<Closure<'a>>),
}

/// A user's function with the names that its body can see.
#[derive(Debug)]
pub(crate) struct Closure<'a> {
    pub(crate) function: &'a syntax::Function,
    pub(crate) scope: Scope<'a>,
    /// Whether its result is a table.
    pub(crate) tabular: bool,
    /// Whether its body has been found wrong: calls of it say no more.
    pub(crate) faulty: bool,
}

/// Names in the order of their definition. A list that shares its tail, so that a function keeps what it could see
/// where it was written, and can see neither itself nor what comes later.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope<'a>(Option<Rc<Node<'a>>>);

#[derive(Debug)]
struct Node<'a> {
    name: Name,
    entity: Entity<'a>,
    outer: Scope<'a>,
}

impl<'a> Scope<'a> {
    pub(crate) fn define(&mut self, name: Name, entity: Entity<'a>) {
        let outer = std::mem::take(self);
        *self = Scope(Some(Rc::new(Node { name, entity, outer })));
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Entity<'a>> {
        self.nodes().find(|node| node.name == name).map(|node| &node.entity)
    }

    /// The names of all entities, newest first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Name> {
        self.nodes().map(|node| &node.name)
    }

    fn nodes(&self) -> impl Iterator<Item = &Node<'a>> {
        std::iter::successors(self.0.as_deref(), |node| node.outer.0.as_deref())
    }
}

impl Column {
    pub(crate) fn new(name: impl Into<Name>, ty: Type) -> Column {
        Column { name: name.into(), ty, unknown: false }
    }

    pub(crate) fn is_hidden(&self) -> bool {
        self.name.starts_with(HIDDEN)
    }
}

impl Columns {
    pub(crate) fn new(fields: &[Field]) -> Columns {
        let list = fields.iter().map(|f| Column::new(f.name.clone(), f.ty)).collect();
        Columns { list, ..Columns::default() }
    }

    /// Any column at all: what is left in view after an error in a source.
    pub(crate) fn unknown() -> Columns {
        Columns { open: true, ..Columns::default() }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Column> {
        self.list.iter().find(|column| column.name == name)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The columns that a query's text can name.
    pub(crate) fn visible(&self) -> impl Iterator<Item = &Column> {
        self.list.iter().filter(|column| !column.is_hidden())
    }

    /// Replaces the column of the same name in its place, or adds one behind.
    pub(crate) fn set(&mut self, column: Column) {
        match self.list.iter_mut().find(|old| old.name == column.name) {
            Some(old) => *old = column,
            None => self.list.push(column),
        }
    }

    /// The operator that left a column behind, the last of several.
    pub(crate) fn left_behind_by(&self, name: &str) -> Option<&str> {
        let mut all = std::iter::successors(self.gone.as_deref(), |gone| gone.before.as_deref());
        let found = all.find(|gone| gone.columns.iter().any(|column| column == name));
        found.map(|gone| gone.operator.as_str())
    }

    pub(crate) fn fields(&self) -> Vec<Field> {
        self.list.iter().map(|column| Field::new(column.name.clone(), column.ty)).collect()
    }

    /// A name that no column has: `base` itself, else with the first free number behind.
    pub(crate) fn free_name(&self, base: &str) -> Name {
        if !self.contains(base) {
            return Name::new(base);
        }
        let numbered = (1_usize..).map(|n| Name::from(format!("{base}{n}")));
        numbered.into_iter().find(|name| !self.contains(name)).unwrap_or_else(|| Name::new(base))
    }

    /// Keeps what is known beside the columns themselves; for an operator that gives these columns.
    pub(crate) fn with_list(&self, list: Vec<Column>) -> Columns {
        let Columns { time, label, gone, .. } = self;
        Columns { list, open: false, time: time.clone(), label: label.clone(), gone: gone.clone() }
    }
}
