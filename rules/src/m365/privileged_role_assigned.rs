//! An account is made a member of a role with far-reaching rights.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Privileged directory role assigned
    ///
    /// An account became a member of a role that can change other accounts, applications or policies. Attackers give
    /// themselves such roles early, to keep a way in and to reach the rest.
    id: "m365-privileged-role-assigned",
    version: "1.0.0",
    severity: High,
    attack: { Persistence: [T1098.003], PrivilegeEscalation: [T1098.003] },
    tags: ["Entra ID", "Privileged access"],
    references: ["https://learn.microsoft.com/en-us/entra/identity/role-based-access-control/permissions-reference"],
    false_positives: ["Administrators come and go; the assignment should match a request, and best be made through Privileged Identity Management."],
    runbook: "Ask the person in UserId for the request. Remove the membership until it is found.",
    title: "{Member} became {Role}",

    | where Operation == "Add member to role."
    | mv-apply Property = ModifiedProperties on (
        where tostring(Property.Name) == "Role.DisplayName"
        | project Role = tostring(Property.NewValue)
      )
    | where Role in (
        "Global Administrator", "Company Administrator", "Privileged Role Administrator", "Privileged Authentication Administrator",
        "Security Administrator", "Conditional Access Administrator", "Application Administrator", "Cloud Application Administrator",
        "Exchange Administrator", "SharePoint Administrator", "User Administrator", "Authentication Administrator",
        "Hybrid Identity Administrator", "Intune Administrator", "Helpdesk Administrator", "Partner Tier2 Support"
      )
    | project CreationTime, UserId, ClientIP, Member = ObjectId, Role

    context: { "Member": Member, "Role": Role, "By": UserId },
    entities: {
        Account { FullName: UserId },
        Account { FullName: Member },
        IP { Address: ClientIP },
    },

    test "a global administrator is made" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Add member to role.", "Workload": "AzureActiveDirectory", "RecordType": 8,
        "UserId": "ana@contoso.com", "ClientIP": "203.0.113.7", "ObjectId": "bob@contoso.com",
        "ModifiedProperties": [{"Name": "Role.DisplayName", "NewValue": "Global Administrator", "OldValue": ""}]
    }
    test "a reader is made" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Add member to role.", "Workload": "AzureActiveDirectory", "RecordType": 8,
        "UserId": "ana@contoso.com", "ObjectId": "bob@contoso.com",
        "ModifiedProperties": [{"Name": "Role.DisplayName", "NewValue": "Message Center Reader", "OldValue": ""}]
    }
}
