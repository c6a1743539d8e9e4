rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none, schedule: every 1h over 1h,

    | where OperationName == "x"
    | summarize Users = make_set() by Category
}

fn main() {
    let _ = &RULE;
}
