//! The second factor of an account is taken away.

use rule_macros::rule;

rule! { <AuditLogs>
    /// Multifactor authentication of an account disabled
    ///
    /// Somebody turned off the second factor of an account, or deleted the methods it had registered. What is left is a
    /// password.
    id: "entra-strong-authentication-disabled",
    version: "1.0.0",
    severity: High,
    attack: { Persistence: [T1556.006], CredentialAccess: [T1556.006] },
    tags: ["Entra ID", "Authentication"],
    references: ["https://learn.microsoft.com/en-us/entra/identity/monitoring-health/reference-audit-activities"],
    false_positives: ["A lost phone: the help desk removes the old method and the owner registers a new one within minutes."],
    runbook: "Ask the owner over a channel that does not need the account. Look at its next sign-in.",
    title: "{Initiator} took the second factor from {Target}",

    | where OperationName in~ ("Disable Strong Authentication", "Admin deleted security info", "User deleted security info")
    | where Result =~ "success"
    | extend Initiator = coalesce(tostring(InitiatedBy.user.userPrincipalName), tostring(InitiatedBy.app.displayName))
    | extend InitiatorIp = tostring(InitiatedBy.user.ipAddress), Target = tostring(TargetResources[0].userPrincipalName)
    | project TimeGenerated, OperationName, Initiator, InitiatorIp, Target, ResultReason

    context: { "Target": Target, "By": Initiator },
    entities: {
        Account { FullName: Initiator },
        Account { FullName: Target },
        IP { Address: InitiatorIp },
    },

    test "an administrator disables it" fires {
        "TimeGenerated": "2024-03-01T10:15:00Z", "OperationName": "Disable Strong Authentication", "Category": "UserManagement", "Result": "success",
        "Type": "AuditLogs", "InitiatedBy": "{\"user\":{\"userPrincipalName\":\"ana@contoso.com\"}}",
        "TargetResources": "[{\"userPrincipalName\":\"bob@contoso.com\"}]"
    }
    test "it is enabled" silent {
        "TimeGenerated": "2024-03-01T10:15:00Z", "OperationName": "Enable Strong Authentication", "Category": "UserManagement", "Result": "success",
        "Type": "AuditLogs", "InitiatedBy": {"user": {"userPrincipalName": "ana@contoso.com"}}, "TargetResources": []
    }
}
