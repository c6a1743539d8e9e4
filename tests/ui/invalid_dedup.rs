rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none, dedup: { by: [Identity] },

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
