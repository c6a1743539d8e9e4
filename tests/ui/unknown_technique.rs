rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: { Persistence: [T1098.999] },

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
