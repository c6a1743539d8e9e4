rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a\n", severity: High, attack: none,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
