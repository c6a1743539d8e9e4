//! Accumulators of numbers: counts, sums, means, variances, bits.

use super::GATHERED;
use crate::aggregate::Accumulator;
use crate::order::{Key, as_f64};
use rule_model::{DateTime, Timespan, Type, Value};
use rust_decimal::Decimal;
use std::collections::HashSet;

/// `count`.
#[derive(Debug, Default)]
pub(super) struct Count(i64);

impl Accumulator for Count {
    fn add(&mut self, _: &[Value]) {
        self.0 += 1;
    }

    fn finish(&mut self) -> Vec<Value> {
        vec![Value::Long(self.0)]
    }
}

/// `dcount` and `count_distinct`: exact, where Kusto's `dcount` estimates.
#[derive(Debug, Default)]
pub(super) struct Distinct(HashSet<Key>);

impl Accumulator for Distinct {
    fn add(&mut self, args: &[Value]) {
        match args.first() {
            None | Some(Value::Null) => {}
            Some(value) => {
                self.0.insert(Key::of(value));
            }
        }
    }

    fn finish(&mut self) -> Vec<Value> {
        vec![Value::Long(self.0.len() as i64)]
    }

    fn bytes(&self) -> u64 {
        self.0.len() as u64 * 2 * GATHERED
    }
}

/// `sum` and, with its count, `avg`. Each kind of number is added in its own arithmetic, so that longs stay exact.
#[derive(Debug)]
pub(super) struct Sum {
    ty: Type,
    mean: bool,
    count: u32,
    whole: i128,
    real: f64,
    decimal: Decimal,
}

impl Sum {
    /// The sum, of this type.
    pub(super) fn new(ty: Type) -> Sum {
        Sum { ty, mean: false, count: 0, whole: 0, real: 0.0, decimal: Decimal::ZERO }
    }

    /// The mean, of this type.
    pub(super) fn mean(ty: Type) -> Sum {
        Sum { mean: true, ..Sum::new(ty) }
    }

    fn total(&self) -> Value {
        match self.ty {
            // Overflow wraps, as long arithmetic does everywhere in KQL.
            Type::Long | Type::Int => Value::Long(self.whole as i64),
            Type::Decimal => Value::Decimal(self.decimal + Decimal::from(self.whole as i64)),
            Type::Timespan => Value::Timespan(Timespan(self.whole as i64)),
            Type::DateTime => Value::DateTime(DateTime(self.whole as i64)),
            _ => Value::Real(self.real + self.whole as f64),
        }
    }

    fn quotient(&self) -> Value {
        let count = i128::from(self.count);
        match self.ty {
            Type::Decimal | Type::Timespan | Type::DateTime if count == 0 => Value::Null,
            Type::Decimal => {
                let sum = self.decimal + Decimal::from(self.whole as i64);
                sum.checked_div(Decimal::from(self.count)).into()
            }
            Type::Timespan => Value::Timespan(Timespan((self.whole / count) as i64)),
            Type::DateTime => Value::DateTime(DateTime((self.whole / count) as i64)),
            // The documentation shows NaN as the mean of nothing.
            _ => Value::Real((self.real + self.whole as f64) / f64::from(self.count)),
        }
    }
}

impl Accumulator for Sum {
    fn add(&mut self, args: &[Value]) {
        match args.first() {
            Some(Value::Int(n)) => self.whole += i128::from(*n),
            Some(Value::Long(n)) => self.whole += i128::from(*n),
            Some(Value::Timespan(t)) => self.whole += i128::from(t.0),
            Some(Value::DateTime(t)) => self.whole += i128::from(t.0),
            Some(Value::Real(x)) => self.real += x,
            Some(Value::Decimal(d)) => self.decimal = self.decimal.saturating_add(*d),
            _ => return,
        }
        self.count += 1;
    }

    fn finish(&mut self) -> Vec<Value> {
        vec![if self.mean { self.quotient() } else { self.total() }]
    }
}

/// `variance` and `stdev` of a sample or of a population, by Welford's method, which does not cancel.
#[derive(Debug)]
pub(super) struct Variance {
    /// Whether the rows are all there is, not a sample.
    population: bool,
    /// Whether the root of the variance is asked for.
    root: bool,
    count: f64,
    mean: f64,
    squares: f64,
}

impl Variance {
    pub(super) fn new(population: bool, root: bool) -> Variance {
        Variance { population, root, count: 0.0, mean: 0.0, squares: 0.0 }
    }
}

impl Accumulator for Variance {
    fn add(&mut self, args: &[Value]) {
        let Some(x) = args.first().and_then(as_f64) else { return };
        self.count += 1.0;
        let delta = x - self.mean;
        self.mean += delta / self.count;
        self.squares += delta * (x - self.mean);
    }

    fn finish(&mut self) -> Vec<Value> {
        let divisor = if self.population { self.count } else { self.count - 1.0 };
        let variance = if divisor > 0.0 { self.squares / divisor } else { 0.0 };
        vec![Value::Real(if self.root { variance.sqrt() } else { variance })]
    }
}

/// `covariance` and `covariancep`.
#[derive(Debug)]
pub(super) struct Covariance {
    population: bool,
    count: f64,
    means: (f64, f64),
    products: f64,
}

impl Covariance {
    pub(super) fn new(population: bool) -> Covariance {
        Covariance { population, count: 0.0, means: (0.0, 0.0), products: 0.0 }
    }
}

impl Accumulator for Covariance {
    fn add(&mut self, args: &[Value]) {
        let [x, y, ..] = args else { return };
        let (Some(x), Some(y)) = (as_f64(x), as_f64(y)) else { return };
        self.count += 1.0;
        let delta = x - self.means.0;
        self.means.0 += delta / self.count;
        self.means.1 += (y - self.means.1) / self.count;
        self.products += delta * (y - self.means.1);
    }

    fn finish(&mut self) -> Vec<Value> {
        let divisor = if self.population { self.count } else { self.count - 1.0 };
        vec![(divisor > 0.0).then(|| self.products / divisor).into()]
    }
}

/// `binary_all_and`, `binary_all_or`, `binary_all_xor`.
#[derive(Debug)]
pub(super) struct Bits {
    fold: fn(i64, i64) -> i64,
    value: Option<i64>,
}

impl Bits {
    pub(super) fn new(fold: fn(i64, i64) -> i64) -> Bits {
        Bits { fold, value: None }
    }
}

impl Accumulator for Bits {
    fn add(&mut self, args: &[Value]) {
        if let Some(n) = args.first().and_then(Value::as_i64) {
            self.value = Some(self.value.map_or(n, |value| (self.fold)(value, n)));
        }
    }

    fn finish(&mut self) -> Vec<Value> {
        vec![self.value.into()]
    }
}
