//! The semantics of KQL that are easy to get wrong, case by case.
//!
//! A case begins with its number in the list that the project began with; the numbers have gaps. Where neither the
//! documentation nor published rules settle a case, the comment at it says what was decided and why.

mod queries;

use queries::shown;
use rule_eval::{Context, Table, json, record};
use rule_lang::schemas::Schemas;
use rule_model::plan::Field;
use rule_model::{DateTime, Value};
use std::collections::{BTreeSet, HashMap};

/// A number, a query, and what it gives: an error by how its message begins.
type Case = (&'static str, &'static str, &'static str);

/// Cases that belong together.
struct Area {
    /// What is read of a result: its rows alone, or the names of its columns too.
    of: fn(&str) -> String,
    /// What stands before each query.
    before: &'static str,
    cases: &'static [Case],
}

impl Area {
    const fn of_rows(cases: &'static [Case]) -> Area {
        Area { of: rows, before: "", cases }
    }

    const fn of_columns_and_rows(cases: &'static [Case]) -> Area {
        Area { of: shown, before: "", cases }
    }

    fn assert(&self) {
        let wrong: Vec<String> = self
            .cases
            .iter()
            .map(|case| (case, (self.of)(&format!("{}{}", self.before, case.1))))
            .filter(|((_, _, expected), found)| {
                if expected.starts_with("error: ") { !found.starts_with(expected) } else { found != expected }
            })
            .map(|((id, query, expected), found)| {
                format!("{id}: {query}\n  expected {expected}\n  found    {found}")
            })
            .collect();
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}

/// The rows alone, one behind the other.
fn rows(query: &str) -> String {
    let shown = shown(query);
    match shown.find(" [") {
        Some(at) if !shown.starts_with("error: ") => shown[at + 1..].to_owned(),
        _ if shown.starts_with("error: ") => shown,
        _ => String::new(),
    }
}

const TERMS: Area = Area::of_rows(&[
    ("sem-001", "print 'North America' has 'america'", "[true]"),
    ("sem-005", "print 'foo_bar' has 'foo'", "[true]"),
    ("sem-007", r"print 'Added X to [P]\\Project Administrators2' has 'Project Administrators'", "[false]"),
    ("sem-008", "print 'pgustavo@simulandlabs.com' has '@'", "[true]"),
    ("sem-009", "print 'KeyIdentifier=59ea' has 'KeyIdentifier='", "[true]"),
    // Letters of all alphabets are part of a term, as the current documentation says; an older one meant ASCII.
    ("sem-011", "print 'cafés' has 'caf'", "[false]"),
    // The empty text is found everywhere, as with `contains`.
    ("sem-012", "print 'abc' has ''", "[true]"),
    ("sem-014", "print 'a b' has_any (dynamic(['b','z']))", "[true]"),
    ("sem-015", "print 'North and South America' has_all('south', 'north')", "[true]"),
    ("sem-016", "print 'North America' !has 'amer'", "[true]"),
    ("sem-017", "print 'North America' hasprefix 'ame'", "[true]"),
    ("sem-018", "print 'North America' hassuffix 'ica'", "[true]"),
]);

#[test]
fn has_finds_terms() {
    TERMS.assert();
}

const LETTER_CASE: Area = Area::of_rows(&[
    ("sem-019", "print 'aBc' == 'abc'", "[false]"),
    ("sem-021", "print 'Abc' in~ ('123','345','abc')", "[true]"),
    (
        "sem-025",
        "print 'Fabrikam' startswith 'fab', 'Fabrikam' startswith_cs 'fab', 'Fabrikam' endswith 'KAM'",
        "[true,false,true]",
    ),
    (
        "sem-026",
        "print 'Fabrikam' matches regex 'b.*k', 'Fabrikam' matches regex 'B.*K', 'Fabrikam' matches regex '(?i)B.*K'",
        "[true,false,true]",
    ),
    // Case is ignored letter by letter, whatever the alphabet, …
    ("sem-027", "print 'ÉCOLE' =~ 'école'", "[true]"),
    // … without expansions, which would make the result depend on more than one letter, …
    ("sem-028", "print 'STRASSE' =~ 'straße'", "[false]"),
    // … and without regard to a culture, because a rule must mean the same everywhere.
    ("sem-029", "print 'I' =~ 'ı'", "[false]"),
    ("sem-030", "print Foo=1 | extend x=foo", "error: there is no column"),
    ("sem-030", "let T = print Foo=1; t", "error: there is no table"),
    ("sem-030", "let F = (n:long) { n }; print f(1)", "error: there is no function"),
    ("sem-030", "print d=dynamic({'Key':1}) | project d.Key, d['Key'], d['key']", "[1,1,null]"),
    ("sem-049", "print d=dynamic({'Key':1}) | project d.key", "[null]"),
]);

#[test]
fn case_counts_where_the_operator_says() {
    LETTER_CASE.assert();
}

const NULLS: Area = Area::of_rows(&[
    ("sem-031", "datatable(v:int)[5, int(null)] | where v != 5", "[null]"),
    ("sem-032", "datatable(v:int)[5, int(null)] | where v > 3", "[5]"),
    ("sem-033", "print int(null)==int(null), int(null)==5, int(null)!=5", "[null,false,true]"),
    ("sem-034", "print not(bool(null))", "[null]"),
    ("sem-038", "print isempty(''), isnull('')", "[true,false]"),
    (
        "sem-039",
        "print isnotempty(''), isnotempty(dynamic(null)), isnotempty(tostring(dynamic(null)))",
        "[false,false,false]",
    ),
    // An empty array has a text, `[]`, which is not empty.
    ("sem-040", "print isnotempty(dynamic([]))", "[true]"),
    ("sem-045", "print coalesce('', 'b'), coalesce(tostring(dynamic(null)),'x')", r#"["b","x"]"#),
    ("sem-046", "print tostring(int(null))", r#"[""]"#),
    ("sem-047", "print strcat('a', dynamic(null), 1)", r#"["a1"]"#),
]);

#[test]
fn null_is_neither_equal_nor_unequal() {
    NULLS.assert();
}

const UNMATCHED: Area = Area {
    of: rows,
    before: "datatable(k:string)['a'] | join kind=leftouter (datatable(k:string, n:long, s:string)[]) on k | ",
    cases: &[
        ("sem-042", "where n > 0", ""),
        ("sem-042", "project n, n > 0", "[null,null]"),
        ("sem-043", "where s in ('Medium','High')", ""),
        ("sem-043", "project s, s in ('Medium','High')", r#"["",false]"#),
    ],
};

#[test]
fn columns_of_an_unmatched_row_are_null_and_texts_empty() {
    UNMATCHED.assert();
}

const DYNAMIC: Area = Area::of_rows(&[
    ("sem-051", "print tostring(dynamic('x'))", r#"["x"]"#),
    // Both print in lower case: no documented example shows the capital letter that Kusto is said to print.
    ("sem-052", "print tostring(true), tostring(dynamic(true))", r#"["true","true"]"#),
    ("sem-053", "print parse_json('not json')", r#"["not json"]"#),
    // Of an empty text the result must be empty; null is, and asking it for a property gives null again.
    ("sem-054", "print parse_json(''), isempty(parse_json(''))", "[null,true]"),
    ("sem-055", "print parse_json(dynamic({'a':1})).a", "[1]"),
    ("sem-056", r#"print parse_json('{"a":"{\\"b\\":1}"}').a.b"#, "[null]"),
    ("sem-056", r#"print parse_json(tostring(parse_json('{"a":"{\\"b\\":1}"}').a)).b"#, "[1]"),
    // `parse_json` of a dynamic value gives it unchanged, so that it does not parse the text in it either.
    ("sem-056", r#"print parse_json(parse_json('{"a":"{\\"b\\":1}"}').a).b"#, "[null]"),
    ("sem-059", "print dynamic([1,2,3])[(-1)], dynamic([1,2,3])[-1], dynamic([1])[5]", "[3,3,null]"),
    ("sem-060", "print dynamic({'a':'Required'}).a == 'Required'", "[true]"),
    // The second compares a text with a number, which are compared as the number that the text writes.
    ("sem-062", "print dynamic({'n':3}).n == 3, dynamic({'n':'3'}).n == 3", "[true,true]"),
    ("sem-063", "print dynamic({'b':true}).b == true, tobool(dynamic({'b':'true'}).b)", "[true,true]"),
    ("sem-064", "datatable(ResultType:string)['0', '1'] | where ResultType == 0", r#"["0"]"#),
    // Members are compared as `==` compares, bags by what they hold: a list of bags is of use in no other way.
    ("sem-065", "print dynamic({'a':1}) in (dynamic([{'a':1}]))", "[true]"),
    ("sem-065", "print dynamic({'a':1}) in (dynamic([{'a':2}]))", "[false]"),
    ("sem-066", "print 'b' in (dynamic(['a','b']))", "[true]"),
    ("sem-068", "print dynamic({'a':1,'b':{'c':2,'d':3}}) == dynamic({'b':{'d':3,'c':2},'a':1})", "[true]"),
    (
        "sem-068",
        "datatable(d:dynamic)[dynamic({'a':1,'b':2}), dynamic({'b':2,'a':1})] | summarize n=array_length(make_set(d))",
        "[1]",
    ),
    (
        "sem-071",
        r#"print extract_json('$.IsDelegatedAdmin','{"IsDelegatedAdmin":true}', typeof(bool)), extract_json('$.x','{}',typeof(bool)), extract_json('$.a','notjson')"#,
        r#"[true,null,""]"#,
    ),
]);

#[test]
fn dynamic_values_are_read_step_by_step() {
    DYNAMIC.assert();
}

/// Exports write nested values as text. A column that its table declares dynamic is parsed when a record is read.
#[test]
fn sem_057_a_dynamic_column_that_arrives_as_text_is_parsed() {
    let schemas = Schemas::builtin();
    let schema = schemas.find("AuditLogs").unwrap();
    let query =
        rule_lang::compile_query("AuditLogs | project TargetResources[0].displayName", &schemas).unwrap();
    for arrived in [r#"[{"displayName":"Payroll"}]"#, r#""[{\"displayName\":\"Payroll\"}]""#] {
        let record = json::parse(&format!(r#"{{"TargetResources":{arrived}}}"#)).unwrap();
        let rows = vec![record::row(record.as_bag().unwrap(), schema)];
        let columns =
            schema.columns.iter().map(|column| Field::new(column.name.clone(), column.ty)).collect();
        let tables = HashMap::from([("AuditLogs".into(), Table { columns, rows })]);
        let mut context = Context::at(DateTime::UNIX_EPOCH);
        let found = rule_eval::evaluate(&query.plan, &tables, &mut context).unwrap();
        assert_eq!(found.rows, [[Value::string("Payroll")]], "{arrived}");
    }
}

const TEXTS: Area = Area::of_rows(&[
    (
        "sem-072",
        "print split('aa_bb','_'), split('','_'), split('a__b','_'), split('aaa_bbb_ccc','_',1)",
        r#"[["aa","bb"],[""],["a","","b"],["bbb"]]"#,
    ),
    ("sem-073", "print tostring(split('nodomain','@')[1])", r#"[""]"#),
    ("sem-075", "print trim_start(@'[[]','[::1')", r#"["::1"]"#),
    ("sem-077", "print indexof('abc','z')", "[-1]"),
]);

#[test]
fn texts_are_split_trimmed_and_searched() {
    TEXTS.assert();
}

const TIMES: Area = Area::of_rows(&[
    ("sem-080", "print bin(4.5,1), bin(time(16d),7d), bin(int(null),1)", r#"[4.0,"14.00:00:00",null]"#),
    ("sem-082", "print bin(datetime(2021-08-04),7d)", r#"["2021-08-02T00:00:00.0000000Z"]"#),
    // The American order of a date with slashes is accepted, because exported audit logs carry it.
    ("sem-085", "print todatetime('4/1/2025 6:42:09 PM')", r#"["2025-04-01T18:42:09.0000000Z"]"#),
]);

#[test]
fn bins_start_at_the_epoch_of_their_type() {
    TIMES.assert();
}

const AGGREGATES: Area = Area::of_rows(&[
    ("sem-087", "datatable(a:string)[] | summarize count()", "[0]"),
    ("sem-089", "datatable(a:string)[] | summarize make_set(a), make_list(a)", "[[],[]]"),
    ("sem-090", "datatable(x:long)[2, long(null), 1, 2] | summarize make_set(x)", "[[2,1]]"),
    (
        "sem-091",
        "datatable(a:dynamic)[dynamic(['A1','A2']), dynamic(['A2','C1'])] | summarize make_set(a)",
        r#"[["A1","A2","C1"]]"#,
    ),
    // The empty text is a value like any other: only nulls are left out, and text has none.
    ("sem-092", "datatable(s:string)['', 'a'] | summarize make_set(s)", r#"[["","a"]]"#),
    ("sem-093", "datatable(x:long)[3, 1, 2] | sort by x asc | summarize make_list(x)", "[[1,2,3]]"),
    ("sem-093", "datatable(x:long)[3, 1, 2] | sort by x desc | summarize make_list(x)", "[[3,2,1]]"),
    ("sem-098", "datatable(x:long)[2, long(null), 1] | summarize min(x), max(x), dcount(x)", "[1,2,2]"),
    ("sem-099", "range x from 1 to 100000 step 1 | summarize dcount(x), dcount(x % 7)", "[100000,7]"),
    ("sem-121", "print d=dynamic([1]) | summarize max(d)", "error: max()"),
]);

#[test]
fn aggregates_of_nothing_and_of_nulls() {
    AGGREGATES.assert();
}

const EXPANSION: Area = Area::of_columns_and_rows(&[
    ("sem-101", "print d=dynamic({'a':1,'b':2}) | mv-expand d", r#"d [{"a":1}] [{"b":2}]"#),
    (
        "sem-102",
        "print 1 | mv-expand a=dynamic([1,2]), b=dynamic(['x']) | project a, b",
        r#"a,b [1,"x"] [2,null]"#,
    ),
    ("sem-103", "print d=dynamic('scalar') | mv-expand d", r#"d ["scalar"]"#),
    (
        "sem-104",
        "print D=dynamic({'list':[1,2]}) | mv-expand X = D.list",
        r#"D,X [{"list":[1,2]},1] [{"list":[1,2]},2]"#,
    ),
    (
        "sem-105",
        "datatable(k:string, d:dynamic)['a', dynamic([1,9]), 'b', dynamic([2])] | mv-apply x=d to typeof(long) on (where x > 5) | project k, x",
        r#"k,x ["a",9]"#,
    ),
    // A row without elements has no subtable, so that nothing counts it.
    ("sem-106", "print d=dynamic([]) | mv-apply x=d on (summarize n=count())", "d,n"),
]);

#[test]
fn expansion_makes_a_row_an_element() {
    EXPANSION.assert();
}

const JOINS: Area = Area {
    of: shown,
    before: "let X = datatable(Key:string, V:long)['a',1, 'b',2, 'b',3, 'c',4]; let Y = datatable(Key:string, V:long)['b',10, 'c',20, 'c',30, 'd',40]; ",
    cases: &[
        ("sem-109", "X | join kind=inner Y on Key | count", "Count [4]"),
        ("sem-111", "X | join kind=leftanti Y on Key", r#"Key,V ["a",1]"#),
        ("sem-111", "X | join kind=leftsemi Y on Key", r#"Key,V ["b",2] ["b",3] ["c",4]"#),
        ("sem-111", "X | join kind=rightanti Y on Key", r#"Key,V ["d",40]"#),
        ("sem-111", "X | join kind=rightsemi Y on Key", r#"Key,V ["b",10] ["c",20] ["c",30]"#),
        (
            "sem-112",
            "X | where V == 2 | join (Y | project B=Key, W=V) on $left.Key == $right.B",
            r#"Key,V,B,W ["b",2,"b",10]"#,
        ),
        ("sem-112", "X | where V == 2 | join Y on Key", r#"Key,V,Key1,V1 ["b",2,"b",10]"#),
        (
            "sem-113",
            "X | where V == 2 | extend Key1='' | join Y on Key",
            r#"Key,V,Key1,Key2,V1 ["b",2,"","b",10]"#,
        ),
        ("sem-114", "X | where V in (1, 2) | lookup Y on Key", r#"Key,V,V1 ["a",1,null] ["b",2,10]"#),
        ("sem-114", "X | where V in (1, 2) | lookup kind=inner Y on Key", r#"Key,V,V1 ["b",2,10]"#),
        ("sem-114", "X | lookup kind=rightouter Y on Key", "error: "),
        ("sem-114", "X | lookup kind=leftanti Y on Key", "error: "),
        // Null keys do not match one another, because null == null is not true; empty texts are equal.
        (
            "sem-115",
            "datatable(k:long)[long(null)] | join kind=inner (datatable(k:long)[long(null)]) on k | count",
            "Count [0]",
        ),
        (
            "sem-115",
            "datatable(k:string)[''] | join kind=inner (datatable(k:string)['']) on k | count",
            "Count [1]",
        ),
        ("sem-116", "X | where V == 2 | extend Key='B' | join Y on Key", "Key,V,Key1,V1"),
        // A dynamic key is refused, as the service does; a conversion says what is compared.
        ("sem-117", "print k=dynamic('a') | join (print k=dynamic('a')) on k", "error: "),
        ("sem-117", "print k=tostring(dynamic('a')) | join (print k='a') on k | count", "Count [1]"),
        (
            "sem-119",
            "X | where V == 2 | join kind=leftouter (Y | project K2=Key, V) on $left.Key == $right.K2",
            r#"Key,V,K2,V1 ["b",2,"b",10]"#,
        ),
    ],
};

#[test]
fn joins_name_and_match_their_columns() {
    JOINS.assert();
}

/// Events joined with themselves by user and operation: all pairs, or without a kind each event once.
const UNIQUE_LEFT: Area = Area {
    of: rows,
    before: "let Events = range n from 1 to 6 step 1 | extend user = n % 2, operation = n % 3 == 0; Events | ",
    cases: &[
        ("sem-118", "join kind=inner Events on user, operation | count", "[10]"),
        ("sem-118", "join Events on user, operation | count", "[6]"),
        ("sem-118", "join kind=innerunique Events on user, operation | count", "[6]"),
    ],
};

#[test]
fn a_join_without_a_kind_makes_its_left_side_unique() {
    UNIQUE_LEFT.assert();
}

const COLUMNS: Area = Area::of_columns_and_rows(&[
    (
        "sem-120",
        "print D=dynamic({'a':1,'b':'x','c d':2}) | extend D.a, tostring(D.b), D['c d'], strcat('a','b') | project-away D",
        r#"D_a,D_b,D_c d,Column1 [1,"x",2,"ab"]"#,
    ),
    ("sem-120", "print strlen('a'), 2", "print_0,print_1 [1,2]"),
    ("sem-122", "datatable(x:long)[1, long(null), 2] | sort by x", "x [2] [1] [null]"),
    ("sem-122", "datatable(x:long)[1, long(null), 2] | sort by x asc", "x [null] [1] [2]"),
    ("sem-123", "print A=1, B=2, C=3, D=4 | project-reorder C, B", "C,B,A,D [3,2,1,4]"),
    ("sem-124", "print a=1, z=0 | extend a=a+1, b=a", "a,z,b [2,0,1]"),
    ("sem-124", "print a='7', z=0 | extend a=toint(a), b=a", r#"a,z,b [7,0,"7"]"#),
]);

#[test]
fn columns_are_named_ordered_and_replaced() {
    COLUMNS.assert();
}

/// The numbers of the list, which are those of the cases above and of the test of records.
#[test]
fn every_case_of_the_list_is_here() {
    const LISTED: [u8; 85] = [
        1, 5, 7, 8, 9, 11, 12, 14, 15, 16, 17, 18, 19, 21, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 38, 39,
        40, 42, 43, 45, 46, 47, 49, 51, 52, 53, 54, 55, 56, 57, 59, 60, 62, 63, 64, 65, 66, 68, 71, 72, 73,
        75, 77, 80, 82, 85, 87, 89, 90, 91, 92, 93, 98, 99, 101, 102, 103, 104, 105, 106, 109, 111, 112, 113,
        114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124,
    ];
    const ELSEWHERE: [&str; 1] = ["sem-057"];
    let areas = [
        TERMS,
        LETTER_CASE,
        NULLS,
        UNMATCHED,
        DYNAMIC,
        TEXTS,
        TIMES,
        AGGREGATES,
        EXPANSION,
        JOINS,
        UNIQUE_LEFT,
        COLUMNS,
    ];
    let tested = areas.iter().flat_map(|area| area.cases).map(|(id, ..)| *id).chain(ELSEWHERE);
    let listed: BTreeSet<String> = LISTED.iter().map(|number| format!("sem-{number:03}")).collect();
    assert_eq!(tested.map(str::to_owned).collect::<BTreeSet<_>>(), listed);
}
