//! `assert`: a query that stops unless something holds.
//!
//! Source: Kusto documentation, the page of the function.

use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{Type, Value};

pub(crate) static FUNCTIONS: &[Function] = &[Function::scalar(
    "assert",
    "True if the condition is; else the query stops with the message.",
    &[Signature::new(
        &[
            Param::one("condition", Accepts::Type(Type::Bool)).constant(),
            Param::one("message", Accepts::Type(Type::String)).constant(),
        ],
        Type::Bool,
    )],
    |context, args| match args[0] {
        Value::Bool(true) => Value::Bool(true),
        _ => context.fail(args[1].as_str().unwrap_or_default()),
    },
    &[("assert(1 < 2, 'numbers are in order')", "true")],
)];
