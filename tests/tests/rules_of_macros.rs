//! Rules that another macro writes: their tokens come from two places, so that the text is rebuilt from spacing.

macro_rules! watch {
    ($module:ident, $id:literal, $operation:literal, $after:literal) => {
        mod $module {
            rule_macros::rule! { <AuditLogs>
                /// An operation is watched
                ///
                /// Somebody asked to be told of it.
                id: $id,
                severity: Low,
                attack: { Persistence: [T1098.003] },

                | where OperationName =~ $operation and Category !in~ ("a-b", "c")
                | where TimeGenerated between (datetime(2024-03-01) .. datetime(2024-03-31 23:59:59)) and DurationMs > -1
                | extend Hour = bin(TimeGenerated, 1h), Actor = tostring(InitiatedBy.user.id)
                | project-away Additional*

                test "it happens" fires {
                    "OperationName": $operation, "TimeGenerated": $after, "DurationMs": 5,
                    "InitiatedBy": { "user": { "id": "u-1" } },
                } -> { Actor: "u-1" }
                test "too early" silent { "OperationName": $operation, "TimeGenerated": "2024-02-28", "DurationMs": 5 }
            }
        }
    };
}

watch!(roles, "watched-roles", "Add member to role", "2024-03-02T10:00:00Z");
watch!(policies, "watched-policies", "Update policy", "2024-03-31T10:00:00Z");

#[test]
fn each_expansion_is_a_rule_of_its_own() {
    assert_eq!(roles::RULE.metadata.id, "watched-roles");
    assert_eq!(policies::RULE.metadata.id, "watched-policies");
    assert_ne!(roles::RULE.query.text, policies::RULE.query.text);
}
