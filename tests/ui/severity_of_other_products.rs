rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Moderate, attack: none,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
