rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName matches regex "^Add (?!owner)"
}

fn main() {
    let _ = &RULE;
}
