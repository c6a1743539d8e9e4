//! Conditions that say nothing, and those that do.

use super::tables;
use crate::check::conditions;
use crate::compile_query;

/// What is wrong with the conditions of a query: message, text, note.
fn faults(query: &str) -> Vec<String> {
    let plan = compile_query(query, &tables()).unwrap_or_else(|errors| panic!("{query}: {errors:?}")).plan;
    let shown = |fault: &crate::Diagnostic| {
        let note = fault.notes.last().map(|note| format!(" ({note})")).unwrap_or_default();
        let kind = fault.message.trim_start_matches("this condition ");
        format!("{kind} <{}>{note}", fault.span.text(query))
    };
    conditions::check(&plan, query).iter().map(shown).collect()
}

#[test]
fn what_can_never_hold_is_found() {
    for (query, expected) in [
        ("T | where a == 'x' and a == 'y'", "can never hold <a == 'y'> (`a == 'x'` must hold, too)"),
        (
            "T | where TimeGenerated > todatetime('2024-13-01')",
            "can never hold <TimeGenerated > todatetime('2024-13-01')> \
             (`todatetime('2024-13-01')` is null, and nothing is equal to null, before it or after it)",
        ),
        (
            "T | where TimeGenerated > ago(1d) and TimeGenerated < now() - 2d",
            "can never hold <TimeGenerated < now() - 2d> (`TimeGenerated > ago(1d)` must hold, too)",
        ),
        (
            "T | where TimeGenerated between (ago(1h) .. ago(2h))",
            "can never hold <TimeGenerated between (ago(1h) .. ago(2h))> (no value of TimeGenerated passes)",
        ),
        ("T | where f or b == 1 and 1 == 2", "can never hold <1 == 2> (it is the constant false)"),
        ("T | where a =~ 'x' and a =~ 'y'", "can never hold <a =~ 'y'> (`a =~ 'x'` must hold, too)"),
        ("T | where a == 'x' | where a =~ 'Y'", "can never hold <a =~ 'Y'> (`a == 'x'` must hold, too)"),
        (
            "T | where a == 'x' | extend c = 1 | where a != 'x'",
            "can never hold <a != 'x'> (`a == 'x'` must hold, too)",
        ),
        (
            "T | where a in ('x', 'y') and a !in ('y', 'x')",
            "can never hold <a !in ('y', 'x')> (`a in ('x', 'y')` must hold, too)",
        ),
        (
            "T | where a in ('x', 'y') and a == 'z'",
            "can never hold <a == 'z'> (`a in ('x', 'y')` must hold, too)",
        ),
        (
            "T | where a in~ ('x', 'y') and a !in~ ('Y', 'X')",
            "can never hold <a !in~ ('Y', 'X')> (`a in~ ('x', 'y')` must hold, too)",
        ),
        (
            "T | where a == 'xyz' and a startswith 'y'",
            "can never hold <a startswith 'y'> (`a == 'xyz'` must hold, too)",
        ),
        ("T | where a =~ 'xyz' and a has 'y'", "can never hold <a has 'y'> (`a =~ 'xyz'` must hold, too)"),
        ("T | where isempty(a) and a == 'x'", "can never hold <a == 'x'> (`isempty(a)` must hold, too)"),
        (
            "T | where a == 'x' | where not(a == 'x')",
            "can never hold <not(a == 'x')> (`a == 'x'` must hold, too)",
        ),
        ("T | where a has 'x' and a !has 'x'", "can never hold <a !has 'x'> (`a has 'x'` must hold, too)"),
        (
            "T | where a == 'x' and (a == 'y' or a == 'z')",
            "can never hold <(a == 'y' or a == 'z')> (`a == 'x'` must hold, too)",
        ),
        (
            "T | where (a == 'x' and a == 'y') or b == 1",
            "can never hold <a == 'y'> (`a == 'x'` must hold, too)",
        ),
        (
            "T | where a == 'x' | where a == 'y' or b == 1",
            "can never hold <a == 'y'> (`a == 'x'` must hold, too)",
        ),
        (
            "T | where tostring(d.x) == 'x' and tostring(d.x) == 'y'",
            "can never hold <tostring(d.x) == 'y'> (`tostring(d.x) == 'x'` must hold, too)",
        ),
        ("T | where d.x == 'x' and d.x == 'y'", "can never hold <d.x == 'y'> (`d.x == 'x'` must hold, too)"),
        ("T | where 'x' == a and a == 'y'", "can never hold <a == 'y'> (`'x' == a` must hold, too)"),
        ("T | where b > 5 and b < 3", "can never hold <b < 3> (`b > 5` must hold, too)"),
        ("T | where b > 5 | where b < 6", "can never hold <b < 6> (`b > 5` must hold, too)"),
        (
            "T | where b >= 5 and b <= 7 and b != 5 and b != 6 and b != 7",
            "can never hold <b != 7> (`b >= 5` and `b <= 7` and `b != 5` and `b != 6` must hold, too)",
        ),
        ("T | where b between (5 .. 3)", "can never hold <b between (5 .. 3)> (no value of b passes)"),
        (
            "T | where b between (1 .. 3) and b > 3",
            "can never hold <b > 3> (`b between (1 .. 3)` must hold, too)",
        ),
        ("T | where b == 1 and b == 2", "can never hold <b == 2> (`b == 1` must hold, too)"),
        ("T | where r > 1.5 and r < 1.5", "can never hold <r < 1.5> (`r > 1.5` must hold, too)"),
        (
            "T | where TimeGenerated > datetime(2024-02-01) and TimeGenerated < datetime(2024-01-01)",
            "can never hold <TimeGenerated < datetime(2024-01-01)> (`TimeGenerated > datetime(2024-02-01)` must hold, too)",
        ),
        ("T | where f and not(f)", "can never hold <not(f)> (`f` must hold, too)"),
        ("T | where f == true and f == false", "can never hold <f == false> (`f == true` must hold, too)"),
        ("T | where 1 == 2", "can never hold <1 == 2> (it is the constant false)"),
        ("T | where false", "can never hold <false> (it is the constant false)"),
        ("T | where a != a", "can never hold <a != a> (it compares a value with itself)"),
        (
            "T | summarize n = count() by a | where n > 5 and n < 2",
            "can never hold <n < 2> (`n > 5` must hold, too)",
        ),
        (
            "T | summarize countif(a == 'x' and a == 'y')",
            "can never hold <a == 'y'> (`a == 'x'` must hold, too)",
        ),
        (
            "T | join kind=inner (U | where V > 2 and V < 1) on a",
            "can never hold <V < 1> (`V > 2` must hold, too)",
        ),
        (
            "T | where a == 'x' | summarize count() by a | where a == 'y'",
            "can never hold <a == 'y'> (`a == 'x'` must hold, too)",
        ),
        (
            "T | where a == 'x' | project a, b | sort by b | where a == 'y'",
            "can never hold <a == 'y'> (`a == 'x'` must hold, too)",
        ),
    ] {
        assert_eq!(faults(query), [expected], "{query}");
    }
}

#[test]
fn what_always_holds_is_found() {
    for (query, expected) in [
        ("T | where a != 'x' or a != 'y'", "always holds <a != 'x' or a != 'y'> (no value of a is excluded)"),
        ("T | where a !~ 'x' or a !~ 'y'", "always holds <a !~ 'x' or a !~ 'y'> (no value of a is excluded)"),
        ("T | where b > 1 or b <= 1", "always holds <b > 1 or b <= 1> (either `b > 1` holds or `b <= 1`)"),
        ("T | where b > 1 or b < 5", "always holds <b > 1 or b < 5> (no value of b is excluded)"),
        (
            "T | where a has 'x' or a !has 'x'",
            "always holds <a has 'x' or a !has 'x'> (either `a has 'x'` holds or `a !has 'x'`)",
        ),
        ("T | where 1 == 1", "always holds <1 == 1> (it is the constant true)"),
        ("T | where b == 1 or 1 == 1", "always holds <1 == 1> (it is the constant true)"),
        ("T | where true", "always holds <true> (it is the constant true)"),
        ("T | where a == a", "always holds <a == a> (it compares a value with itself)"),
        ("T | where a contains ''", "always holds <a contains ''> (every text holds the empty text)"),
        (
            "T | where a matches regex '.*'",
            "always holds <a matches regex '.*'> (the pattern matches the empty text, which is in every text)",
        ),
    ] {
        assert_eq!(faults(query), [expected], "{query}");
    }
}

#[test]
fn what_repeats_is_found() {
    for (query, expected) in [
        (
            "T | where a == 'x' | where a == 'x'",
            "repeats an earlier one <a == 'x'> (every row that comes here meets it)",
        ),
        (
            "T | where a == 'x' and b > 1 and a == \"x\"",
            "repeats an earlier one <a == \"x\"> (`a == 'x'` says the same)",
        ),
        (
            "T | where a =~ 'x' | extend c = 1 | where a =~ 'X'",
            "repeats an earlier one <a =~ 'X'> (`a =~ 'x'` says the same)",
        ),
        (
            "T | where a in ('x', 'y') | where a in ('y', 'x')",
            "repeats an earlier one <a in ('y', 'x')> (`a in ('x', 'y')` says the same)",
        ),
        (
            "T | where TimeGenerated > ago(1d) | where TimeGenerated > ago(1d)",
            "repeats an earlier one <TimeGenerated > ago(1d)> (every row that comes here meets it)",
        ),
    ] {
        assert_eq!(faults(query), [expected], "{query}");
    }
}

#[test]
fn what_may_hold_is_left_alone() {
    for query in [
        "T | where a == 'x' or a == 'y'",
        "T | where a == 'x' | extend a = 'y' | where a == 'y'",
        "T | where a == 'x' | project a = tostring(b) | where a == 'y'",
        "T | where a == 'x' | mv-expand a = d | where a == 'y'",
        "T | where a =~ 'x' and a != 'x'",
        "T | where a =~ 'x' and a == 'X'",
        "T | where a =~ 'xy' and a matches regex 'XY'",
        "T | where a has 'x' and a has 'y'",
        "T | where a contains 'x' and a !contains 'xy'",
        "T | where a in ('x', 'y') and a != 'x'",
        "T | where a != 'x' and a != 'y'",
        "T | where a !in ('x') or b == 1",
        "T | where b > 3 and b < 5",
        "T | where r > 3 and r < 4",
        "T | where b > 3 or b < 2",
        "T | where b != 3",
        "T | where isnotempty(a) and a != 'x'",
        "T | where d.x == 1 and d.x == '1'",
        "T | where d.x == '' and isempty(d.x)",
        "T | where rand() > 0.5 | where rand() > 0.5",
        "T | sort by b | extend n = row_number() | where n == 1",
        "let on = true; T | where on",
        "T | where TimeGenerated > ago(2d) and TimeGenerated < ago(1d)",
        "T | where TimeGenerated > datetime(2024-01-01) and TimeGenerated < ago(1d)",
        "T | where TimeGenerated > ago(b * 1d) and TimeGenerated < ago(2d)",
        "let all = false; T | where all or b == 1",
        "let since = datetime(null); T | where isnull(since) or TimeGenerated > since",
        "let shown = dynamic(['a', 'b']); T | where 'a' in (shown)",
        "let allowed = dynamic([]); T | where a !in (allowed)",
        "T | search *",
        "T | where a == 'x' | join kind=fullouter U on a | where a == ''",
        "T | where a matches regex '^.*$'",
        "T | where TimeGenerated > ago(1d) | where TimeGenerated > ago(2d)",
        "T | where a == 'x' | union (T | where a == 'y') | where a == 'y'",
        "T | where a == 'x' | summarize a = max(b) | where a == 3",
    ] {
        assert_eq!(faults(query), [""; 0], "{query}");
    }
}
