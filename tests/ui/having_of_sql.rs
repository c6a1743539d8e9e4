rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none, schedule: every 1h over 1h,

    | where OperationName == "x"
    | summarize Times = count() by Identity having Times > 5
}

fn main() {
    let _ = &RULE;
}
