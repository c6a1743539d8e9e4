//! Periods of a series, its decomposition into season and trend, and anomalies against both.
//!
//! ```text
//! series ─ trend ─> detrended ─ median of each phase ─> season; baseline = trend + season; residual = series - baseline
//! residual ─ Tukey's test ─> scores ─ threshold ─> flags
//! ```
//!
//! Kusto documents these steps but not how it detects periods. Here a period is a peak of the detrended series'
//! autocorrelation, and that is its score; Kusto's scores are of a like size but not the same.
//! Source: Kusto documentation, the pages of the functions.

use super::arguments::{long, real};
use super::series_statistics::{Line, tukey_scores};
use crate::function::{Accepts, Function, Param, Signature};
use rule_model::{Type, Value};

const SERIES: Param = Param::one("series", Accepts::Type(Type::Dynamic));
const LONG: Accepts = Accepts::Type(Type::Long);
const REAL: Accepts = Accepts::Type(Type::Real);
const SEASONALITY: Param = Param::optional("seasonality", LONG);
const TREND: Param = Param::optional("trend", Accepts::Type(Type::String));
const TEST_POINTS: Param = Param::optional("test_points", LONG);
const SEASONALITY_THRESHOLD: Param = Param::optional("seasonality_threshold", REAL);

/// Score from which a detected period counts as a season, unless given.
const SEASON_SCORE: f64 = 0.6;
/// Autocorrelation below which a peak is taken for noise.
const SIGNIFICANT: f64 = 0.5;

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "series_periods_detect",
        "The periods within a range in which the series repeats itself, best first, and their scores; 0 for those \
         not found. Found as peaks of the autocorrelation, whose values are the scores.",
        &[Signature::new(
            &[SERIES, Param::one("min_period", REAL), Param::one("max_period", REAL), Param::one("count", LONG)],
            Type::Dynamic,
        )],
        |_, args| detect(args),
        &[("series_periods_detect(dynamic([1, 5, 1, 5, 1, 5, 1, 5, 1, 5]), 2, 4, 1)[0]", "dynamic([2.0])")],
    )
    .columns(&[("periods", Type::Dynamic), ("scores", Type::Dynamic)]),
    Function::scalar(
        "series_decompose",
        "The series' baseline, season, trend and residual. The period, unless given, is found as by \
         series_periods_detect.",
        &[Signature::new(&[SERIES, SEASONALITY, TREND, TEST_POINTS, SEASONALITY_THRESHOLD], Type::Dynamic)],
        |_, args| {
            let parts = decompose(args, [1, 2, 3, 4]);
            parts.map_or(Value::Null, |p| array([p.baseline, p.season, p.trend, p.residual].map(present)))
        },
        &[("series_decompose(dynamic([1, 2, 3]), 0, 'linefit')[0]", "dynamic([1.0, 2.0, 3.0])")],
    )
    .columns(&[
        ("baseline", Type::Dynamic),
        ("seasonal", Type::Dynamic),
        ("trend", Type::Dynamic),
        ("residual", Type::Dynamic),
    ]),
    Function::scalar(
        "series_decompose_anomalies",
        "Flags of 1 and -1 where the series lies above or below its baseline by more than the threshold, the scores, \
         and the baseline. Scores are those of series_outliers on the residual.",
        &[Signature::new(
            &[
                SERIES,
                Param::optional("threshold", REAL),
                SEASONALITY,
                TREND,
                TEST_POINTS,
                Param::optional("method", Accepts::Type(Type::String)),
                SEASONALITY_THRESHOLD,
            ],
            Type::Dynamic,
        )],
        |_, args| anomalies(args).unwrap_or_default(),
        &[(
            "series_decompose_anomalies(dynamic([1, 2, 1, 2, 1, 2, 40, 2, 1, 2, 1, 2]), 1.5, 0)[0][6]",
            "1",
        )],
    )
    .columns(&[("ad_flag", Type::Dynamic), ("ad_score", Type::Dynamic), ("baseline", Type::Dynamic)]),
    Function::scalar(
        "series_decompose_forecast",
        "The series' baseline, learned without the given number of points at the end, which it predicts.",
        &[Signature::new(
            &[SERIES, Param::one("points", LONG), SEASONALITY, TREND, SEASONALITY_THRESHOLD],
            Type::Dynamic,
        )],
        |_, args| decompose(args, [2, 3, 1, 4]).map(|parts| present(parts.baseline)).into(),
        &[("series_decompose_forecast(dynamic([1, 2, 3, 0]), 1, 0, 'linefit')", "dynamic([1.0, 2.0, 3.0, 4.0])")],
    ),
];

struct Parts {
    baseline: Vec<Option<f64>>,
    season: Vec<Option<f64>>,
    trend: Vec<Option<f64>>,
    residual: Vec<Option<f64>>,
}

fn present(items: Vec<Option<f64>>) -> Vec<Value> {
    items.into_iter().map(Value::from).collect()
}

fn array(columns: impl IntoIterator<Item = Vec<Value>>) -> Value {
    Value::array(columns.into_iter().map(Value::from))
}

/// `at` says where the arguments seasonality, trend, test points and seasonality threshold are.
fn decompose(args: &[Value], at: [usize; 4]) -> Option<Parts> {
    let [seasonality, trend, test_points, threshold] = at.map(|i| args.get(i));
    let items: Vec<Option<f64>> = args[0].as_array()?.iter().map(real).collect();
    let test_points = test_points.and_then(long).unwrap_or(0).max(0) as usize;
    let learned = &items[..items.len().saturating_sub(test_points)];
    let line = match trend.and_then(Value::as_str).unwrap_or("avg") {
        "none" => Line::through(&[]),
        "linefit" => Line::through(learned),
        _ => Line::through(&[mean(learned)]),
    };
    let detrended: Vec<_> = learned.iter().enumerate().map(|(i, y)| y.map(|y| y - line.at(i))).collect();
    let threshold = threshold.and_then(real).unwrap_or(SEASON_SCORE);
    let period = match seasonality.and_then(long).unwrap_or(-1) {
        0 => None,
        given if given > 0 => Some(given as usize),
        _ => periods(learned, 2, learned.len()).first().filter(|p| p.1 >= threshold).map(|p| p.0),
    };
    let phases: Vec<f64> = period.map_or_else(Vec::new, |period| {
        (0..period).map(|phase| median(detrended.iter().skip(phase).step_by(period))).collect()
    });
    let season = |i: usize| if phases.is_empty() { 0.0 } else { phases[i % phases.len()] };
    let each = |of: &dyn Fn(usize) -> Option<f64>| (0..items.len()).map(of).collect::<Vec<_>>();
    Some(Parts {
        baseline: each(&|i| Some(line.at(i) + season(i))),
        season: each(&|i| Some(season(i))),
        trend: each(&|i| Some(line.at(i))),
        residual: each(&|i| items[i].map(|y| y - line.at(i) - season(i))),
    })
}

fn anomalies(args: &[Value]) -> Option<Value> {
    let parts = decompose(args, [2, 3, 4, 6])?;
    let threshold = args.get(1).and_then(real).unwrap_or(1.5);
    let method = args.get(5).and_then(Value::as_str).unwrap_or("ctukey");
    let range = if method == "tukey" { (25.0, 75.0) } else { (10.0, 90.0) };
    let scores = tukey_scores(&parts.residual, range);
    let flag = |score: &f64| Value::Long(i64::from(*score > threshold) - i64::from(*score < -threshold));
    let flags = scores.iter().map(flag).collect();
    let scores = scores.iter().copied().map(Value::Real).collect();
    Some(array([flags, scores, present(parts.baseline)]))
}

fn detect(args: &[Value]) -> Value {
    let Some(items) = args[0].as_array() else { return Value::Null };
    let items: Vec<_> = items.iter().map(real).collect();
    let bound = |i: usize| args.get(i).and_then(real).unwrap_or(0.0).max(0.0) as usize;
    let mut found = periods(&items, bound(1), bound(2));
    let count = args.get(3).and_then(long).unwrap_or(0).clamp(0, items.len() as i64) as usize;
    found.resize(count, (0, 0.0));
    let lags = found.iter().map(|(lag, _)| Value::Real(*lag as f64)).collect();
    array([lags, found.iter().map(|(_, score)| Value::Real(*score)).collect()])
}

/// Periods of at most half the series' length with their scores, best first; none is a multiple or a part of a
/// better one.
fn periods(items: &[Option<f64>], min: usize, max: usize) -> Vec<(usize, f64)> {
    let line = Line::through(items);
    // A missing item lies on the line, so that it speaks neither for nor against a period.
    let rest: Vec<f64> = items.iter().enumerate().map(|(i, y)| y.map_or(0.0, |y| y - line.at(i))).collect();
    let power: f64 = rest.iter().map(|n| n * n).sum();
    let score = |lag: usize| rest.iter().zip(rest.iter().skip(lag)).map(|(a, b)| a * b).sum::<f64>() / power;
    let last = max.min(items.len() / 2);
    let scores: Vec<f64> = (0..=last + 1).map(score).collect();
    let peak = |lag: &usize| scores[*lag] >= scores[lag - 1] && scores[*lag] >= scores[lag + 1];
    let mut peaks: Vec<(usize, f64)> = (min.max(2)..=last)
        .filter(peak)
        .map(|lag| (lag, scores[lag]))
        .filter(|(_, score)| *score >= SIGNIFICANT)
        .collect();
    peaks.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut found: Vec<(usize, f64)> = Vec::new();
    for (lag, score) in peaks {
        if !found.iter().any(|(better, _)| better % lag == 0 || lag % better == 0) {
            found.push((lag, score));
        }
    }
    found
}

fn mean(items: &[Option<f64>]) -> Option<f64> {
    let count = items.iter().flatten().count();
    (count > 0).then(|| items.iter().flatten().sum::<f64>() / count as f64)
}

/// Zero of no items.
fn median<'a>(items: impl Iterator<Item = &'a Option<f64>>) -> f64 {
    let mut sorted: Vec<f64> = items.copied().flatten().collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.len() % 2, sorted.get(middle)) {
        (_, None) => 0.0,
        (1, Some(item)) => *item,
        (_, Some(item)) => f64::midpoint(sorted[middle - 1], *item),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented series of two bins a day with a weekly pattern.
    const WEEKS: [i64; 60] = [
        80, 139, 87, 110, 68, 54, 50, 51, 53, 133, 86, 141, 97, 156, 94, 149, 95, 140, 77, 61, 50, 54, 47,
        133, 72, 152, 94, 148, 105, 162, 101, 160, 87, 63, 53, 55, 54, 151, 103, 189, 108, 183, 113, 175,
        113, 178, 90, 71, 62, 62, 65, 165, 109, 181, 115, 182, 121, 178, 114, 170,
    ];

    #[test]
    fn the_documented_period_is_found_and_no_other() {
        let items: Vec<_> = WEEKS.iter().map(|n| Some(*n as f64)).collect();
        let lags: Vec<_> = periods(&items, 0, 50).into_iter().map(|(lag, _)| lag).collect();
        assert_eq!(lags, [14]);
    }

    #[test]
    fn the_season_repeats_and_what_breaks_it_is_an_anomaly() {
        let mut items: Vec<_> =
            (0..70).map(|i| [10, 20, 30, 20, 10, 0, 0][i % 7] + (i * 7 % 3) as i64).collect();
        items[36] += 60;
        let series = Value::array(items.iter().copied().map(Value::Long));
        let Some(Value::Array(columns)) = anomalies(&[series]) else { panic!("no result") };
        let flags = columns[0].as_array().unwrap();
        assert_eq!(flags.iter().position(|flag| *flag == Value::Long(1)), Some(36));
        assert_eq!(flags.iter().filter(|flag| **flag != Value::Long(0)).count(), 1);
    }
}
