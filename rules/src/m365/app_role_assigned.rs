//! An application permission is granted to a service principal.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Application permission that writes or reads everything granted
    ///
    /// An application role works without any user: with Mail.ReadWrite an application reads every mailbox. Granting one
    /// needs an administrator and is rare, so every grant of a far-reaching one is worth a look.
    id: "m365-app-role-assigned",
    version: "1.0.0",
    severity: High,
    attack: { Persistence: [T1098.003], PrivilegeEscalation: [T1098.003] },
    tags: ["Entra ID", "OAuth"],
    references: ["https://learn.microsoft.com/en-us/graph/permissions-reference"],
    false_positives: ["New integrations; the permission should match what the vendor asks for."],
    runbook: "Ask the person in UserId what the application is for. Remove the grant until then.",
    title: "{UserId} granted {Permission} to {Application}",

    | where Operation == "Add app role assignment to service principal."
    | mv-apply Property = ModifiedProperties on (
        summarize Changes = make_bag(bag_pack(tostring(Property.Name), tostring(Property.NewValue)))
      )
    | extend Permission = tostring(Changes["AppRole.Value"]), Application = tostring(Changes["ServicePrincipal.DisplayName"])
    | where Permission endswith ".All" or Permission in ("Mail.Read", "Mail.ReadWrite", "Mail.Send", "MailboxSettings.ReadWrite", "full_access_as_app")
    | project CreationTime, UserId, ClientIP, Application, ApplicationId = tostring(Changes["ServicePrincipal.AppId"]), Permission

    context: { "Permission": Permission, "Application": Application },
    entities: {
        Account { FullName: UserId },
        IP { Address: ClientIP },
        CloudApplication { Name: Application, AppId: ApplicationId },
    },

    test "an application may write the directory" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Add app role assignment to service principal.", "Workload": "AzureActiveDirectory",
        "RecordType": 8, "UserId": "ana@contoso.com", "ClientIP": "203.0.113.7", "ObjectId": "x",
        "ModifiedProperties": [
            {"Name": "AppRole.Value", "NewValue": "Directory.ReadWrite.All", "OldValue": ""},
            {"Name": "ServicePrincipal.DisplayName", "NewValue": "Sync", "OldValue": ""}
        ]
    }
    test "an application may read its own settings" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Add app role assignment to service principal.", "Workload": "AzureActiveDirectory",
        "RecordType": 8, "UserId": "ana@contoso.com", "ObjectId": "x",
        "ModifiedProperties": [{"Name": "AppRole.Value", "NewValue": "Application.ReadWrite.OwnedBy", "OldValue": ""}]
    }
}
