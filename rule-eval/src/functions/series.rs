//! Arithmetic and comparison of series (arrays of numbers), item by item.
//!
//! Of two series the longer decides the length of the result; what is missing or no number gives null there. A
//! number in place of a series serves every item. Source: Kusto documentation, "Series processing functions".

use super::arguments::{long, real};
use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{Type, Value};

const SERIES: Param = Param::one("series", Accepts::Type(Type::Dynamic));
const UNARY: &[Signature] = &[Signature::new(&[SERIES], Type::Dynamic)];
const TOTAL: &[Signature] = &[Signature::new(&[SERIES], Type::Real)];
// A series or a number on either side.
/// A series, or a number that stands for a series of itself.
const OPERAND: Accepts = Accepts::OneOf(&[Type::Dynamic, Type::Int, Type::Long, Type::Real, Type::Decimal]);
const BINARY: &[Signature] =
    &[Signature::new(&[Param::one("series", OPERAND), Param::one("other", OPERAND)], Type::Dynamic)];
const PRODUCT: &[Signature] =
    &[Signature::new(&[Param::one("series", OPERAND), Param::one("other", OPERAND)], Type::Real)];

macro_rules! unary {
    ($name:literal, $summary:literal, $function:expr, $($example:expr),+ $(,)?) => {
        Function::scalar($name, $summary, UNARY, |_, args| each(&args[0], $function), &[$($example),+])
    };
}

macro_rules! binary {
    ($name:literal, $summary:literal, $function:expr, $($example:expr),+ $(,)?) => {
        Function::scalar($name, $summary, BINARY, |_, args| pairs(args, $function), &[$($example),+])
    };
}

pub(crate) static FUNCTIONS: &[Function] = &[
    binary!(
        "series_add",
        "The sums of two series' items.",
        |a, b| whole(a, b, i64::checked_add).unwrap_or_else(|| (number(a) + number(b)).into()),
        ("series_add(dynamic([1, 2]), dynamic([3, 4]))", "dynamic([4, 6])"),
        ("series_add(dynamic([1, 2]), 10)", "dynamic([11, 12])"),
    ),
    binary!(
        "series_subtract",
        "The differences of two series' items.",
        |a, b| whole(a, b, i64::checked_sub).unwrap_or_else(|| (number(a) - number(b)).into()),
        ("series_subtract(dynamic([1, 2]), dynamic([3, 3]))", "dynamic([-2, -1])"),
    ),
    binary!(
        "series_multiply",
        "The products of two series' items.",
        |a, b| whole(a, b, i64::checked_mul).unwrap_or_else(|| (number(a) * number(b)).into()),
        ("series_multiply(dynamic([1, 2]), dynamic([3, 4]))", "dynamic([3, 8])"),
    ),
    binary!(
        "series_divide",
        "The quotients of two series' items, as reals.",
        |a, b| (number(a) / number(b)).into(),
        ("series_divide(dynamic([1, 2]), dynamic([4, 4]))", "dynamic([0.25, 0.5])"),
    ),
    binary!(
        "series_pow",
        "The items of the first series raised to those of the second.",
        |a, b| number(a).powf(number(b)).into(),
        ("series_pow(dynamic([2, 3]), 2)", "dynamic([4.0, 9.0])"),
    ),
    binary!(
        "series_equals",
        "Where the items of two series are equal.",
        |a, b| (number(a) == number(b)).into(),
        ("series_equals(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", "dynamic([false, true, false])"),
    ),
    binary!(
        "series_not_equals",
        "Where the items of two series differ.",
        |a, b| (number(a) != number(b)).into(),
        ("series_not_equals(dynamic([1, 2]), dynamic([4, 2]))", "dynamic([true, false])"),
    ),
    binary!(
        "series_greater",
        "Where the first series' items are greater.",
        |a, b| (number(a) > number(b)).into(),
        ("series_greater(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", "dynamic([false, false, true])"),
    ),
    binary!(
        "series_greater_equals",
        "Where the first series' items are greater or equal.",
        |a, b| (number(a) >= number(b)).into(),
        ("series_greater_equals(dynamic([1, 2, 4]), 2)", "dynamic([false, true, true])"),
    ),
    binary!(
        "series_less",
        "Where the first series' items are less.",
        |a, b| (number(a) < number(b)).into(),
        ("series_less(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", "dynamic([true, false, false])"),
    ),
    binary!(
        "series_less_equals",
        "Where the first series' items are less or equal.",
        |a, b| (number(a) <= number(b)).into(),
        ("series_less_equals(dynamic([1, 2, 4]), 2)", "dynamic([true, true, false])"),
    ),
    unary!(
        "series_abs",
        "The items without their signs.",
        |item| match item {
            Value::Int(_) | Value::Long(_) => long(item).and_then(i64::checked_abs).into(),
            _ => number(item).abs().into(),
        },
        ("series_abs(dynamic([-6.5, 0, 8]))", "dynamic([6.5, 0, 8])"),
    ),
    unary!(
        "series_sign",
        "-1, 0 or 1, as each item is negative, zero or positive.",
        |item| {
            let n = number(item);
            Value::Long(i64::from(n > 0.0) - i64::from(n < 0.0))
        },
        ("series_sign(dynamic([-6, 0, 8]))", "dynamic([-1, 0, 1])"),
    ),
    unary!(
        "series_ceiling",
        "The items rounded up.",
        |item| number(item).ceil().into(),
        ("series_ceiling(dynamic([-1.5, 1, 2.5]))", "dynamic([-1.0, 1.0, 3.0])")
    ),
    unary!(
        "series_floor",
        "The items rounded down.",
        |item| number(item).floor().into(),
        ("series_floor(dynamic([-1.5, 1, 2.5]))", "dynamic([-2.0, 1.0, 2.0])")
    ),
    unary!(
        "series_exp",
        "e raised to the items.",
        |item| number(item).exp().into(),
        ("series_exp(dynamic([0]))", "dynamic([1.0])")
    ),
    unary!(
        "series_log",
        "The items' natural logarithms.",
        |item| number(item).ln().into(),
        ("series_log(dynamic([1]))", "dynamic([0.0])")
    ),
    unary!(
        "series_sin",
        "The items' sines.",
        |item| number(item).sin().into(),
        ("series_sin(dynamic([0]))", "dynamic([0.0])")
    ),
    unary!(
        "series_cos",
        "The items' cosines.",
        |item| number(item).cos().into(),
        ("series_cos(dynamic([0]))", "dynamic([1.0])")
    ),
    unary!(
        "series_tan",
        "The items' tangents.",
        |item| number(item).tan().into(),
        ("series_tan(dynamic([0]))", "dynamic([0.0])")
    ),
    unary!(
        "series_asin",
        "The angles whose sines are the items.",
        |item| number(item).asin().into(),
        ("series_asin(dynamic([0]))", "dynamic([0.0])")
    ),
    unary!(
        "series_acos",
        "The angles whose cosines are the items.",
        |item| number(item).acos().into(),
        ("series_acos(dynamic([1]))", "dynamic([0.0])")
    ),
    unary!(
        "series_atan",
        "The angles whose tangents are the items.",
        |item| number(item).atan().into(),
        ("series_atan(dynamic([0]))", "dynamic([0.0])")
    ),
    Function::scalar(
        "series_sum",
        "The sum of the items.",
        TOTAL,
        |_, args| total(&args[0], Iterator::sum),
        &[("series_sum(dynamic([1, 2, 3, 4]))", "10.0")],
    ),
    Function::scalar(
        "series_product",
        "The product of the items.",
        TOTAL,
        |_, args| total(&args[0], Iterator::product),
        &[("series_product(dynamic([1, 2, 3, 4]))", "24.0")],
    ),
    Function::scalar(
        "series_magnitude",
        "The square root of the sum of the items' squares.",
        TOTAL,
        |_, args| total(&args[0], |items| items.map(|n| n * n).sum::<f64>().sqrt()),
        &[("series_magnitude(dynamic([3, 4]))", "5.0")],
    ),
    Function::scalar(
        "series_dot_product",
        "The sum of the products of two series' items.",
        PRODUCT,
        |_, args| dot_product(args).into(),
        &[("series_dot_product(dynamic([1, 2, 4]), dynamic([4, 2, 1]))", "12.0")],
    ),
    Function::scalar(
        "series_cosine_similarity",
        "The cosine of the angle between two series taken as vectors.",
        PRODUCT,
        |_, args| cosine(args).into(),
        &[("series_cosine_similarity(dynamic([3, 4]), dynamic([6, 8]))", "1.0")],
    ),
    Function::scalar(
        "series_pearson_correlation",
        "Pearson's coefficient of correlation of two series of one length.",
        PRODUCT,
        |_, args| correlation(args).into(),
        &[("series_pearson_correlation(dynamic([1, 2, 3]), dynamic([2, 4, 6]))", "1.0")],
    ),
];

/// The number of an item that is one: [`each`] and [`pairs`] ask for no other.
fn number(item: &Value) -> f64 {
    real(item).unwrap_or(f64::NAN)
}

fn whole(a: &Value, b: &Value, operation: fn(i64, i64) -> Option<i64>) -> Option<Value> {
    operation(long(a)?, long(b)?).map(Value::from)
}

fn each(series: &Value, of: fn(&Value) -> Value) -> Value {
    let result = |item: &Value| if real(item).is_some() { of(item) } else { Value::Null };
    series.as_array().map(|items| items.iter().map(result).collect::<Vec<_>>()).into()
}

fn pairs(args: &[Value], of: fn(&Value, &Value) -> Value) -> Value {
    let length = |side: &Value| side.as_array().map(<[Value]>::len);
    let Some(items) = length(&args[0]).max(length(&args[1])) else { return Value::Null };
    let item = |side: &Value, i: usize| match side.as_array() {
        Some(items) => items.get(i).cloned().unwrap_or_default(),
        None => side.clone(),
    };
    let result = |i: usize| {
        let (a, b) = (item(&args[0], i), item(&args[1], i));
        if real(&a).is_some() && real(&b).is_some() { of(&a, &b) } else { Value::Null }
    };
    Value::array((0..items).map(result))
}

/// All items of a series as numbers; `None` if one is none.
pub(super) fn numbers(series: &Value) -> Option<Vec<f64>> {
    series.as_array()?.iter().map(real).collect()
}

fn total(series: &Value, of: fn(std::vec::IntoIter<f64>) -> f64) -> Value {
    numbers(series).map(|items| of(items.into_iter())).into()
}

fn dot_product(args: &[Value]) -> Option<f64> {
    let side = |side: &Value, length: usize| match real(side) {
        Some(number) => Some(vec![number; length]),
        None => numbers(side).filter(|items| items.len() == length),
    };
    let length = args.iter().find_map(|side| side.as_array()).map(<[Value]>::len)?;
    let (a, b) = (side(&args[0], length)?, side(&args[1], length)?);
    Some(a.iter().zip(&b).map(|(a, b)| a * b).sum())
}

fn cosine(args: &[Value]) -> Option<f64> {
    let square = |side: &Value| dot_product(&[side.clone(), side.clone()]);
    Some(dot_product(args)? / (square(&args[0])? * square(&args[1])?).sqrt())
}

fn correlation(args: &[Value]) -> Option<f64> {
    let centred = |series: &Value| {
        let items = numbers(series)?;
        let mean = items.iter().sum::<f64>() / items.len() as f64;
        Some(Value::array(items.into_iter().map(|n| Value::Real(n - mean))))
    };
    cosine(&[centred(&args[0])?, centred(&args[1])?])
}
