//! An administrator consents to an application for everybody.

use rule_macros::rule;

rule! { <AuditLogs>
    /// Consent to an application for the whole organization
    ///
    /// Consent on behalf of everybody gives an application its permissions in every account at once. One administrator who
    /// is tricked into it is enough.
    id: "entra-application-consent-for-everybody",
    version: "1.0.0",
    severity: Medium,
    attack: { CredentialAccess: [T1528] },
    tags: ["Entra ID", "OAuth"],
    references: ["https://learn.microsoft.com/en-us/entra/identity/enterprise-apps/user-admin-consent-overview"],
    false_positives: ["Applications that the organization buys are set up this way."],
    runbook: "Look at the publisher and the permissions. Revoke the grant unless somebody can say what the application is for.",
    title: "{Initiator} consented to {Application} for everybody",

    | where OperationName =~ "Consent to application" and Result =~ "success"
    | extend Target = TargetResources[0]
    | mv-apply Property = Target.modifiedProperties on (
        summarize Changes = make_bag(bag_pack(tostring(Property.displayName), trim("\"", tostring(Property.newValue))))
      )
    | where tobool(Changes["ConsentContext.OnBehalfOfAll"]) or tobool(Changes["ConsentContext.IsAdminConsent"])
    | extend Initiator = coalesce(tostring(InitiatedBy.user.userPrincipalName), tostring(InitiatedBy.app.displayName))
    | project TimeGenerated, Initiator, InitiatorIp = tostring(InitiatedBy.user.ipAddress), Application = tostring(Target.displayName),
        ApplicationObjectId = tostring(Target.id), Permissions = tostring(Changes["ConsentAction.Permissions"])

    context: { "Application": Application, "Permissions": Permissions },
    entities: {
        Account { FullName: Initiator },
        IP { Address: InitiatorIp },
        CloudApplication { Name: Application },
    },

    test "an administrator consents" fires {
        "TimeGenerated": "2024-03-01T10:15:00Z", "OperationName": "Consent to application", "Category": "ApplicationManagement", "Result": "success",
        "Type": "AuditLogs", "InitiatedBy": {"user": {"userPrincipalName": "ana@contoso.com"}},
        "TargetResources": [{"id": "1", "displayName": "Planner", "modifiedProperties": [
            {"displayName": "ConsentContext.OnBehalfOfAll", "oldValue": null, "newValue": "\"True\""}
        ]}]
    }
    test "a person consents alone" silent {
        "TimeGenerated": "2024-03-01T10:15:00Z", "OperationName": "Consent to application", "Category": "ApplicationManagement", "Result": "success",
        "Type": "AuditLogs", "InitiatedBy": {"user": {"userPrincipalName": "ana@contoso.com"}},
        "TargetResources": [{"id": "1", "displayName": "Planner", "modifiedProperties": [
            {"displayName": "ConsentContext.OnBehalfOfAll", "oldValue": null, "newValue": "\"False\""},
            {"displayName": "ConsentContext.IsAdminConsent", "oldValue": null, "newValue": "\"False\""}
        ]}]
    }
}
