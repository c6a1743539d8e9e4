rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    index=main OperationName="x"
}

fn main() {
    let _ = &RULE;
}
