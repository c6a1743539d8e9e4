//! What an entry of the function table is.
//!
//! Scalar functions and operators (`==`, `has`, `and`, …) are entries alike. The checker reads an entry's signatures,
//! constant folding and the evaluator call it, generated matchers call it, the documentation is generated from it and
//! its examples are tests.

use crate::Context;
use rule_model::{Type, Value};

/// A scalar function or operator of KQL.
#[derive(Debug)]
pub struct Function {
    /// Canonical name; for an operator its symbol (`==`, `has_any`, `!in~`, `between`, `not`; unary minus is `neg`).
    pub name: &'static str,
    /// Other names of the same function, deprecated ones included.
    pub aliases: &'static [&'static str],
    /// The forms it can be called in. The one that suits the argument types with the fewest conversions is taken, of
    /// equals the first.
    pub signatures: &'static [Signature],
    /// One line of documentation.
    pub summary: &'static str,
    /// When its result may change.
    pub stability: Stability,
    /// The implementation.
    pub call: Implementation,
    /// For a function that gives several columns (`series_stats`): their names and types. Its value is an array of
    /// theirs, in this order; empty for all other functions.
    pub columns: &'static [(&'static str, Type)],
    /// Expressions and what they give, both as KQL text: `("strlen(\"abc\")", "3")`. Each is a test.
    pub examples: &'static [(&'static str, &'static str)],
}

/// The implementation of a function: it gets as many arguments as the signature asks for, already converted to its
/// types (any of them may be [`Value::Null`]; a string never is), so that indexing them is sound, and gives a value of the signature's result type. What KQL calls an
/// invalid argument gives null; what stops a query in Kusto is reported with [`Context::fail`].
#[derive(Clone, Copy, Debug)]
pub enum Implementation {
    /// Arguments of one row to a value.
    Scalar(fn(&mut Context, &[Value]) -> Value),
    /// Window functions (`prev`, `row_number`, `row_cumsum` …): for each argument its values over all rows in order
    /// and the number of rows, to the result's values over all rows.
    Window(fn(&mut Context, &[Vec<Value>], usize) -> Vec<Value>),
}

/// A form in which a function can be called.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Parameters in order.
    pub params: &'static [Param],
    /// Type of the result.
    pub returns: Returns,
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Name for documentation and messages.
    pub name: &'static str,
    /// What it takes.
    pub accepts: Accepts,
    /// How often it is given.
    pub arity: Arity,
    /// Whether only a constant will do.
    pub constant: bool,
}

/// What a parameter takes. A dynamic argument is accepted everywhere and converted on the way in.
#[derive(Clone, Copy, Debug)]
pub enum Accepts {
    /// This type, or one that widens to it (int → long → real, int → decimal); the argument is converted.
    Type(Type),
    /// One of these types, taken as it is.
    OneOf(&'static [Type]),
    /// Any number, as it is.
    Number,
    /// Anything, as it is.
    Any,
    /// Anything, converted to text.
    Text,
    /// Anything, all such arguments of the call converted to their common type.
    Common,
    /// `typeof(…)`: passed as the canonical name of the type.
    TypeLiteral,
}

/// How often a parameter is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// Exactly once.
    One,
    /// At most once; only after all required ones.
    Optional,
    /// Any number of times, none included; together with all repeated parameters beside it, as a group (`case`,
    /// `bag_pack`: name, value, name, value …). Parameters after the group are taken from the end.
    Repeated,
}

/// Type of a result.
#[derive(Clone, Copy, Debug)]
pub enum Returns {
    /// This type.
    Type(Type),
    /// The type of the argument at this position.
    Argument(usize),
    /// The common type of the arguments of [`Accepts::Common`] or [`Accepts::Number`] parameters.
    Common,
    /// The type that the `typeof(…)` argument names; when it is left out, string.
    TypeLiteral,
    /// As computed from the argument types; `None` where the types do not go together.
    Computed(fn(&[Type]) -> Option<Type>),
}

/// When a function's result may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stability {
    /// Depends on its arguments only: constant arguments fold.
    Pure,
    /// The same throughout a query: `now()`.
    Query,
    /// Depends on the rows around: `prev()`, `row_number()`; only over a serialized table.
    Window,
    /// Differs from call to call: `rand()`, `new_guid()`.
    Volatile,
}

impl Function {
    /// A pure entry over the arguments of one row, without aliases.
    pub const fn scalar(
        name: &'static str,
        summary: &'static str,
        signatures: &'static [Signature],
        call: fn(&mut Context, &[Value]) -> Value,
        examples: &'static [(&'static str, &'static str)],
    ) -> Function {
        Function {
            name,
            aliases: &[],
            signatures,
            summary,
            stability: Stability::Pure,
            columns: &[],
            call: Implementation::Scalar(call),
            examples,
        }
    }

    /// An entry over the arguments of all rows, without aliases.
    pub const fn window(
        name: &'static str,
        summary: &'static str,
        signatures: &'static [Signature],
        call: fn(&mut Context, &[Vec<Value>], usize) -> Vec<Value>,
        examples: &'static [(&'static str, &'static str)],
    ) -> Function {
        Function {
            name,
            aliases: &[],
            signatures,
            summary,
            stability: Stability::Window,
            columns: &[],
            call: Implementation::Window(call),
            examples,
        }
    }

    /// The same entry with other names.
    pub const fn also(self, aliases: &'static [&'static str]) -> Function {
        Function { aliases, ..self }
    }

    /// The same entry as one that gives several columns.
    pub const fn columns(self, columns: &'static [(&'static str, Type)]) -> Function {
        Function { columns, ..self }
    }

    /// The same entry with another stability.
    pub const fn stability(self, stability: Stability) -> Function {
        Function { stability, ..self }
    }
}

impl Param {
    /// A required parameter.
    pub const fn one(name: &'static str, accepts: Accepts) -> Param {
        Param { name, accepts, arity: Arity::One, constant: false }
    }

    /// A parameter that may be left out.
    pub const fn optional(name: &'static str, accepts: Accepts) -> Param {
        Param { name, accepts, arity: Arity::Optional, constant: false }
    }

    /// A parameter that may be given any number of times.
    pub const fn repeated(name: &'static str, accepts: Accepts) -> Param {
        Param { name, accepts, arity: Arity::Repeated, constant: false }
    }

    /// The same parameter, for constants only.
    pub const fn constant(self) -> Param {
        Param { constant: true, ..self }
    }
}

impl Signature {
    /// A form with these parameters and a result of a fixed type.
    pub const fn new(params: &'static [Param], returns: Type) -> Signature {
        Signature { params, returns: Returns::Type(returns) }
    }

    /// A form with these parameters and a result whose type depends on the arguments.
    pub const fn generic(params: &'static [Param], returns: Returns) -> Signature {
        Signature { params, returns }
    }
}
