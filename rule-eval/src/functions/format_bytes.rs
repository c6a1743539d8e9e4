//! `format_bytes()`: numbers of bytes for people.

use crate::convert::to_real;
use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{Type, Value};

pub(crate) static FUNCTIONS: &[Function] = &[Function::scalar(
    "format_bytes",
    "A number of bytes in the largest unit that fits, or in a given one.",
    &[Signature::new(
        &[
            Param::one("size", Accepts::Number),
            Param::optional("precision", Accepts::Type(Type::Long)),
            Param::optional("units", Accepts::Type(Type::String)),
        ],
        Type::String,
    )],
    |_, args| format_bytes(args).into(),
    &[
        ("format_bytes(564)", "\"564 Bytes\""),
        ("format_bytes(10332, 1)", "\"10.1 KB\""),
        ("format_bytes(20010332, 2)", "\"19.08 MB\""),
        ("format_bytes(20010332, 0, \"KB\")", "\"19541 KB\""),
    ],
)];

fn format_bytes(args: &[Value]) -> String {
    const UNITS: [&str; 7] = ["Bytes", "KB", "MB", "GB", "TB", "PB", "EB"];
    let Some(size) = to_real(&args[0]) else { return String::new() };
    let precision = args.get(1).and_then(Value::as_i64).unwrap_or(0).clamp(0, 15) as i32;
    let scaled = |unit: usize| size / 1024_f64.powi(unit as i32);
    let wanted = args.get(2).and_then(Value::as_str).unwrap_or_default();
    let unit = match UNITS.iter().position(|unit| *unit == wanted) {
        Some(unit) => unit,
        None => (0..UNITS.len()).rfind(|&unit| scaled(unit).abs() >= 1.0).unwrap_or(0),
    };
    let rounding = 10_f64.powi(precision);
    format!("{} {}", (scaled(unit) * rounding).round() / rounding, UNITS[unit])
}
