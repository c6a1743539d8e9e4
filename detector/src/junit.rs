//! What tests came to as `JUnit`'s XML, which build servers read: a suite a rule, a case a test.
//!
//! Source of the form: the Jenkins xUnit plugin's `junit-10.xsd`.

use crate::program;
use crate::test_report::{Outcome, Report, RuleRun, TestRun};
use std::fmt::Write;
use std::time::Duration;

/// The whole document.
pub(crate) fn document(report: &Report) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (failures, errors) = report.rules.iter().map(faults).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    let name = escaped(program::name());
    let (tests, time) = (report.tests(), seconds(report.took()));
    // Writing to a text does not fail.
    let _infallible = writeln!(
        xml,
        "<testsuites name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{time}\">"
    );
    report.rules.iter().for_each(|rule| xml.push_str(&suite(rule)));
    xml + "</testsuites>\n"
}

fn suite(rule: &RuleRun) -> String {
    let (failures, errors) = faults(rule);
    let (name, tests, time) = (escaped(rule.id), rule.tests.len(), seconds(rule.took()));
    let cases: String = rule.tests.iter().map(|test| case(&name, test)).collect();
    format!(
        "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\" \
         time=\"{time}\">\n{cases}  </testsuite>\n"
    )
}

fn case(class: &str, test: &TestRun) -> String {
    let (name, time) = (escaped(test.name), seconds(test.took));
    let head = format!("    <testcase classname=\"{class}\" name=\"{name}\" time=\"{time}\"");
    let (element, reason) = match &test.outcome {
        Outcome::Passed => return head + "/>\n",
        Outcome::Failed(reason) => ("failure", reason),
        Outcome::Broken(reason) => ("error", reason),
    };
    let first = escaped(reason.lines().next().unwrap_or_default());
    let whole = escaped(reason);
    format!("{head}>\n      <{element} message=\"{first}\">{whole}</{element}>\n    </testcase>\n")
}

/// How many tests failed, and how many could not be run.
fn faults(rule: &RuleRun) -> (usize, usize) {
    let count = |is: fn(&Outcome) -> bool| rule.tests.iter().filter(|test| is(&test.outcome)).count();
    (count(|it| matches!(it, Outcome::Failed(_))), count(|it| matches!(it, Outcome::Broken(_))))
}

fn seconds(time: Duration) -> String {
    format!("{:.6}", time.as_secs_f64())
}

/// A text as the value of an attribute or the content of an element. What XML 1.0 has no place for, not even escaped,
/// is shown as U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' => escaped.push_str("&#9;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_its_element_and_text_is_escaped() {
        let test = |name, outcome| TestRun { name, outcome, took: Duration::from_millis(2) };
        let tests = vec![
            test("a & \"b\"", Outcome::Passed),
            test("<c>", Outcome::Failed("x < 1\nit's\u{1} odd".to_owned())),
            test("d", Outcome::Broken("cut off".to_owned())),
        ];
        let expected = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites name=\"detector\" tests=\"3\" failures=\"1\" errors=\"1\" time=\"0.006000\">
  <testsuite name=\"r&amp;1\" tests=\"3\" failures=\"1\" errors=\"1\" skipped=\"0\" time=\"0.006000\">
    <testcase classname=\"r&amp;1\" name=\"a &amp; &quot;b&quot;\" time=\"0.002000\"/>
    <testcase classname=\"r&amp;1\" name=\"&lt;c&gt;\" time=\"0.002000\">
      <failure message=\"x &lt; 1\">x &lt; 1&#10;it&apos;s\u{fffd} odd</failure>
    </testcase>
    <testcase classname=\"r&amp;1\" name=\"d\" time=\"0.002000\">
      <error message=\"cut off\">cut off</error>
    </testcase>
  </testsuite>
</testsuites>
";
        assert_eq!(document(&Report { rules: vec![RuleRun { id: "r&1", tests }] }), expected);
    }
}
