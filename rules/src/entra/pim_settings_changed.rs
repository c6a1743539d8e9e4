//! Seed: Microsoft Sentinel, "Changes to PIM Settings".

use rule_macros::rule;

rule! { <AuditLogs>
    /// Changes to PIM Settings
    ///
    /// Privileged Identity Management assigns privileges to accounts. This rule reports changes to the settings of a
    /// role, so that somebody makes sure that the change was meant, that it confers no more privilege than intended,
    /// and that it weakens no safeguard of an elevation.
    id: "0ed0fe7c-af29-4990-af7f-bb5ccb231198",
    version: "1.1.1",
    severity: High,
    kind: "Scheduled",
    attack: { PrivilegeEscalation: [T1078.004] },
    schedule: every 1d over 1d,
    trigger: > 0,
    tags: ["AADSecOpsGuide"],
    references: ["https://docs.microsoft.com/azure/active-directory/fundamentals/security-operations-privileged-accounts#changes-to-privileged-accounts"],
    connectors: { AzureActiveDirectory: [AuditLogs] },
    source: "Community",
    author: ["Microsoft Security Research"],
    support: "Community",
    categories: ["Security - Others", "Identity"],

    | where Category =~ "RoleManagement"
    | where OperationName =~ "Update role setting in PIM"
    | extend InitiatingUserPrincipalName = tostring(InitiatedBy.user.userPrincipalName)
    | extend InitiatingAadUserId = tostring(InitiatedBy.user.id)
    | extend InitiatingIPAddress = tostring(InitiatedBy.user.ipAddress)
    | extend InitiatingAccountName = tostring(split(InitiatingUserPrincipalName, "@")[0]), InitiatingAccountUPNSuffix = tostring(split(InitiatingUserPrincipalName, "@")[1])
    | project-reorder TimeGenerated, OperationName, ResultReason, InitiatingUserPrincipalName, InitiatingAadUserId, InitiatingIPAddress, InitiatingAccountName, InitiatingAccountUPNSuffix

    entities: {
        Account {
            FullName: InitiatingUserPrincipalName,
            Name: InitiatingAccountName,
            UPNSuffix: InitiatingAccountUPNSuffix,
        },
        Account { AadUserId: InitiatingAadUserId },
        IP { Address: InitiatingIPAddress },
    },

    test "whatever the case" fires {
        "TimeGenerated": "2024-05-01T12:00:00Z",
        "Category": "rolemanagement",
        "OperationName": "Update Role Setting In PIM",
        "InitiatedBy": { "user": {
            "userPrincipalName": "admin@contoso.com",
            "id": "8a5b2d1c-0000-0000-0000-000000000001",
            "ipAddress": "198.51.100.7",
        } },
    } -> {
        InitiatingAccountName: "admin",
        InitiatingAccountUPNSuffix: "contoso.com",
        InitiatingIPAddress: "198.51.100.7",
    }

    test "initiator as JSON in a string" fires r#"{
        "Category": "RoleManagement",
        "OperationName": "Update role setting in PIM",
        "InitiatedBy": "{\"user\":{\"userPrincipalName\":\"admin@contoso.com\"}}"
    }"# -> { InitiatingUserPrincipalName: "admin@contoso.com", InitiatingIPAddress: "" }

    test "raw export" fires {
        "time": "2024-05-01T12:00:00Z",
        "category": "AuditLogs",
        "operationName": "Update role setting in PIM",
        "properties": {
            "category": "RoleManagement",
            "initiatedBy": { "user": { "userPrincipalName": "admin@contoso.com" } },
        },
    } -> { InitiatingAccountName: "admin" }

    test "another operation" silent {
        "Category": "RoleManagement",
        "OperationName": "Add member to role",
    }

    test "another category" silent {
        "Category": "Policy",
        "OperationName": "Update role setting in PIM",
    }
}
