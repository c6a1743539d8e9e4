rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | where Result has_cs "Success"
}

fn main() {
    let _ = &RULE;
}
