rule_macros::rule! { <O365Audit>
    /// A title
    ///
    /// A description.
    id: "a", severity: Low, attack: none,
    kuery: r#"event.action:New-InboxRule and"#,
}

fn main() {
    let _ = &RULE;
}
