//! Tabular operators, as query text and the table that comes out.

mod queries;

use queries::shown;

/// Asserts what each query gives, naming the query that gives something else.
fn assert_all(of: impl Fn(&str) -> String, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(query, expected)| (query, expected, of(query)))
        .filter(|(_, expected, found)| *expected != found)
        .map(|(query, expected, found)| format!("{query}\n  expected {expected}\n  found    {found}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn rows_are_filtered_extended_and_projected() {
    assert_all(
        shown,
        &[
            ("datatable(a:long, b:string)[1,'x', 2,'y'] | where a > 1", r#"a,b [2,"y"]"#),
            ("print a=1 | extend b=a+1, c='z'", r#"a,b,c [1,2,"z"]"#),
            ("print a=1, b=2, c=3 | project c, d=a*10", "c,d [3,10]"),
            ("print a=1, b=2, c=3 | project-away b", "a,c [1,3]"),
            ("print a1=1, a2=2, c=3 | project-keep a*", "a1,a2 [1,2]"),
            ("print a=1, b=2 | project-rename z=a", "z,b [1,2]"),
            ("print a=1, b=2, c=3 | project-reorder c, b", "c,b,a [3,2,1]"),
        ],
    );
}

#[test]
fn sources_give_rows() {
    assert_all(
        shown,
        &[
            ("range x from 1 to 5 step 2", "x [1] [3] [5]"),
            ("range x from 3 to 1 step -1", "x [3] [2] [1]"),
            ("range x from 2 to 1 step 1", "x"),
            ("range t from 0h to 2h step 1h", r#"t ["00:00:00"] ["01:00:00"] ["02:00:00"]"#),
            ("let T = datatable(a:long)[1, 2]; union T, T | count", "Count [4]"),
            ("let T = materialize(range x from 1 to 2 step 1); T | where x in (T)", "x [1] [2]"),
            ("print n = toscalar(range x from 7 to 9 step 1 | summarize max(x))", "n [9]"),
            ("let id = toscalar(new_guid()); range x from 1 to 9 step 1 | summarize n = dcount(id)", "n [1]"),
            ("range x from 1 to 9 step 1 | summarize n = dcount(new_guid())", "n [9]"),
        ],
    );
}

#[test]
fn order_is_stable_and_puts_nulls_where_kusto_does() {
    assert_all(
        shown,
        &[
            ("datatable(a:long)[2, long(null), 1] | sort by a", "a [2] [1] [null]"),
            ("datatable(a:long)[2, long(null), 1] | sort by a asc", "a [null] [1] [2]"),
            ("datatable(a:long)[2, long(null), 1] | sort by a asc nulls last", "a [1] [2] [null]"),
            ("datatable(s:string)['10', '9', 'B', 'a'] | sort by s asc", r#"s ["10"] ["9"] ["B"] ["a"]"#),
            ("datatable(a:long, b:long)[1,1, 2,2, 1,3] | sort by a asc, b desc", "a,b [1,3] [1,1] [2,2]"),
            ("range x from 1 to 5 step 1 | top 2 by x", "x [5] [4]"),
            ("range x from 1 to 5 step 1 | take 2", "x [1] [2]"),
            ("datatable(a:long)[1, 1, 2, 3] | sample-distinct 2 of a", "a [1] [2]"),
        ],
    );
}

#[test]
fn groups_come_in_the_order_of_their_first_rows() {
    assert_all(
        shown,
        &[
            (
                "datatable(k:string, v:long)['b',1, 'a',2, 'b',3] | summarize sum(v) by k",
                r#"k,sum_v ["b",4] ["a",2]"#,
            ),
            ("datatable(v:long)[1, 2, 6] | summarize count() by bin(v, 5)", "v,count_ [0,2] [5,1]"),
            ("datatable(a:long, b:long)[1,1, 1,1, 1,2] | distinct a, b", "a,b [1,1] [1,2]"),
            ("datatable(v:long)[1, 2] | summarize n = max(v) - min(v), count()", "n,count_ [1,2]"),
            ("datatable(k:long, v:string)[1,'a', 2,'b'] | summarize arg_max(k, *)", r#"k,v [2,"b"]"#),
            ("datatable(v:long)[] | summarize count() by v", "v,count_"),
            (
                "range x from 1 to 100 step 1 | summarize percentiles(x, 5, 95)",
                "percentile_x_5,percentile_x_95 [5,95]",
            ),
        ],
    );
}

#[test]
fn joins_pair_rows_by_equal_keys() {
    let both = "let L = datatable(k:string, v:long)['a',1, 'a',2, 'b',3]; let R = datatable(k:string, w:long)['a',4, 'a',5, 'c',6]; ";
    for (join, expected) in [
        ("join R on k", r#"k,v,k1,w ["a",1,"a",4] ["a",1,"a",5]"#),
        ("join kind=inner R on k", r#"k,v,k1,w ["a",1,"a",4] ["a",1,"a",5] ["a",2,"a",4] ["a",2,"a",5]"#),
        (
            "join kind=leftouter (R | where w > 4) on k",
            r#"k,v,k1,w ["a",1,"a",5] ["a",2,"a",5] ["b",3,"",null]"#,
        ),
        (
            "join kind=rightouter (R | where w > 4) on k",
            r#"k,v,k1,w ["a",1,"a",5] ["a",2,"a",5] ["",null,"c",6]"#,
        ),
        ("join kind=leftsemi R on k", r#"k,v ["a",1] ["a",2]"#),
        ("join kind=leftanti R on k", r#"k,v ["b",3]"#),
        ("join kind=rightsemi R on k", r#"k,w ["a",4] ["a",5]"#),
        ("join kind=rightanti R on k", r#"k,w ["c",6]"#),
        ("lookup (R | where w != 5) on k", r#"k,v,w ["a",1,4] ["a",2,4] ["b",3,null]"#),
        ("lookup kind=inner (R | where w != 5) on k", r#"k,v,w ["a",1,4] ["a",2,4]"#),
    ] {
        assert_all(shown, &[(&format!("{both} L | {join}"), expected)]);
    }
}

#[test]
fn unions_match_columns_by_name() {
    assert_all(
        shown,
        &[
            ("print a=1 | union (print b='x')", r#"a,b [1,""] [null,"x"]"#),
            ("print a=1, b=2 | union kind=inner (print b=3, c=4)", "b [2] [3]"),
            ("let A = print x=1; let B = print x=2; union withsource=s A, B", r#"s,x ["A",1] ["B",2]"#),
            ("print x=1 | union (print x='s')", r#"x_long,x_string [1,""] [null,"s"]"#),
        ],
    );
}

#[test]
fn elements_become_rows() {
    assert_all(
        shown,
        &[
            ("print a=1, b=dynamic([10, 'x']) | mv-expand b", r#"a,b [1,10] [1,"x"]"#),
            ("print b=dynamic([1, 2]) | mv-expand b to typeof(string)", r#"b ["1"] ["2"]"#),
            ("print b=dynamic([1, 'x']) | mv-expand b to typeof(long)", "b [1] [null]"),
            ("print b=dynamic([5, 6]) | mv-expand with_itemindex=i b", "b,i [5,0] [6,1]"),
            ("print b=dynamic([1, 2, 3]) | mv-expand b limit 2", "b [1] [2]"),
            ("print b=dynamic([]) | mv-expand b", "b"),
            ("print b=dynamic(null) | mv-expand b", "b [null]"),
            ("print b=dynamic({'k':1}) | mv-expand kind=array b", r#"b [["k",1]]"#),
            (
                "print a=1, d=dynamic([3, 1, 2]) | mv-apply d to typeof(long) on (top 2 by d)",
                "a,d [1,3] [1,2]",
            ),
            (
                "print a=1, d=dynamic([3, 1]) | mv-apply x=d to typeof(long) on (summarize s=sum(x))",
                "a,d,s [1,[3,1],4]",
            ),
        ],
    );
}

#[test]
fn texts_are_parsed_into_columns() {
    assert_all(
        shown,
        &[
            ("print s='a=1, b=two' | parse s with 'a=' a:long ', b=' b | project-away s", r#"a,b [1,"two"]"#),
            ("print s='x a=1 y' | parse s with * 'a=' a:long * | project-away s", "a [1]"),
            ("print s='a=?' | parse s with 'a=' a:long | project-away s", "a [null]"),
            (
                "print s='a=?,b=2' | parse kind=relaxed s with 'a=' a:long ',b=' b:long | project-away s",
                "a,b [null,2]",
            ),
            ("print s='k1: v' | parse kind=regex s with @'k\\d: ' v | project-away s", r#"v ["v"]"#),
            ("datatable(s:string)['a=1', 'b=2'] | parse-where s with 'a=' a:long | project a", "a [1]"),
            (
                "print s='n=Jo Do p=5 5' | parse-kv s as (n:string, p:string) with (pair_delimiter=' ', kv_delimiter='=', greedy=true) | project-away s",
                r#"n,p ["Jo Do","5 5"]"#,
            ),
            (
                "print s='T: x, Id:45' | parse-kv s as (Id:long, T:string) | project-away s",
                r#"Id,T [45,"x"]"#,
            ),
        ],
    );
}

#[test]
fn rows_around_are_seen_once_ordered() {
    assert_all(
        shown,
        &[
            (
                "range x from 1 to 3 step 1 | serialize p=prev(x), n=next(x), r=row_number()",
                "x,p,n,r [1,null,2,1] [2,1,3,2] [3,2,null,3]",
            ),
            ("range x from 1 to 3 step 1 | serialize | extend c=row_cumsum(x)", "x,c [1,1] [2,3] [3,6]"),
            ("range x from 1 to 4 step 1 | serialize | where row_number() > 2", "x [3] [4]"),
        ],
    );
}

#[test]
fn series_have_a_value_for_every_bin() {
    assert_all(
        shown,
        &[
            (
                "datatable(t:long, v:long)[1,10, 3,30] | make-series s=sum(v) default=0 on t from 1 to 4 step 1",
                "s,t [[10,0,30],[1,2,3]]",
            ),
            (
                "datatable(k:string, t:long)['a',0, 'b',1] | make-series n=count() on t from 0 to 2 step 1 by k",
                r#"k,n,t ["a",[1,0],[0,1]] ["b",[0,1],[0,1]]"#,
            ),
        ],
    );
}

#[test]
fn plugins_make_columns_of_data() {
    assert_all(
        shown,
        &[
            (
                "datatable(a:long, d:dynamic)[1, dynamic({'n':'x'}), 2, dynamic({'m':2})] | evaluate bag_unpack(d)",
                r#"a,m,n [1,null,"x"] [2,2,""]"#,
            ),
            ("print d=dynamic({'n':1}) | evaluate bag_unpack(d, 'p_')", "p_n [1]"),
            ("print d=dynamic({'n':1}) | evaluate bag_unpack(d) | where n == 1 | project m=n + 1", "m [2]"),
            (
                "datatable(e:string, s:string)['x','b', 'x','a', 'y','a', 'y','a'] | evaluate pivot(s)",
                r#"e,a,b ["x",1,1] ["y",2,0]"#,
            ),
            (
                "let N = datatable(net:string, c:string)['10.0.0.0/8','ten']; datatable(ip:string)['10.1.1.1', '11.1.1.1'] | evaluate ipv4_lookup(N, ip, net)",
                r#"ip,net,c ["10.1.1.1","10.0.0.0/8","ten"]"#,
            ),
            ("print a=1, b='x' | evaluate narrow()", r#"Row,Column,Value [0,"a","1"] [0,"b","x"]"#),
        ],
    );
}

#[test]
fn groups_are_worked_on_one_by_one() {
    assert_all(
        shown,
        &[
            (
                "datatable(k:string, v:long)['a',1, 'b',5, 'a',2] | partition by k (top 1 by v)",
                r#"k,v ["a",2] ["b",5]"#,
            ),
            (
                "datatable(k:string, v:long)['a',1, 'b',5, 'c',2] | top-nested 1 of k with others='rest' by sum(v)",
                r#"k,aggregated_k ["b",5] ["rest",3]"#,
            ),
            (
                "print a=1, b='x' | getschema",
                r#"ColumnName,ColumnOrdinal,DataType,ColumnType ["a",0,"System.Int64","long"] ["b",1,"System.String","string"]"#,
            ),
        ],
    );
}

#[test]
fn examples_of_aggregates_are_true() {
    let first_cell = |query: &str| shown(query).split_once(' ').map(|(_, rows)| rows.to_owned());
    for aggregate in rule_eval::aggregates() {
        for (query, expected) in aggregate.examples {
            let found = first_cell(query).unwrap_or_else(|| shown(query));
            let expected = first_cell(&format!("print {expected}")).unwrap_or_default();
            // A function of several columns shows the first.
            let first = expected.trim_end_matches(']');
            assert!(found.starts_with(first), "{query}\n  expected {expected}\n  found    {found}");
        }
    }
}

#[test]
fn scans_follow_rows_from_step_to_step() {
    assert_all(
        shown,
        &[
            (
                "range x from 1 to 4 step 1 | scan declare (sum:long=0) with (step s: true => sum = x + s.sum;)",
                "x,sum [1,1] [2,3] [3,6] [4,10]",
            ),
            (
                "datatable(x:long)[1, 2, 3, 1, 3] | scan with_match_id=id with (step a: x == 1; step b: x == 3;)",
                "x,id [1,0] [3,0] [1,1] [3,1]",
            ),
            (
                "datatable(x:long)[1, 2, 2, 3] | scan with (step a output=none: x == 1; step b output=last: x == 2; step c: x == 3)",
                "x [2] [3]",
            ),
        ],
    );
}

#[test]
fn series_of_nothing_are_there_when_asked_for() {
    let empty = "datatable(t:long)[] | make-series";
    assert_all(
        |query| shown(&format!("{empty} {query} count() on t from 0 to 2 step 1")),
        &[("kind=nonempty", "count_,t [[0,0],[0,1]]"), ("", "count_,t")],
    );
}

#[test]
fn unions_name_their_inputs_and_keep_columns_of_several_types_apart() {
    let views = "let A = view () { print x=1 }; let B = view () { print x=int(2) };";
    let more = "let C = view () { print x_long=3 };";
    assert_all(
        |query| shown(&format!("{views} {more} {query}")),
        &[
            ("union withsource=T A, B", r#"T,x_long,x_int ["A",1,null] ["B",null,2]"#),
            ("union A, C", "x,x_long [1,null] [null,3]"),
            ("union A, B, C", "x_long1,x_int,x_long [1,null,null] [null,2,null] [null,null,3]"),
            ("union isfuzzy=true A, None* | count", "Count [1]"),
            ("search in (A, C) x_long == 3", r#"$table,x_long ["C",3]"#),
        ],
    );
}

#[test]
fn functions_of_several_columns_give_them_in_a_projection() {
    assert_all(
        shown,
        &[
            (
                "let a = dynamic([2,1]); let b = dynamic(['x','y']); print array_sort_asc(a, b)",
                r#"a_sorted,b_sorted [[1,2],["y","x"]]"#,
            ),
            ("print r = array_sort_asc(dynamic([2,null,1]), false)", "r [[null,1,2]]"),
            (
                "print a = dynamic([2,1]) | project (x, y) = array_sort_asc(a, dynamic(['p','q']))",
                r#"x,y [[1,2],["q","p"]]"#,
            ),
        ],
    );
}

#[test]
fn names_and_settings_of_the_query_are_values() {
    assert_all(
        shown,
        &[
            ("let T = datatable(A:long, B:long)[]; print column_names_of(T)", r#"print_0 [["A","B"]]"#),
            ("set query_bin_auto_size = 2; print x = 5 | summarize by bin_auto(x)", "x [4]"),
            ("print a = 1, b = 'xyz' | project n = estimate_data_size(*)", "n [11]"),
            ("datatable(x:long)[1, long(null)] | summarize count(x)", "count_x [2]"),
        ],
    );
}

#[test]
fn plugins_count_window_by_window_and_keep_what_is_near() {
    let visits = "datatable(u:string, t:long)['a',0, 'b',0, 'a',1, 'c',1, 'c',1, 'a',3] | evaluate";
    let near = "range x from 1 to 9 step 1 | evaluate";
    assert_all(
        |plugin| shown(&format!("{} {plugin}", if plugin.starts_with("rows") { near } else { visits })),
        &[
            (
                "activity_counts_metrics(u, t, 0, 2, 1)",
                "t,count,dcount,new_dcount,aggregated_dcount [0,2,2,2,2] [1,3,2,1,3]",
            ),
            (
                "sliding_window_counts(u, t, 0, 4, 2, 1)",
                "t,Count,Dcount [0,2,2] [1,5,3] [2,3,2] [3,1,1] [4,1,1]",
            ),
            ("rolling_percentile(t, 50, t, 1, 2)", "t,rolling_2_percentile_t_50 [0,0] [1,1] [3,3]"),
            ("rows_near(x == 5, 1)", "x [4] [5] [6]"),
            ("rows_near(x == 5, 0, 2)", "x [5] [6] [7]"),
        ],
    );
}

#[test]
fn addresses_are_looked_up_by_network_and_further_keys() {
    let networks =
        "let N = datatable(net:string, site:string, k:string)['10.0.0.0/8','a','x', '10.1.0.0/16','b','y'];";
    let rows = "datatable(ip:string, k:string)['10.1.2.3','y', '11.0.0.1','x'] | evaluate ipv4_lookup";
    assert_all(
        |args| shown(&format!("{networks} {rows}({args})")),
        &[
            (
                "N, ip, net",
                r#"ip,k,net,site,k1 ["10.1.2.3","y","10.0.0.0/8","a","x"] ["10.1.2.3","y","10.1.0.0/16","b","y"]"#,
            ),
            ("N, ip, net, k", r#"ip,k,net,site ["10.1.2.3","y","10.1.0.0/16","b"]"#),
            (
                "N, ip, net, k, true",
                r#"ip,k,net,site ["10.1.2.3","y","10.1.0.0/16","b"] ["11.0.0.1","x","",""]"#,
            ),
        ],
    );
}
