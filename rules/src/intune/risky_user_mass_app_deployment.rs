//! Seed: Defender XDR hunting, "User with uncommon or risky behavior is deploying an Application with Intune to All
//! Users or All Devices".

use rule_macros::rule;

rule! {
    /// User with uncommon or risky behavior is deploying an Application with Intune to All Users or All Devices
    ///
    /// An application is assigned as required to all users or all devices by an account at risk: Entra rates its risk
    /// medium or high, Defender for Cloud Apps saw it behave oddly (impossible travel, an unusual country, suspicious
    /// administration or impersonation, credentials added to an application), or it is a partner's delegated
    /// administrator. Whoever holds such an account can install anything on every managed device. Deployments to all
    /// are also ordinary work, hence the low severity.
    id: "Intune.RiskyUserMassAppDeployment",
    version: "1.0.0",
    severity: Low,
    attack: [T1072],
    schedule: every 1h over 1d,
    trigger: > 0,
    alert_key: AuditEventId, AccountObjectId, BehaviorId,
    full_scan: accepted,
    author: ["Thomas Kurth"],
    references: [
        "https://github.com/ThomasKur/Sentinel-And-DefenderXDR",
        "https://www.linkedin.com/in/thomas-kurth-a86b7851/",
        "https://medium.com/@kurtli_thomas",
        "https://attack.mitre.org/techniques/T1072/",
    ],
    false_positives: ["An administrator rolls an application out to the whole organization."],
    impacted_assets: { AadUserId: AccountObjectId, IP: IpAddress },
    remediation: "Mark the user as compromised, or disable the account.",
    runbook: "Ask the account's owner and its manager whether the rollout was planned. Look at the application's package, at where the account signed in from, and withdraw the assignment until that is clear.",
    title: "{Identity} deploys an application with Intune to all users or all devices",

    query: r#"
IntuneAuditLogs 
| where OperationName == 'Create MobileAppAssignment' or OperationName == 'Patch MobileAppAssignment'
| where  ResultType == 'Success'
| where isnotempty(Properties)
| extend props = parse_json(Properties)
| extend AuditEventId = tostring(props.AuditEventId)
| mv-apply T = props.Targets on (
    // Expand each target's ModifiedProperties (keeps targets even if ModifiedProperties is empty)
    mv-expand MP = T.ModifiedProperties
    // Compute counts of the required signals within the SAME target
    | summarize
        intentRequiredCount = countif(MP.Name == "Intent" and tostring(MP.New) == "Required"),
        targetTypeCount     = countif(MP.Name == "Target.Type" and tostring(MP.New) in ("AllLicensedUsersAssignmentTarget","AllDevicesAssignmentTarget"))
      by AuditEventId, TargetKey = coalesce(tostring(T.Name), tostring(T))
    // Keep only targets that have BOTH signals
    | where intentRequiredCount > 0 and targetTypeCount > 0
)
// Collapse back to the row level and return the matching rows
| summarize matched = count() by AuditEventId
| where matched > 0
// Rejoin to the full original row if you want all columns
| join kind=inner (
    IntuneAuditLogs
    | extend props = parse_json(Properties)
    | extend AuditEventId = tostring(props.AuditEventId)
) on AuditEventId
| project-away AuditEventId1
| extend Actor = extract_json("$.Actor", Properties, typeof(string))
| extend IsDelegatedAdmin = extract_json("$.IsDelegatedAdmin", Actor, typeof(bool))
| extend PartnerTenantId = extract_json("$.PartnerTenantId", Actor, typeof(guid))
| extend AccountObjectId = extract_json("$.ObjectId", Actor, typeof(guid))
// Check for Risky Events
| join kind=leftouter (BehaviorEntities
    | where ActionType in ("ActivityFromInfrequentCountry", "ImpossibleTravelActivity", "SuspiciousAdministrativeActivity","SuspiciousImpersonatedActivity","UnusualAdditionOfCredentialsToAnOauthApp")
    | where EntityType == "User"
    | summarize RiskBehaviors=make_list(ActionType), RiskBehaviorCount=count() by AccountName, BehaviorId) on $left.Identity == $right.AccountName
// Add User Risk Status
| join kind=leftouter (IdentityInfo | where RiskLevel != "" and Type == "User") on $left.Identity == $right.AccountUpn
| join kind=leftouter GraphAPIAuditEvents on $left.CorrelationId == $right.ClientRequestId
| where 
    // Trigger for all users when risky or behaviors are seen.
    (RiskLevel in ("Medium","High") or RiskBehaviorCount > 0) or
    // Trigger for Delegated Admin Users (Idea could be to check if the login is originating from Compliant Device.)
    (IsDelegatedAdmin)
"#,

    entities: {
        Account { AadUserId: AccountObjectId },
        IP { Address: IpAddress },
    },

    test "a risky user deploys to all devices" fires IntuneAuditLogs [
        {
            "TimeGenerated": "2024-05-01T12:00:00Z", "OperationName": "Create MobileAppAssignment",
            "ResultType": "Success", "Identity": "ana@contoso.com", "CorrelationId": "c-1",
            "Properties": {
                "AuditEventId": "e-1",
                "Actor": { "ObjectId": "8a5b2d1c-0000-0000-0000-000000000001", "IsDelegatedAdmin": false,
                    "PartnerTenantId": "00000000-0000-0000-0000-000000000000", "UPN": "ana@contoso.com" },
                "Targets": [ { "Name": "App", "ModifiedProperties": [
                    { "Name": "Intent", "Old": null, "New": "Required" },
                    { "Name": "Target.Type", "Old": null, "New": "AllDevicesAssignmentTarget" },
                ] } ],
            },
        },
        {
            "TimeGenerated": "2024-05-01T11:00:00Z", "OperationName": "Patch DeviceConfiguration",
            "ResultType": "Success", "Identity": "ben@contoso.com", "Properties": { "AuditEventId": "e-0" },
        },
    ], IdentityInfo [
        { "Timestamp": "2024-05-01T08:00:00Z", "AccountUpn": "ana@contoso.com", "Type": "User", "RiskLevel": "High" },
        { "Timestamp": "2024-05-01T08:00:00Z", "AccountUpn": "ben@contoso.com", "Type": "User", "RiskLevel": "" },
    ], GraphAPIAuditEvents {
        "Timestamp": "2024-05-01T12:00:01Z", "RequestMethod": "POST", "ClientRequestId": "c-1",
        "RequestUri": "https://graph.microsoft.com/beta/deviceAppManagement/mobileApps/1/assign",
        "IpAddress": "198.51.100.7",
    } -> {
        AuditEventId: "e-1",
        AccountObjectId: "8a5b2d1c-0000-0000-0000-000000000001",
        RiskLevel: "High",
        IpAddress: "198.51.100.7",
    }

    test "behavior that stands out" fires IntuneAuditLogs {
        "TimeGenerated": "2024-05-01T12:00:00Z", "OperationName": "Patch MobileAppAssignment",
        "ResultType": "Success", "Identity": "ana@contoso.com", "CorrelationId": "c-1",
        "Properties": {
            "AuditEventId": "e-1", "Actor": { "IsDelegatedAdmin": false },
            "Targets": [ { "Name": "App", "ModifiedProperties": [
                { "Name": "Intent", "New": "Required" },
                { "Name": "Target.Type", "New": "AllLicensedUsersAssignmentTarget" },
            ] } ],
        },
    }, BehaviorEntities [
        { "Timestamp": "2024-05-01T10:00:00Z", "BehaviorId": "b-1", "ActionType": "ImpossibleTravelActivity",
          "EntityType": "User", "AccountName": "ana@contoso.com" },
        { "Timestamp": "2024-05-01T10:00:00Z", "BehaviorId": "b-1", "ActionType": "ImpossibleTravelActivity",
          "EntityType": "Ip", "AccountName": "ana@contoso.com" },
    ] -> { BehaviorId: "b-1", RiskBehaviorCount: "1" }

    test "a delegated administrator" fires IntuneAuditLogs {
        "TimeGenerated": "2024-05-01T12:00:00Z", "OperationName": "Create MobileAppAssignment",
        "ResultType": "Success", "Identity": "partner@fabrikam.com",
        "Properties": {
            "AuditEventId": "e-1", "Actor": { "IsDelegatedAdmin": true },
            "Targets": [ { "Name": "App", "ModifiedProperties": [
                { "Name": "Intent", "New": "Required" },
                { "Name": "Target.Type", "New": "AllDevicesAssignmentTarget" },
            ] } ],
        },
    }

    test "a user of low risk" silent IntuneAuditLogs {
        "TimeGenerated": "2024-05-01T12:00:00Z", "OperationName": "Create MobileAppAssignment",
        "ResultType": "Success", "Identity": "ana@contoso.com",
        "Properties": {
            "AuditEventId": "e-1", "Actor": { "IsDelegatedAdmin": false },
            "Targets": [ { "Name": "App", "ModifiedProperties": [
                { "Name": "Intent", "New": "Required" },
                { "Name": "Target.Type", "New": "AllDevicesAssignmentTarget" },
            ] } ],
        },
    }, IdentityInfo {
        "Timestamp": "2024-05-01T08:00:00Z", "AccountUpn": "ana@contoso.com", "Type": "User", "RiskLevel": "Low",
    }, BehaviorEntities {
        "Timestamp": "2024-05-01T10:00:00Z", "BehaviorId": "b-2", "ActionType": "ImpossibleTravelActivity",
        "EntityType": "User", "AccountName": "ben@contoso.com",
    }

    test "the two signals lie in different targets" silent IntuneAuditLogs {
        "TimeGenerated": "2024-05-01T12:00:00Z", "OperationName": "Create MobileAppAssignment",
        "ResultType": "Success", "Identity": "partner@fabrikam.com",
        "Properties": {
            "AuditEventId": "e-1", "Actor": { "IsDelegatedAdmin": true },
            "Targets": [
                { "Name": "A", "ModifiedProperties": [ { "Name": "Intent", "New": "Required" } ] },
                { "Name": "B", "ModifiedProperties": [ { "Name": "Target.Type", "New": "AllDevicesAssignmentTarget" } ] },
            ],
        },
    }

    test "two behaviors of one account are two rows, the other account's is none" fires IntuneAuditLogs {
        "TimeGenerated": "2024-05-01T12:00:00Z", "OperationName": "Create MobileAppAssignment",
        "ResultType": "Success", "Identity": "ana@contoso.com",
        "Properties": "{\"AuditEventId\":\"e-1\",\"Actor\":{\"IsDelegatedAdmin\":false},\"Targets\":[{\"Name\":\"App\",\"ModifiedProperties\":[{\"Name\":\"Intent\",\"New\":\"Required\"},{\"Name\":\"Target.Type\",\"New\":\"AllDevicesAssignmentTarget\"}]}]}",
    }, BehaviorEntities [
        { "Timestamp": "2024-05-01T09:00:00Z", "BehaviorId": "b-1", "ActionType": "SuspiciousAdministrativeActivity",
          "EntityType": "User", "AccountName": "ana@contoso.com" },
        { "Timestamp": "2024-05-01T10:00:00Z", "BehaviorId": "b-2", "ActionType": "ActivityFromInfrequentCountry",
          "EntityType": "User", "AccountName": "ana@contoso.com" },
        { "Timestamp": "2024-05-01T11:00:00Z", "BehaviorId": "b-3", "ActionType": "ImpossibleTravelActivity",
          "EntityType": "User", "AccountName": "ben@contoso.com" },
    ] -> { BehaviorId: "b-2", RiskBehaviors: "[\"ActivityFromInfrequentCountry\"]", RiskBehaviorCount: "1" }

    test "medium risk is enough" fires IntuneAuditLogs {
        "TimeGenerated": "2024-05-01T12:00:00Z", "OperationName": "Patch MobileAppAssignment",
        "ResultType": "Success", "Identity": "ana@contoso.com",
        "Properties": {
            "AuditEventId": "e-1", "Actor": { "IsDelegatedAdmin": false },
            "Targets": [ { "Name": "App", "ModifiedProperties": [
                { "Name": "Intent", "New": "Required" },
                { "Name": "Target.Type", "New": "AllLicensedUsersAssignmentTarget" },
            ] } ],
        },
    }, IdentityInfo {
        "Timestamp": "2024-05-01T08:00:00Z", "AccountUpn": "ana@contoso.com", "Type": "User", "RiskLevel": "Medium",
    } -> { RiskLevel: "Medium" }

    test "nothing odd is known of the account" silent IntuneAuditLogs {
        "TimeGenerated": "2024-05-01T12:00:00Z", "OperationName": "Create MobileAppAssignment",
        "ResultType": "Success", "Identity": "ana@contoso.com",
        "Properties": {
            "AuditEventId": "e-1", "Actor": { "IsDelegatedAdmin": false },
            "Targets": [ { "Name": "App", "ModifiedProperties": [
                { "Name": "Intent", "New": "Required" },
                { "Name": "Target.Type", "New": "AllDevicesAssignmentTarget" },
            ] } ],
        },
    }, BehaviorEntities [
        { "Timestamp": "2024-05-01T10:00:00Z", "BehaviorId": "b-1", "ActionType": "MassDownload",
          "EntityType": "User", "AccountName": "ana@contoso.com" },
        { "Timestamp": "2024-05-01T10:00:00Z", "BehaviorId": "b-2", "ActionType": "ImpossibleTravelActivity",
          "EntityType": "Ip", "AccountName": "ana@contoso.com" },
    ], IdentityInfo {
        "Timestamp": "2024-05-01T08:00:00Z", "AccountUpn": "ana@contoso.com", "Type": "ServiceAccount", "RiskLevel": "High",
    }

    test "the assignment fails" silent IntuneAuditLogs {
        "TimeGenerated": "2024-05-01T12:00:00Z", "OperationName": "Create MobileAppAssignment",
        "ResultType": "Failure", "Identity": "partner@fabrikam.com",
        "Properties": {
            "AuditEventId": "e-1", "Actor": { "IsDelegatedAdmin": true },
            "Targets": [ { "Name": "App", "ModifiedProperties": [
                { "Name": "Intent", "New": "Required" },
                { "Name": "Target.Type", "New": "AllDevicesAssignmentTarget" },
            ] } ],
        },
    }

    test "the application is offered, not required, and to a group" silent IntuneAuditLogs [
        {
            "TimeGenerated": "2024-05-01T12:00:00Z", "OperationName": "Create MobileAppAssignment",
            "ResultType": "Success", "Identity": "partner@fabrikam.com",
            "Properties": {
                "AuditEventId": "e-1", "Actor": { "IsDelegatedAdmin": true },
                "Targets": [ { "Name": "App", "ModifiedProperties": [
                    { "Name": "Intent", "New": "Available" },
                    { "Name": "Target.Type", "New": "AllDevicesAssignmentTarget" },
                ] } ],
            },
        },
        {
            "TimeGenerated": "2024-05-01T12:01:00Z", "OperationName": "Create MobileAppAssignment",
            "ResultType": "Success", "Identity": "partner@fabrikam.com",
            "Properties": {
                "AuditEventId": "e-2", "Actor": { "IsDelegatedAdmin": true },
                "Targets": [ { "Name": "App", "ModifiedProperties": [
                    { "Name": "Intent", "New": "Required" },
                    { "Name": "Target.Type", "New": "GroupAssignmentTarget" },
                ] } ],
            },
        },
    ]
}
