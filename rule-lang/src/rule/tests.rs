//! Rules that are wrong, and what is said of them.

use super::{Files, compile, trial};
use crate::schemas::Schemas;
use proptest::prelude::*;

struct OneFile;

impl Files for OneFile {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            "query.kql" => Ok("AuditLogs\n| where OperatonName == 'x'".to_owned()),
            _ => Err("no such file".to_owned()),
        }
    }
}

const HEAD: &str = "<AuditLogs>\n/// T\n///\n/// D.\n";
const FIELDS: &str = "id: \"a\", severity: Low, attack: none,\n";
const QUERY: &str = "| where OperationName == \"x\"\n";

/// The marked text and the message of each error.
fn errors(text: &str) -> Vec<(String, String)> {
    let schemas = Schemas::builtin();
    let outcome = compile(text, &schemas, &OneFile);
    let mut faults = outcome.diagnostics;
    faults.extend(outcome.rule.iter().flat_map(|rule| trial::run(rule, &schemas)));
    faults.iter().map(|fault| (fault.span.text(text).to_owned(), fault.to_string())).collect()
}

#[test]
fn a_whole_rule_has_no_error() {
    let tests = "test \"a\" fires { \"OperationName\": \"x\" } -> { OperationName: \"x\" }\n\
                 test \"b\" silent [{ \"OperationName\": \"y\" }, {}]";
    assert_eq!(errors(&format!("{HEAD}{FIELDS}{QUERY}{tests}")), []);
}

#[test]
fn each_fault_is_marked_and_says_what_to_type() {
    for (rule, marked, message) in [
        (
            format!("<AuditLog>\n/// T\n///\n/// D.\n{FIELDS}{QUERY}"),
            "AuditLog",
            "unknown table `AuditLog`\nhelp: write `AuditLogs`",
        ),
        (
            format!("{HEAD}id: \"a\", severity: Low, attack: none, sevrity: Low,\n{QUERY}"),
            "sevrity",
            "unknown field `sevrity`\nhelp: write `severity`",
        ),
        (
            format!("{HEAD}id: \"a\", severity: Hihg, attack: none,\n{QUERY}"),
            "Hihg",
            "unknown severity `Hihg`\nhelp: write `High`",
        ),
        (
            format!("{HEAD}id: \"a\", attack: none,\n{QUERY}"),
            "AuditLogs",
            "this rule has no severity\nhelp: add `severity: Medium`, or another of Informational, Low, High, Critical",
        ),
        (
            format!("{HEAD}id: \"a\", severity: Low, attack: {{ Persistance: [T1098] }},\n{QUERY}"),
            "Persistance",
            "unknown ATT&CK tactic `Persistance`\nhelp: write `Persistence`",
        ),
        (
            format!("{HEAD}{FIELDS}{QUERY}entities: {{ Acount {{ FullName: Identity }} }}"),
            "Acount",
            "Sentinel has no entity type `Acount`\nhelp: write `Account`",
        ),
        (
            format!("{HEAD}{FIELDS}{QUERY}entities: {{ Account {{ FullName: Identiy }} }}"),
            "Identiy",
            "`entities` names the column `Identiy`, which the query does not give\nhelp: write `Identity`",
        ),
        (
            format!("{HEAD}{FIELDS}{QUERY}test \"a\" silent {{}} test \"a\" silent {{}}"),
            "\"a\"",
            "a second test called \"a\"\nhelp: give one of the two another name",
        ),
        (
            format!("/// T\n///\n/// D.\n{FIELDS}kuery: \"event.action:x\","),
            "\"event.action:x\"",
            "a query in Kibana's language needs a table to look at\nhelp: begin the rule with the table's name: `<O365Audit>`",
        ),
        (
            format!("{HEAD}{FIELDS}query: file \"none.kql\","),
            "file \"none.kql\"",
            "cannot read none.kql: no such file\nhelp: mend the path, or put the file there",
        ),
    ] {
        let without_notes = |message: &str| {
            let lines: Vec<&str> = message.lines().filter(|line| !line.starts_with("note: ")).collect();
            lines.join("\n")
        };
        let found: Vec<_> =
            errors(&rule).into_iter().map(|(marked, message)| (marked, without_notes(&message))).collect();
        assert_eq!(found, [(marked.to_owned(), message.to_owned())], "{rule}");
    }
}

#[test]
fn a_fault_of_the_form_is_told_once() {
    for (rule, marked, message) in [
        (
            format!("AuditLogs\n/// T\n///\n/// D.\n{FIELDS}{QUERY}"),
            "AuditLogs",
            "the table of a rule stands in angle brackets",
        ),
        (
            format!("<AuditLogs, SigninLogs>\n/// T\n///\n/// D.\n{FIELDS}{QUERY}"),
            "<AuditLogs, SigninLogs>",
            "expected one table name between `<` and `>`",
        ),
        (
            format!("<O365Audit>\n/// T\n///\n/// D.\n{FIELDS}kuery: event.action:\"a\","),
            "event.action",
            "a query is a text",
        ),
        (
            format!("{HEAD}{FIELDS}{QUERY}| parse Result with \"a\" b:itn \"c\""),
            "itn",
            "expected a type, found `itn`",
        ),
        (
            format!("{HEAD}{FIELDS}{QUERY}test \"a\" fires\ntest \"b\" silent {{}}"),
            "test",
            "expected an event: `{ … }`, `[ … ]`, `r#\"…\"#` or `file \"…\"`, found `test`",
        ),
        (
            format!("{HEAD}id: \"a\", severty: Low, attack: none,\n{QUERY}"),
            "severty",
            "unknown field `severty`",
        ),
        (
            format!("{HEAD}{FIELDS}schedule: every 5 minutes over 1h,\n{QUERY}| summarize count()"),
            "5 minutes over 1h",
            "a span of time is a number and a unit in one word",
        ),
        (
            format!("{HEAD}{FIELDS}schedul: every 5m over 1h,\n{QUERY}| summarize count()"),
            "schedul",
            "unknown field `schedul`",
        ),
        (
            format!("{HEAD}{FIELDS}dedup: {{ period: 1 hour, by: Identity }},\n{QUERY}"),
            "1 hour",
            "`1 hour` is no span of time",
        ),
        (
            format!("{HEAD}{FIELDS}threshold: 5, dedup: 1 hour,\n{QUERY}"),
            "1 hour",
            "`1 hour` is no span of time",
        ),
        (
            format!("{HEAD}{FIELDS}references: [https://a.b/c],\n{QUERY}"),
            ":",
            "expected `,` or `]`, found `:`",
        ),
        (
            format!("{HEAD}id: \"a\", severity: Low, attack: {{ Privilege Escalation: [T1078] }},\n{QUERY}"),
            "Privilege Escalation",
            "a name of two words",
        ),
        (format!("{HEAD}id: \"a\", severity: Low, attack: [],\n{QUERY}"), "[]", "no technique is named here"),
        (format!("{HEAD}{FIELDS}tags: [a b],\n{QUERY}"), "b", "expected `,` or `]`, found `b`"),
        (
            format!("{HEAD}{FIELDS}risk_score = 5,\n{QUERY}"),
            "=",
            "the value of a field stands behind a colon",
        ),
        (
            format!("{HEAD}id: \"a\", severity: Low, attack: none,\nselect a from AuditLogs"),
            "select",
            "this is SQL, a query here is in KQL",
        ),
        (format!("{HEAD}{FIELDS}description: \"x\",\n{QUERY}"), "description", "unknown field `description`"),
        (
            format!("<AuditLogs>\n{FIELDS}description: \"x\",\n{QUERY}"),
            "description",
            "unknown field `description`",
        ),
        (
            format!("{HEAD}id: \"a\", severity: Low, tactics: [Persistence],\n{QUERY}"),
            "tactics",
            "unknown field `tactics`",
        ),
        (
            format!("{HEAD}{FIELDS}title: \"{{{{Identity}}}} did it\",\n{QUERY}"),
            "\"{{Identity}} did it\"",
            "`{{Identity}}` in a title is `{Identity}`, not the value of the column",
        ),
        (
            format!("{HEAD}{FIELDS}{QUERY}test \"a\" fires {{ \"OperationName\": \"x\" }} -> Result: \"\""),
            "Result",
            "expected `{ Column: value }`, found `Result`",
        ),
        (
            format!("{HEAD}{FIELDS}{QUERY}test fires {{ \"OperationName\": \"x\" }}"),
            "test",
            "this test has no name",
        ),
        (
            format!("{HEAD}id: \"a\", severity: Low, attack: [T1078.04],\n{QUERY}"),
            "T1078.04",
            "ATT&CK 19.1 has no technique `T1078.04`",
        ),
    ] {
        let found = errors(&rule);
        let first_lines: Vec<_> =
            found.iter().map(|(at, text)| (at.as_str(), text.lines().next().unwrap())).collect();
        assert_eq!(first_lines, [(marked, message)], "{rule}");
    }
}

#[test]
fn texts_between_commas_are_a_list_and_comments_of_rust_stand_between_fields() {
    for fields in
        ["tags: \"a\", \"b\",", "tags: \"a\", \"b\"", "/* of ours */ tags: a, b,", "title: \"{{x}}\","]
    {
        assert_eq!(errors(&format!("{HEAD}{FIELDS}{fields}\n{QUERY}")), [], "{fields}");
    }
}

#[test]
fn a_query_in_a_text_may_begin_with_a_comment() {
    let rule = format!("{HEAD}{FIELDS}query: r#\"// What it is for.\n| where OperationName == 'x'\"#");
    assert_eq!(errors(&rule), []);
}

#[test]
fn what_a_rule_names_is_known_with_its_place() {
    let named = |text: &str| {
        let rule = compile(text, &Schemas::builtin(), &OneFile).rule.unwrap();
        let shown = rule.named.iter().map(|it| {
            let name = it.column.as_ref().map_or(it.table.clone(), |column| format!("{}.{column}", it.table));
            format!("{name} {}", it.span.text(text))
        });
        shown.collect::<Vec<_>>()
    };
    let tokens = format!(
        "{HEAD}{FIELDS}schedule: every 1h over 1h,\n{QUERY}| join (SigninLogs | project U = UserId) on $left.Identity == $right.U\n\
         test \"a\" silent AuditLogs {{}}\nentities: {{ Account {{ FullName: U }} }}"
    );
    let mut found = named(&tokens);
    found.sort();
    assert_eq!(
        found,
        [
            "AuditLogs AuditLogs",
            "AuditLogs AuditLogs",
            "AuditLogs.Identity Identity",
            "AuditLogs.OperationName OperationName",
            "SigninLogs SigninLogs",
            "SigninLogs.UserId U",
            "SigninLogs.UserId U",
            "SigninLogs.UserId UserId",
        ]
    );
    let text = "r#\"event.action:x and event.outcome:y\"#";
    let kuery = format!("<O365Audit>\n/// T\n///\n/// D.\n{FIELDS}kuery: {text},");
    assert_eq!(
        named(&kuery),
        [
            "O365Audit O365Audit".to_owned(),
            format!("O365Audit.event.action {text}"),
            format!("O365Audit.event.outcome {text}"),
        ]
    );
}

#[test]
fn faults_in_files_and_raw_strings_name_their_line_and_column() {
    let raw = format!("/// T\n///\n/// D.\n{FIELDS}query: r#\"AuditLogs\n| where OperatonName == 'x'\"#");
    let kuery =
        format!("<O365Audit>\n/// T\n///\n/// D.\n{FIELDS}kuery: r#\"event.outcome:x\nand event.acton:y\"#");
    let file = format!("/// T\n///\n/// D.\n{FIELDS}query: file \"query.kql\"");
    for (rule, marked, place) in [
        (raw, "OperatonName", "line 2, column 9 of the query"),
        (kuery, "event.acton", "line 2, column 5 of the query"),
        (file, "file \"query.kql\"", "line 2, column 9 of query.kql"),
    ] {
        let found = errors(&rule);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, marked);
        assert!(found[0].1.contains(place), "{}", found[0].1);
    }
}

#[test]
fn a_failing_test_says_which_condition_failed_on_which_value() {
    for (query, test, message) in [
        (
            "| where Category == \"RoleManagement\" and OperationName == \"x\"",
            "fires { \"Category\": \"rolemanagement\", \"OperationName\": \"x\" }",
            "no alert, where one is expected\n\
             note: `Category == \"RoleManagement\"` is false: Category is \"rolemanagement\"\n\
             help: `=~` ignores case",
        ),
        (
            "| where OperationName has \"x\" | where tostring(InitiatedBy.user.id) == \"7\" or Category == \"b\"",
            "fires { \"OperationName\": \"x\", \"InitiatedBy\": { \"user\": { \"id\": 8 } }, \"Category\": \"a\" }",
            "no alert, where one is expected\n\
             note: `tostring(InitiatedBy.user.id) == \"7\"` is false: tostring(InitiatedBy.user.id) is \"8\", \
             InitiatedBy.user.id is 8\n\
             note: `Category == \"b\"` is false: Category is \"a\"\n\
             help: mend the condition or the event, or write `silent`",
        ),
        (
            "| where OperationName == \"x\"",
            "silent { \"OperationName\": \"x\" }",
            "an alert, where none is expected\nnote: its row is { OperationName: \"x\" }\n\
             help: narrow the conditions, or write `fires`",
        ),
        (
            "| where OperationName != \"Add\" and (Result == \"y\" or not(Category in (\"A\", \"B\")))",
            "silent [{ \"OperationName\": \"add\", \"Category\": \"b\" }, { \"OperationName\": \"ADD\", \"Result\": \"z\" }]",
            "an alert, where none is expected\n\
             note: its row is { Category: \"b\", OperationName: \"add\" }\n\
             note: `OperationName != \"Add\"` is true: OperationName is \"add\"\n\
             note: `not(Category in (\"A\", \"B\"))` is true: Category is \"b\"\n\
             help: `!~` ignores case, `in~` ignores case",
        ),
        (
            "| where OperationName has_cs \"Add\" or Category matches regex \"^Role\"",
            "fires { \"OperationName\": \"add\", \"Category\": \"rolemanagement\" }",
            "no alert, where one is expected\n\
             note: `OperationName has_cs \"Add\"` is false: OperationName is \"add\"\n\
             note: `Category matches regex \"^Role\"` is false: Category is \"rolemanagement\"\n\
             help: `has` ignores case, `(?i)` at the beginning of a regex ignores case",
        ),
        (
            "| where Result == \"y\" or OperationName != \"Add\"",
            "silent { \"OperationName\": \"add\", \"Result\": \"y\" }",
            "an alert, where none is expected\nnote: its row is { OperationName: \"add\", Result: \"y\" }\n\
             help: narrow the conditions, or write `fires`",
        ),
        (
            "| where OperationName == \"x\" | project OperationName",
            "fires [{ \"OperationName\": \"x\" }] -> { OperationName: \"y\" }",
            "OperationName is \"x\", not \"y\"\nnote: its row is { OperationName: \"x\" }\n\
             help: mend the query, or write the value that the row has",
        ),
        (
            "| where OperationName == \"x\" | join (SigninLogs | where UserId == \"u\") on CorrelationId",
            "fires { \"OperationName\": \"x\" }, SigninLogs { \"UserId\": \"v\" }",
            "no alert, where one is expected\n\
             note: the right side of `join (SigninLogs | where UserId == \"u\") on CorrelationId` has no row\n\
             note: `UserId == \"u\"` is false: UserId is \"v\"\n\
             help: mend the condition or the event, or write `silent`",
        ),
        (
            "| where OperationName == \"x\" | join (SigninLogs | project Id = CorrelationId) on $left.CorrelationId == $right.Id",
            "fires { \"OperationName\": \"x\", \"CorrelationId\": \"1\" }, SigninLogs { \"CorrelationId\": \"2\" }",
            "no alert, where one is expected\n\
             note: `join (SigninLogs | project Id = CorrelationId) on $left.CorrelationId == $right.Id` leaves no row\n\
             note: `CorrelationId` is \"1\" on the left side, `Id` is \"2\" on the right one\n\
             help: mend the condition or the event, or write `silent`",
        ),
        (
            "| where OperationName == \"x\" | mv-apply t = TargetResources on (where t.n > 3 and tostring(t.id) == \"a\")",
            "fires { \"OperationName\": \"x\", \"TargetResources\": [{ \"id\": \"A\", \"n\": 5 }] }",
            "no alert, where one is expected\n\
             note: `tostring(t.id) == \"a\"` is false: tostring(t.id) is \"A\", t.id is \"A\"\n\
             help: `=~` ignores case",
        ),
    ] {
        let schedule = "schedule: every 1h over 1h, full_scan: accepted,\n";
        let found = errors(&format!("{HEAD}{FIELDS}{schedule}{query}\ntest \"a\" {test}"));
        assert_eq!(found, [("\"a\"".to_owned(), format!("test \"a\" fails: {message}"))]);
    }
}

#[test]
fn a_trigger_that_is_not_met_says_so() {
    let rule = format!(
        "{HEAD}{FIELDS}schedule: every 1h over 1h, trigger: > 1,\n{QUERY}test \"a\" fires {{ \"OperationName\": \"x\" }}"
    );
    assert_eq!(
        errors(&rule)[0].1,
        "test \"a\" fails: no alert, where one is expected\n\
         note: the query gives 1 row, and `trigger: > 1` is not met\n\
         help: give the test the events that it takes, or write `silent`"
    );
}

#[test]
fn the_table_of_an_event_is_the_only_one_or_must_be_named() {
    let rule = |query: &str, test: &str| {
        let run = "schedule: every 1h over 1h, full_scan: accepted,";
        format!("/// T\n///\n/// D.\n{FIELDS}{run}\n{query}\n{test}")
    };
    let event = "test \"a\" fires { \"OperationName\": \"x\" }";
    assert_eq!(errors(&rule("AuditLogs | where OperationName == \"x\"", event)), []);
    let found = errors(&rule("union AuditLogs, SigninLogs | where OperationName == \"x\"", event));
    assert_eq!(
        found,
        [(
            "{ \"OperationName\": \"x\" }".to_owned(),
            "it is not said of which table this event is\nnote: the query reads AuditLogs, SigninLogs\n\
             help: write the table's name before it: `AuditLogs { … }`"
                .to_owned()
        )]
    );
}

#[test]
fn a_title_may_read_a_column_that_the_query_drops_and_entities_may_not() {
    let query = "| where OperationName == \"x\" | extend a = Identity | project OperationName\n";
    assert_eq!(errors(&format!("{HEAD}{FIELDS}title: \"{{a}}\",\n{query}")), []);
    let found = errors(&format!("{HEAD}{FIELDS}{query}entities: {{ Account {{ FullName: a }} }}"));
    assert_eq!(found.len(), 1, "{found:?}");
}

/// Tokens of rules, well and badly formed.
#[rustfmt::skip]
const SOUP: &[&str] = &[
    "<AuditLogs>", "<", ">", "/// T\n", "///\n", "id", "severity", "attack", "query", "kuery", "title", "entities", "context",
    "dedup", "schedule", "trigger", "test", "fires", "silent", "every", "over", "file", "none", "High", "1d", "60m", ":", ",", "|",
    "where", "extend", "project", "summarize", "join", "count()", "by", "on", "let", "union", "OperationName", "Identity", "==",
    "=~", "!in", "has", "and", "or", "not", "(", ")", "[", "]", "{", "}", "->", "-", "= ", "\"x\"", "\"{Identity}\"", "\"",
    "r#\"", "\"#", "r#\"event.action:x\"#", "{ \"OperationName\": \"x\" }", "T1098", "Persistence", "ü", ";", "\\", "@", "#",
    "\n", "id: \"a\", severity: Low, attack: none,\n", "| where OperationName == \"x\"\n", "<O365Audit>",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_body_makes_the_compiler_of_rules_panic(
        words in prop::collection::vec(prop::sample::select(SOUP), 0..24),
        glue in prop::sample::select(vec!["", " "]),
    ) {
        let text = words.join(glue);
        for (marked, message) in errors(&text) {
            prop_assert!(message.contains("\nhelp: ") && marked.len() <= text.len(), "{text}: {message}");
        }
    }
}
