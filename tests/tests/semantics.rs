//! The semantics of KQL that are easy to get wrong, case by case.
//!
//! `sem-…` is the number of a case in the list that the project began with.
//! Where neither the documentation nor published rules settle a case, the comment at it says what was decided and why.

mod queries;

use queries::{assert_all, shown};

/// The rows alone, one behind the other.
fn values(query: &str) -> String {
    let shown = shown(query);
    match shown.find(" [") {
        Some(at) if !shown.starts_with("error: ") => shown[at + 1..].to_owned(),
        _ if shown.starts_with("error: ") => shown,
        _ => String::new(),
    }
}

#[test]
fn has_finds_terms() {
    assert_all(
        values,
        &[
            // sem-001
            ("print 'North America' has 'america'", "[true]"),
            // sem-005
            ("print 'foo_bar' has 'foo'", "[true]"),
            // sem-007
            (r"print 'Added X to [P]\\Project Administrators2' has 'Project Administrators'", "[false]"),
            // sem-008
            ("print 'pgustavo@simulandlabs.com' has '@'", "[true]"),
            // sem-009
            ("print 'KeyIdentifier=59ea' has 'KeyIdentifier='", "[true]"),
            // Letters of all alphabets are part of a term, as the current documentation says; an older one meant ASCII.
            // sem-011
            ("print 'cafés' has 'caf'", "[false]"),
            // The empty text is found everywhere, as with `contains`.
            // sem-012
            ("print 'abc' has ''", "[true]"),
            // sem-014
            ("print 'a b' has_any (dynamic(['b','z']))", "[true]"),
            // sem-015
            ("print 'North and South America' has_all('south', 'north')", "[true]"),
            // sem-016
            ("print 'North America' !has 'amer'", "[true]"),
            // sem-017
            ("print 'North America' hasprefix 'ame'", "[true]"),
            // sem-018
            ("print 'North America' hassuffix 'ica'", "[true]"),
        ],
    );
}

#[test]
fn case_counts_where_the_operator_says() {
    assert_all(
        values,
        &[
            // sem-019
            ("print 'aBc' == 'abc'", "[false]"),
            // sem-021
            ("print 'Abc' in~ ('123','345','abc')", "[true]"),
            (
                // sem-025
                "print 'Fabrikam' startswith 'fab', 'Fabrikam' startswith_cs 'fab', 'Fabrikam' endswith 'KAM'",
                "[true,false,true]",
            ),
            (
                // sem-026
                "print 'Fabrikam' matches regex 'b.*k', 'Fabrikam' matches regex 'B.*K', 'Fabrikam' matches regex '(?i)B.*K'",
                "[true,false,true]",
            ),
            // Case is ignored letter by letter, whatever the alphabet, without expansions and without regard to a culture.
            // sem-027
            ("print 'ÉCOLE' =~ 'école', 'STRASSE' =~ 'straße', 'I' =~ 'ı'", "[true,false,false]"),
            // sem-049
            ("print d=dynamic({'Key':1}) | project d.key", "[null]"),
        ],
    );
    assert!(values("print Foo=1 | extend x=foo").starts_with("error: "));
}

#[test]
fn null_is_neither_equal_nor_unequal() {
    assert_all(
        values,
        &[
            // sem-031
            ("datatable(v:int)[5, int(null)] | where v != 5", "[null]"),
            // sem-032
            ("datatable(v:int)[5, int(null)] | where v > 3", "[5]"),
            // sem-033
            ("print int(null)==int(null), int(null)==5, int(null)!=5", "[null,false,true]"),
            // sem-034
            ("print not(bool(null))", "[null]"),
            // sem-038
            ("print isempty(''), isnull('')", "[true,false]"),
            (
                // sem-039
                "print isnotempty(''), isnotempty(dynamic(null)), isnotempty(tostring(dynamic(null)))",
                "[false,false,false]",
            ),
            // An empty array has a text, `[]`, which is not empty.
            // sem-040
            ("print isnotempty(dynamic([]))", "[true]"),
            // sem-045
            ("print coalesce('', 'b'), coalesce(tostring(dynamic(null)),'x')", r#"["b","x"]"#),
            // sem-046
            ("print tostring(int(null))", r#"[""]"#),
            // sem-047
            ("print strcat('a', dynamic(null), 1)", r#"["a1"]"#),
        ],
    );
}

#[test]
fn columns_of_an_unmatched_row_are_null_and_texts_empty() {
    let joined =
        "datatable(k:string)['a'] | join kind=leftouter (datatable(k:string, n:long, s:string)[]) on k";
    assert_all(
        values,
        &[
            (&format!("{joined} | project n, s"), r#"[null,""]"#),
            (&format!("{joined} | where n > 0"), ""),
            (&format!("{joined} | where s in ('Medium','High')"), ""),
        ],
    );
}

#[test]
fn dynamic_values_are_read_step_by_step() {
    assert_all(
        values,
        &[
            // sem-051
            ("print tostring(dynamic('x'))", r#"["x"]"#),
            // Both print in lower case: no documented example shows the capital letter that Kusto is said to print.
            // sem-052
            ("print tostring(true), tostring(dynamic(true))", r#"["true","true"]"#),
            // sem-053
            ("print parse_json('not json')", r#"["not json"]"#),
            // Of an empty text the result must be empty, which null is.
            ("print isempty(parse_json(''))", "[true]"),
            // sem-055
            ("print parse_json(dynamic({'a':1})).a", "[1]"),
            // sem-056
            (r#"print parse_json('{"a":"{\\"b\\":1}"}').a.b"#, "[null]"),
            (r#"print parse_json(tostring(parse_json('{"a":"{\\"b\\":1}"}').a)).b"#, "[1]"),
            // sem-059
            ("print dynamic([1,2,3])[(-1)], dynamic([1,2,3])[-1], dynamic([1])[5]", "[3,3,null]"),
            // sem-060
            ("print dynamic({'a':'Required'}).a == 'Required'", "[true]"),
            // The second compares a text with a number, which are compared as the number that the text writes.
            // sem-062
            ("print dynamic({'n':3}).n == 3, dynamic({'n':'3'}).n == 3", "[true,true]"),
            // sem-063
            ("print dynamic({'b':true}).b == true, tobool(dynamic({'b':'true'}).b)", "[true,true]"),
            ("datatable(ResultType:string)['0', '1'] | where ResultType == 0", r#"["0"]"#),
            (r#"print parse_json(parse_json('{"a":"{\\"b\\":1}"}').a).b"#, "[null]"),
            (r#"print parse_json(tostring(parse_json('{"a":"{\\"b\\":1}"}').a)).b"#, "[1]"),
            // Uncertain in Kusto; decided: members are compared as `==` compares, bags by what they hold.
            ("print dynamic({'a':1,'b':2}) in (dynamic([{'b':2,'a':1}]))", "[true]"),
            // Uncertain in Kusto; decided: a text in a dynamic value is compared with a number as a number.
            ("print dynamic({'n':3}).n == 3, dynamic({'n':'3'}).n == 3", "[true,true]"),
            // sem-066
            ("print 'b' in (dynamic(['a','b']))", "[true]"),
            ("print tostring(dynamic({'a':1,'b':2})) == tostring(dynamic({'a':1,'b':2}))", "[true]"),
            (
                // sem-071
                r#"print extract_json('$.IsDelegatedAdmin','{"IsDelegatedAdmin":true}', typeof(bool)), extract_json('$.x','{}',typeof(bool)), extract_json('$.a','notjson')"#,
                r#"[true,null,""]"#,
            ),
        ],
    );
}

#[test]
fn texts_are_split_trimmed_and_searched() {
    assert_all(
        values,
        &[
            (
                // sem-072
                "print split('aa_bb','_'), split('','_'), split('a__b','_'), split('aaa_bbb_ccc','_',1)",
                r#"[["aa","bb"],[""],["a","","b"],["bbb"]]"#,
            ),
            // sem-073
            ("print tostring(split('nodomain','@')[1])", r#"[""]"#),
            // sem-075
            ("print trim_start(@'[[]','[::1')", r#"["::1"]"#),
            // sem-077
            ("print indexof('abc','z')", "[-1]"),
        ],
    );
}

#[test]
fn bins_start_at_the_epoch_of_their_type() {
    assert_all(
        values,
        &[
            // sem-080
            ("print bin(4.5,1), bin(time(16d),7d), bin(int(null),1)", r#"[4.0,"14.00:00:00",null]"#),
            // sem-082
            ("print bin(datetime(2021-08-04),7d)", r#"["2021-08-02T00:00:00.0000000Z"]"#),
            // The American order of a date with slashes is accepted, because exported audit logs carry it.
            // sem-085
            ("print todatetime('4/1/2025 6:42:09 PM')", r#"["2025-04-01T18:42:09.0000000Z"]"#),
        ],
    );
}

#[test]
fn aggregates_of_nothing_and_of_nulls() {
    assert_all(
        values,
        &[
            // sem-087
            ("datatable(a:string)[] | summarize count()", "[0]"),
            // sem-089
            ("datatable(a:string)[] | summarize make_set(a), make_list(a)", "[[],[]]"),
            // sem-090
            ("datatable(x:long)[2, long(null), 1, 2] | summarize make_set(x)", "[[2,1]]"),
            (
                "datatable(a:dynamic)[dynamic(['A1','A2']), dynamic(['A2','C1'])] | summarize make_set(a)",
                r#"[["A1","A2","C1"]]"#,
            ),
            // The empty text is a value like any other.
            ("datatable(s:string)['', 'a'] | summarize make_set(s)", r#"[["","a"]]"#),
            ("datatable(x:long)[3, 1, 2] | sort by x asc | summarize make_list(x)", "[[1,2,3]]"),
            ("datatable(x:long)[2, long(null), 1] | summarize min(x), max(x), dcount(x)", "[1,2,2]"),
            ("range x from 1 to 1000 step 1 | summarize dcount(x)", "[1000]"),
        ],
    );
    assert!(values("print d=dynamic([1]) | summarize max(d)").starts_with("error: "));
}

#[test]
fn expansion_makes_a_row_an_element() {
    assert_all(
        values,
        &[
            ("print d=dynamic({'a':1,'b':2}) | mv-expand d", r#"[{"a":1}] [{"b":2}]"#),
            // sem-102
            ("print 1 | mv-expand a=dynamic([1,2]), b=dynamic(['x']) | project a, b", r#"[1,"x"] [2,null]"#),
            ("print d=dynamic('scalar') | mv-expand d", r#"["scalar"]"#),
            (
                "print D=dynamic({'list':[1,2]}) | mv-expand X = D.list",
                r#"[{"list":[1,2]},1] [{"list":[1,2]},2]"#,
            ),
            (
                "datatable(k:string, d:dynamic)['a', dynamic([1,9]), 'b', dynamic([2])] | mv-apply x=d to typeof(long) on (where x > 5) | project k, x",
                r#"["a",9]"#,
            ),
            // A row without elements has no subtable, so that nothing counts it.
            ("print d=dynamic([]) | mv-apply x=d on (summarize n=count())", ""),
        ],
    );
}

#[test]
fn joins_name_and_match_their_columns() {
    let tables = "let X = datatable(Key:string, V:long)['a',1, 'b',2, 'b',3, 'c',4]; let Y = datatable(Key:string, V:long)['b',10, 'c',20, 'c',30, 'd',40]; ";
    for (query, expected) in [
        ("X | join Y on Key | count", "Count [3]"),
        ("X | join kind=inner Y on Key | count", "Count [4]"),
        ("X | join kind=leftanti Y on Key", r#"Key,V ["a",1]"#),
        ("X | join kind=leftsemi Y on Key | count", "Count [3]"),
        ("X | join kind=rightanti Y on Key", r#"Key,V ["d",40]"#),
        ("X | join kind=rightsemi Y on Key | count", "Count [3]"),
        ("X | where V == 2 | join Y on Key", r#"Key,V,Key1,V1 ["b",2,"b",10]"#),
        ("X | where V == 2 | extend Key1='' | join Y on Key", r#"Key,V,Key1,Key2,V1 ["b",2,"","b",10]"#),
        ("X | where V == 2 | lookup Y on Key", r#"Key,V,V1 ["b",2,10]"#),
        (
            "X | where V == 2 | join kind=leftouter (Y | project K2=Key, V) on $left.Key == $right.K2",
            r#"Key,V,K2,V1 ["b",2,"b",10]"#,
        ),
        ("X | where V == 2 | extend Key='B' | join Y on Key", "Key,V,Key1,V1"),
    ] {
        assert_all(shown, &[(&format!("{tables} {query}"), expected)]);
    }
    // Null keys do not match one another, because null == null is not true; empty texts are equal.
    let nulls =
        "datatable(k:long)[long(null)] | join kind=inner (datatable(k:long)[long(null)]) on k | count";
    let texts = "datatable(k:string)[''] | join kind=inner (datatable(k:string)['']) on k | count";
    // A dynamic key is refused, as the service does; a conversion says what is compared.
    let dynamic = "print k=dynamic('a') | join (print k=dynamic('a')) on k";
    assert_all(values, &[(nulls, "[0]"), (texts, "[1]")]);
    assert!(shown(dynamic).starts_with("error: "));
}

#[test]
fn columns_without_a_name_get_kustos() {
    assert_all(
        shown,
        &[
            (
                "print D=dynamic({'a':1,'b':'x','c d':2}) | extend D.a, tostring(D.b), D['c d'], strcat('a','b') | project-away D",
                r#"D_a,D_b,D_c d,Column1 [1,"x",2,"ab"]"#,
            ),
            ("print strlen('a'), 2", "print_0,print_1 [1,2]"),
        ],
    );
}

#[test]
fn order_and_replacement_of_columns() {
    assert_all(
        shown,
        &[
            ("datatable(x:long)[1, long(null), 2] | sort by x", "x [2] [1] [null]"),
            ("datatable(x:long)[1, long(null), 2] | sort by x asc", "x [null] [1] [2]"),
            ("print A=1, B=2, C=3 | project-reorder C, B", "C,B,A [3,2,1]"),
            ("print a=1, z=0 | extend a=a+1, b=a", "a,z,b [2,0,1]"),
        ],
    );
}

/// Events joined with themselves by user and operation: all pairs, or without a kind each event once.
#[test]
fn a_join_without_a_kind_makes_its_left_side_unique() {
    let events = "let Events = range n from 1 to 6 step 1 | extend user = n % 2, operation = n % 3 == 0;";
    assert_all(
        |join| values(&format!("{events} Events | {join} Events on user, operation | count")),
        &[("join kind=inner", "[10]"), ("join", "[6]"), ("join kind=innerunique", "[6]")],
    );
}
