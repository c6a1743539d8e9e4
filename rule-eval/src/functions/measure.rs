//! Conversions between units of angle, length, mass, speed and temperature.
//!
//! A unit is a factor to its kind's base unit; a temperature has an offset too. A name that is none gives null.
//! Source: Kusto documentation, the pages of the functions; the factors are the international definitions.

use super::arguments::real;
use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{Type, Value};
use std::f64::consts::PI;

const CONVERT: &[Signature] = &[Signature::new(
    &[
        Param::one("value", Accepts::Type(Type::Real)),
        Param::one("from", Accepts::Type(Type::String)),
        Param::one("to", Accepts::Type(Type::String)),
    ],
    Type::Real,
)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "convert_angle",
        "An angle from one unit in another.",
        CONVERT,
        |_, args| converted(args, |unit| factor(ANGLES, unit)),
        &[("convert_angle(1.2, 'Degree', 'Arcminute')", "72.0")],
    ),
    Function::scalar(
        "convert_length",
        "A length from one unit in another.",
        CONVERT,
        |_, args| converted(args, |unit| factor(LENGTHS, unit)),
        &[("round(convert_length(1.2, 'Meter', 'Foot'), 5)", "3.93701")],
    ),
    Function::scalar(
        "convert_mass",
        "A mass from one unit in another.",
        CONVERT,
        |_, args| converted(args, |unit| factor(MASSES, unit)),
        &[("round(convert_mass(1.2, 'Kilogram', 'Pound'), 5)", "2.64555")],
    ),
    Function::scalar(
        "convert_speed",
        "A speed from one unit in another.",
        CONVERT,
        |_, args| converted(args, speed),
        &[("round(convert_speed(1.2, 'MeterPerSecond', 'CentimeterPerHour'), 3)", "432000.0")],
    ),
    Function::scalar(
        "convert_temperature",
        "A temperature from one unit in another.",
        CONVERT,
        |_, args| {
            let unit = |i: usize| temperature(args[i].as_str()?);
            let kelvin = real(&args[0]).zip(unit(1)).map(|(n, (scale, zero))| n * scale + zero);
            kelvin.zip(unit(2)).map(|(kelvin, (scale, zero))| (kelvin - zero) / scale).into()
        },
        &[("round(convert_temperature(1.2, 'Kelvin', 'DegreeCelsius'), 2)", "-271.95")],
    ),
];

/// To radians.
const ANGLES: &[(&str, f64)] = &[
    ("Arcminute", PI / 10_800.0),
    ("Arcsecond", PI / 648_000.0),
    ("Centiradian", 1e-2),
    ("Deciradian", 1e-1),
    ("Degree", PI / 180.0),
    ("Gradian", PI / 200.0),
    ("Microdegree", PI / 180e6),
    ("Microradian", 1e-6),
    ("Millidegree", PI / 180e3),
    ("Milliradian", 1e-3),
    ("Nanodegree", PI / 180e9),
    ("Nanoradian", 1e-9),
    ("NatoMil", PI / 3200.0),
    ("Radian", 1.0),
    ("Revolution", 2.0 * PI),
];

/// To metres.
const LENGTHS: &[(&str, f64)] = &[
    ("Angstrom", 1e-10),
    ("AstronomicalUnit", 149_597_870_700.0),
    ("Centimeter", 1e-2),
    ("Chain", 20.1168),
    ("Decameter", 10.0),
    ("Decimeter", 1e-1),
    ("Fathom", 1.8288),
    ("Foot", 0.3048),
    ("Hand", 0.1016),
    ("Hectometer", 100.0),
    ("Inch", 0.0254),
    ("Kilometer", 1000.0),
    ("LightYear", 9.460_730_472_580_8e15),
    ("Meter", 1.0),
    ("Microinch", 2.54e-8),
    ("Micrometer", 1e-6),
    ("Mil", 2.54e-5),
    ("Mile", 1609.344),
    ("Millimeter", 1e-3),
    ("Nanometer", 1e-9),
    ("NauticalMile", 1852.0),
    ("UsSurveyFoot", 1200.0 / 3937.0),
    ("Yard", 0.9144),
];

/// To kilograms.
const MASSES: &[(&str, f64)] = &[
    ("Centigram", 1e-5),
    ("Decagram", 1e-2),
    ("Decigram", 1e-4),
    ("Grain", 6.479_891e-5),
    ("Gram", 1e-3),
    ("Hectogram", 1e-1),
    ("Kilogram", 1.0),
    ("Kilopound", 453.592_37),
    ("Kilotonne", 1e6),
    ("LongHundredweight", 50.802_345_44),
    ("LongTon", 1_016.046_908_8),
    ("Megapound", 453_592.37),
    ("Megatonne", 1e9),
    ("Microgram", 1e-9),
    ("Milligram", 1e-6),
    ("Nanogram", 1e-12),
    ("Ounce", 0.028_349_523_125),
    ("Pound", 0.453_592_37),
    ("ShortHundredweight", 45.359_237),
    ("ShortTon", 907.184_74),
    ("Stone", 6.350_293_18),
    ("Tonne", 1000.0),
];

fn factor(units: &[(&str, f64)], unit: &str) -> Option<f64> {
    units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor)
}

/// To metres a second.
fn speed(unit: &str) -> Option<f64> {
    if unit == "Knot" {
        return Some(1852.0 / 3600.0);
    }
    let (length, time) = unit.split_once("Per")?;
    let seconds = factor(&[("Hour", 3600.0), ("Minute", 60.0), ("Second", 1.0)], time)?;
    Some(factor(LENGTHS, length)? / seconds)
}

/// Kelvins in a degree, and the kelvins at which the scale is zero.
fn temperature(unit: &str) -> Option<(f64, f64)> {
    Some(match unit {
        "Kelvin" => (1.0, 0.0),
        "DegreeCelsius" => (1.0, 273.15),
        "MillidegreeCelsius" => (1e-3, 273.15),
        "DegreeFahrenheit" => (5.0 / 9.0, 459.67 * 5.0 / 9.0),
        "DegreeRankine" => (5.0 / 9.0, 0.0),
        "DegreeDelisle" => (-2.0 / 3.0, 373.15),
        "DegreeNewton" => (100.0 / 33.0, 273.15),
        "DegreeReaumur" => (1.25, 273.15),
        "DegreeRoemer" => (40.0 / 21.0, 273.15 - 7.5 * 40.0 / 21.0),
        _ => return None,
    })
}

fn converted(args: &[Value], unit: fn(&str) -> Option<f64>) -> Value {
    let unit = |i: usize| args[i].as_str().and_then(unit);
    real(&args[0]).zip(unit(1)).zip(unit(2)).map(|((value, from), to)| value * from / to).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_agree_with_the_documented_examples() {
        let value = |from: &str, to: &str| [Value::Real(1.2), from.into(), to.into()];
        for (computed, known) in [
            (converted(&value("Meter", "Foot"), |u| factor(LENGTHS, u)), 3.937_007_874_015_75),
            (converted(&value("Kilogram", "Pound"), |u| factor(MASSES, u)), 2.645_547_146_218_53),
            (converted(&value("MeterPerSecond", "CentimeterPerHour"), speed), 432_000.0),
            (converted(&value("Degree", "Arcminute"), |u| factor(ANGLES, u)), 72.0),
        ] {
            assert!((real(&computed).unwrap() - known).abs() < 1e-9 * known);
        }
    }
}
