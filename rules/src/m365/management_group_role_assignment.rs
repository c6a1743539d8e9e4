//! A role is assigned to a management group of Exchange.

use rule_macros::rule;

rule! { <O365Audit>
    /// Microsoft 365 Exchange Management Group Role Assignment
    ///
    /// A management role of Exchange was assigned to a role group, user or policy. An adversary who assigns a role keeps the
    /// rights it carries for as long as nobody looks.
    id: "microsoft-365-exchange-management-group-role-assignment",
    version: "207",
    severity: Medium,
    risk_score: 47,
    kind: "query",
    author: ["Elastic"],
    licence: "Elastic License v2",
    indices: ["filebeat-*", "logs-o365*"],
    schedule: every 5m over 30m,
    lookback: 25m,
    max_alerts: 100,
    attack: { Persistence: [T1098] },
    tags: [
        "Domain: Cloud", "Data Source: Microsoft 365", "Use Case: Identity and Access Audit", "Tactic: Persistence",
        "Resources: Investigation Guide",
    ],
    references: [
        "https://docs.microsoft.com/en-us/powershell/module/exchange/new-managementroleassignment?view=exchange-ps",
        "https://docs.microsoft.com/en-us/microsoft-365/admin/add-users/about-admin-roles?view=o365-worldwide",
    ],
    setup: "Records of the Office 365 Logs Fleet integration, of the Filebeat module, or of the same structure.",
    investigation: "Confirm action and outcome of the event. Find the account behind it and whether it may assign roles. Look at what the role allows, at the earlier assignments of the account, and at its other activity around that time, address included.",
    false_positives: [
        "Administrators assign roles in their daily work.",
        "Scripts and tools that manage roles do so too; exclude the ones you know.",
        "Maintenance windows and people joining or moving come with assignments.",
    ],
    remediation: "Take the role away again, review what the account did since, check the other assignments for the same, tell the security team, watch the account, and narrow down who may assign roles.",

    kuery: r#"event.dataset:o365.audit and event.provider:Exchange and event.category:web and event.action:"New-ManagementRoleAssignment" and event.outcome:success"#,

    test "a role is assigned" fires {
        "@timestamp": "2024-03-01T10:15:00.000Z",
        "event": {
            "action": "New-ManagementRoleAssignment", "category": ["web"], "dataset": "o365.audit", "outcome": "success", "provider": "Exchange"
        },
        "user": { "id": "ana@contoso.com" }
    }
    test "flat names" fires {
        "@timestamp": "2024-03-01T10:15:00.000Z", "event.action": "New-ManagementRoleAssignment", "event.category": "web",
        "event.dataset": "o365.audit", "event.outcome": "success", "event.provider": "Exchange"
    }
    test "any element of an array" fires {
        "@timestamp": "2024-03-01T10:15:00.000Z",
        "event": {
            "action": ["added-role", "New-ManagementRoleAssignment"], "category": ["iam", "web"], "dataset": ["o365.audit"],
            "outcome": ["success"], "provider": ["Exchange"]
        }
    }
    test "an array without the action" silent {
        "@timestamp": "2024-03-01T10:15:00.000Z",
        "event": {
            "action": ["New-ManagementRoleAssignmentPolicy"], "category": ["web"], "dataset": "o365.audit", "outcome": "success", "provider": "Exchange"
        }
    }
    test "an assignment that failed" silent {
        "@timestamp": "2024-03-01T10:15:00.000Z",
        "event": {
            "action": "New-ManagementRoleAssignment", "category": ["web"], "dataset": "o365.audit", "outcome": "failure", "provider": "Exchange"
        }
    }
    test "another case of a keyword" silent {
        "@timestamp": "2024-03-01T10:15:00.000Z",
        "event": {
            "action": "new-managementroleassignment", "category": ["web"], "dataset": "o365.audit", "outcome": "success", "provider": "Exchange"
        }
    }
}
