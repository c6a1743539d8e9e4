#![deny(deprecated)]

rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: High, attack: none, schedule: every 1d over 1h,

    | where OperationName == "x"
}

fn main() {
    let _ = &RULE;
}
