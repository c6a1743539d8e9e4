//! A secret or certificate is added to an application or service principal.

use rule_macros::rule;

rule! { <AuditLogs>
    /// Credential added to an application or service principal
    ///
    /// With a secret or certificate of its own an intruder signs in as the application, past passwords and second factors
    /// of people, and with whatever the application may do.
    id: "entra-application-credential-added",
    version: "1.0.0",
    severity: High,
    attack: { Persistence: [T1098.001], PrivilegeEscalation: [T1098.001] },
    tags: ["Entra ID", "OAuth"],
    references: ["https://learn.microsoft.com/en-us/entra/architecture/security-operations-applications"],
    false_positives: ["Renewals of secrets that are about to expire."],
    runbook: "Ask the initiator. Remove a credential that nobody knows and look for sign-ins of the service principal since.",
    title: "{Initiator} added a credential to {Application}",

    | where OperationName has "Certificates and secrets management" or OperationName =~ "Add service principal credentials"
    | where Result =~ "success"
    | extend Target = TargetResources[0]
    | mv-apply Property = Target.modifiedProperties on (
        where tostring(Property.displayName) =~ "KeyDescription"
        | project Before = tostring(Property.oldValue), After = tostring(Property.newValue)
      )
    | where countof(After, "KeyIdentifier=") > countof(Before, "KeyIdentifier=")
    | extend Initiator = coalesce(tostring(InitiatedBy.user.userPrincipalName), tostring(InitiatedBy.app.displayName))
    | extend InitiatorIp = tostring(InitiatedBy.user.ipAddress)
    | project TimeGenerated, OperationName, Initiator, InitiatorIp, Application = tostring(Target.displayName), ApplicationObjectId = tostring(Target.id),
        KeyType = extract("KeyType=([A-Za-z]+)", 1, After), KeyName = extract("DisplayName=([^\\]\"]*)", 1, After)

    context: { "Application": Application, "Key": KeyName, "Type": KeyType },
    entities: {
        Account { FullName: Initiator },
        IP { Address: InitiatorIp },
        CloudApplication { Name: Application },
    },

    test "a secret is added" fires {
        "TimeGenerated": "2024-03-01T10:15:00Z", "OperationName": "Update application – Certificates and secrets management ",
        "Category": "ApplicationManagement", "Result": "success", "Type": "AuditLogs",
        "InitiatedBy": {"user": {"userPrincipalName": "ana@contoso.com", "ipAddress": "203.0.113.7"}},
        "TargetResources": [{"id": "1", "displayName": "Sync", "modifiedProperties": [
            {"displayName": "KeyDescription", "oldValue": "[]", "newValue": "[\"[KeyIdentifier=1,KeyType=Password,KeyUsage=Verify,DisplayName=x]\"]"}
        ]}]
    }
    test "a secret is removed" silent {
        "TimeGenerated": "2024-03-01T10:15:00Z", "OperationName": "Update application – Certificates and secrets management ",
        "Category": "ApplicationManagement", "Result": "success", "Type": "AuditLogs",
        "InitiatedBy": {"user": {"userPrincipalName": "ana@contoso.com"}},
        "TargetResources": [{"id": "1", "displayName": "Sync", "modifiedProperties": [
            {"displayName": "KeyDescription", "oldValue": "[\"[KeyIdentifier=1,KeyType=Password,KeyUsage=Verify,DisplayName=x]\"]", "newValue": "[]"}
        ]}]
    }
}
