rule_macros::rule! {
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    let hours = (from: datetime, count: long) { from + count * 1h };
    AuditLogs
    | where OperationName == "x"
    | where TimeGenerated > hours(TimeGenerated, "two")
}

fn main() {
    let _ = &RULE;
}
