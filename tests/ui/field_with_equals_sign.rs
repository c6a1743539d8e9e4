rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    risk_score = 47,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
