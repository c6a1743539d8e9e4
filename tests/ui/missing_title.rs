rule_macros::rule! { <AuditLogs>
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
