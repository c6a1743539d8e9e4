//! Functions of numbers.
//!
//! A result that is no number (the logarithm of a negative number) is null where the documentation says so and NaN
//! elsewhere. Source: Kusto documentation, "Mathematical functions".

use super::arguments::{long, real};
use crate::function::{Accepts, Function, Param, Returns, Signature};
use rule_model::{Timespan, Type, Value};
use rust_decimal::{Decimal, RoundingStrategy};
use std::f64::consts::PI;

const REAL: Accepts = Accepts::Type(Type::Real);
const LONG: Accepts = Accepts::Type(Type::Long);
const OF_REAL: &[Signature] = &[Signature::new(&[Param::one("number", REAL)], Type::Real)];
const OF_TWO_REALS: &[Signature] =
    &[Signature::new(&[Param::one("x", REAL), Param::one("y", REAL)], Type::Real)];

macro_rules! of_real {
    ($name:literal, $summary:literal, $function:expr, $($example:expr),+ $(,)?) => {
        Function::scalar($name, $summary, OF_REAL, |_, args| real(&args[0]).map($function).into(), &[$($example),+])
    };
}

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "abs",
        "The value without its sign.",
        &[
            Signature::new(&[Param::one("span", Accepts::OneOf(&[Type::Timespan]))], Type::Timespan),
            Signature::new(&[Param::one("number", Accepts::OneOf(&[Type::Int, Type::Long]))], Type::Long),
            Signature::generic(&[Param::one("number", Accepts::Number)], Returns::Argument(0)),
        ],
        |_, args| match &args[0] {
            Value::Int(n) => Value::Long(i64::from(*n).abs()),
            Value::Long(n) => n.checked_abs().into(),
            Value::Real(n) => n.abs().into(),
            Value::Decimal(n) => n.abs().into(),
            Value::Timespan(span) => span.0.checked_abs().map(Timespan).into(),
            _ => Value::Null,
        },
        &[("abs(-5)", "5"), ("abs(-2.5)", "2.5"), ("abs(-1h)", "1h")],
    ),
    Function::scalar(
        "sign",
        "-1, 0 or 1, as the number is negative, zero or positive.",
        OF_REAL,
        |_, args| real(&args[0]).map(|n| if n == 0.0 { 0.0 } else { n.signum() }).into(),
        &[("sign(-42)", "-1.0"), ("sign(0)", "0.0"), ("sign(11.2)", "1.0")],
    ),
    Function::scalar(
        "round",
        "The number rounded to a precision in decimal digits, halves away from zero.",
        &[Signature::generic(
            &[Param::one("number", Accepts::Number), Param::optional("precision", LONG)],
            Returns::Argument(0),
        )],
        |_, args| round(&args[0], args.get(1).map_or(Some(0), long)).unwrap_or_default(),
        &[
            ("round(2.98765, 3)", "2.988"),
            ("round(2.15, 1)", "2.2"),
            ("round(-50.55, -2)", "-100.0"),
            ("round(21.5, -1)", "20.0"),
        ],
    ),
    Function::scalar(
        "pow",
        "The base raised to an exponent.",
        &[Signature::new(&[Param::one("base", REAL), Param::one("exponent", REAL)], Type::Real)],
        |_, args| of_two(args, f64::powf),
        &[("pow(2, 3)", "8.0"), ("pow(4, 0.5)", "2.0")],
    ),
    Function::scalar(
        "pi",
        "The ratio of a circle's circumference to its diameter.",
        &[Signature::new(&[], Type::Real)],
        |_, _| PI.into(),
        &[("round(pi(), 5)", "3.14159")],
    ),
    Function::scalar(
        "atan2",
        "The angle in radians between the positive x axis and the point of the coordinates y and x.",
        OF_TWO_REALS,
        |_, args| of_two(args, f64::atan2),
        &[("atan2(0, 1)", "0.0"), ("degrees(atan2(1, 1))", "45.0")],
    ),
    of_real!(
        "sqrt",
        "The square root; null of a negative number.",
        |n| nan_is_null(n.sqrt()),
        ("sqrt(256)", "16.0")
    ),
    of_real!("exp", "e raised to the number.", f64::exp, ("exp(0)", "1.0")),
    of_real!("exp2", "2 raised to the number.", f64::exp2, ("exp2(3)", "8.0")),
    of_real!("exp10", "10 raised to the number.", |n| 10f64.powf(n), ("exp10(3)", "1000.0")),
    of_real!(
        "log",
        "The natural logarithm; null of a negative number.",
        |n| nan_is_null(n.ln()),
        ("log(1)", "0.0"),
        ("log(-1)", "real(null)"),
    ),
    of_real!(
        "log2",
        "The logarithm to base 2; null of a negative number.",
        |n| nan_is_null(n.log2()),
        ("log2(8)", "3.0")
    ),
    of_real!(
        "log10",
        "The logarithm to base 10; null of a negative number.",
        |n| nan_is_null(n.log10()),
        ("log10(1000)", "3.0"),
    ),
    of_real!("sin", "The sine of an angle in radians.", f64::sin, ("sin(0)", "0.0")),
    of_real!("cos", "The cosine of an angle in radians.", f64::cos, ("cos(0)", "1.0")),
    of_real!("tan", "The tangent of an angle in radians.", f64::tan, ("tan(0)", "0.0")),
    of_real!(
        "cot",
        "The cotangent of an angle in radians.",
        |n| 1.0 / n.tan(),
        ("round(cot(1), 5)", "0.64209")
    ),
    of_real!(
        "asin",
        "The angle whose sine is the number; null outside of -1 to 1.",
        |n| nan_is_null(n.asin()),
        ("asin(0)", "0.0")
    ),
    of_real!(
        "acos",
        "The angle whose cosine is the number; null outside of -1 to 1.",
        |n| nan_is_null(n.acos()),
        ("acos(1)", "0.0")
    ),
    of_real!("atan", "The angle whose tangent is the number.", f64::atan, ("atan(0)", "0.0")),
    of_real!("degrees", "An angle in radians as degrees.", |n| n * 180.0 / PI, ("degrees(pi()/4)", "45.0")),
    of_real!(
        "radians",
        "An angle in degrees as radians.",
        |n| n * PI / 180.0,
        ("round(radians(90), 5)", "1.5708")
    ),
    of_real!(
        "gamma",
        "The gamma function.",
        gamma,
        ("round(gamma(5), 6)", "24.0"),
        ("round(gamma(0.5), 6)", "1.772454")
    ),
    of_real!(
        "loggamma",
        "The natural logarithm of the gamma function's magnitude.",
        log_gamma,
        ("round(loggamma(5), 6)", "3.178054"),
    ),
    of_real!("erf", "The error function, to about 12 digits.", erf, ("round(erf(0.5), 6)", "0.5205")),
    of_real!("erfc", "One less the error function.", |n| 1.0 - erf(n), ("round(erfc(0.5), 6)", "0.4795")),
];

const fn nan_is_null(number: f64) -> Value {
    if number.is_nan() { Value::Null } else { Value::Real(number) }
}

fn of_two(args: &[Value], function: fn(f64, f64) -> f64) -> Value {
    real(&args[0]).zip(real(&args[1])).map(|(x, y)| function(x, y)).into()
}

fn round(number: &Value, precision: Option<i64>) -> Option<Value> {
    let precision = precision?.clamp(-20, 28) as i32;
    match number {
        Value::Decimal(n) => Some(round_decimal(*n, precision).into()),
        Value::Real(n) => Some(round_real(*n, precision).into()),
        Value::Long(n) if precision < 0 => Some(Value::Long(round_real(*n as f64, precision) as i64)),
        Value::Int(n) if precision < 0 => Some(Value::Int(round_real(f64::from(*n), precision) as i32)),
        Value::Int(_) | Value::Long(_) => Some(number.clone()),
        _ => None,
    }
}

/// Through the shortest decimal that reads as the number, so that 2.15 rounds to 2.2 although its binary form is a
/// little less than 2.15.
fn round_real(number: f64, precision: i32) -> f64 {
    if let Ok(decimal) = number.to_string().parse::<Decimal>() {
        return round_decimal(decimal, precision).to_string().parse().unwrap_or(number);
    }
    // Too large for a decimal, or infinite, or no number: nothing behind the point is left to round.
    let scale = 10f64.powi(precision);
    let scaled = (number * scale).round() / scale;
    if scaled.is_finite() { scaled } else { number }
}

fn round_decimal(number: Decimal, precision: i32) -> Decimal {
    let away = RoundingStrategy::MidpointAwayFromZero;
    if precision >= 0 {
        return number.round_dp_with_strategy(precision as u32, away);
    }
    let scale = Decimal::from_i128_with_scale(10i128.pow(precision.unsigned_abs()), 0);
    (number / scale).round_dp_with_strategy(0, away) * scale
}

/// Lanczos' approximation with g = 7 and nine terms; reflected for arguments below one half.
fn log_gamma(x: f64) -> f64 {
    const TERMS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        return (PI / (PI * x).sin().abs()).ln() - log_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let series = TERMS
        .iter()
        .enumerate()
        .fold(0.999_999_999_999_809_9, |sum, (i, term)| sum + term / (x + i as f64 + 1.0));
    let t = x + 7.5;
    0.5 * (2.0 * PI).ln() + (x + 0.5) * t.ln() - t + series.ln()
}

fn gamma(x: f64) -> f64 {
    let magnitude = log_gamma(x).exp();
    // Between the poles at negative whole numbers the sign alternates.
    if x < 0.0 && x.floor() as i64 % 2 != 0 { -magnitude } else { magnitude }
}

/// Maclaurin's series near zero and the continued fraction of the complement further out.
fn erf(x: f64) -> f64 {
    let magnitude = x.abs();
    if magnitude < 2.5 {
        let mut term = x;
        let mut sum = x;
        for n in 1..80 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        return sum * 2.0 / PI.sqrt();
    }
    let fraction = (1..=60).rev().fold(0.0, |below, n| f64::from(n) / 2.0 / (magnitude + below));
    let complement = (-x * x).exp() / (PI.sqrt() * (magnitude + fraction));
    x.signum() * (1.0 - complement)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_away_from_zero_as_they_are_written() {
        for (number, precision, rounded) in
            [(2.15, 1, 2.2), (-2.5, 0, -3.0), (0.285, 2, 0.29), (21.5, -1, 20.0), (1e300, 2, 1e300)]
        {
            assert_eq!(round_real(number, precision), rounded, "{number}");
        }
    }

    #[test]
    fn gamma_and_error_functions_agree_with_tables() {
        for (computed, known) in [
            (gamma(5.0), 24.0),
            (gamma(0.5), 1.772_453_850_905_516),
            (gamma(-0.5), -3.544_907_701_811_032),
            (log_gamma(100.0), 359.134_205_369_575_4),
            (erf(0.1), 0.112_462_916_018_284_89),
            (erf(1.0), 0.842_700_792_949_714_9),
            (erf(3.0), 0.999_977_909_503_001_4),
            (erf(-1.0), -0.842_700_792_949_714_9),
        ] {
            assert!((computed - known).abs() < 1e-11 * known.abs(), "{computed} {known}");
        }
    }
}
