rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | where TimeGenerated > todatetime("2024-13-01")
}

fn main() {
    let _ = &RULE;
}
