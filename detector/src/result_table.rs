//! The result of a query as a table of text, for people.

use rule_eval::{Table, json};
use rule_model::{Type, Value};
use std::fmt::{self, Display};

/// A table drawn with aligned columns; numbers to the right. Where the terminal's width is known, wide cells are cut so
/// that a row stays on its line as long as every column can keep a few characters.
pub(crate) struct Grid<'a> {
    /// What is drawn.
    pub(crate) table: &'a Table,
    /// Characters of a line, where there is a limit.
    pub(crate) width: Option<usize>,
}

/// Columns are not cut below this many characters.
const NARROWEST: usize = 8;
const GAP: &str = "  ";

impl Display for Grid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells: Vec<Vec<String>> =
            self.table.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        let widths = self.widths(&cells);
        let names: Vec<String> = self.table.columns.iter().map(|column| column.name.to_string()).collect();
        self.line(f, &names, &widths)?;
        let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
        self.line(f, &rule, &widths)?;
        for row in &cells {
            self.line(f, row, &widths)?;
        }
        let count = cells.len();
        writeln!(f, "({count} {})", if count == 1 { "row" } else { "rows" })
    }
}

impl Grid<'_> {
    /// Width of each column: of its widest cell, then less where the line is too long, the widest first.
    fn widths(&self, cells: &[Vec<String>]) -> Vec<usize> {
        let width_of = |text: &str| text.chars().count();
        let mut widths: Vec<usize> = self.table.columns.iter().map(|column| width_of(&column.name)).collect();
        for row in cells {
            for (width, text) in widths.iter_mut().zip(row) {
                *width = (*width).max(width_of(text));
            }
        }
        let Some(limit) = self.width else { return widths };
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        let mut excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(limit);
        while excess > 0 {
            let Some(widest) = widths.iter_mut().max().filter(|width| **width > NARROWEST) else { break };
            *widest -= 1;
            excess -= 1;
        }
        widths
    }

    fn line(&self, f: &mut fmt::Formatter<'_>, cells: &[String], widths: &[usize]) -> fmt::Result {
        let mut line = String::new();
        for ((text, width), column) in cells.iter().zip(widths).zip(&self.table.columns) {
            if !line.is_empty() {
                line.push_str(GAP);
            }
            let text = cut(text, *width);
            let padding = " ".repeat(width - text.chars().count());
            match column.ty {
                Type::Int | Type::Long | Type::Real | Type::Decimal => {
                    line.extend([&padding, &text].map(String::as_str));
                }
                _ => line.extend([&text, &padding].map(String::as_str)),
            }
        }
        writeln!(f, "{}", line.trim_end())
    }
}

/// A value on one line; control characters are shown as escapes, so that a log cannot steer the terminal.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::Array(_) | Value::Bag(_) => json::write(value),
        scalar => json::display(scalar).to_string(),
    };
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_model::plan::Field;

    fn drawn(width: Option<usize>) -> String {
        let table = Table {
            columns: vec![Field::new("Operation", Type::String), Field::new("n", Type::Long)],
            rows: vec![
                vec![Value::from("Set-Mailbox and more"), Value::Long(7)],
                vec![Value::from("a\nb"), Value::Null],
            ],
        };
        Grid { table: &table, width }.to_string()
    }

    #[test]
    fn columns_are_aligned_and_numbers_stand_to_the_right() {
        let expected = "\
Operation             n
────────────────────  ─
Set-Mailbox and more  7
a\\nb
(2 rows)
";
        assert_eq!(drawn(None), expected);
    }

    #[test]
    fn wide_cells_are_cut_to_the_terminal() {
        assert!(drawn(Some(15)).contains("Set-Mailbox…  7"), "{}", drawn(Some(15)));
    }
}
