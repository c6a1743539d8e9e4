//! Plans of rules: what becomes of their conditions.

use super::{Body, Compiled, DispatchKey, Indicator, Input, RowBuilder, plan};
use crate::rule::{self, Files};
use crate::schemas::Schemas;

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<String, String> {
        Err("there are no files here".to_owned())
    }
}

pub(super) fn body(query: &str) -> Body {
    let text = format!(
        "/// T\n///\n/// D.\nid: \"a\", severity: Low, attack: none, schedule: every 1h over 1h, full_scan: accepted,\n{query}"
    );
    let schemas = Schemas::builtin();
    let outcome = rule::compile(&text, &schemas, &NoFiles);
    let rule = outcome.rule.unwrap_or_else(|| panic!("{query}: {:?}", outcome.diagnostics));
    plan(&rule, &schemas).body
}

/// The plan of a query in Kibana's language over Elastic's table.
fn kibana(query: &str) -> Compiled {
    let text = format!(
        "<O365Audit>\n/// T\n///\n/// D.\nid: \"a\", severity: Low, attack: none, kuery: r#\"{query}\"#,"
    );
    let schemas = Schemas::builtin();
    let outcome = rule::compile(&text, &schemas, &NoFiles);
    let rule = outcome.rule.unwrap_or_else(|| panic!("{query}: {:?}", outcome.diagnostics));
    plan(&rule, &schemas)
}

fn input(query: &str) -> Input {
    match body(query) {
        Body::RowLocal { input, .. } => input,
        Body::AcrossEvents { inputs, .. } => inputs.into_iter().next().unwrap(),
    }
}

#[test]
fn tests_of_the_operation_become_keys() {
    let exact = |name: &str| DispatchKey::Exact(name.to_owned());
    let any_case = |name: &str| DispatchKey::AnyCase(name.to_owned());
    let test = |text: &str| DispatchKey::Test(text.to_owned());
    let part = |test: &str, part: &str| DispatchKey::Part { test: test.to_owned(), part: part.to_owned() };
    let field = |value: &str| DispatchKey::Field { column: "Category".to_owned(), value: value.to_owned() };
    for (condition, keys) in [
        ("OperationName == 'a'", vec![exact("a")]),
        ("'a' =~ OperationName", vec![any_case("a")]),
        ("OperationName in ('a', 'b') and Category == 'c'", vec![exact("a"), exact("b")]),
        ("OperationName in~ ('a')", vec![any_case("a")]),
        (
            "OperationName == 'a' or (OperationName =~ 'b' and Category == 'c')",
            vec![exact("a"), any_case("b")],
        ),
        ("OperationName has 'a' and OperationName == 'a b'", vec![exact("a b")]),
        ("OperationName contains 'a'", vec![part("contains \"a\"", "a")]),
        ("OperationName has_any ('a', 'b')", vec![part("has \"a\"", "a"), part("has \"b\"", "b")]),
        ("OperationName has_all ('a', 'bc')", vec![part("has \"bc\"", "bc")]),
        ("OperationName matches regex 'a.c'", vec![test("matches regex \"a.c\"")]),
        ("OperationName == 'a' or Category == 'c'", vec![]),
        ("OperationName != 'a'", vec![]),
        ("Category == 'c'", vec![field("c")]),
        ("Category in~ ('c', 'd') and Result != ''", vec![field("c"), field("d")]),
        ("Category == 'c' or Result == 'd'", vec![]),
    ] {
        assert_eq!(input(&format!("AuditLogs | where {condition}")).keys, keys, "{condition}");
    }
}

#[test]
fn conditions_on_the_operation_alone_are_asked_once_a_name_and_others_of_each_event() {
    for (query, accepts, matches) in [
        ("where OperationName has 'a' and Category == 'c'", 1, 1),
        ("where OperationName has 'a' | where OperationName !has 'b'", 2, 0),
        ("where OperationName == 'a' or (OperationName == 'b' and Category == 'c')", 1, 1),
        ("where OperationName == 'a' or Category == 'c'", 0, 1),
        ("extend x = tolower(Category) | where OperationName == 'a' and x == 'c'", 1, 0),
        ("extend OperationName = 'a' | where OperationName == 'a'", 0, 0),
        ("project OperationName | where OperationName == 'a'", 0, 0),
        ("sort by TimeGenerated | where OperationName == 'a' and Category == 'c'", 1, 1),
        ("sort by TimeGenerated | extend r = row_number() | where Category == 'c'", 0, 0),
        ("sort by TimeGenerated | where prev(Id) != Id | where Category == 'c'", 0, 0),
        ("where TimeGenerated > ago(1h)", 0, 1),
        ("where TimeGenerated > ago(1h) and Category == 'c' | summarize count()", 0, 1),
    ] {
        let input = input(&format!("AuditLogs | {query}"));
        assert_eq!((input.accepts.len(), input.matches.len()), (accepts, matches), "{query}");
    }
}

#[test]
fn a_query_is_generated_run_as_a_plan_or_across_events() {
    for (query, kind) in [
        ("AuditLogs | where Category == 'a' | extend x = 1 | project x", "generated"),
        ("AuditLogs | mv-expand TargetResources | project Category", "plan"),
        ("AuditLogs | extend all = pack_all()", "plan"),
        ("AuditLogs | mv-apply t = TargetResources on (summarize n = count())", "plan"),
        ("AuditLogs | summarize count() by Category", "across 1"),
        ("AuditLogs | join kind=inner (SigninLogs) on CorrelationId", "across 2"),
        ("union AuditLogs, SigninLogs | where Category == 'a'", "across 2"),
        ("AuditLogs | top 1 by TimeGenerated", "across 1"),
        ("AuditLogs | where Category in ((SigninLogs | project Category))", "across 2"),
    ] {
        let found = match body(query) {
            Body::RowLocal { row: RowBuilder::Stages(_), .. } => "generated".to_owned(),
            Body::RowLocal { row: RowBuilder::Plan(_), .. } => "plan".to_owned(),
            Body::AcrossEvents { inputs, .. } => format!("across {}", inputs.len()),
        };
        assert_eq!(found, kind, "{query}");
    }
}

#[test]
fn a_kibana_query_is_found_by_its_action_as_text_and_as_array() {
    let compiled = kibana("event.outcome:success and event.action:\"New-Rule\"");
    let Body::RowLocal { input, row: RowBuilder::Stages(rest) } = compiled.body else {
        panic!("{compiled:?}")
    };
    let keys = [
        DispatchKey::Exact("New-Rule".into()),
        DispatchKey::Part { test: "startswith_cs \"[\"".into(), part: "[".into() },
    ];
    assert_eq!(input.keys, keys);
    assert_eq!((input.accepts.len(), input.matches.len(), rest.len()), (1, 1, 0));
    let indicator = |field: &str, value: &str| Indicator {
        field: field.into(),
        kind: "eq".into(),
        values: vec![value.into()],
    };
    assert_eq!(
        compiled.indicators,
        [indicator("event.outcome", "success"), indicator("event.action", "New-Rule")]
    );
    assert_eq!(
        compiled.stages.last(),
        Some(&("where".to_owned(), "event.outcome:success and event.action:\"New-Rule\"".to_owned()))
    );
}

#[test]
fn a_kibana_query_that_names_no_action_is_found_by_another_field_or_looks_at_every_event() {
    for (query, keys, accepts) in [
        ("event.outcome:success", 1, 0),
        ("event.outcome:(success or failure) and event.provider:*", 2, 0),
        ("event.outcome:true", 0, 0),
        ("not event.action:x", 0, 1),
        ("event.action:x or event.outcome:success", 0, 0),
        ("x", 0, 0),
    ] {
        let Body::RowLocal { input, .. } = kibana(query).body else { panic!("{query}") };
        assert_eq!((input.keys.len(), input.accepts.len()), (keys, accepts), "{query}");
    }
}

#[test]
fn an_input_has_the_columns_that_the_rest_of_the_query_reads() {
    let all = "all";
    for (query, columns) in [
        ("AuditLogs | where Category == 'a'", vec![all]),
        ("AuditLogs | extend x = Identity", vec![all]),
        ("AuditLogs | where Category == 'a' | project x = tolower(Identity)", vec!["Identity"]),
        ("AuditLogs | extend x = Identity | project x, Category", vec!["Category Identity"]),
        ("AuditLogs | mv-expand t = TargetResources | project Category, t", vec!["Category TargetResources"]),
        ("AuditLogs | extend a = pack_all() | project a", vec![all]),
        ("AuditLogs | count", vec![""]),
        ("AuditLogs | where Category == 'a' | summarize n = dcount(Identity) by Type", vec!["Identity Type"]),
        (
            "AuditLogs | summarize arg_max(TimeGenerated, Identity) by Type",
            vec!["TimeGenerated Identity Type"],
        ),
        ("AuditLogs | sort by TimeGenerated | project Identity", vec!["TimeGenerated Identity"]),
        ("AuditLogs | top 1 by TimeGenerated", vec![all]),
        (
            "AuditLogs | join kind=inner (SigninLogs | project AppId, Id) on Id | project Category, AppId",
            vec!["Category Id", "AppId Id"],
        ),
        (
            "AuditLogs | join kind=inner (SigninLogs) on CorrelationId | project Category, Category1, AppId",
            vec!["Category CorrelationId", "Category AppId CorrelationId"],
        ),
        ("AuditLogs | join kind=rightsemi (SigninLogs) on Id | project AppId", vec!["Id", "AppId Id"]),
        (
            "union AuditLogs, SigninLogs | where Category == 'a' | project Identity, AppId",
            vec!["Category Identity", "Category AppId Identity"],
        ),
        (
            "AuditLogs | where Category in ((SigninLogs | project Category)) | project Identity",
            vec!["Category Identity", "Category"],
        ),
        (
            "let s = materialize(SigninLogs | where AppId == 'a'); s | summarize n = count() by Id \
             | join kind=inner (s | project Id, Location) on Id | project n, Location",
            vec!["Id Location"],
        ),
        (
            "AuditLogs | mv-apply t = TargetResources on (where t.type == Category | project u = t.id) | project u",
            vec!["Category TargetResources"],
        ),
    ] {
        let inputs = match body(query) {
            Body::RowLocal { input, .. } => vec![input],
            Body::AcrossEvents { inputs, .. } => inputs,
        };
        let found: Vec<String> = inputs.iter().map(read_columns).collect();
        let sorted = |text: &&str| sorted(text.split_whitespace());
        assert_eq!(found, columns.iter().map(sorted).collect::<Vec<_>>(), "{query}");
    }
}

/// The names of an input's columns in the order of the alphabet, or `all`.
fn read_columns(input: &Input) -> String {
    if input.columns.len() == input.fields.len() {
        "all".to_owned()
    } else {
        sorted(input.columns.iter().map(|&column| input.fields[column].name.as_str()))
    }
}

pub(super) fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.join(" ")
}

/// Which inputs are found by their key: `-`, or the columns that the key reads, with `again` where records are read again.
fn lookups(query: &str) -> Vec<String> {
    let Body::AcrossEvents { inputs, .. } = body(query) else { panic!("{query}") };
    let of_input = |input: &Input| {
        let Some(lookup) = &input.lookup else { return "-".to_owned() };
        let reads = lookup.key.iter().flat_map(|part| super::reads::Reads::of(part).columns);
        let reads = sorted(reads);
        if lookup.rereads { format!("{reads} again") } else { reads }
    };
    inputs.iter().map(of_input).collect()
}

#[test]
fn a_side_that_the_join_does_not_preserve_is_found_by_its_key() {
    for (kind, few_left, few_right) in [
        ("innerunique", ["-", "Id again"], ["Id again", "-"]),
        ("inner", ["-", "Id again"], ["Id again", "-"]),
        ("leftouter", ["-", "Id again"], ["-", "Id"]),
        ("rightouter", ["Id", "-"], ["Id again", "-"]),
        ("fullouter", ["-", "-"], ["-", "-"]),
        ("leftsemi", ["-", "Id again"], ["Id again", "-"]),
        ("leftanti", ["-", "Id again"], ["-", "Id"]),
        ("rightsemi", ["-", "Id again"], ["Id again", "-"]),
        ("rightanti", ["Id", "-"], ["Id again", "-"]),
    ] {
        let query = format!("AuditLogs | where Category == 'a' | join kind={kind} (SigninLogs) on Id");
        assert_eq!(lookups(&query), few_left, "{kind}");
        let query = format!("AuditLogs | join kind={kind} (SigninLogs | where AppId == 'a') on Id");
        assert_eq!(lookups(&query), few_right, "{kind}");
    }
}

#[test]
fn a_key_is_traced_back_as_far_as_rows_of_other_keys_have_no_say() {
    for (side, found) in [
        ("SigninLogs | extend k = tolower(Id)", "Id"),
        ("SigninLogs | extend a = strcat(Id, AppId) | project k = a, Location", "AppId Id"),
        ("SigninLogs | summarize n = count() by k = Id, AppId", "Id"),
        ("SigninLogs | summarize n = count() by AppId | extend k = AppId | where n > 1", "AppId"),
        ("SigninLogs | summarize k = max(Id) by AppId", "-"),
        ("SigninLogs | extend k = Id | top 1 by AppId", "-"),
        ("SigninLogs | extend k = Id | take 1", "-"),
        ("SigninLogs | extend k = Id | serialize n = row_number()", "-"),
        ("SigninLogs | extend k = Id, d = dynamic([1]) | mv-expand d", "Id"),
        ("SigninLogs | extend k = dynamic(['a']) | mv-expand k to typeof(string)", "-"),
        ("SigninLogs | extend k = tostring(now())", "-"),
        ("SigninLogs | extend k = Id | join kind=inner (AuditLogs) on Id", "-"),
    ] {
        let query =
            format!("AuditLogs | where Category == 'a' | extend k = Id | join kind=inner ({side}) on k");
        assert_eq!(lookups(&query)[1].trim_end_matches(" again"), found, "{side}");
    }
}

/// The names of the partition key's parts, or why there is none.
fn partition_of(query: &str) -> Result<String, String> {
    let Body::AcrossEvents { partition, .. } = body(query) else { panic!("{query}") };
    match partition {
        super::Partition::By(keys) => Ok(sorted(keys.iter().map(|key| key.name.as_str()))),
        super::Partition::Whole(reason) => Err(reason),
    }
}

#[test]
fn a_rule_is_parted_by_the_keys_that_its_operators_share() {
    for (query, key) in [
        ("AuditLogs | summarize count() by Category", Ok("Category")),
        ("AuditLogs | summarize count() by Category, Id | where count_ > 1", Ok("Category Id")),
        ("AuditLogs | extend k = tolower(Id) | summarize n = count() by k", Ok("k")),
        ("AuditLogs | summarize n = count() by Category, Id | summarize max(n) by Id", Ok("Id")),
        (
            "AuditLogs | join kind=inner (SigninLogs) on Id, CorrelationId | summarize n = count() by Id",
            Ok("Id"),
        ),
        // The hour is determined by the time.
        (
            "AuditLogs | extend hour = bin(TimeGenerated, 1h) | project TimeGenerated, hour, Id \
             | join (SigninLogs | project hour = bin(TimeGenerated, 1h), Id) on hour, Id | summarize count() by TimeGenerated",
            Ok("hour"),
        ),
        ("AuditLogs | join kind=rightouter (SigninLogs) on Id | summarize n = count() by Id1", Ok("Id")),
        ("union AuditLogs, SigninLogs | summarize n = count() by CorrelationId", Ok("CorrelationId")),
        ("AuditLogs | mv-expand TargetResources | summarize n = count() by Id", Ok("Id")),
        ("AuditLogs | summarize n = count()", Err("summarizes over rows of several keys")),
        (
            "AuditLogs | summarize n = count() by Id | summarize max(n)",
            Err("summarizes over rows of several keys"),
        ),
        ("AuditLogs | summarize n = count() by Id | project n", Err("may make equal alerts of several keys")),
        (
            "AuditLogs | summarize n = count() by Id | summarize max(Id) by n",
            Err("summarizes over rows of several keys"),
        ),
        ("AuditLogs | top 1 by TimeGenerated", Err("has top, which looks at the rows of all keys")),
        (
            "AuditLogs | join kind=rightouter (SigninLogs) on Id | summarize n = count() by Id",
            Err("summarizes over rows of several keys"),
        ),
        ("AuditLogs | join kind=fullouter (SigninLogs) on Id", Err("may make equal alerts of several keys")),
        (
            "AuditLogs | where Id in ((SigninLogs | project Id)) | summarize n = count() by Id",
            Err("asks for a value of another query, which sees the rows of all keys"),
        ),
        // The semi join needs events of one Category together, the last join those of one CorrelationId.
        (
            "let t = materialize(AuditLogs | project CorrelationId, Category); \
             t | join kind=rightsemi (SigninLogs | project CorrelationId, Category) on CorrelationId, Category \
             | union (SigninLogs | project CorrelationId, Category) \
             | join kind=inner (t) on $left.Category == $right.CorrelationId",
            Err("reads a table whose events its keys do not part"),
        ),
    ] {
        assert_eq!(partition_of(query), key.map(str::to_owned).map_err(str::to_owned), "{query}");
    }
}

#[test]
fn the_queries_of_every_expression_are_read_at_the_tick() {
    for (query, inputs) in [
        ("AuditLogs | summarize n = count() * 1.0 / toscalar(SigninLogs | count) by Id", 2),
        (
            "AuditLogs | make-series n = count() on TimeGenerated step 1h by Id, m = toscalar(SigninLogs | summarize max(Id))",
            2,
        ),
        ("AuditLogs | top-nested 2 of Id by countif(Id in ((SigninLogs | project Id)))", 2),
        ("AuditLogs | summarize by Id | mv-expand m = pack_array(toscalar(SigninLogs | count))", 2),
    ] {
        let Body::AcrossEvents { inputs: found, static_tables, .. } = body(query) else { panic!("{query}") };
        let read = found.iter().filter(|input| input.table == "SigninLogs" || !input.columns.is_empty());
        assert_eq!((read.count(), static_tables.len()), (inputs, 0), "{query}");
    }
}

#[test]
fn a_condition_on_the_clock_is_asked_at_the_tick_where_rows_are_counted() {
    for (fields, query, is_local) in [
        ("trigger: > 1,", "AuditLogs | where TimeGenerated > ago(7m)", false),
        ("trigger: > 1,", "AuditLogs | where Id == \"1\" | extend age = now() - TimeGenerated", false),
        ("trigger: > 1,", "AuditLogs | where Id == \"1\"", true),
        ("", "AuditLogs | where TimeGenerated > ago(7m)", true),
    ] {
        let body = body(&format!("{fields}\n{query}"));
        assert_eq!(matches!(body, Body::RowLocal { .. }), is_local, "{fields} {query}");
    }
}

#[test]
fn an_input_is_read_as_far_back_as_its_conditions_on_time_let_pass() {
    for (query, minutes) in [
        ("where TimeGenerated > ago(20m) | summarize count()", Some(20)),
        ("where ago(20m) <= TimeGenerated and Category == 'a' | summarize count()", Some(20)),
        ("where TimeGenerated between (ago(20m) .. ago(10m)) | summarize count()", Some(20)),
        ("where TimeGenerated > now() - 20m | summarize count()", Some(20)),
        ("extend t = TimeGenerated | where t > ago(20m) | where t >= ago(10m) | summarize count()", Some(10)),
        ("project t = TimeGenerated | sort by t | where t > ago(20m) | summarize count()", Some(20)),
        ("extend TimeGenerated = now() | where TimeGenerated > ago(20m) | summarize count()", None),
        (
            "project TimeGenerated = ActivityDateTime | where TimeGenerated > ago(20m) | summarize count()",
            None,
        ),
        ("where TimeGenerated > ago(20m) or Category == 'a' | summarize count()", None),
        ("where TimeGenerated < ago(20m) | summarize count()", None),
        ("where not(TimeGenerated > ago(20m)) | summarize count()", None),
        ("serialize r = row_number() | where TimeGenerated > ago(20m) | summarize count()", None),
        ("summarize TimeGenerated = max(TimeGenerated) by Id | where TimeGenerated > ago(20m)", None),
    ] {
        let query = format!("AuditLogs | {query}");
        assert_eq!(input(&query).recent, minutes.map(rule_model::Timespan::minutes), "{query}");
    }
}

/// How many stages are taken before the ticks, and what is kept of them; else which columns.
fn kept_of(query: &str) -> String {
    let input = input(query);
    let stages = input.made.as_ref().map_or(0, |made| made.stages);
    format!("{stages}: {}", sorted(input.kept().iter().map(|field| field.name.as_str())))
}

#[test]
fn what_looks_at_one_event_alone_is_computed_once_where_that_leaves_less_to_keep() {
    for (query, kept) in [
        ("extend t = TargetResources[0] | extend i = tostring(t.id) | summarize count() by i", "2: i"),
        ("where Level == '1' | extend i = tostring(TargetResources[0].id) | distinct i", "1: i"),
        ("mv-apply t = TargetResources on (summarize n = count()) | summarize sum(n) by Id", "1: Id n"),
        ("mv-expand t = TargetResources | extend i = tostring(t.id) | summarize count() by i", "2: i"),
        ("project i = tostring(TargetResources[0].id), Id | where isnotempty(i) | distinct i", "2: i"),
        (
            "extend j = parse_json(Id) | where tostring(j.a) == '1' | summarize count() by tostring(j.b)",
            "2: j_b",
        ),
        // What a summary asks of one event, too.
        ("summarize count() by tostring(TargetResources[0].id)", "0: TargetResources_0_id"),
        (
            "summarize TargetResources = dcount(tostring(TargetResources)) by Level",
            "0: Level TargetResources'",
        ),
        ("extend t = TargetResources[0] | summarize make_set(tostring(t.id), 5) by Id", "1: Id set_t_id"),
        (
            "project Id, TargetResources | summarize max(tostring(TargetResources)) by tostring(pack_all())",
            "0: Id TargetResources",
        ),
        (
            "summarize make_set(tostring(TargetResources)), make_list(TargetResources), max(now()) by Id",
            "0: Id TargetResources",
        ),
        // The rest needs all that was there before, and more.
        ("extend l = tolower(Id) | summarize max(l) by Id", "0: Id"),
        ("project Id, Level | summarize max(Level) by Id", "0: Id Level"),
        // Only the tick knows the time, and only all rows together their numbers.
        (
            "extend i = tostring(TargetResources[0].id), n = now() | summarize max(n) by i",
            "0: TargetResources",
        ),
        (
            "extend i = tostring(TargetResources[0].id) | where TimeGenerated > ago(1h) | distinct i",
            "1: TimeGenerated i",
        ),
        (
            "sort by Id | extend i = tostring(TargetResources[0].id), r = row_number() | distinct i",
            "0: Id TargetResources",
        ),
        // What may fail fails the tick.
        ("extend i = extract(Level, 1, tostring(TargetResources)) | distinct i", "0: Level TargetResources"),
        ("extend i = extract('(.)', 1, tostring(TargetResources)) | distinct i", "1: i"),
    ] {
        assert_eq!(kept_of(&format!("AuditLogs | {query}")), kept, "{query}");
    }
}
