rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where OperationName == "x"
    | extend Kind := tolower(Category)
    | where Kind == "y"
}

fn main() {
    let _ = &RULE;
}
