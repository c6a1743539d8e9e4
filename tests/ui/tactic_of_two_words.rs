rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: { Privilege Escalation: [T1078] },

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
