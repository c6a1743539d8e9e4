//! What is refused: the message, and the text that its span covers.

use super::{assert_outcomes, tables};
use crate::compile_query;

#[test]
fn a_fault_is_told_at_its_place() {
    let cases = [
        ("T | where Nope == 1", "there is no column or variable `Nope` <Nope>"),
        ("Tt | take 1", "there is no table `Tt` <Tt>"),
        ("T | where strlne(a) > 1", "there is no function `strlne` <strlne>"),
        (
            "T | extend x = geo_distance_2points(1, 2, 3, 4)",
            "geo_distance_2points() is a function of KQL that is not supported here <geo_distance_2points>",
        ),
        ("T | where strlen() > 1", "strlen() takes 1 argument, here it has 0 <strlen>"),
        ("T | where ago(b) > now()", "the argument `span` of ago() must be timespan, this is long <b>"),
        ("T | where a > 1", "`>` is not defined for string and long <>>"),
        ("T | where a > 'x'", "`>` is not defined for string and string <>>"),
        ("T | where b has 'x'", "`has` is not defined for long and string <has>"),
        (
            "T | where TimeGenerated between (1 .. 2)",
            "`between` is not defined for datetime and long and long <between>",
        ),
        ("T | where a + 1 > 2", "`+` is not defined for string and long <+>"),
        ("T | where b", "a condition must be bool, this is long <b>"),
        ("T | where d.x", "a condition must be bool, this is dynamic <d.x>"),
        ("T | where f and a", "the operands of `and` must be bool, this is string <a>"),
        ("T | where a.x == 1", "a string has no properties <x>"),
        ("T | where a matches regex '('", "this is no regular expression: unclosed group <'('>"),
        ("T | project a, a", "the column `a` is already there <a>"),
        ("T | extend x = 1, x = 2", "the column `x` is already there <x>"),
        ("T | project-rename b = a", "the column `b` is already there <b>"),
        ("T | summarize a = count() by a", "the column `a` is already there <a>"),
        (
            "T | summarize strcat(a, 'x') by a",
            "`a` is a column of the rows, of which there are many here <a>",
        ),
        ("T | summarize max(d)", "max() does not take a dynamic value <d>"),
        ("T | summarize count() by d.x", "rows cannot be grouped or ordered by a dynamic value <d.x>"),
        ("T | where count() > 1", "count() is an aggregate: it stands in `summarize` only <count>"),
        ("T | summarize max(count())", "count() is an aggregate: it stands in `summarize` only <count>"),
        ("T | join U on V", "the left side of the join has no column `V` <V>"),
        (
            "T | join U on $left.b == $right.a",
            "the keys of the join are of different types, long and string <$left.b == $right.a>",
        ),
        ("T | join kind=outer U on a", "there is no kind of join `outer` <outer>"),
        ("T | join U on b == V", "a condition of a join says of which side each column is <b == V>"),
        ("T | mv-expand a", "only a dynamic value can be expanded, this is string <a>"),
        ("T | take 'x'", "a number of rows is a whole number, this is string <'x'>"),
        ("T | where U", "a value is expected here, this is a table <U>"),
        ("T | join U", "a join needs a condition <join U>"),
        ("T | union kind=left U", "there is no union of the kind `left` <left>"),
        ("T | project-rename x = a, x = b", "the column `x` is already there <x>"),
        (
            "T | extend x = coalesce(a, b)",
            "the arguments of coalesce() have no common type, this is long <b>",
        ),
        (
            "T | extend x = max_of(b, 'x')",
            "the arguments of max_of() have no common type, this is string <'x'>",
        ),
        ("T | extend x = iff(d.x, 1, 2)", "the argument `if` of iff() must be bool, this is dynamic <d.x>"),
        (
            "T | extend x = case(f, 1, d, 2, 3)",
            "the argument `condition` of case() must be bool, this is dynamic <d>",
        ),
        ("T | extend x = round(d)", "the argument `number` of round() must be a number, this is dynamic <d>"),
        (
            "T | extend x = startofday(d)",
            "the argument `date` of startofday() must be datetime, this is dynamic <d>",
        ),
        ("T | extend x = trim(a, 'b')", "the argument `regex` of trim() must be constant <a>"),
        ("print case(true, 1, false, 2)", "case() cannot take 4 arguments <case>"),
        ("T | project-rename x = Nope | where x == 1", "there is no column or variable `Nope` <Nope>"),
        ("T | join U on $left.b == $rigth.a", "there is no side `$rigth` <$rigth>"),
        ("print bag_pack()", "bag_pack() takes 2 or more arguments, here it has 0 <bag_pack>"),
        ("search kind=exact 'x'", "there is no kind of search `exact` <exact>"),
        ("T | parse-kv a as (x:long) with (pair=',')", "there is no property of parse-kv `pair` <pair>"),
        ("T | extend x = column_ifexists(d.x, '')", "the name of the column must be a constant text <d.x>"),
        ("T | parse a with 'x' * y", "`*` and `y` take the same text <*>"),
        ("T | parse a with y z", "`y` and `z` take the same text <y>"),
        ("T | summarize arg_max(d, *)", "arg_max() needs a value that has an order, this is dynamic <d>"),
        (
            "T | make-series count() on TimeGenerated step 1",
            "a series over datetime does not go in steps of long <1>",
        ),
        (
            "let f = (x:long = 'a') { x }; print f()",
            "the default value of a long must be one, this is string <'a'>",
        ),
        ("T | render timechrt", "there is no chart `timechrt` <timechrt>"),
        ("T | summarize arg_max(*, b)", "arg_max() needs to know by which value <*>"),
        ("T | extend x = tostring(a, b)", "tostring() takes 1 argument, here it has 2 <tostring>"),
        ("T | reduce by a", "the operator `reduce` is not supported here <reduce>"),
        ("T | evaluate autocluster()", "the plugin `autocluster` is not supported here <autocluster>"),
        ("let x = 1; let x = 2; print x", "`x` is already defined <x>"),
        ("let f = (a:string) { a }; print f()", "the argument `a` of f() is missing <f()>"),
        ("let f = (X:(z:string)) { X }; f(U)", "the table for `X` lacks the column `z` <U>"),
        ("let x = 5;", "there is no query <>"),
        (
            "datatable(a:string, b:long)['x']",
            "the 1 values do not fill rows of 2 columns <datatable(a:string, b:long)['x']>",
        ),
    ];
    assert_outcomes(&cases, &tables());
}

#[test]
fn an_argument_that_is_null_as_its_parameter_is_warned_of() {
    let null_as_one = |ty: &str, given: &str| {
        Some(format!("the argument `x` of f() is a {ty}, and this {given} is null as one"))
    };
    for (ty, argument, expected) in [
        ("long", "'abc'", null_as_one("long", "string")),
        ("datetime", "1h", null_as_one("datetime", "timespan")),
        ("guid", "f", null_as_one("guid", "bool")),
        ("timespan", "'a week'", null_as_one("timespan", "string")),
        ("bool", "TimeGenerated", null_as_one("bool", "datetime")),
        // Kusto converts these, as by the function of the type.
        ("long", "'12'", None),
        ("long", "a", None),
        ("string", "b", None),
        ("real", "b", None),
        ("long", "d.x", None),
        ("long", "long(null)", None),
        ("dynamic", "a", None),
    ] {
        let query = format!("let f = (x: {ty}) {{ isnull(x) }}; T | where f({argument})");
        let warnings = compile_query(&query, &tables()).expect("a query that Kusto takes").warnings;
        let told: Vec<_> = warnings.iter().map(|it| (it.message.clone(), it.span.text(&query))).collect();
        let expected: Vec<_> = expected.into_iter().map(|message| (message, argument)).collect();
        assert_eq!(told, expected, "{query}");
    }
}

#[test]
fn what_an_operator_left_behind_is_told_by_name() {
    for (query, marked, note) in [
        (
            "U | join (T | project b) on a",
            "a",
            "of the columns before it, `project` keeps those that it names",
        ),
        (
            "U | join (T | project b) on $left.V == $right.r",
            "r",
            "of the columns before it, `project` keeps those that it names",
        ),
        ("let X = T | project-away a; U | lookup X on a", "a", "`project-away` before leaves `a` out"),
        (
            "let X = T | summarize count() by a; X | where b > 1",
            "b",
            "of the columns before it, `summarize` keeps those that it names",
        ),
        ("U | project V | join T on a", "a", "of the columns before it, `project` keeps those that it names"),
    ] {
        let errors = compile_query(query, &tables()).expect_err(query);
        let [error] = errors.as_slice() else { panic!("{query}: {errors:?}") };
        assert_eq!(error.span.text(query), marked, "{query}");
        assert!(error.notes == [note], "{query}: {error}");
    }
}

#[test]
fn two_minus_signs_are_a_subtraction_unless_a_comment_is_all_that_makes_sense() {
    let cases = [
        ("T | project x = b -- 1", "x:long"),
        ("T | project x = b --1", "x:long"),
        ("T | where b -- b > 1 | project b", "b:long"),
        ("T | where b == 1 -- all of it\n| project b", "`--` begins no comment <-->"),
        ("T | where b == 1 -- routine\n| project b", "there is no column or variable `routine` <routine>"),
    ];
    assert_outcomes(&cases, &tables());
    let errors = compile_query("T | where b == 1 -- routine", &tables()).expect_err("no such column");
    assert_eq!(errors[0].help.as_deref(), Some("write `//` before a comment"));
}

#[test]
fn each_fault_is_told_once_and_independent_ones_together() {
    let cases = [
        ("Nope | where x == 1 | project a | join U on a", "there is no table `Nope` <Nope>"),
        (
            "T | extend x = nope | where x > 1 | summarize max(x) by x",
            "there is no column or variable `nope` <nope>",
        ),
        (
            "T | where isempty(n1) and isempty(n2)",
            "there is no column or variable `n1` <n1>; there is no column or variable `n2` <n2>",
        ),
        (
            "let f = (x:long) { nope + x }; T | where f(1) > 1 and f(2) > 1",
            "there is no column or variable `nope` <nope>",
        ),
    ];
    assert_outcomes(&cases, &tables());
}

#[test]
fn words_and_signs_of_other_languages_are_told_once_with_what_to_type() {
    for (query, marked, help) in [
        ("T | where a === 'x'", "===", "write `==`"),
        ("T | where a !== 'x'", "!==", "write `!=`"),
        ("T | where a == 'x' && f", "&&", "write `and`"),
        ("T | where a == 'x' || f", "||", "write `or`"),
        ("T | where f and and f", "and", "leave out one of `and` and `and`"),
        ("T | where f and /* g */ f", "/* g */", "begin each line of it with `//`"),
        ("T | where a == null", "null", "write `isempty(a)`"),
        ("T | where a != None", "None", "write `isnotempty(a)`"),
        ("T | where b == NULL", "NULL", "write `isnull(b)`"),
        ("T | where TimeGenerated <> null", "null", "write `isnotnull(TimeGenerated)`"),
        ("T | where b is null", "is", "write `isnull(b)`, of a text `isempty(b)`"),
        ("T | where b is not null", "is", "write `isnotnull(b)`, of a text `isnotempty(b)`"),
        ("T | where a is 'x'", "is", "write `==`"),
        ("T | where a in 'x', 'y'", "'x'", "write `('x', 'y')`"),
        ("T | where a in ['x', 'y']", "[", "write the list in round brackets: `(…)`"),
        ("T | where a == ('x', 'y')", "==", "write `in (…)`"),
        (
            "T | where a contains ('x', 'y')",
            "contains",
            "write one comparison for each value, with `or` between",
        ),
        ("T | where b between 1 and 5", "1", "write `between (1 .. 5)`"),
        ("T | where b between (1, 5)", ",", "write `..` between the two ends: `between (1 .. 5)`"),
        ("T | where a == 'x', f", ",", "write `and` between two conditions"),
        ("T | where a == 'x' or 'y'", "'y'", "write `a in (\"x\", \"y\")`"),
        ("T | where a !~ 'x' and 'y'", "'y'", "write `a !in~ (\"x\", \"y\")`"),
        ("T | where d.x has 'x' or 'y'", "'y'", "write `… has_any (\"x\", \"y\")`"),
        ("T | where a contains 'x' or 'y'", "'y'", "write `a contains \"y\"`"),
        ("T | where a in ()", "()", "write the values to compare with, or take the condition out"),
        ("T | where a like '%x%'", "like", "write `contains \"x\"`"),
        ("T | where a like 'x%y'", "like", "write `matches regex \"^x.*y$\"`"),
        ("T | where a LIKE 'x%'", "LIKE", "write `startswith \"x\"`"),
        ("T | where a not like '%x'", "not", "write `!endswith \"x\"`"),
        ("T | where a notlike 'x'", "notlike", "write `!~ \"x\"`"),
        ("T | where TimeGenerated > ago(7 d)", "7 d", "write `7d`"),
        ("T | where TimeGenerated > now() - 1.5 hours", "1.5 hours", "write `1.5h`"),
        ("T | where TimeGenerated > ago('7d')", "'7d'", "write `7d` without quotes"),
        ("T | where TimeGenerated > now() - '1h'", "-", "write `1h` without quotes"),
        ("T | where TimeGenerated > ago 7d", "7d", "write `ago(7d)`"),
        ("T | where TimeGenerated > '2024-01-01'", ">", "write `datetime(2024-01-01)`"),
        ("T | sort by a DESC, b", "DESC", "write `desc`"),
        ("T | top 5 by b ascending", "ascending", "write `asc`"),
        ("T | sort a", "a", "write `by` before `a`"),
        ("T | distinct a b", "b", "write `,` before `b`"),
        ("T | project a b", "b", "write `,` before `b`"),
        ("T | extend x = 1 y = 2", "y", "write `,` before `y`"),
        ("T | extend x = f ? 1 : 2", "?", "write `iff(condition, value, otherwise)`"),
        ("T | extend x = case when f then 1", "when", "write `case(condition, value, …, otherwise)`"),
        ("T | extend x = lower(a)", "lower", "write tolower(…)"),
        ("T | extend x = d.0", ".0", "write `[0]`"),
        ("T | project a as x", "as", "write `x = …`"),
        ("T | project-rename b = x | where x > 1", "x", "write `x = b`"),
        ("T | summarize count by a", "count", "write `count()`"),
        (
            "T | summarize count() a",
            "a",
            "write `by` before `a` to group by it, `,` before another aggregate",
        ),
        ("T | summarize count() by a b", "b", "write `,` before `b`"),
        ("T | summarize count() by TimeGenerated 1h", "1h", "write `bin(TimeGenerated, 1h)`"),
        ("T | summarize count(distinct a) by b", "a", "write `dcount(a)` to count distinct values"),
        (
            "T | summarize count() by a | where count > 1",
            "count",
            "write `count_`, the column that count() gives",
        ),
        ("T | count by a", "by", "write `summarize count() by …`"),
        ("T | join U on a = V", "=", "write `$left.a == $right.V`"),
        ("T | join U on V == b", "V == b", "write `$left.b == $right.V`"),
        ("T | join U on a == a", "a == a", "write `a` alone"),
        ("T | | where f", "|", "write one `|`"),
        ("T | having f", "having", "write `where`"),
        ("select a from T where f", "select", "write `T | where … | project …`"),
    ] {
        let errors = compile_query(query, &tables()).expect_err(query);
        let [error] = errors.as_slice() else { panic!("{query}: {errors:?}") };
        let said = (error.span.text(query), error.help.as_deref());
        assert_eq!(said, (marked, Some(help)), "{query}");
    }
}

#[test]
fn what_looks_like_a_slip_and_is_none_is_taken() {
    let cases = [
        ("T | extend null = 1 | where b == null | project b", "b:long"),
        ("T | extend d = b | summarize x = sum(d) by d = 1 | project x", "x:long"),
        ("T | where b between (1 .. 5) and a in ('x') | project a", "a:string"),
        ("T | project ['and'] = a, ['as'] = b", "and:string, as:long"),
        ("T | where (a == ('x')) and a has ('y') | project a", "a:string"),
        ("T | take 5 | as X | project a", "a:string"),
        ("let select = T; select | project a", "a:string"),
    ];
    assert_outcomes(&cases, &tables());
}

#[test]
fn the_nearest_name_is_offered() {
    for (query, expected) in [
        ("T | where TimeGenerate > now()", "write `TimeGenerated`"),
        ("T | where strlne(a) > 1", "write `strlen`"),
        ("let Threshold = 1; T | where b > Treshold", "write `Threshold`"),
    ] {
        let errors = compile_query(query, &tables()).expect_err(query);
        assert_eq!(errors.first().and_then(|e| e.help.as_deref()), Some(expected), "{query}");
    }
}

#[test]
fn deep_and_growing_queries_are_refused_before_they_exhaust_memory() {
    let nested = format!("print {}1{}", "strcat(".repeat(5000), ")".repeat(5000));
    assert!(compile_query(&nested, &tables()).is_err());
    let doubled: Vec<String> =
        (1..40).map(|n| format!("let f{n} = (x:long) {{ f{0}(x) + f{0}(x) }};", n - 1)).collect();
    let growing = format!("let f0 = (x:long) {{ x }};{} T | where f39(b) > 1", doubled.concat());
    assert!(compile_query(&growing, &tables()).is_err());
}
