//! `detector test`: the inline tests of the rules, through the code that `run` runs.

use crate::failure::Failure;
use crate::test_report::{Outcome, Report, RuleRun, TestRun};
use crate::{junit, selection, terminal};
use clap::{Arg, ArgAction, ArgMatches, Command};
use rule_runtime::testing::{self, Fault};
use rule_runtime::{Rule, Ruleset};
use std::collections::HashSet;
use std::fs;
use std::io::{Write, stdout};
use std::process::ExitCode;
use std::time::Instant;

/// Exit status when a test does not pass.
const FAILED: u8 = 1;

const EXAMPLES: &str = "\
Examples:
  detector test
      All tests of all rules.
  detector test 'Intune.*' m365-mailbox-forwarding
      The tests of some rules.
  detector test --junit report.xml
      The same with a report for a build server.

Exit status: 0 when every test passes; 1 when one fails, has the name of another, or cannot be run, and when there is
none; 2 no such rule, or a report that cannot be written.";

/// The arguments and help.
pub(crate) fn parser() -> Command {
    Command::new("test")
        .about("Run the inline tests of the rules")
        .after_help(EXAMPLES)
        .arg(
            Arg::new("rule")
                .value_name("RULE|GLOB")
                .action(ArgAction::Append)
                .help("Ids of rules; all of them where none is named"),
        )
        .arg(Arg::new("junit").long("junit").value_name("FILE").help("Write a report in JUnit's XML here"))
}

/// Runs the tests of the rules that are named.
pub(crate) fn run(ruleset: &'static Ruleset, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    if !testing::CARRIED {
        let message = "this binary carries no tests: it was built with the feature `lean` of `detector`";
        return Err(Failure::Usage(message.to_owned()));
    }
    let patterns: Vec<&str> =
        matches.get_many::<String>("rule").into_iter().flatten().map(String::as_str).collect();
    let report = report(&selection::named(ruleset, &patterns)?);
    if let Some(path) = matches.get_one::<String>("junit") {
        fs::write(path, junit::document(&report)).map_err(|error| Failure::write(path, &error))?;
    }
    stdout().write_all(report.text(terminal::style()).as_bytes())?;
    Ok(if report.passes() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

/// Runs all tests of some rules.
fn report(rules: &[&'static Rule]) -> Report {
    let mut ids = HashSet::new();
    let rules = rules.iter().map(|rule| {
        let duplicate = !ids.insert(rule.metadata.id.as_ref());
        run_rule(rule, duplicate)
    });
    Report { rules: rules.collect() }
}

/// Runs the tests of a rule, whose id another rule has if it is a `duplicate`.
fn run_rule(rule: &'static Rule, duplicate: bool) -> RuleRun {
    let mut names = HashSet::new();
    let tests = rule.tests.iter().map(|test| {
        let started = Instant::now();
        let outcome = if duplicate {
            Outcome::Broken("another rule has the same id".to_owned())
        } else if names.insert(test.name) {
            match testing::run(rule, test) {
                Ok(()) => Outcome::Passed,
                Err(Fault::Differs(reason)) => Outcome::Failed(reason),
                Err(Fault::NotRun(reason)) => Outcome::Broken(reason),
            }
        } else {
            Outcome::Broken("another test of the rule has the same name".to_owned())
        };
        TestRun { name: test.name, outcome, took: started.elapsed() }
    });
    RuleRun { id: &rule.metadata.id, tests: tests.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_model::tables::AUDIT_LOGS;
    use rule_runtime::generated::STUB;
    use rule_runtime::rule::{Body, Dispatch, Expectation, Input, RowBuilder, RowLocal, Test};

    /// A rule that alerts on every event of `AuditLogs`, with tests of each kind.
    static RULE: Rule = Rule {
        body: Body::RowLocal(RowLocal {
            input: Input {
                schema: &AUDIT_LOGS,
                dispatch: Dispatch { keys: &[], accepts: |_, _| true },
                matches: |_, _| true,
                columns: &[],
                made: None,
                lookup: None,
                recent: None,
            },
            row: RowBuilder::Generated(|_, _| Some(Vec::new())),
        }),
        tests: &[
            Test { name: "a", expect: Expectation::Fires(&[]), events: &[(None, "{}")] },
            Test { name: "b", expect: Expectation::Silent, events: &[(None, "{}")] },
            Test { name: "a", expect: Expectation::Fires(&[]), events: &[(None, "{}")] },
            Test { name: "c", expect: Expectation::Fires(&[]), events: &[(None, "{")] },
            Test { name: "d", expect: Expectation::Silent, events: &[(Some("SigninLogs"), "{}")] },
        ],
        ..STUB
    };

    fn outcomes(run: &RuleRun) -> Vec<String> {
        let shown = |test: &TestRun| match &test.outcome {
            Outcome::Passed => format!("{} passes", test.name),
            Outcome::Failed(reason) => format!("{} fails: {reason}", test.name),
            Outcome::Broken(reason) => format!("{} is broken: {reason}", test.name),
        };
        run.tests.iter().map(shown).collect()
    }

    #[test]
    fn what_does_not_run_does_not_pass() {
        let report = report(&[&RULE]);
        assert!(!report.passes());
        assert_eq!(
            outcomes(&report.rules[0]),
            [
                "a passes",
                "b fails: an alert, where none is expected",
                "a is broken: another test of the rule has the same name",
                "c is broken: event 1 cannot be read: cut off",
                "d is broken: event 1 is of the table SigninLogs, which the rule does not read",
            ]
        );
    }

    #[test]
    fn a_second_rule_of_the_same_id_does_not_pass() {
        let report = report(&[&RULE, &RULE]);
        assert!(report.rules[1].tests.iter().all(|test| matches!(test.outcome, Outcome::Broken(_))));
    }

    #[test]
    fn nothing_tested_is_nothing_passed() {
        assert!(!report(&[]).passes());
    }
}
