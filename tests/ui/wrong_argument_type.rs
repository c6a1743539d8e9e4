rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | where TimeGenerated > ago("1d")
}

fn main() {
    let _ = &RULE;
}
