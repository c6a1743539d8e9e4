//! Bits of whole numbers and their hexadecimal form.
//!
//! Source: Kusto documentation, "Binary functions" and the page of `tohex()`.

use super::arguments::long;
use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{Type, Value};

const LONG: Accepts = Accepts::Type(Type::Long);
const BINARY: &[Signature] =
    &[Signature::new(&[Param::one("left", LONG), Param::one("right", LONG)], Type::Long)];
const UNARY: &[Signature] = &[Signature::new(&[Param::one("value", LONG)], Type::Long)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "binary_and",
        "The bits that both numbers have set.",
        BINARY,
        |_, args| both(args, |a, b| a & b),
        &[("binary_and(12, 10)", "8")],
    ),
    Function::scalar(
        "binary_or",
        "The bits that either number has set.",
        BINARY,
        |_, args| both(args, |a, b| a | b),
        &[("binary_or(12, 10)", "14")],
    ),
    Function::scalar(
        "binary_xor",
        "The bits that one number has set and the other has not.",
        BINARY,
        |_, args| both(args, |a, b| a ^ b),
        &[("binary_xor(12, 10)", "6")],
    ),
    Function::scalar(
        "binary_not",
        "All 64 bits turned over.",
        UNARY,
        |_, args| long(&args[0]).map(|n| !n).into(),
        &[("binary_not(1)", "-2")],
    ),
    Function::scalar(
        "binary_shift_left",
        "The bits moved to the left by a count modulo 64; null if the count is negative.",
        BINARY,
        |_, args| shifted(args, |n, count| n << count),
        &[("binary_shift_left(1, 10)", "1024"), ("binary_shift_left(1, -1)", "long(null)")],
    ),
    Function::scalar(
        "binary_shift_right",
        "The bits moved to the right by a count modulo 64; null if the count is negative.",
        BINARY,
        |_, args| shifted(args, |n, count| n >> count),
        &[("binary_shift_right(8, 2)", "2")],
    ),
    Function::scalar(
        "bitset_count_ones",
        "How many bits are set.",
        UNARY,
        |_, args| long(&args[0]).map(|n| i64::from(n.count_ones())).into(),
        &[("bitset_count_ones(42)", "3")],
    ),
    Function::scalar(
        "tohex",
        "The number in hexadecimal digits, at least as many as asked for up to 16; negative numbers in all their bits.",
        &[Signature::new(
            &[
                Param::one("value", Accepts::OneOf(&[Type::Int, Type::Long])),
                Param::optional("min_length", LONG),
            ],
            Type::String,
        )],
        |_, args| {
            let width = args.get(1).and_then(long).unwrap_or(0).clamp(0, 16) as usize;
            match args[0] {
                Value::Int(n) => format!("{n:0width$x}").into(),
                Value::Long(n) => format!("{n:0width$x}").into(),
                _ => Value::EMPTY,
            }
        },
        &[
            ("tohex(256)", "'100'"),
            ("tohex(-256)", "'ffffffffffffff00'"),
            ("tohex(toint(-256), 8)", "'ffffff00'"),
            ("tohex(256, 8)", "'00000100'"),
        ],
    ),
];

fn both(args: &[Value], operation: fn(i64, i64) -> i64) -> Value {
    long(&args[0]).zip(long(&args[1])).map(|(a, b)| operation(a, b)).into()
}

fn shifted(args: &[Value], operation: fn(i64, u32) -> i64) -> Value {
    let count = long(&args[1]).filter(|count| *count >= 0).map(|count| (count % 64) as u32);
    long(&args[0]).zip(count).map(|(n, count)| operation(n, count)).into()
}
