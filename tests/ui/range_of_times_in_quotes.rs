rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | where TimeGenerated between ("2024-01-01" .. "2024-02-01")
}

fn main() {
    let _ = &RULE;
}
