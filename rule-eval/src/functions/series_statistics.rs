//! Statistics of a series: moments, lines fitted to it, outliers.
//!
//! Variances are of samples (divided by one less than the number of items); lines count items from 1. Both follow
//! from the documented examples. Functions that give several columns give an array of their values.
//! Source: Kusto documentation, the pages of the functions.

use super::arguments::real;
use super::series::numbers;
use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{Type, Value};

const SERIES: Param = Param::one("series", Accepts::Type(Type::Dynamic));
const OF_SERIES: &[Signature] = &[Signature::new(&[SERIES], Type::Dynamic)];
const STATS: &[Signature] = &[Signature::new(
    &[SERIES, Param::optional("ignore_nonfinite", Accepts::Type(Type::Bool))],
    Type::Dynamic,
)];
const STATS_COLUMNS: &[(&str, Type)] = &[
    ("min", Type::Real),
    ("min_idx", Type::Long),
    ("max", Type::Real),
    ("max_idx", Type::Long),
    ("avg", Type::Real),
    ("stdev", Type::Real),
    ("variance", Type::Real),
];
const LINE_COLUMNS: &[(&str, Type)] = &[
    ("rsquare", Type::Real),
    ("slope", Type::Real),
    ("variance", Type::Real),
    ("rvariance", Type::Real),
    ("interception", Type::Real),
    ("line_fit", Type::Dynamic),
];
const TWO_LINES_COLUMNS: &[(&str, Type)] = &[
    ("rsquare", Type::Real),
    ("split_idx", Type::Long),
    ("variance", Type::Real),
    ("rvariance", Type::Real),
    ("line_fit", Type::Dynamic),
    ("right_rsquare", Type::Real),
    ("right_slope", Type::Real),
    ("right_interception", Type::Real),
    ("right_variance", Type::Real),
    ("right_rvariance", Type::Real),
    ("left_rsquare", Type::Real),
    ("left_slope", Type::Real),
    ("left_interception", Type::Real),
    ("left_variance", Type::Real),
    ("left_rvariance", Type::Real),
];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "series_stats",
        "Least and greatest item with their positions, mean, deviation and variance; null with items that are no \
         numbers unless they are to be ignored.",
        STATS,
        |_, args| {
            let row = |stats: Stats| stats.cells().into_iter().map(|(_, value)| value).take(7).collect();
            stats(args).map_or(Value::array(vec![Value::Null; 7]), |stats| Value::Array(std::sync::Arc::new(row(stats))))
        },
        &[("series_stats(dynamic([2, 4, 6]))", "dynamic([2.0, 0, 6.0, 2, 4.0, 2.0, 4.0])")],
    )
    .columns(STATS_COLUMNS),
    Function::scalar(
        "series_stats_dynamic",
        "The statistics of series_stats, the sum and the number of items as a bag.",
        STATS,
        |_, args| stats(args).map(|stats| Value::bag(stats.cells())).into(),
        &[("series_stats_dynamic(dynamic([2, 4, 6])).avg", "4.0")],
    ),
    Function::scalar(
        "series_fit_line",
        "The straight line through the series with the least squares of errors, and how well it fits.",
        OF_SERIES,
        |_, args| fitted(&args[0]).map_or(Value::array(vec![Value::Null; 6]), |(line, _)| {
            Value::array(line.into_iter().map(|(_, value)| value))
        }),
        &[("series_fit_line(dynamic([1, 3, 5]))[1]", "2.0")],
    )
    .columns(LINE_COLUMNS),
    Function::scalar(
        "series_fit_line_dynamic",
        "What series_fit_line gives, as a bag.",
        OF_SERIES,
        |_, args| fitted(&args[0]).map(|(line, _)| Value::bag(line)).into(),
        &[("series_fit_line_dynamic(dynamic([1, 3, 5])).slope", "2.0")],
    ),
    Function::scalar(
        "series_fit_2lines",
        "Two straight lines, through the items before and from the position that lets them fit best.",
        OF_SERIES,
        |_, args| numbers(&args[0]).and_then(|items| two_lines(&items)).unwrap_or_else(|| {
            Value::array(vec![Value::Null; TWO_LINES_COLUMNS.len()])
        }),
        &[("series_fit_2lines(dynamic([1, 2, 3, 3, 2, 1]))[1]", "3")],
    )
    .columns(TWO_LINES_COLUMNS),
    Function::scalar(
        "series_outliers",
        "How many widths between two percentiles each item lies outside of them, by Tukey's test: above 1.5 or below \
         -1.5 is an outlier. Kusto's scale of the default test, over the 10th to the 90th percentile, is not \
         documented; its scores may differ.",
        &[Signature::new(
            &[
                SERIES,
                Param::optional("kind", Accepts::Type(Type::String)),
                Param::optional("ignored", Accepts::Type(Type::Real)),
                Param::optional("min_percentile", Accepts::Type(Type::Real)),
                Param::optional("max_percentile", Accepts::Type(Type::Real)),
                Param::optional("test_points", Accepts::Type(Type::Long)),
            ],
            Type::Dynamic,
        )],
        |_, args| outliers(args),
        &[("series_outliers(dynamic([1, 2, 3, 4, 20]), 'tukey')", "dynamic([-0.5, 0.0, 0.0, 0.0, 8.0])")],
    ),
];

struct Stats {
    min: (usize, f64),
    max: (usize, f64),
    sum: f64,
    length: usize,
    variance: f64,
}

impl Stats {
    fn cells(self) -> Vec<(&'static str, Value)> {
        vec![
            ("min", self.min.1.into()),
            ("min_idx", (self.min.0 as i64).into()),
            ("max", self.max.1.into()),
            ("max_idx", (self.max.0 as i64).into()),
            ("avg", (self.sum / self.length as f64).into()),
            ("stdev", self.variance.sqrt().into()),
            ("variance", self.variance.into()),
            ("sum", self.sum.into()),
            ("len", (self.length as i64).into()),
        ]
    }
}

fn stats(args: &[Value]) -> Option<Stats> {
    let ignore = args.get(1).and_then(Value::as_bool).unwrap_or(false);
    let items = args[0].as_array()?;
    let finite: Vec<(usize, f64)> = items
        .iter()
        .enumerate()
        .filter_map(|(i, item)| Some((i, real(item).filter(|n| n.is_finite())?)))
        .collect();
    if finite.is_empty() || finite.len() < items.len() && !ignore {
        return None;
    }
    let values: Vec<f64> = finite.iter().map(|(_, n)| *n).collect();
    let first = |better: fn(f64, f64) -> bool| {
        finite.iter().copied().reduce(|best, item| if better(item.1, best.1) { item } else { best })
    };
    Some(Stats {
        min: first(|a, b| a < b)?,
        max: first(|a, b| a > b)?,
        sum: values.iter().sum(),
        length: values.len(),
        variance: sample_variance(&values),
    })
}

fn sample_variance(items: &[f64]) -> f64 {
    let mean = items.iter().sum::<f64>() / items.len() as f64;
    divided_by_freedom(items.iter().map(|n| (n - mean).powi(2)).sum(), items.len())
}

fn divided_by_freedom(squares: f64, length: usize) -> f64 {
    if length > 1 { squares / (length - 1) as f64 } else { 0.0 }
}

/// A straight line fitted to a series.
#[derive(Clone, Copy)]
pub(super) struct Line {
    slope: f64,
    /// At position 0, one before the first item's.
    interception: f64,
}

impl Line {
    /// The line of least squares through the items that are there; flat if there are fewer than two.
    pub(super) fn through(items: &[Option<f64>]) -> Line {
        let points: Vec<(f64, f64)> =
            items.iter().enumerate().filter_map(|(i, y)| Some(((i + 1) as f64, (*y)?))).collect();
        let count = points.len().max(1) as f64;
        let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
        let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
        let covariance: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
        let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
        let slope = if spread > 0.0 { covariance / spread } else { 0.0 };
        Line { slope, interception: mean_y - slope * mean_x }
    }

    /// The line's value for the item at `index`, from 0.
    pub(super) fn at(self, index: usize) -> f64 {
        self.interception + self.slope * (index + 1) as f64
    }
}

/// The columns of `series_fit_line` and the sum of the squares of the errors.
fn fitted(series: &Value) -> Option<(Vec<(&'static str, Value)>, f64)> {
    let items = numbers(series).filter(|items| !items.is_empty())?;
    let (line, squares) = fit(&items);
    let (variance, residual) = (sample_variance(&items), divided_by_freedom(squares, items.len()));
    let cells: Vec<Value> = vec![
        r_square(variance, residual).into(),
        line.slope.into(),
        variance.into(),
        residual.into(),
        line.interception.into(),
        Value::array((0..items.len()).map(|i| Value::Real(line.at(i)))),
    ];
    Some((LINE_COLUMNS.iter().map(|(name, _)| *name).zip(cells).collect(), squares))
}

fn fit(items: &[f64]) -> (Line, f64) {
    let line = Line::through(&items.iter().copied().map(Some).collect::<Vec<_>>());
    let squares = items.iter().enumerate().map(|(i, y)| (y - line.at(i)).powi(2)).sum();
    (line, squares)
}

fn r_square(variance: f64, residual: f64) -> f64 {
    if variance > 0.0 { 1.0 - residual / variance } else { 1.0 }
}

/// Tries every split that leaves two items on either side. The squares of the errors are computed anew for each, which
/// is quadratic in the length; series are short.
fn two_lines(items: &[f64]) -> Option<Value> {
    let splits = 2..items.len().saturating_sub(1);
    let errors = |split: usize| fit(&items[..split]).1 + fit(&items[split..]).1;
    let split = splits.min_by(|&a, &b| errors(a).total_cmp(&errors(b)))?;
    let (left, right) = items.split_at(split);
    let (variance, residual) = (sample_variance(items), divided_by_freedom(errors(split), items.len()));
    let side = |side: &[f64]| {
        let (line, squares) = fit(side);
        let (variance, residual) = (sample_variance(side), divided_by_freedom(squares, side.len()));
        [r_square(variance, residual), line.slope, line.interception, variance, residual].map(Value::Real)
    };
    let points = |side: &[f64]| {
        let line = fit(side).0;
        (0..side.len()).map(|i| Value::Real(line.at(i))).collect::<Vec<_>>()
    };
    let mut cells: Vec<Value> = vec![
        r_square(variance, residual).into(),
        (split as i64).into(),
        variance.into(),
        residual.into(),
        Value::array(points(left).into_iter().chain(points(right))),
    ];
    cells.extend(side(right));
    cells.extend(side(left));
    Some(cells.into())
}

fn outliers(args: &[Value]) -> Value {
    let Some(items) = args[0].as_array() else { return Value::Null };
    let ignored = args.get(2).and_then(real);
    let items: Vec<Option<f64>> =
        items.iter().map(|item| real(item).filter(|n| Some(*n) != ignored)).collect();
    let kind = args.get(1).and_then(Value::as_str).unwrap_or("ctukey");
    let percentile = |i: usize, default: f64| args.get(i).and_then(real).unwrap_or(default).clamp(2.0, 98.0);
    let range = if kind == "tukey" { (25.0, 75.0) } else { (percentile(3, 10.0), percentile(4, 90.0)) };
    Value::array(tukey_scores(&items, range).into_iter().map(Value::Real))
}

/// How many widths of the range between two percentiles each item lies outside of it; 0 within it and for missing ones.
pub(super) fn tukey_scores(items: &[Option<f64>], (low, high): (f64, f64)) -> Vec<f64> {
    let mut sorted: Vec<f64> = items.iter().copied().flatten().filter(|n| n.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(low), Some(high)) = (percentile(&sorted, low), percentile(&sorted, high)) else {
        return vec![0.0; items.len()];
    };
    let width = high - low;
    let score = |item: &Option<f64>| match item {
        Some(n) if *n > high => (n - high) / width,
        Some(n) if *n < low => (n - low) / width,
        _ => 0.0,
    };
    items.iter().map(score).collect()
}

/// With linear interpolation between the two items around.
fn percentile(sorted: &[f64], percent: f64) -> Option<f64> {
    let rank = percent / 100.0 * (sorted.len().checked_sub(1)? as f64);
    let (below, above) = (sorted.get(rank.floor() as usize)?, sorted.get(rank.ceil() as usize)?);
    Some(below + (above - below) * rank.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(items: &[i64]) -> Value {
        Value::array(items.iter().copied().map(Value::Long))
    }

    #[test]
    fn statistics_agree_with_the_documented_example() {
        let x = series(&[23, 46, 23, 87, 4, 8, 3, 75, 2, 56, 13, 75, 32, 16, 29]);
        let stats = Value::bag(stats(&[x]).unwrap().cells());
        let cell = |name: &str| stats.as_bag().and_then(|bag| bag.get(name)).and_then(real).unwrap();
        for (name, known) in [("min", 2.0), ("min_idx", 8.0), ("max_idx", 3.0), ("avg", 32.8), ("sum", 492.0)]
        {
            assert_eq!(cell(name), known, "{name}");
        }
        assert!((cell("variance") - 812.457_142_857_142_9).abs() < 1e-9);
    }

    #[test]
    fn the_fitted_line_agrees_with_the_documented_example() {
        let (line, _) = fitted(&series(&[2, 5, 6, 8, 11, 15, 17, 18, 25, 26, 30, 30])).unwrap();
        let line = Value::bag(line);
        let cell = |name: &str| line.as_bag().and_then(|bag| bag.get(name)).and_then(real).unwrap();
        for (name, known) in [
            ("rsquare", 0.982),
            ("slope", 2.730),
            ("variance", 98.628),
            ("rvariance", 1.686),
            ("interception", -1.666),
        ] {
            assert!((cell(name) - known).abs() < 1.1e-3, "{name} {}", cell(name));
        }
    }

    #[test]
    fn two_lines_part_where_the_series_turns() {
        let Some(Value::Array(cells)) = two_lines(&[1.0, 2.0, 3.0, 4.0, 10.0, 8.0, 6.0]) else {
            panic!("no fit")
        };
        assert_eq!((&cells[1], real(&cells[0]).map(f64::round)), (&Value::Long(4), Some(1.0)));
        assert_eq!((real(&cells[6]), real(&cells[11])), (Some(-2.0), Some(1.0)));
    }
}
