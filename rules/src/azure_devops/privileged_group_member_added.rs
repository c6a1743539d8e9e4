//! Seed: Microsoft Sentinel, "New PA, PCA, or PCAS added to Azure DevOps".

use rule_macros::rule;

rule! { <ADOAuditLogs>
    /// New PA, PCA, or PCAS added to Azure DevOps
    ///
    /// Much of what can be done against Azure DevOps needs elevated permissions. The rule reports users who are added to
    /// a group of administrators, with what they did in the same hour; where least privilege holds they are few.
    /// Permissions also come through Entra groups, which are to be watched as well.
    id: "35ce9aff-1708-45b8-a295-5e9a307f5f17",
    version: "1.0.6",
    severity: Medium,
    kind: "Scheduled",
    status: "Available",
    attack: { InitialAccess: [T1078.004] },
    schedule: every 1d over 1d,
    trigger: > 0,
    full_scan: accepted,

    query: r#"
ADOAuditLogs
| where OperationName =~ "Group.UpdateGroupMembership.Add"
| where Details has_any ("Project Administrators", "Project Collection Administrators", "Project Collection Service Accounts", "Build Administrator")
| project-reorder TimeGenerated, Details, ActorUPN, IpAddress, UserAgent, AuthenticationMechanism, ScopeDisplayName
| extend timekey = bin(TimeGenerated, 1h)
| extend ActorUserId = tostring(Data.MemberId)
| project timekey, ActorUserId, AddingUser=ActorUPN, TimeAdded=TimeGenerated, PermissionGrantDetails = Details
// Get details of operations conducted by user soon after elevation of permissions
| join (ADOAuditLogs
| extend ActorUserId = tostring(Data.MemberId)
| extend timekey = bin(TimeGenerated, 1h)) on timekey, ActorUserId
| summarize ActionsWhenAdded = make_set(OperationName) by ActorUPN, AddingUser, TimeAdded, PermissionGrantDetails, IpAddress, UserAgent
| extend AccountName = tostring(split(ActorUPN, "@")[0]), AccountUPNSuffix = tostring(split(ActorUPN, "@")[1])
| extend AddingUserAccountName = tostring(split(AddingUser, "@")[0]), AddingUserAccountUPNSuffix = tostring(split(AddingUser, "@")[1])
"#,

    entities: {
        Account { FullName: ActorUPN, Name: AccountName, UPNSuffix: AccountUPNSuffix },
        Account { FullName: AddingUser, Name: AddingUserAccountName, UPNSuffix: AddingUserAccountUPNSuffix },
        IP { Address: IpAddress },
    },

    test "a user becomes project administrator" fires [
        {
            "TimeGenerated": "2024-05-01T12:10:00Z", "OperationName": "group.updateGroupMembership.add",
            "Details": "Added Eve to the group Project Administrators", "ActorUPN": "ana@contoso.com",
            "IpAddress": "198.51.100.7", "UserAgent": "browser", "Data": { "MemberId": "m-1" },
        },
        {
            "TimeGenerated": "2024-05-01T12:20:00Z", "OperationName": "Token.PatCreateEvent",
            "Details": "A token was made", "ActorUPN": "eve@contoso.com",
            "IpAddress": "203.0.113.9", "UserAgent": "script", "Data": { "MemberId": "m-1" },
        },
    ] -> {
        ActorUPN: "eve@contoso.com",
        AccountName: "eve",
        AddingUser: "ana@contoso.com",
        AddingUserAccountUPNSuffix: "contoso.com",
        ActionsWhenAdded: "[\"Token.PatCreateEvent\"]",
        IpAddress: "203.0.113.9",
    }

    test "the grant is its own first action" fires {
        "TimeGenerated": "2024-05-01T12:10:00Z", "OperationName": "Group.UpdateGroupMembership.Add",
        "Details": "Added Eve to Project Collection Service Accounts", "ActorUPN": "ana@contoso.com",
        "Data": "{\"MemberId\":\"m-1\"}",
    } -> { ActorUPN: "ana@contoso.com", ActionsWhenAdded: "[\"Group.UpdateGroupMembership.Add\"]" }

    test "a group without privileges" silent [
        {
            "TimeGenerated": "2024-05-01T12:10:00Z", "OperationName": "Group.UpdateGroupMembership.Add",
            "Details": "Added Eve to the group Readers", "ActorUPN": "ana@contoso.com", "Data": { "MemberId": "m-1" },
        },
        {
            "TimeGenerated": "2024-05-01T12:20:00Z", "OperationName": "Token.PatCreateEvent",
            "ActorUPN": "eve@contoso.com", "Data": { "MemberId": "m-1" },
        },
    ]

    test "administrators are removed" silent {
        "TimeGenerated": "2024-05-01T12:10:00Z", "OperationName": "Group.UpdateGroupMembership.Remove",
        "Details": "Removed Eve from the group Project Administrators", "ActorUPN": "ana@contoso.com",
        "Data": { "MemberId": "m-1" },
    }

    test "what was done in the same hour is listed, what came in the next is not" fires [
        {
            "TimeGenerated": "2024-05-01T12:59:00Z", "OperationName": "Group.UpdateGroupMembership.Add",
            "Details": "Added Eve to Build Administrators; the team's Build Administrator asked for it", "ActorUPN": "ana@contoso.com",
            "IpAddress": "198.51.100.7", "UserAgent": "browser", "Data": { "MemberId": "m-1" },
        },
        {
            "TimeGenerated": "2024-05-01T12:00:00Z", "OperationName": "Pipelines.PipelineModified",
            "ActorUPN": "eve@contoso.com", "IpAddress": "203.0.113.9", "UserAgent": "script", "Data": { "MemberId": "m-1" },
        },
        {
            "TimeGenerated": "2024-05-01T12:59:59Z", "OperationName": "Token.PatCreateEvent",
            "ActorUPN": "eve@contoso.com", "IpAddress": "203.0.113.9", "UserAgent": "script", "Data": { "MemberId": "m-1" },
        },
        {
            "TimeGenerated": "2024-05-01T13:00:00Z", "OperationName": "Git.RepositoryDeleted",
            "ActorUPN": "eve@contoso.com", "IpAddress": "203.0.113.9", "UserAgent": "script", "Data": { "MemberId": "m-1" },
        },
        {
            "TimeGenerated": "2024-05-01T12:30:00Z", "OperationName": "Git.RepositoryCreated",
            "ActorUPN": "ben@contoso.com", "IpAddress": "203.0.113.9", "UserAgent": "script", "Data": { "MemberId": "m-2" },
        },
    ] -> {
        ActorUPN: "eve@contoso.com", AddingUser: "ana@contoso.com", TimeAdded: "2024-05-01T12:59:00.0000000Z",
        ActionsWhenAdded: "[\"Pipelines.PipelineModified\",\"Token.PatCreateEvent\"]",
    }

    test "two administrators at once, each with what the other did" fires [
        {
            "TimeGenerated": "2024-05-01T12:10:00Z", "OperationName": "Group.UpdateGroupMembership.Add",
            "Details": "Added Eve to Project Collection Administrators", "ActorUPN": "ana@contoso.com",
            "IpAddress": "198.51.100.7", "UserAgent": "browser", "Data": { "MemberId": "m-1" },
        },
        {
            "TimeGenerated": "2024-05-01T12:11:00Z", "OperationName": "Group.UpdateGroupMembership.Add",
            "Details": "Added Ben to Project Collection Administrators", "ActorUPN": "ana@contoso.com",
            "IpAddress": "198.51.100.7", "UserAgent": "browser", "Data": { "MemberId": "m-2" },
        },
    ] -> {
        PermissionGrantDetails: "Added Ben to Project Collection Administrators",
        ActionsWhenAdded: "[\"Group.UpdateGroupMembership.Add\"]", AddingUserAccountName: "ana",
    }

    test "a longer word is another term" silent {
        "TimeGenerated": "2024-05-01T12:10:00Z", "OperationName": "Group.UpdateGroupMembership.Add",
        "Details": "Added Eve to MyProject AdministratorsOfNothing", "ActorUPN": "ana@contoso.com",
        "Data": { "MemberId": "m-1" },
    }
}
