#![deny(deprecated)]

rule_macros::rule! { <AuditLogs>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,

    | where Category == "RoleManagement"
}

fn main() {
    let _ = &RULE;
}
