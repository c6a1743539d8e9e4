//! A conditional access policy is changed or deleted.

use rule_macros::rule;

rule! { <AuditLogs>
    /// Conditional access policy changed or deleted
    ///
    /// Conditional access decides who must use a second factor and from where people may sign in. A policy that was
    /// weakened or removed lets stolen passwords work again.
    id: "entra-conditional-access-policy-changed",
    version: "1.0.0",
    severity: Medium,
    attack: { Persistence: [T1556.009], CredentialAccess: [T1556.009] },
    tags: ["Entra ID", "Conditional access"],
    references: ["https://learn.microsoft.com/en-us/entra/identity/conditional-access/overview"],
    false_positives: ["Planned changes by the team that owns the policies."],
    runbook: "Compare old and new state. Undo a change that nobody asked for and look at what the initiator did before.",
    title: "{Initiator}: {OperationName} \"{Policy}\"",

    | where OperationName in~ ("Update conditional access policy", "Delete conditional access policy", "Update policy", "Delete policy")
    | where Category =~ "Policy" and Result =~ "success"
    | extend Policy = tostring(TargetResources[0].displayName)
    | extend Initiator = coalesce(tostring(InitiatedBy.user.userPrincipalName), tostring(InitiatedBy.app.displayName))
    | extend InitiatorIp = tostring(InitiatedBy.user.ipAddress)
    | extend Before = tostring(TargetResources[0].modifiedProperties[0].oldValue), After = tostring(TargetResources[0].modifiedProperties[0].newValue)
    | project TimeGenerated, OperationName, Initiator, InitiatorIp, Policy, Before, After

    context: { "Policy": Policy, "By": Initiator },
    entities: {
        Account { FullName: Initiator },
        IP { Address: InitiatorIp },
    },

    test "a policy is deleted" fires {
        "time": "2024-03-01T10:15:00Z", "operationName": "Delete conditional access policy", "category": "AuditLogs",
        "properties": {
            "activityDisplayName": "Delete conditional access policy", "category": "Policy", "result": "success",
            "initiatedBy": {"user": {"userPrincipalName": "ana@contoso.com", "ipAddress": "203.0.113.7"}},
            "targetResources": [{"displayName": "Require MFA", "modifiedProperties": []}]
        }
    }
    test "a change that failed" silent {
        "TimeGenerated": "2024-03-01T10:15:00Z", "OperationName": "Update conditional access policy", "Category": "Policy", "Result": "failure",
        "Type": "AuditLogs", "InitiatedBy": {"user": {"userPrincipalName": "ana@contoso.com"}}, "TargetResources": []
    }
}
