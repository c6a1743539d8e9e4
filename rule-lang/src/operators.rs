//! The tabular operators for people: how each is written and what it does. The documentation is generated from this
//! list, and each example is a test.

/// A tabular operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TabularOperator {
    /// Its word.
    pub name: &'static str,
    /// Other words for it.
    pub aliases: &'static [&'static str],
    /// How it is written; brackets enclose what may be left out.
    pub syntax: &'static str,
    /// One line of documentation.
    pub summary: &'static str,
    /// A query that uses it.
    pub example: &'static str,
}

/// All of them, by name.
pub const OPERATORS: &[TabularOperator] = &[
    operator(
        "as",
        "T | as Name",
        "names the rows so far, so that the query can read them again",
        "SigninLogs | as S | where ResultType != '0' | join kind=leftanti (S | where ResultType == '0') on UserPrincipalName",
    ),
    operator("count", "T | count [as Name]", "the number of rows", "AuditLogs | count"),
    operator(
        "distinct",
        "T | distinct Column, …",
        "each combination of the columns once",
        "SigninLogs | distinct UserPrincipalName, AppDisplayName",
    ),
    operator(
        "evaluate",
        "T | evaluate plugin(…)",
        "a plugin: bag_unpack, pivot, narrow, ipv4_lookup, ipv6_lookup, rows_near, and counts over windows",
        "AuditLogs | project Result, Category | evaluate pivot(Result)",
    ),
    operator(
        "extend",
        "T | extend Name = Expression, …",
        "adds columns, or replaces those of the same name",
        "AuditLogs | extend Actor = tostring(InitiatedBy.user.userPrincipalName)",
    ),
    operator(
        "find",
        "find [in (Tables)] where Condition [project Columns]",
        "rows of several tables on which a condition holds",
        "find in (AuditLogs, SigninLogs) where CorrelationId == 'x' project CorrelationId",
    ),
    operator("getschema", "T | getschema", "the columns as rows", "AuditLogs | getschema"),
    operator(
        "invoke",
        "T | invoke function(…)",
        "calls a function of the query that takes the rows as its first argument",
        "let failed = (T: (ResultType: string)) { T | where ResultType != '0' }; SigninLogs | invoke failed()",
    ),
    operator(
        "join",
        "T | join [kind=Kind] (Query) on Column, … or $left.a == $right.b",
        "pairs rows of two tables; kinds are innerunique (the default), inner, leftouter, rightouter, fullouter, leftsemi, leftanti, rightsemi, rightanti",
        "AuditLogs | join kind=inner (SigninLogs | where RiskLevelDuringSignIn == 'high') on CorrelationId",
    ),
    operator(
        "lookup",
        "T | lookup [kind=leftouter or inner] (Query) on Column, …",
        "adds the columns of a small table to the rows that match",
        "SigninLogs | lookup (IdentityInfo | project AccountUpn, Department) on $left.UserPrincipalName == $right.AccountUpn",
    ),
    operator(
        "make-series",
        "T | make-series Aggregate [default=Value] on Axis from Start to End step Step [by Column, …]",
        "arrays of aggregates over a regular axis",
        "SigninLogs | make-series n = count() default=0 on TimeGenerated from datetime(2024-03-01) to datetime(2024-03-02) step 1h by UserPrincipalName",
    ),
    also(
        "mv-apply",
        &["mvapply"],
        "T | mv-apply Name = Array [to typeof(Type)], … on (Operators)",
        "runs operators over the elements of each row's arrays",
        "AuditLogs | mv-apply P = TargetResources on (where tostring(P.type) == 'User' | project Target = tostring(P.id))",
    ),
    also(
        "mv-expand",
        &["mvexpand"],
        "T | mv-expand Column [to typeof(Type)], …",
        "a row for each element of arrays, or property of bags",
        "AuditLogs | mv-expand TargetResources",
    ),
    operator(
        "parse",
        "T | parse [kind=simple, relaxed or regex] Text with \"literal\" Column[:type] …",
        "columns out of a text by a pattern; what does not match gives nulls",
        "AuditLogs | parse OperationName with What ' member to ' Kind",
    ),
    operator(
        "parse-kv",
        "T | parse-kv Text as (Name: type, …) with (pair_delimiter=\"…\", kv_delimiter=\"…\")",
        "columns out of a text of names and values",
        "AuditLogs | parse-kv ResultReason as (code: long) with (pair_delimiter=';', kv_delimiter='=')",
    ),
    operator(
        "parse-where",
        "T | parse-where Text with …",
        "as parse, without the rows that do not match",
        "AuditLogs | parse-where OperationName with What ' member to ' Kind",
    ),
    operator(
        "partition",
        "T | partition by Column (Operators)",
        "runs operators over the rows of each value of a column",
        "SigninLogs | partition by UserPrincipalName (top 1 by TimeGenerated)",
    ),
    operator(
        "project",
        "T | project Name = Expression, …",
        "exactly these columns",
        "AuditLogs | project TimeGenerated, Who = Identity",
    ),
    operator(
        "project-away",
        "T | project-away Column, …",
        "without these columns; `*` stands for anything",
        "AuditLogs | project-away Tenant*",
    ),
    operator(
        "project-keep",
        "T | project-keep Column, …",
        "only the columns that match",
        "AuditLogs | project-keep TimeGenerated, *Name",
    ),
    operator(
        "project-rename",
        "T | project-rename New = Old, …",
        "other names for columns",
        "AuditLogs | project-rename Who = Identity",
    ),
    operator(
        "project-reorder",
        "T | project-reorder Column, …",
        "these columns first",
        "AuditLogs | project-reorder TimeGenerated, OperationName",
    ),
    operator(
        "sample",
        "T | sample Number",
        "some rows; here the first, so that a rule gives the same each time",
        "AuditLogs | sample 3",
    ),
    operator(
        "sample-distinct",
        "T | sample-distinct Number of Column",
        "some values of a column; here the first",
        "AuditLogs | sample-distinct 3 of Identity",
    ),
    operator(
        "scan",
        "T | scan [declare (Name: type)] with (step Name: Condition => Column = Value; …)",
        "sequences of rows that match one step after another",
        "SigninLogs | sort by TimeGenerated asc | scan with (step fails: ResultType != '0'; step works: ResultType == '0';)",
    ),
    operator(
        "search",
        "search [in (Tables)] Condition",
        "rows in which a text occurs in any column",
        "search in (AuditLogs) 'contoso'",
    ),
    operator(
        "serialize",
        "T | serialize [Name = Expression, …]",
        "fixes the order of rows for prev(), next(), row_number()",
        "AuditLogs | serialize n = row_number()",
    ),
    also(
        "sort",
        &["order"],
        "T | sort by Column [asc or desc], …",
        "sorts; descending where nothing is said",
        "AuditLogs | sort by TimeGenerated asc",
    ),
    operator(
        "summarize",
        "T | summarize Name = aggregate(…), … by Column, …",
        "a row for each combination of the keys",
        "SigninLogs | summarize n = count() by UserPrincipalName, bin(TimeGenerated, 1h)",
    ),
    also("take", &["limit"], "T | take Number", "that many rows; here the first", "AuditLogs | take 10"),
    operator(
        "top",
        "T | top Number by Column [asc or desc]",
        "the first rows by a column",
        "SigninLogs | top 5 by TimeGenerated",
    ),
    operator(
        "top-nested",
        "T | top-nested Number of Column by aggregate(…), …",
        "the largest groups, and within each the largest",
        "SigninLogs | top-nested 2 of AppDisplayName by count(), top-nested 1 of UserPrincipalName by count()",
    ),
    operator(
        "union",
        "T | union [kind=inner or outer] [withsource=Name] (Query), …",
        "the rows of several tables",
        "union withsource=From AuditLogs, SigninLogs | where CorrelationId == 'x'",
    ),
    also(
        "where",
        &["filter"],
        "T | where Condition",
        "the rows on which a condition is true: neither false nor null",
        "AuditLogs | where Category =~ 'RoleManagement'",
    ),
];

const fn operator(
    name: &'static str,
    syntax: &'static str,
    summary: &'static str,
    example: &'static str,
) -> TabularOperator {
    also(name, &[], syntax, summary, example)
}

const fn also(
    name: &'static str,
    aliases: &'static [&'static str],
    syntax: &'static str,
    summary: &'static str,
    example: &'static str,
) -> TabularOperator {
    TabularOperator { name, aliases, syntax, summary, example }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemas::Schemas;

    #[test]
    fn every_example_compiles_and_uses_its_operator() {
        for operator in OPERATORS {
            assert!(operator.example.contains(operator.name), "{}", operator.name);
            let compiled = crate::compile_query(operator.example, &Schemas::builtin());
            assert!(compiled.is_ok(), "{}: {:?}", operator.example, compiled.err());
        }
    }

    #[test]
    fn the_list_is_in_order() {
        assert!(OPERATORS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
