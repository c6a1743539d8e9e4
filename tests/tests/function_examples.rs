//! Every example in the tables of functions and aggregates gives what it says.

use rule_eval::function::Stability;
use rule_eval::{Context, Table};
use rule_lang::catalog::Tables;
use rule_model::{DateTime, Value};

#[test]
fn examples_of_functions_hold() {
    let failures: Vec<String> = rule_eval::functions()
        .flat_map(|function| function.examples.iter().map(move |example| (function, example)))
        .filter_map(|(function, (expression, expected))| {
            let query = match function.stability {
                Stability::Window => {
                    format!("range x from 1 to 1 step 1 | serialize | project result = {expression}")
                }
                // Alone in a projection its columns would come apart; within an expression it is their array.
                _ if !function.columns.is_empty() => format!("print coalesce({expression}, dynamic(null))"),
                _ => format!("print {expression}"),
            };
            difference(&query, expected)
        })
        .collect();
    assert!(failures.is_empty(), "{} examples fail:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn examples_of_aggregates_hold() {
    let failures: Vec<String> = rule_eval::aggregates()
        .flat_map(|aggregate| aggregate.examples)
        .filter_map(|(query, expected)| difference(query, expected))
        .collect();
    assert!(failures.is_empty(), "{} examples fail:\n{}", failures.len(), failures.join("\n"));
}

/// What is wrong when the first cell of a query's result is not the value of an expression.
fn difference(query: &str, expected: &str) -> Option<String> {
    let (actual, expected) = (first_cell(query), first_cell(&format!("print {expected}")));
    match (actual, expected) {
        (Ok(actual), Ok(expected)) if same(&actual, &expected) => None,
        (actual, expected) => Some(format!("{query}\n    gives    {actual:?}\n    expected {expected:?}")),
    }
}

fn first_cell(query: &str) -> Result<Value, String> {
    let table = run(query)?;
    table.rows.first().and_then(|row| row.first()).cloned().ok_or_else(|| "no row".to_owned())
}

fn run(query: &str) -> Result<Table, String> {
    let compiled = rule_lang::compile_query(query, &Tables::default())
        .map_err(|errors| errors.iter().map(|error| error.message.clone()).collect::<Vec<_>>().join("; "))?;
    let now = DateTime::parse_iso("2024-05-06T07:08:09Z").unwrap_or(DateTime::UNIX_EPOCH);
    rule_eval::evaluate::evaluate(&compiled.plan, &(), &mut Context::at(now)).map_err(|error| error.message)
}

/// Equality that forgives the last digits of reals, which examples leave out.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Real(left), Value::Real(right)) => {
            left == right
                || left.is_nan() && right.is_nan()
                || (left - right).abs() <= 1e-9 * left.abs().max(1.0)
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| same(left, right))
        }
        (Value::Bag(left), Value::Bag(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| same(value, other)))
        }
        _ => left == right,
    }
}
