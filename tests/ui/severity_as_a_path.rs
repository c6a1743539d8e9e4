rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Severity::High, attack: none,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
