//! Names and types of result columns. Where a name is KQL's own, Microsoft's analyser gives the same.

use super::{AnyTable, assert_outcomes, outcome, tables};

#[test]
fn a_test_of_any_column_and_names_in_parameters_are_taken() {
    let cases = [
        ("T | where * has 'x' and b > 1 | project a", "a:string"),
        ("let f = (name:string) { table(name) | count }; union f('T'), f('U')", "Count:long"),
        ("let f = (name:string) { T | project x = column_ifexists(name, '') }; f('b')", "x:long"),
        ("T | project x = TimeGenerated / 1h", "x:real"),
    ];
    assert_outcomes(&cases, &tables());
}

#[test]
fn operators_give_the_columns_that_kql_gives() {
    let cases = [
        (
            "T | project a, x = b, d.e, d['f g'], d[0], tostring(d.h), strcat(a, 'x'), 1",
            "a:string, x:long, d_e:dynamic, d_f g:dynamic, d_0:dynamic, d_h:string, Column1:string, Column2:long",
        ),
        (
            "T | project bin(TimeGenerated, 1d), strlen(a), tostring(a), todatetime(a)",
            "TimeGenerated:datetime, strlen_a:long, a:string, a1:datetime",
        ),
        (
            "T | project-away d, r, f* | extend a = b, c = a",
            "a:long, b:long, TimeGenerated:datetime, c:string",
        ),
        ("T | project-keep b, a", "a:string, b:long"),
        ("T | project a, b | project-rename z = a", "z:string, b:long"),
        ("T | project a, b, d | project-reorder d, *", "d:dynamic, a:string, b:long"),
        ("T | project b, a | project-reorder * asc", "a:string, b:long"),
        (
            "T | summarize count(), sum(b), make_set(a), dcount(a), avg(b), countif(f), percentile(r, 99.5)",
            "count_:long, sum_b:long, set_a:dynamic, dcount_a:long, avg_b:real, countif_f:long, percentile_r_99_5:real",
        ),
        (
            "T | summarize arg_max(TimeGenerated, b, d) by a, bin(TimeGenerated, 1h)",
            "a:string, TimeGenerated:datetime, TimeGenerated1:datetime, b:long, d:dynamic",
        ),
        (
            "T | summarize arg_max(b, *) by a",
            "a:string, b:long, r:real, f:bool, TimeGenerated:datetime, d:dynamic",
        ),
        (
            "T | summarize (x, y) = percentiles(b, 5, 95), count_ = 1 + count(), count()",
            "x:long, y:long, count_:long, count_1:long",
        ),
        (
            "T | summarize round(avg(b), 2), max(b) - min(b), make_set(d.x.y), max(tolong(d.x))",
            "avg_b:real, Column1:long, set_d_x_y:dynamic, max_d_x:long",
        ),
        (
            "T | summarize any(true), any(1, b), argmin(a, b, 'x')",
            "any_:bool, any_arg0:long, any_b:long, min_a:string, min_a_b:long, min_a_arg2:string",
        ),
        ("T | summarize by a, tolower(a)", "a:string, Column1:string"),
        ("T | distinct a, b", "a:string, b:long"),
        ("T | count", "Count:long"),
        ("T | project a, b | join kind=inner U on a", "a:string, b:long, a1:string, V:long"),
        (
            "T | project a, a1 = 1 | join (U) on a | join (U) on a",
            "a:string, a1:long, a2:string, V:long, a3:string, V1:long",
        ),
        ("T | project a, b | join kind=leftanti U on a", "a:string, b:long"),
        ("T | join kind=rightsemi U on $left.a == $right.a", "a:string, V:long"),
        ("T | project a, b | lookup U on a", "a:string, b:long, V:long"),
        ("T | project a, b | lookup U on $left.b == $right.V", "a:string, b:long, a1:string"),
        (
            "T | project a, b | union (U | project V = 'x', b = 'y')",
            "a:string, b_long:long, b_string:string, V:string",
        ),
        (
            "union withsource=S isfuzzy=true U, Missing, (Missing | where x == 1)",
            "S:string, a:string, V:long",
        ),
        ("T | project d | mv-expand x = d.y to typeof(string), d", "d:dynamic, x:string"),
        (
            "T | project a, d | mv-apply with_itemindex=i x = d.y on (summarize n = count() by tostring(x.z))",
            "a:string, d:dynamic, x_z:string, n:long",
        ),
        ("T | project a | parse a with * 'x=' x:long ' ' y *", "a:string, x:long, y:string"),
        (
            "T | project a | parse-kv a as (x:long) with (pair_delimiter=',', kv_delimiter='=')",
            "a:string, x:long",
        ),
        (
            "T | make-series n = count() default=0, avg(b) on TimeGenerated from ago(1d) to now() step 1h by a",
            "a:string, n:dynamic, avg_b:dynamic, TimeGenerated:dynamic",
        ),
        ("T | evaluate pivot(a, sum(b), f) : (f:bool, x:long)", "f:bool, x:long"),
        ("T | project a | evaluate ipv4_lookup(U, a, a)", "a:string, a1:string, V:long"),
        (
            "T | top-nested 2 of a by sum(b), top-nested of f by m = max(r)",
            "a:string, aggregated_a:long, f:bool, m:real",
        ),
        (
            "T | project (x, y) = series_fit_line(d), series_stats(d) | project-away series_fit*, *idx, *d_m*",
            "x:real, y:real, series_stats_d_avg:real, series_stats_d_stdev:real, series_stats_d_variance:real",
        ),
        (
            "T | project array_sort_asc(d), (p, q) = array_sort_desc(d, d.x)",
            "d_sorted:dynamic, p:dynamic, q:dynamic",
        ),
        ("T | getschema", "ColumnName:string, ColumnOrdinal:long, DataType:string, ColumnType:string"),
        ("search in (U) 'x'", "$table:string, a:string, V:long"),
        ("print 1, x = 'a', now()", "print_0:long, x:string, print_2:datetime"),
        ("range x from 1 to 5 step 1.5", "x:real"),
        ("datatable(a:string, b:int)['x', 1]", "a:string, b:int"),
    ];
    assert_outcomes(&cases, &tables());
}

#[test]
fn expressions_have_the_types_that_kql_gives() {
    for (expression, expected) in [
        ("TimeGenerated - TimeGenerated", "timespan"),
        ("TimeGenerated - 1h", "datetime"),
        ("1h * 2", "timespan"),
        ("b / b", "long"),
        ("int(1) / int(2)", "long"),
        ("b + r", "real"),
        ("iff(f, 1, 2.0)", "real"),
        ("iff(f, a, b)", "dynamic"),
        ("case(f, a, d)", "string"),
        ("coalesce(int(1), b)", "long"),
        ("extract('x', 1, a, typeof(long))", "long"),
        ("d.x == 'a' or a == 1", "bool"),
        ("toscalar(U | summarize max(V))", "long"),
        ("column_ifexists('b', '')", "long"),
        ("column_ifexists('none', 'x')", "string"),
        ("ingestion_time()", "datetime"),
        ("prev(a)", "string"),
    ] {
        let query = format!("T | project x = {expression}");
        assert_eq!(outcome(&query, &tables()), format!("x:{expected}"), "{expression}");
    }
}

#[test]
fn let_names_scalars_tables_functions_and_views() {
    let cases = [
        ("let x = 5; T | where b > x | project b", "b:long"),
        ("let b = 'a'; T | where b > 1 | project b", "b:long"),
        ("let X = U | where V > 1; X | union X", "a:string, V:long"),
        (
            "let f = (x:string, n:long = 2) { strcat(x, n) }; print f('a', n=3), f('b')",
            "print_0:string, print_1:string",
        ),
        ("let f = (X:(a:string), n:long) { X | where strlen(a) > n }; U | invoke f(3)", "a:string, V:long"),
        ("let f = (X:(*)) { X | count }; f(U)", "Count:long"),
        ("let v = view () { U | project V }; v | union v()", "V:long"),
        ("let f = () { 5 }; print x = f()", "x:long"),
        ("U | as X | union (X | count)", "a:string, V:long, Count:long"),
        ("workspace('w').U | union cluster('c').database('d').U, table('U')", "a:string, V:long"),
        (
            "let l = dynamic(['a']); U | where a in (l) and a has_any (l) and a in (U | project a)",
            "a:string, V:long",
        ),
        ("let R = externaldata(x:string)['https://h/f.csv']; R | project x", "x:string"),
        ("_GetWatchlist('w') | project SearchKey, Other", "SearchKey:string, Other:dynamic"),
    ];
    assert_outcomes(&cases, &tables());
}

#[test]
fn columns_of_unknown_tables_are_accepted_anywhere() {
    let cases = [
        (
            "New | where x > ago(1d) and y > 5 and z | project startofday(x), y + 1, max_of(y, z)",
            "x:datetime, Column1:dynamic, Column2:dynamic",
        ),
        (
            "New | summarize max(x), sum(y), make_set(z) by w",
            "w:dynamic, max_x:dynamic, sum_y:real, set_z:dynamic",
        ),
        ("New | join kind=inner (U) on $left.x == $right.a | project V", "V:long"),
        ("_Im_Dns(starttime=ago(1d)) | invoke Enrich('x') | distinct y", "y:dynamic"),
        ("New | evaluate bag_unpack(x) | project y", "y:dynamic"),
    ];
    assert_outcomes(&cases, &AnyTable(tables()));
}
