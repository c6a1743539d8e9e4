rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x" and Level == 1 -- routine
    | where Category == "y"
}

fn main() {
    let _ = &RULE;
}
