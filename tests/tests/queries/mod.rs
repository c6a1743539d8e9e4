//! A query text to what it gives, for tests.

use rule_eval::{Context, Table};
use rule_lang::catalog::Tables;
use rule_model::{DateTime, Value};

/// The result of a query that reads no tables: the names of the columns, then each row as JSON. Where the query does
/// not compile or stops, what is wrong.
pub(crate) fn shown(query: &str) -> String {
    match table(query) {
        Ok(table) => {
            let head: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
            let rows = table.rows.iter().map(|row| rule_eval::json::write(&Value::array(row.clone())));
            std::iter::once(head.join(",")).chain(rows).collect::<Vec<_>>().join(" ")
        }
        Err(message) => format!("error: {message}"),
    }
}

fn table(query: &str) -> Result<Table, String> {
    let compiled = rule_lang::compile_query(query, &Tables::default())
        .map_err(|errors| errors.iter().map(|error| error.message.clone()).collect::<Vec<_>>().join("; "))?;
    let mut context = Context::at(DateTime::UNIX_EPOCH);
    rule_eval::evaluate(&compiled.plan, &(), &mut context).map_err(|error| error.message)
}
