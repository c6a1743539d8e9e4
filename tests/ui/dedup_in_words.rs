rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    dedup: { period: 1 hour, by: Identity },

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
