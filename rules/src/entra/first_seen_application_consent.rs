//! An application gets consent that nobody gave it before.

use rule_macros::rule;

rule! {
    /// First consent to an application in two weeks
    ///
    /// A phishing mail that asks for consent instead of a password brings an application that the organization has never
    /// seen. Consent to one that others consented to within the last fourteen days is no news; the first is.
    id: "entra-first-seen-application-consent",
    version: "1.0.0",
    severity: Medium,
    attack: { CredentialAccess: [T1528] },
    schedule: every 1h over 14d,
    alert_key: TimeGenerated, ApplicationId,
    tags: ["Entra ID", "OAuth"],
    references: ["https://learn.microsoft.com/en-us/security/operations/incident-response-playbook-app-consent"],
    false_positives: ["An application that the organization has just begun to use, or uses less than once in two weeks."],
    runbook: "Look at the application's publisher, age and permissions, and at how the person came to it. Revoke the grant and remove the application unless somebody can say what it is for; look for others who received the same mail.",
    setup: "The rule looks back 14 days: give the first run the past as --history, else every consent is a first one.",
    title: "{Initiator} is the first in two weeks to consent to {Application}",

    query: r#"
let Consents = AuditLogs
    | where OperationName =~ "Consent to application" and Result =~ "success"
    | extend Target = TargetResources[0]
    | project TimeGenerated, ApplicationId = tostring(Target.id), Application = tostring(Target.displayName),
        Initiator = coalesce(tostring(InitiatedBy.user.userPrincipalName), tostring(InitiatedBy.app.displayName)),
        InitiatorIp = tostring(InitiatedBy.user.ipAddress), CorrelationId
    | where isnotempty(ApplicationId);
Consents
| where TimeGenerated > ago(1h)
| summarize arg_min(TimeGenerated, Application, Initiator, InitiatorIp, CorrelationId) by ApplicationId
| join kind=leftanti (Consents | where TimeGenerated <= ago(1h)) on ApplicationId
| project TimeGenerated, Initiator, InitiatorIp, Application, ApplicationId, CorrelationId
"#,

    context: { "Application": Application, "By": Initiator },
    entities: {
        Account { FullName: Initiator },
        IP { Address: InitiatorIp },
        CloudApplication { Name: Application },
    },

    test "consents within the hour, none before: the first counts" fires AuditLogs [
        {
            "TimeGenerated": "2024-03-14T09:30:00Z", "OperationName": "Consent to application", "Result": "success",
            "InitiatedBy": { "user": { "userPrincipalName": "ana@contoso.com", "ipAddress": "198.51.100.7" } },
            "TargetResources": [ { "id": "app-1", "displayName": "Calendar Helper" } ],
        },
        {
            "TimeGenerated": "2024-03-14T09:50:00Z", "OperationName": "consent to application", "Result": "success",
            "InitiatedBy": { "user": { "userPrincipalName": "ben@contoso.com" } },
            "TargetResources": [ { "id": "app-1", "displayName": "Calendar Helper" } ],
        },
        {
            "TimeGenerated": "2024-03-02T09:00:00Z", "OperationName": "Consent to application", "Result": "success",
            "InitiatedBy": { "user": { "userPrincipalName": "ana@contoso.com" } },
            "TargetResources": [ { "id": "app-2", "displayName": "Planner" } ],
        },
    ] -> { Initiator: "ana@contoso.com", Application: "Calendar Helper", InitiatorIp: "198.51.100.7" }

    test "a failed attempt before is no consent" fires AuditLogs [
        {
            "TimeGenerated": "2024-03-10T09:00:00Z", "OperationName": "Consent to application", "Result": "failure",
            "TargetResources": [ { "id": "app-1", "displayName": "Calendar Helper" } ],
        },
        {
            "TimeGenerated": "2024-03-14T09:30:00Z", "OperationName": "Consent to application", "Result": "success",
            "InitiatedBy": { "app": { "displayName": "Onboarding" } },
            "TargetResources": [ { "id": "app-1", "displayName": "Calendar Helper" } ],
        },
    ] -> { Initiator: "Onboarding" }

    test "an hour before, to the second" silent AuditLogs [
        {
            "TimeGenerated": "2024-03-14T08:30:00Z", "OperationName": "Consent to application", "Result": "success",
            "InitiatedBy": { "user": { "userPrincipalName": "ana@contoso.com" } },
            "TargetResources": [ { "id": "app-1", "displayName": "Calendar Helper" } ],
        },
        {
            "TimeGenerated": "2024-03-14T09:30:00Z", "OperationName": "Consent to application", "Result": "success",
            "InitiatedBy": { "user": { "userPrincipalName": "ben@contoso.com" } },
            "TargetResources": [ { "id": "app-1", "displayName": "Calendar Helper" } ],
        },
    ]

    test "thirteen days before" silent AuditLogs [
        {
            "TimeGenerated": "2024-03-01T09:40:00Z", "OperationName": "Consent to application", "Result": "success",
            "InitiatedBy": { "user": { "userPrincipalName": "ana@contoso.com" } },
            "TargetResources": [ { "id": "app-1", "displayName": "Calendar Helper" } ],
        },
        {
            "TimeGenerated": "2024-03-14T09:30:00Z", "OperationName": "Consent to application", "Result": "success",
            "InitiatedBy": { "user": { "userPrincipalName": "ben@contoso.com" } },
            "TargetResources": [ { "id": "app-1", "displayName": "Calendar Helper" } ],
        },
    ]
}
