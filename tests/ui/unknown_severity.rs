rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Hihg, attack: none,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
