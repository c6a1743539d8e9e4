//! Somebody becomes the owner of an application.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Owner added to an application
    ///
    /// The owner of an application may add credentials to it and so act with its permissions. Ownership of a powerful
    /// application is a quiet way up.
    id: "m365-application-owner-added",
    version: "1.0.0",
    severity: Low,
    attack: { Persistence: [T1098], PrivilegeEscalation: [T1098] },
    tags: ["Entra ID", "OAuth"],
    references: ["https://learn.microsoft.com/en-us/entra/identity/enterprise-apps/overview-assign-app-owners"],
    false_positives: ["Whoever registers an application becomes its owner."],
    runbook: "Look at the permissions of the application, and at credentials added to it since.",
    title: "{Owner} owns application {Application}",
    dedup: 1h,

    | where Operation in ("Add owner to application.", "Add owner to service principal.")
    | mv-apply Property = ModifiedProperties on (
        summarize Changes = make_bag(bag_pack(tostring(Property.Name), tostring(Property.NewValue)))
      )
    | extend Application = coalesce(tostring(Changes["Application.DisplayName"]), tostring(Changes["ServicePrincipal.DisplayName"]))
    | project CreationTime, UserId, ClientIP, Owner = ObjectId, Application

    context: { "Owner": Owner, "Application": Application, "By": UserId },
    entities: {
        Account { FullName: UserId },
        Account { FullName: Owner },
        IP { Address: ClientIP },
    },

    test "an owner is added" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Add owner to application.", "Workload": "AzureActiveDirectory", "RecordType": 8,
        "UserId": "ana@contoso.com", "ClientIP": "203.0.113.7", "ObjectId": "bob@contoso.com",
        "ModifiedProperties": [{"Name": "Application.DisplayName", "NewValue": "Sync", "OldValue": ""}]
    }
    test "an owner is removed" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Remove owner from application.", "Workload": "AzureActiveDirectory", "RecordType": 8,
        "UserId": "ana@contoso.com", "ObjectId": "bob@contoso.com", "ModifiedProperties": []
    }
}
