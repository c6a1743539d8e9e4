//! What tests came to: a line a rule, then what failed, then the sum.

use crate::layout::Page;
use rule_runtime::sink::table::Style;
use std::time::Duration;

/// The tests of some rules.
#[derive(Debug)]
pub(crate) struct Report {
    /// In the order in which they ran.
    pub(crate) rules: Vec<RuleRun>,
}

/// The tests of a rule.
#[derive(Debug)]
pub(crate) struct RuleRun {
    /// The rule's id.
    pub(crate) id: &'static str,
    /// In the order in which they are written.
    pub(crate) tests: Vec<TestRun>,
}

/// A test.
#[derive(Debug)]
pub(crate) struct TestRun {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it came to.
    pub(crate) outcome: Outcome,
    /// How long it took.
    pub(crate) took: Duration,
}

/// What a test came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The rule does as the test says.
    Passed,
    /// The rule does otherwise.
    Failed(String),
    /// It was not run, or not all of it: that is no pass.
    Broken(String),
}

impl Report {
    /// Whether there are tests and every one passed.
    pub(crate) fn passes(&self) -> bool {
        self.tests() > 0 && self.rules.iter().all(|rule| rule.passed() == rule.tests.len())
    }

    /// How many tests there are.
    pub(crate) fn tests(&self) -> usize {
        self.rules.iter().map(|rule| rule.tests.len()).sum()
    }

    /// How long all took.
    pub(crate) fn took(&self) -> Duration {
        self.rules.iter().map(RuleRun::took).sum()
    }

    /// For people.
    pub(crate) fn text(&self, style: Style) -> String {
        let mut page = Page::new(style);
        self.table(&mut page);
        self.faults(&mut page);
        page.line("");
        page.bold(&self.sum());
        page.into_text()
    }

    /// A line a rule; rules without tests among them.
    fn table(&self, page: &mut Page) {
        let cells = |rule: &RuleRun| {
            let (tests, passed) = (rule.tests.len(), rule.passed());
            let time = if tests == 0 { "no tests".to_owned() } else { shown(rule.took()) };
            [rule.id.to_owned(), tests.to_string(), passed.to_string(), (tests - passed).to_string(), time]
        };
        let mut rows = vec![["rule", "tests", "passed", "failed", "time"].map(str::to_owned)];
        rows.extend(self.rules.iter().map(cells));
        let widths = crate::layout::column_widths(&rows);
        for [id, tests, passed, failed, time] in &rows {
            let [id_width, tests_width, passed_width, failed_width, time_width] = widths;
            page.line(&format!("{id:<id_width$}  {tests:>tests_width$}  {passed:>passed_width$}  {failed:>failed_width$}  {time:>time_width$}"));
        }
    }

    fn faults(&self, page: &mut Page) {
        for rule in &self.rules {
            for test in &rule.tests {
                let (word, reason) = match &test.outcome {
                    Outcome::Passed => continue,
                    Outcome::Failed(reason) => ("failed", reason),
                    Outcome::Broken(reason) => ("could not be run", reason),
                };
                page.heading(&format!("{}, test \"{}\" {word}", rule.id, test.name));
                page.prose(reason, 2);
            }
        }
    }

    fn sum(&self) -> String {
        let (rules, tests) = (self.rules.len(), self.tests());
        let passed: usize = self.rules.iter().map(RuleRun::passed).sum();
        let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        format!(
            "{}, {}: {passed} passed, {} failed ({})",
            plural(rules, "rule"),
            plural(tests, "test"),
            tests - passed,
            shown(self.took())
        )
    }
}

impl RuleRun {
    /// How many of its tests passed.
    pub(crate) fn passed(&self) -> usize {
        self.tests.iter().filter(|test| test.outcome == Outcome::Passed).count()
    }

    /// How long its tests took.
    pub(crate) fn took(&self) -> Duration {
        self.tests.iter().map(|test| test.took).sum()
    }
}

/// Milliseconds with one decimal.
fn shown(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_aligned_and_says_what_failed() {
        let test = |name, outcome| TestRun { name, outcome, took: Duration::from_micros(250) };
        let tests = vec![test("one", Outcome::Passed), test("two", Outcome::Failed("no alert".to_owned()))];
        let report =
            Report { rules: vec![RuleRun { id: "long-id", tests }, RuleRun { id: "b", tests: vec![] }] };
        let expected = "\
rule     tests  passed  failed      time
long-id      2       1       1    0.5 ms
b            0       0       0  no tests

long-id, test \"two\" failed
  no alert

2 rules, 2 tests: 1 passed, 1 failed (0.5 ms)
";
        assert_eq!(report.text(Style { width: None, colour: false }), expected);
    }
}
