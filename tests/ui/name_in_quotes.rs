rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | extend "Account" = tolower(Identity)
}

fn main() {
    let _ = &RULE;
}
