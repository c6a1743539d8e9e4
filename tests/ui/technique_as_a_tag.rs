rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: ["attack.t1098"],

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
