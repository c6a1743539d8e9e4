//! Window functions: they see the values of all rows, so that their columns are computed before the expressions that
//! read them.

use super::{Env, Expression};
use crate::{Context, Row};
use rule_model::Value;

type Implement = fn(&mut Context, &[Vec<Value>], usize) -> Vec<Value>;

/// A call of a window function.
pub(super) struct Window {
    name: &'static str,
    implementation: Implement,
    args: Vec<Expression>,
}

impl Window {
    pub(super) fn new(name: &'static str, implementation: Implement, args: Vec<Expression>) -> Window {
        Window { name, implementation, args }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }
}

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct(self.name).field("args", &self.args).finish_non_exhaustive()
    }
}

/// Appends the result of each call to each row, in order, so that later calls may read earlier ones.
pub(super) fn append(windows: &[Window], env: &mut Env<'_>, rows: &mut [Row]) {
    for window in windows {
        let args: Vec<Vec<Value>> =
            window.args.iter().map(|arg| rows.iter().map(|row| arg.value(env, row)).collect()).collect();
        let results = (window.implementation)(env.context, &args, rows.len());
        let results = results.into_iter().chain(std::iter::repeat(Value::Null));
        rows.iter_mut().zip(results).for_each(|(row, result)| row.push(result));
    }
}
