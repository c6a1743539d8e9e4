rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | extend x = 1, x = 2
}

fn main() {
    let _ = &RULE;
}
