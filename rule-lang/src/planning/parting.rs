//! How a tick's rows can be evaluated where they would take more memory than there is.
//!
//! ```text
//! join … on k | summarize … by k     |  where n > 5 | sort by n | extend r = row_number()
//! rows of different k never meet     |  over what all parts gave, in an order of its own
//!
//! where … | summarize count()        |  …
//! one row after another, none held   |  over what that gave: few rows
//! ```
//!
//! Parts ask less than a [partition key](super::partition) does: the output of all parts comes together again before
//! alerts are made of it. The first stages of the query may be those that a key parts; those behind them see the same rows
//! in the same order however many parts there were, and may be any that read no further events. A final `sort` stays behind,
//! because it sorts what all parts gave. Queries within expressions see all rows, whatever part asks.

use super::compiled::{Input, Parted};
use super::few::Tail;
use super::partition::{self, Flow};
use super::reads::Reads;
use super::{asked, is_row_local};
use rule_model::parting::Parting;
use rule_model::plan::{Assignment, Expr, Operator, Plan, Stage};

/// Finds it for a tail over these inputs.
pub(super) fn find(tail: &Plan, inputs: &[Input]) -> Parted {
    if Tail(tail).holds_few() {
        return if Tail(tail).answers_are_few() {
            Parted::AsTheyCome
        } else {
            Parted::Whole("holds what it asks another query for".to_owned())
        };
    }
    match by_key(tail, inputs) {
        Ok(parting) => Parted::By(parting),
        Err(reason) => Parted::Whole(reason),
    }
}

/// How a tail can be evaluated in parts; else a sentence that says why not, whose subject, the rule, is left out.
fn by_key(tail: &Plan, inputs: &[Input]) -> Result<Parting, String> {
    let bindings = partition::bindings(tail);
    let mut flows = vec![partition::source(&tail.root, &bindings)?];
    let mut reason = None;
    for stage in &tail.root.stages {
        let before: Flow = flows.last().cloned().unwrap_or_default();
        match partition::after(stage, before, &bindings) {
            Ok(flow) => flows.push(flow),
            Err(why) => {
                reason = Some(why);
                break;
            }
        }
    }
    let stages = before_order(&tail.root.stages, flows.len() - 1);
    let (first, rest) = tail.root.stages.split_at(stages);
    let flow = flows.get(stages).cloned().unwrap_or_default();
    let mut keys = flow.complete_keys();
    // Rows that share all keys share any of them: one of a column that is not kept is done without.
    keys.retain(|key| {
        let mut of_inputs =
            key.of_inputs.iter().filter_map(|(number, key)| Some((inputs.get(*number)?, key)));
        of_inputs.all(|(input, key)| Reads::of(key).only(|column| keeps(input, column)))
    });
    if keys.is_empty() {
        return Err(reason.unwrap_or_else(|| "puts together no rows that share a key".to_owned()));
    }
    if let Some(stage) = rest.iter().find(|stage| reads_events(stage)) {
        let why = partition::after(stage, flow, &bindings).err();
        return Err(reason.or(why).unwrap_or_else(|| "reads further events behind a sort".to_owned()));
    }
    if !rest.is_empty() && first.last().is_some_and(|stage| stage.open) {
        return Err("has columns that only the data tells".to_owned());
    }
    let of_input = |input: usize| keys.iter().filter_map(|key| key.of_inputs.get(&input).cloned()).collect();
    let of_inputs: Vec<Vec<Expr>> = (0..inputs.len()).map(of_input).collect();
    let columns = keys.iter().map(|key| flow.column_of(key).cloned()).collect();
    let asks = asked::of_plan(tail).into_iter().any(asked::reads_events);
    Ok(Parting { stages, keys: of_inputs, columns, asks })
}

/// Whether a column is kept of an input.
fn keeps(input: &Input, column: &str) -> bool {
    input.kept().iter().any(|field| field.name == column)
}

/// How many of the first `until` stages come before the sort whose order the last of them would hand on.
fn before_order(stages: &[Stage], until: usize) -> usize {
    let of_order = stages[..until].iter().rev().take_while(|stage| hands_on_order(&stage.operator));
    let sorts = of_order.enumerate().filter(|(_, stage)| matches!(stage.operator, Operator::Sort(_)));
    sorts.last().map_or(until, |(back, _)| until - back - 1)
}

/// Whether an operator gives rows in the order that it has made or was given.
fn hands_on_order(operator: &Operator) -> bool {
    let all_plain =
        |columns: &[Assignment]| columns.iter().all(|assignment| !Reads::of(&assignment.value).window);
    match operator {
        Operator::Sort(_) => true,
        Operator::Where(predicate) => !Reads::of(predicate).window,
        Operator::Extend(columns) | Operator::Project(columns) | Operator::Serialize(columns) => {
            all_plain(columns)
        }
        operator => is_row_local(operator),
    }
}

/// Whether a stage puts its rows together with events that it reads itself.
fn reads_events(stage: &Stage) -> bool {
    stage.operator.queries().into_iter().any(asked::reads_events)
}

#[cfg(test)]
mod tests {
    use super::super::reads::Reads;
    use super::super::tests::{body, sorted};
    use super::super::{Body, Input, Parted};

    /// How many of the root's stages are evaluated in parts, and the columns that the parts' keys read of each input, in
    /// brackets where queries within expressions read events; or why there are none.
    fn parting_of(query: &str) -> Result<String, String> {
        let Body::AcrossEvents { parting, inputs, .. } = body(query) else { panic!("{query}") };
        let parting = match parting {
            Parted::By(parting) => parting,
            Parted::AsTheyCome => return Ok("as they come".to_owned()),
            Parted::Whole(reason) => return Err(reason),
        };
        assert_eq!(parting.keys.len(), inputs.len(), "{query}");
        let of_input = |(keys, input): (&Vec<_>, &Input)| {
            let reads: Vec<_> = keys.iter().flat_map(|key| Reads::of(key).columns).collect();
            let fields = input.kept();
            let kept = |name: &&str| fields.iter().any(|field| field.name == *name);
            assert!(reads.iter().all(kept), "{query}: {reads:?} of {fields:?}");
            sorted(reads.into_iter())
        };
        let keys: Vec<String> = parting.keys.iter().zip(&inputs).map(of_input).collect();
        let keys = keys.join(", ");
        Ok(format!("{}: {}", parting.stages, if parting.asks { format!("({keys})") } else { keys }))
    }

    #[test]
    fn first_stages_are_evaluated_in_parts_and_those_behind_over_what_they_gave() {
        for (query, parting) in [
            ("summarize n = count() by Category", Ok("1: Category")),
            ("summarize n = count() by Id | where n > 5 | top 10 by n", Ok("2: Id")),
            ("summarize n = count() by Id | project n", Ok("2: Id")),
            ("summarize n = count() by Id | summarize max(n), count()", Ok("1: Id")),
            ("summarize n = sum(toreal(Level)) by Id | summarize sum(n), make_list(Id)", Ok("1: Id")),
            ("sort by TimeGenerated asc | summarize l = make_list(Category) by Id", Ok("2: Id")),
            // The order of a final sort is that of all parts together.
            ("summarize n = count() by Id | sort by n | where n > 5", Ok("1: Id")),
            (
                "summarize n = count() by Id | sort by n | where n > toscalar(SigninLogs | count)",
                Ok("1: (Id, )"),
            ),
            ("summarize n = count() by Id | sort by n | extend r = row_number()", Ok("1: Id")),
            ("summarize n = count() by Id | serialize r = row_number(), c = row_cumsum(n)", Ok("1: Id")),
            ("summarize n = count() by Id | sort by n | where prev(n) > n | summarize by Id", Ok("1: Id")),
            ("summarize n = count() by Id | take 5", Ok("1: Id")),
            (
                "summarize n = count() by Id | sort by n | scan declare (m: long = 0) with (step s: true => m = n;)",
                Ok("1: Id"),
            ),
            ("join kind=fullouter (SigninLogs) on Id", Ok("1: Id, Id")),
            ("join kind=leftanti (SigninLogs) on Id | sort by Id asc", Ok("1: Id, Id")),
            (
                "extend k = tolower(Category) | join (SigninLogs | project k = AppId) on k",
                Ok("2: Category, AppId"),
            ),
            // Computed once, the key is a column.
            (
                "project k = bin(TimeGenerated, 1h), t = TimeGenerated, i = tostring(TargetResources[0].id) \
                 | join kind=inner (SigninLogs | extend k = bin(TimeGenerated, 1h)) on k | summarize make_set(AppId) by i, t",
                Ok("2: k, k"),
            ),
            ("partition by Category (top 2 by TimeGenerated) | where Id != ''", Ok("2: Category")),
            (
                "make-series n = count() on TimeGenerated from ago(1d) to now() step 1h by Id | extend s = series_stats_dynamic(n)",
                Ok("2: Id"),
            ),
            (
                "make-series n = count() on TimeGenerated step 1h by Id",
                Err("has make-series, which looks at the rows of all keys"),
            ),
            (
                "summarize n = count() by Id | extend k = tostring(n) | join kind=inner (SigninLogs) on $left.k == $right.ResultType",
                Err("joins rows of several keys"),
            ),
            (
                "summarize n = count() by Id | sort by n | take 5 | union (SigninLogs | project Id)",
                Err("has take, which looks at the rows of all keys"),
            ),
            ("summarize n = count() by Category, Id | join kind=inner (SigninLogs) on Id", Ok("2: Id, Id")),
            ("sort by TimeGenerated", Err("puts together no rows that share a key")),
            ("serialize r = row_number()", Err("numbers or compares neighbouring rows, whatever their key")),
            ("summarize dcount(Id)", Err("summarizes over rows of several keys")),
            // Nothing behind the union reads Category, so that it is not kept of the right side.
            (
                "lookup kind=inner (AuditLogs | distinct Category) on Category | project Id, Category | union (AuditLogs | project Id, Category) | project Id",
                Err("puts together no rows that share a key"),
            ),
        ] {
            let query = format!("AuditLogs | {query}");
            assert_eq!(parting_of(&query), parting.map(str::to_owned).map_err(str::to_owned), "{query}");
        }
        let bound = "let T = AuditLogs | summarize n = count() by Id | sort by n; T | extend m = n";
        assert_eq!(parting_of(bound), Ok("1: Id".to_owned()));
    }

    #[test]
    fn queries_in_expressions_see_all_rows_whatever_part_asks() {
        for (query, parting) in [
            ("summarize n = count() * 1.0 / toscalar(SigninLogs | count) by Id", Ok("1: (Id, )")),
            (
                "summarize n = count() by Id | summarize m = count() + toscalar(SigninLogs | count)",
                Ok("1: (Id, )"),
            ),
            (
                "where Id in ((SigninLogs | where AppId == 'a' | project Id)) | summarize n = count() by Category",
                Ok("2: (Category, )"),
            ),
            (
                "where Id !in ((SigninLogs | top 3 by Id)) | summarize n = count() by Category",
                Ok("2: (Category, )"),
            ),
            // What a file holds is the same for all parts.
            (
                "where Id in ((externaldata(i: string)['x'] | project i)) | summarize n = count() by Category",
                Ok("2: Category"),
            ),
            // Of a key that another query decides nothing is known beforehand.
            (
                "summarize n = count() by k = strcat(Id, toscalar(SigninLogs | count))",
                Err("summarizes over rows of several keys"),
            ),
            (
                "where Id in ((SigninLogs | project Id)) | summarize count()",
                Err("holds what it asks another query for"),
            ),
        ] {
            let query = format!("AuditLogs | {query}");
            assert_eq!(parting_of(&query), parting.map(str::to_owned).map_err(str::to_owned), "{query}");
        }
        let bound = "let T = materialize(AuditLogs | summarize n = count() by Id); \
             T | where n > 2 and Id in ((T | top 5 by n | project Id))";
        assert_eq!(parting_of(bound), Ok("1: (Id)".to_owned()));
    }

    #[test]
    fn rows_are_let_go_of_as_they_come_where_few_are_made_of_them() {
        for (query, is_so) in [
            ("summarize count(), max(TimeGenerated)", true),
            ("extend d = TargetResources[0] | where tostring(d.id) != '' | count | where Count > 5", true),
            ("mv-expand t = TargetResources | summarize n = countif(tostring(t.id) == 'x')", true),
            ("top 3 by TimeGenerated", true),
            ("count | union (SigninLogs | count)", true),
            ("where Id in ((externaldata(i: string)['x'] | project i))", true),
            ("where Level == toscalar(SigninLogs | summarize max(Id)) | project Id", true),
            ("where Level in ((SigninLogs | project Id)) | project Id", false),
            ("take 5 | sort by TimeGenerated", true),
            ("summarize n = count() | extend share = n * 1.0 / toscalar(SigninLogs | count)", true),
            ("summarize n = count() | join kind=inner (SigninLogs | count) on $left.n == $right.Count", true),
            (
                "summarize n = tostring(count()) | join kind=inner (SigninLogs) on $left.n == $right.ResultType",
                false,
            ),
            ("summarize n = count() by Id", false),
            ("summarize make_list(Id)", false),
            ("summarize dcount(Id)", false),
            ("top 100000 by TimeGenerated", false),
            ("sort by TimeGenerated | take 5", true),
            ("extend p = prev(Id) | count", false),
        ] {
            let found = parting_of(&format!("AuditLogs | {query}"));
            assert_eq!(found == Ok("as they come".to_owned()), is_so, "{query}: {found:?}");
        }
    }
}
