//! `and`, `or`, `not`: logic of three values, where null means unknown.
//!
//! Source: Kusto documentation, "Null values" and "Logical (binary) operators".

use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{Type, Value};

const BOOL: Accepts = Accepts::Type(Type::Bool);
const BINARY: &[Signature] =
    &[Signature::new(&[Param::one("left", BOOL), Param::one("right", BOOL)], Type::Bool)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "and",
        "True if both operands are true; false if one is false, even when the other is null.",
        BINARY,
        |_, args| and(&args[0], &args[1]),
        &[
            ("true and false", "false"),
            ("true and bool(null)", "bool(null)"),
            ("false and bool(null)", "false"),
        ],
    ),
    Function::scalar(
        "or",
        "True if one operand is true, even when the other is null; false if both are false.",
        BINARY,
        |_, args| or(&args[0], &args[1]),
        &[("true or false", "true"), ("true or bool(null)", "true"), ("false or bool(null)", "bool(null)")],
    ),
    Function::scalar(
        "not",
        "The opposite of a bool; null of null.",
        &[Signature::new(&[Param::one("value", BOOL)], Type::Bool)],
        |_, args| args[0].as_bool().map(|b| !b).into(),
        &[("not(true)", "false"), ("not(1 == 2)", "true"), ("not(bool(null))", "bool(null)")],
    ),
];

fn and(left: &Value, right: &Value) -> Value {
    match (left.as_bool(), right.as_bool()) {
        (Some(false), _) | (_, Some(false)) => Value::Bool(false),
        (Some(true), Some(true)) => Value::Bool(true),
        _ => Value::Null,
    }
}

fn or(left: &Value, right: &Value) -> Value {
    match (left.as_bool(), right.as_bool()) {
        (Some(true), _) | (_, Some(true)) => Value::Bool(true),
        (Some(false), Some(false)) => Value::Bool(false),
        _ => Value::Null,
    }
}
