//! Conversions between units of angle, energy, force, length, mass, speed, temperature and volume.
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
        "convert_energy",
        "An energy from one unit in another.",
        CONVERT,
        |_, args| converted(args, energy),
        &[("round(convert_energy(1.2, 'Joule', 'BritishThermalUnit'), 8)", "0.00113738")],
    ),
    Function::scalar(
        "convert_force",
        "A force from one unit in another.",
        CONVERT,
        |_, args| converted(args, |unit| factor(FORCES, unit)),
        &[("round(convert_force(1.2, 'Newton', 'Decanewton'), 3)", "0.12")],
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
    Function::scalar(
        "convert_volume",
        "A volume from one unit in another.",
        CONVERT,
        |_, args| converted(args, volume),
        &[("round(convert_volume(1.2, 'CubicMeter', 'AcreFoot'), 10)", "0.0009728568")],
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

/// To joules. The British thermal unit is that of the International Table, as the documented example has it, and the
/// calorie the thermochemical one.
const ENERGIES: &[(&str, f64)] = &[
    ("BritishThermalUnit", 1_055.055_852_62),
    ("Calorie", 4.184),
    ("DecathermEc", 1_055_055_852.62),
    ("DecathermImperial", 1_055_055_852.62),
    ("DecathermUs", 1_054_804_000.0),
    ("ElectronVolt", 1.602_176_565e-19),
    ("Erg", 1e-7),
    ("FootPound", 1.355_817_948_331_400_4),
    ("HorsepowerHour", 2_684_519.537_696_173),
    ("Joule", 1.0),
    ("ThermEc", 105_505_585.262),
    ("ThermImperial", 105_505_585.262),
    ("ThermUs", 105_480_400.0),
    ("WattDay", 86_400.0),
    ("WattHour", 3_600.0),
];

/// To newtons.
const FORCES: &[(&str, f64)] = &[
    ("Decanewton", 10.0),
    ("Dyn", 1e-5),
    ("KiloPond", GRAVITY),
    ("KilogramForce", GRAVITY),
    ("Kilonewton", 1e3),
    ("KilopoundForce", POUND * GRAVITY * 1e3),
    ("Meganewton", 1e6),
    ("Micronewton", 1e-6),
    ("Millinewton", 1e-3),
    ("Newton", 1.0),
    ("OunceForce", POUND * GRAVITY / 16.0),
    ("PoundForce", POUND * GRAVITY),
    ("Poundal", POUND * 0.3048),
    ("ShortTonForce", POUND * GRAVITY * 2e3),
    ("TonneForce", GRAVITY * 1e3),
];

/// Standard gravity in metres a second squared.
const GRAVITY: f64 = 9.806_65;
/// The avoirdupois pound in kilograms.
const POUND: f64 = 0.453_592_37;

/// To cubic metres.
const VOLUMES: &[(&str, f64)] = &[
    // Rounded as the documented example has it: 0.000810714 acre-feet a cubic metre.
    ("AcreFoot", 1.0 / 0.000_810_714),
    ("AuTablespoon", 2e-5),
    ("BoardFoot", CUBIC_FOOT / 12.0),
    ("CubicCentimeter", 1e-6),
    ("CubicDecimeter", 1e-3),
    ("CubicFoot", CUBIC_FOOT),
    ("CubicHectometer", 1e6),
    ("CubicInch", CUBIC_FOOT / 1728.0),
    ("CubicKilometer", 1e9),
    ("CubicMeter", 1.0),
    ("CubicMicrometer", 1e-18),
    ("CubicMile", CUBIC_FOOT * 147_197_952_000.0),
    ("CubicMillimeter", 1e-9),
    ("CubicYard", CUBIC_FOOT * 27.0),
    ("ImperialBeerBarrel", IMPERIAL_GALLON * 36.0),
    ("ImperialGallon", IMPERIAL_GALLON),
    ("ImperialOunce", IMPERIAL_GALLON / 160.0),
    ("ImperialPint", IMPERIAL_GALLON / 8.0),
    ("Liter", 1e-3),
    ("MetricCup", 2.5e-4),
    ("MetricTeaspoon", 5e-6),
    ("OilBarrel", US_GALLON * 42.0),
    ("UkTablespoon", 1.5e-5),
    ("UsBeerBarrel", US_GALLON * 31.0),
    ("UsCustomaryCup", US_GALLON / 16.0),
    ("UsGallon", US_GALLON),
    ("UsLegalCup", 2.4e-4),
    ("UsOunce", US_GALLON / 128.0),
    ("UsPint", US_GALLON / 8.0),
    ("UsQuart", US_GALLON / 4.0),
    ("UsTablespoon", US_GALLON / 256.0),
    ("UsTeaspoon", US_GALLON / 768.0),
];

const CUBIC_FOOT: f64 = 0.028_316_846_592;
const IMPERIAL_GALLON: f64 = 0.004_546_09;
const US_GALLON: f64 = 0.003_785_411_784;

/// Prefixes of the International System that units of energy and volume are named with.
const PREFIXES: &[(&str, f64)] = &[
    ("Micro", 1e-6),
    ("Milli", 1e-3),
    ("Centi", 1e-2),
    ("Deci", 1e-1),
    ("Deca", 1e1),
    ("Hecto", 1e2),
    ("Kilo", 1e3),
    ("Mega", 1e6),
    ("Giga", 1e9),
    ("Tera", 1e12),
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

/// To joules.
fn energy(unit: &str) -> Option<f64> {
    factor(ENERGIES, unit).or_else(|| prefixed(ENERGIES, unit))
}

/// To cubic metres. A prefix goes with the whole unit, not with its cube: `KilocubicMeter` is a thousand of them.
fn volume(unit: &str) -> Option<f64> {
    factor(VOLUMES, unit).or_else(|| prefixed(VOLUMES, unit))
}

/// The factor of a unit that is written with a prefix: `Kilojoule`, `MegawattHour`.
fn prefixed(units: &[(&str, f64)], unit: &str) -> Option<f64> {
    let (rest, scale) =
        PREFIXES.iter().find_map(|(name, scale)| unit.strip_prefix(name).map(|rest| (rest, scale)))?;
    let (_, factor) = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(rest))?;
    Some(scale * factor)
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
