//! Random queries. Every stage keeps `CorrelationId` and `Category`, texts that may be empty, and `TimeGenerated`.

use proptest::prelude::*;
use proptest::sample::select;

fn condition() -> impl Strategy<Value = String> {
    select(vec![
        "Category == \"a\"",
        "Category in (\"a\", \"b\")",
        "isnotempty(CorrelationId)",
        "toint(CorrelationId) > 1",
        "TimeGenerated > ago(12m)",
        "Category != \"c\" or CorrelationId == \"1\"",
    ])
    .prop_map(str::to_owned)
}

/// A table, with conditions or without.
fn table() -> impl Strategy<Value = String> {
    let conditions = prop_oneof![
        2 => Just(String::new()),
        1 => Just(" | where OperationName == \"x\"".to_owned()),
        1 => condition().prop_map(|condition| format!(" | where {condition}")),
    ];
    (select(vec!["AuditLogs", "SigninLogs"]), conditions)
        .prop_map(|(table, conditions)| table.to_owned() + &conditions)
}

fn aggregates() -> impl Strategy<Value = &'static str> {
    select(vec![
        "TimeGenerated = max(TimeGenerated), n = count()",
        "TimeGenerated = min(TimeGenerated), n = dcount(Category), s = make_set(CorrelationId)",
        "TimeGenerated = take_any(TimeGenerated), l = make_list(TimeGenerated)",
        "arg_max(TimeGenerated, *)",
        "arg_min(TimeGenerated, Category)",
        "TimeGenerated = max(TimeGenerated), n = countif(Category == \"a\"), q = sum(toint(CorrelationId))",
        "TimeGenerated = max(TimeGenerated), a = avg(toint(CorrelationId)), s = stdev(toint(CorrelationId)), \
         v = varianceif(toint(CorrelationId), Category != \"a\"), p = percentiles(toint(CorrelationId), 50, 90)",
        "TimeGenerated = minif(TimeGenerated, Category != \"b\"), d = dcountif(Category, CorrelationId != \"1\"), \
         b = make_bag(bag_pack(Category, CorrelationId)), e = binary_all_or(tolong(CorrelationId))",
        "TimeGenerated = take_anyif(TimeGenerated, Category == \"a\"), l = make_list_if(Category, CorrelationId == \"1\", 3), \
         w = make_list_with_nulls(toint(CorrelationId)), c = count_distinct(Category)",
    ])
}

fn summarize() -> impl Strategy<Value = String> {
    prop_oneof![
        aggregates().prop_map(|aggregates| {
            format!(" | summarize {} by CorrelationId, Category", aggregates.replace(", Category)", ", CorrelationId)"))
                .replace("arg_min(TimeGenerated, CorrelationId)", "TimeGenerated = min(TimeGenerated)")
                + " | project CorrelationId, Category, TimeGenerated"
        }),
        Just(
            " | summarize n = count(), s = make_set(CorrelationId), d = dcount(CorrelationId), Category = max(Category) \
             by TimeGenerated = bin(TimeGenerated, 5m) | extend CorrelationId = tostring(n)"
                .to_owned()
        ),
        Just(
            " | summarize l = make_list(Category), TimeGenerated = max(TimeGenerated), arg_max(TimeGenerated, Category) \
             by CorrelationId | project CorrelationId, Category, TimeGenerated, l"
                .to_owned()
        ),
        // Lists tell the order of the rows.
        Just(
            " | summarize TimeGenerated = max(TimeGenerated), Category = tostring(make_list(Category, 5)) by CorrelationId"
                .to_owned()
        ),
        // Of no rows it gives one that no record is behind.
        Just(
            " | summarize TimeGenerated = max(TimeGenerated), CorrelationId = tostring(make_list(CorrelationId, 3)) \
             | where isnotempty(TimeGenerated) | extend Category = \"a\""
                .to_owned()
        ),
        Just(" | distinct CorrelationId, Category, TimeGenerated".to_owned()),
        Just(" | distinct CorrelationId, Category | extend TimeGenerated = datetime(2024-03-01)".to_owned()),
    ]
}

fn join() -> impl Strategy<Value = String> {
    let kinds = [
        "innerunique",
        "inner",
        "leftouter",
        "rightouter",
        "fullouter",
        "leftsemi",
        "leftanti",
        "rightsemi",
        "rightanti",
    ];
    let keys = [
        "CorrelationId",
        "CorrelationId, Category",
        "$left.Category == $right.CorrelationId",
        "$left.CorrelationId == $right.Category",
        "k",
    ];
    let right = prop_oneof![
        3 => Just(" | project CorrelationId, Category, TimeGenerated".to_owned()),
        1 => Just(" | extend m = strcat(Category, CorrelationId) | project CorrelationId, Category, TimeGenerated, m"
            .to_owned()),
        1 => summarize(),
        1 => Just(" | project CorrelationId, Category, TimeGenerated | top 3 by TimeGenerated".to_owned()),
        1 => Just(" | extend d = dynamic([1, 2]) | mv-expand d | project CorrelationId, Category, TimeGenerated".to_owned()),
    ];
    (select(kinds.to_vec()), table(), right, select(keys.to_vec())).prop_map(|(kind, table, right, key)| {
        let (left_key, right_key) = match key {
            // A key of a type that has nulls, computed on both sides.
            "k" => (" | extend k = toint(CorrelationId)", " | extend k = toint(CorrelationId)"),
            _ => ("", ""),
        };
        let joined = format!("{left_key} | join kind={kind} ({table}{right}{right_key}) on {key}");
        if kind.ends_with("semi") || kind.ends_with("anti") {
            return joined + " | project CorrelationId, Category, TimeGenerated";
        }
        joined + " | project CorrelationId, Category, TimeGenerated, j = strcat(CorrelationId1, \"/\", Category1)"
    })
}

fn stage() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => condition().prop_map(|condition| format!(" | where {condition}")),
        1 => Just(" | extend CorrelationId = substring(strcat(CorrelationId, Category), 0, 1)".to_owned()),
        1 => Just(" | mv-expand p = split(CorrelationId, \"1\") to typeof(string)".to_owned()),
        1 => Just(
            " | mv-apply a = split(CorrelationId, \"1\") to typeof(string) on (summarize c = countif(a == \"\"))"
                .to_owned()
        ),
        5 => join(),
        3 => summarize(),
        1 => table().prop_map(|table| {
            format!(" | lookup kind=leftouter ({table} | summarize h = count() by CorrelationId) on CorrelationId")
        }),
        1 => table().prop_map(|table| {
            format!(" | union ({table} | project CorrelationId, Category, TimeGenerated)")
        }),
        // Of rows with equal keys any may be taken: a key that tells all apart.
        1 => Just(" | top 3 by strcat(TimeGenerated, \"/\", Category, \"/\", CorrelationId) desc".to_owned()),
        1 => table().prop_map(|table| {
            format!(" | lookup kind=inner ({table} | distinct Category) on Category")
        }),
        1 => table().prop_map(|table| {
            format!(" | union kind=inner withsource=from ({table} | project Category, CorrelationId, TimeGenerated)")
        }),
        4 => further_stage(),
        1 => Just(" | sort by TimeGenerated asc, Category | serialize r = row_number()".to_owned()),
        1 => table().prop_map(|table| format!(" | where CorrelationId in (({table} | project CorrelationId))")),
        1 => table().prop_map(|table| format!(" | where Category != toscalar({table} | summarize max(Category))")),
        3 => asking(),
        1 => Just(
            " | summarize TimeGenerated = min(TimeGenerated), n = count() by CorrelationId, Category | sort by n desc, Category \
             | extend r = row_number(), p = prev(CorrelationId) | extend Category = strcat(r, p)"
                .to_owned()
        ),
    ]
}

/// Operators that ask other queries for values.
fn asking() -> impl Strategy<Value = String> {
    let table = || prop_oneof![table(), Just("AuditLogs | where Category == \"a\"".to_owned())];
    prop_oneof![
        table().prop_map(|table| format!(
            " | extend CorrelationId = strcat(CorrelationId, toscalar({table} | count))"
        )),
        table().prop_map(|table| format!(
            " | where CorrelationId !in (({table} | summarize n = count() by CorrelationId | where n > 1 | top 2 by CorrelationId))"
        )),
        (table(), table()).prop_map(|(one, other)| format!(
            " | where Category in (({one} | where CorrelationId in (({other} | project CorrelationId)) | project Category, CorrelationId))"
        )),
        table().prop_map(|table| format!(
            " | summarize TimeGenerated = max(TimeGenerated), n = countif(CorrelationId == toscalar({table} | summarize max(CorrelationId))) \
             by Category | extend CorrelationId = tostring(n)"
        )),
        table().prop_map(|table| format!(
            " | summarize TimeGenerated = max(TimeGenerated), n = count() by CorrelationId, Category \
             | sort by n asc, CorrelationId, Category | where n <= toscalar({table} | summarize dcount(Category))"
        )),
    ]
}

/// Operators that look at rows together or make columns of texts.
fn further_stage() -> impl Strategy<Value = String> {
    select(vec![
        " | take 4",
        " | distinct *",
        " | sort by TimeGenerated desc, CorrelationId asc | limit 5",
        " | partition by Category (top 2 by TimeGenerated asc)",
        " | partition by CorrelationId (summarize TimeGenerated = max(TimeGenerated), CorrelationId = min(CorrelationId) by Category)",
        " | make-series n = count(), m = max(toint(CorrelationId)) default=7 on TimeGenerated \
           from datetime(2024-03-01 23:00) to datetime(2024-03-02 00:30) step 10m by CorrelationId \
         | extend Category = tostring(n), TimeGenerated = todatetime(m[0])",
        " | sort by TimeGenerated asc, Category, CorrelationId | extend d = prev(TimeGenerated), q = next(Category, 2, \"z\") \
         | extend CorrelationId = strcat(CorrelationId, d, q)",
        " | sort by Category asc, TimeGenerated desc, CorrelationId | where prev(Category) == Category or next(CorrelationId) == CorrelationId",
        " | serialize | project CorrelationId, Category, TimeGenerated = coalesce(prev(TimeGenerated, 2), TimeGenerated)",
        " | sort by TimeGenerated asc, CorrelationId, Category | serialize c = row_cumsum(toint(CorrelationId)) \
         | extend Category = strcat(Category, c)",
        " | mv-expand with_itemindex=i p = pack_array(CorrelationId, Category) | extend CorrelationId = strcat(i, p)",
        " | mv-expand bagexpansion=array p = bag_pack(Category, CorrelationId, \"x\", TimeGenerated) to typeof(string) limit 1",
        " | mv-apply a = pack_array(1, toint(CorrelationId)) to typeof(long) on (where a > 1 | top 1 by a | project a) \
         | extend Category = tostring(a)",
        " | parse Category with * \"a\" rest | extend CorrelationId = strcat(CorrelationId, rest)",
        " | parse-where CorrelationId with number:long | extend Category = tostring(number)",
        " | parse-kv Category as (a: string) with (pair_delimiter=\",\", kv_delimiter=\"=\")",
        " | project-rename c = Category | project-reorder c | extend Category = c | project-away c",
        " | sort by TimeGenerated asc, CorrelationId, Category \
         | scan declare (n: long = 0) with (step s output=all: true => n = s.n + 1) | extend Category = tostring(n)",
        " | top-nested 2 of CorrelationId by n = count(), top-nested of Category by TimeGenerated = max(TimeGenerated)",
        " | extend p = tostring(pack_all()) | where p has \"a\"",
        " | extend TimeGenerated = bin(TimeGenerated, 10m), Category = case(Category == \"a\", \"x\", isempty(Category), \"1\", Category)",
    ])
    .prop_map(str::to_owned)
}

pub(crate) fn query() -> impl Strategy<Value = String> {
    let stages = prop::collection::vec(stage(), 1..4).prop_map(|stages| {
        // Columns that stages add have one name each, so that no two are the same.
        let stages =
            stages.iter().map(|stage| stage.clone() + " | project CorrelationId, Category, TimeGenerated");
        stages.collect::<String>()
    });
    let stages = stages.boxed();
    let project = " | project CorrelationId, Category, TimeGenerated";
    prop_oneof![
        4 => (table(), stages.clone()).prop_map(move |(table, stages)| format!("{table}{project}{stages}")),
        1 => (table(), stages.clone(), join()).prop_map(move |(table, stages, join)| {
            let join = join.replace("AuditLogs", "t").replace("SigninLogs", "t").replace("OperationName", "Category");
            format!("let t = materialize({table}{project}); t{stages}{join}")
        }),
        1 => (table(), stages.clone(), stages.clone()).prop_map(move |(table, stages, others)| {
            format!("let t = {table}{project}; t{stages} | where CorrelationId in ((t{others})){stages}")
        }),
        1 => (table(), table(), stages).prop_map(move |(one, two, stages)| {
            format!("union withsource=from ({one}{project}), ({two}{project}){stages}")
        }),
    ]
}
