//! `estimate_data_size`: how many bytes values take.
//!
//! Numbers take the bytes of their type and a text those of its UTF-8, as documented; of a dynamic value Kusto's
//! internal form is not documented, and its JSON text is counted. Source: Kusto documentation, the function's page.

use crate::function::{Accepts, Function, Param, Signature};
use crate::json;
use rule_model::{Type, Value};

pub(crate) static FUNCTIONS: &[Function] = &[Function::scalar(
    "estimate_data_size",
    "The bytes that the values take together, an estimate.",
    &[Signature::new(
        &[Param::one("column", Accepts::Any), Param::repeated("columns", Accepts::Any)],
        Type::Long,
    )],
    |_, args| Value::Long(args.iter().map(bytes).sum()),
    &[("estimate_data_size(long(1), '1234567890')", "18"), ("estimate_data_size(true)", "1")],
)];

fn bytes(value: &Value) -> i64 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Int(_) => 4,
        Value::Long(_) | Value::Real(_) | Value::DateTime(_) | Value::Timespan(_) => 8,
        Value::Decimal(_) | Value::Guid(_) => 16,
        Value::String(text) => text.len() as i64,
        Value::Array(_) | Value::Bag(_) => json::write(value).len() as i64,
    }
}
