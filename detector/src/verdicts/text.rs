//! Judged events for people.

use super::tree;
use super::{Judged, JudgedInput, JudgedRecord, Outcome, Traced};
use crate::explanation::{tables, words};
use crate::layout::Page;
use rule_eval::evaluate::trace::Step;
use rule_eval::evaluate::verdict::{Part, Verdict};
use rule_eval::json;
use rule_lang::one_line;
use rule_model::Value;
use rule_model::plan::HIDDEN;
use rule_runtime::sink::table::Style;

/// Rows of an operator whose conditions are shown; further ones are counted.
const SHOWN_ROWS: usize = 5;
/// Characters of an operator that is no condition, and of a value, that are shown: what decided is to be found at once.
const SHOWN_CHARS: usize = 160;
/// Characters of an operator that are shown however narrow the terminal is.
const LEAST_CHARS: usize = 24;
/// What stands behind an operator that no row came to.
const NOT_REACHED: &str = "   (not reached)";
/// Columns of truth values: the longest is `false`.
const TRUTH: usize = 7;

/// The whole page.
pub(crate) fn write(judged: &Judged, style: Style) -> String {
    let mut text = Text { page: Page::new(style), judged, width: style.width };
    let metadata = &judged.rule.metadata;
    text.page.bold(&format!("{} · {}", metadata.id, metadata.title));
    judged.records.iter().for_each(|record| text.record(record));
    if let Some(together) = &judged.together {
        text.together(together);
    }
    text.shaping();
    text.page.into_text()
}

struct Text<'a> {
    page: Page,
    judged: &'a Judged,
    /// Of the terminal, where there is one.
    width: Option<usize>,
}

impl Text<'_> {
    fn record(&mut self, record: &JudgedRecord) {
        let table = record.table.map(|table| table.name.as_ref());
        let of = match (table, record.assumed) {
            (Some(table), true) => {
                format!(" · taken for one of {table}, though it looks like no known table's")
            }
            (Some(table), false) => format!(" · {table}"),
            (None, _) => String::new(),
        };
        self.page.heading(&format!("Record {} of {}{of}", record.number, record.source));
        match &record.outcome {
            Outcome::Unreadable(reason) => self.page.prose(&format!("Cannot be read: {reason}."), 2),
            Outcome::NotRead => self.not_read(table),
            Outcome::Traced(traced) => self.traced(traced),
            Outcome::Inputs(inputs) => inputs.iter().for_each(|input| self.input(input)),
        }
    }

    fn not_read(&mut self, table: Option<&str>) {
        let of_rule = tables(self.judged.rule).join(", ");
        let words = match table {
            Some(table) => {
                format!("Not looked at: it is a record of {table}, and this rule reads {of_rule}.")
            }
            None => format!(
                "Not looked at: it looks like no known table's; this rule reads {of_rule}. Name its table, as in \
                 TABLE=FILE."
            ),
        };
        self.page.prose(&words, 2);
    }

    fn input(&mut self, input: &JudgedInput) {
        let verdict = if input.passes() { "kept for the rest of the query" } else { "not kept" };
        self.page.line(&format!("  Input {}: {verdict}", input.number));
        if input.conditions.is_empty() {
            self.page.line(&format!("  {:TRUTH$}no condition before the first operator across events", ""));
        }
        let decides = input.conditions.iter().position(|condition| condition.truth != Some(true));
        for (index, condition) in input.conditions.iter().enumerate() {
            self.tree(condition, "", decides == Some(index));
        }
    }

    fn together(&mut self, together: &Traced) {
        self.page.heading("All records together, at the time of the latest");
        self.traced(together);
    }

    /// The verdict first, then the operators one by one.
    fn traced(&mut self, traced: &Traced) {
        match traced.decisive() {
            Some((_, Some(verdict))) => {
                let words = one_line(verdict.span.text(self.query()));
                self.page.prose(&format!("No row: {words} is {}.", verdict.word()), 2);
            }
            Some((_, None)) | None if traced.output.rows.is_empty() => {
                self.page.line("  No row:");
                traced.reasons.iter().for_each(|reason| self.page.prose(reason, 4));
            }
            _ => self.rows(traced),
        }
        self.page.line("");
        traced.steps.iter().for_each(|step| self.step(step));
        self.not_reached(traced.steps.len());
    }

    fn rows(&mut self, traced: &Traced) {
        let count = traced.output.rows.len();
        self.page.line(&format!("  {}:", counted(count, "row")));
        let columns = &traced.output.columns;
        for row in traced.output.rows.iter().take(SHOWN_ROWS) {
            let cells = columns.iter().zip(row).filter(|(column, value)| {
                !column.name.starts_with(HIDDEN) && !value.is_null() && **value != Value::EMPTY
            });
            let cells: Vec<String> =
                cells.map(|(column, value)| format!("{}: {}", column.name, json::write(value))).collect();
            self.page.prose(&format!("{{ {} }}", cells.join(", ")), 4);
        }
        self.further(count);
    }

    fn step(&mut self, step: &Step) {
        let words = operator(step.span.text(self.query()));
        let figures = match (step.input.rows.len(), step.rows) {
            (before, after) if before == after => String::new(),
            (before, after) => format!("   ({} -> {after})", counted(before, "row")),
        };
        if step.verdicts.is_empty() {
            if !words.is_empty() {
                let words = self.beginning(&words, &figures);
                self.page.line(&format!("  {:TRUTH$}{words}{figures}", ""));
            }
            return;
        }
        // A query in Kibana's language has no keyword.
        let keyword = if words.starts_with("where ") { "where " } else { "" };
        let several = step.verdicts.len() > 1;
        for (index, verdict) in step.verdicts.iter().enumerate().take(SHOWN_ROWS) {
            if several {
                self.page.line(&format!("  {:TRUTH$}row {} of {}", "", index + 1, step.verdicts.len()));
            }
            self.tree(verdict, keyword, step.rows == 0);
        }
        self.further(step.verdicts.len());
    }

    fn further(&mut self, count: usize) {
        if count > SHOWN_ROWS {
            self.page.line(&format!("  {:TRUTH$}… and {}", "", counted(count - SHOWN_ROWS, "further row")));
        }
    }

    /// The tree of a condition behind its keyword; whether it settled what became of the row.
    fn tree(&mut self, verdict: &Verdict, keyword: &str, settles: bool) {
        let query = self.query();
        for line in tree::lines(verdict, query) {
            let indent = "  ".repeat(line.depth);
            let mark = if line.decided && settles { "   <- decides" } else { "" };
            let keyword = if line.depth == 0 { keyword } else { "" };
            self.page.line(&format!("  {:TRUTH$}{indent}{keyword}{}{mark}", line.verdict.word(), line.text));
            let Part::Test { operands, near_miss } = &line.verdict.part else { continue };
            let margin = 2 + TRUTH + indent.len() + 4;
            for operand in operands {
                self.page.line(&format!(
                    "{:margin$}{}",
                    "",
                    shortened(&tree::operand(operand, query), SHOWN_CHARS)
                ));
            }
            if let Some(near_miss) = near_miss {
                self.page.prose(&format!("help: {near_miss}"), margin);
            }
        }
    }

    /// The operators behind the one that left no row.
    fn not_reached(&mut self, reached: usize) {
        let rest = self.judged.stages.iter().skip(reached);
        let words: Vec<String> = rest
            .map(|stage| operator(stage.span.text(self.query())))
            .filter(|words| !words.is_empty())
            .collect();
        for words in words {
            let words = self.beginning(&words, NOT_REACHED);
            self.page.line(&format!("  {:TRUTH$}{words}{NOT_REACHED}", "-"));
        }
    }

    /// The beginning of an operator that is no condition.
    fn beginning(&self, operator: &str, followed_by: &str) -> String {
        shortened(operator, room(self.width, followed_by))
    }

    /// What an alert needs beside rows.
    fn shaping(&mut self) {
        let metadata = &self.judged.rule.metadata;
        let mut lines = Vec::new();
        if let (Some(_), Some(schedule)) = (&self.judged.together, metadata.schedule) {
            lines.push(format!(
                "A run evaluates the query every {} over the events of the last {}, and over no others.",
                words::span(schedule.every),
                words::span(schedule.over)
            ));
        }
        if !metadata.alerts_each_row() {
            lines.extend(words::needed(metadata));
        }
        if !lines.is_empty() {
            self.page.heading("What an alert needs beside rows");
            lines.iter().for_each(|line| self.page.prose(line, 2));
        }
    }

    fn query(&self) -> &'static str {
        self.judged.rule.query.text
    }
}

/// An operator as written, on one line, without the `|` before it.
fn operator(written: &str) -> String {
    one_line(written.trim_start_matches(['|', ' ', '\n']))
}

/// How many characters of an operator a line has room for before what follows, on a terminal of this width or in a pipe.
fn room(width: Option<usize>, followed_by: &str) -> usize {
    // One further place for the sign that it goes on.
    let taken = 2 + TRUTH + followed_by.len() + 1;
    let room = width.map_or(SHOWN_CHARS, |width| width.saturating_sub(taken));
    room.clamp(LEAST_CHARS, SHOWN_CHARS)
}

/// The beginning of a long text.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_takes_one_line_of_a_terminal() {
        let long = "x".repeat(400);
        for width in [60, 100] {
            let line =
                format!("  {:TRUTH$}{}{NOT_REACHED}", "", shortened(&long, room(Some(width), NOT_REACHED)));
            assert_eq!(line.chars().count(), width);
        }
        assert_eq!(room(Some(400), ""), SHOWN_CHARS);
        assert_eq!(room(None, NOT_REACHED), SHOWN_CHARS);
        assert_eq!(room(Some(10), ""), LEAST_CHARS);
    }
}
