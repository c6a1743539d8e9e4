//! Somebody consents to an application that asks for mail, files or lasting access.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Consent to an application with far-reaching permissions
    ///
    /// A person, or an administrator for everybody, allowed an application to read mail or files or to keep its access
    /// while nobody is signed in. Illicit applications ask for just that and outlive a change of password.
    id: "m365-application-consent",
    version: "1.0.0",
    severity: Medium,
    attack: { CredentialAccess: [T1528] },
    tags: ["Entra ID", "OAuth"],
    references: ["https://learn.microsoft.com/en-us/defender-office-365/detect-and-remediate-illicit-consent-grants"],
    false_positives: ["Well-known applications ask for the same permissions; look at the publisher and at who else uses it."],
    runbook: "Look the application up by its id. If nobody knows it, revoke the grant and remove the service principal, then look for what it read.",
    title: "{UserId} consented to application {Application}",

    | where Operation == "Consent to application."
    | mv-apply Property = ModifiedProperties on (
        summarize Changes = make_bag(bag_pack(tostring(Property.Name), tostring(Property.NewValue)))
      )
    | extend Permissions = tostring(Changes["ConsentAction.Permissions"])
    | extend Scopes = extract("Scope:\\s*([^\\],]*)", 1, Permissions)
    | where Scopes has_any ("Mail.Read", "Mail.ReadWrite", "Mail.Send", "MailboxSettings.ReadWrite", "Files.Read.All", "Files.ReadWrite.All",
        "Sites.Read.All", "Sites.FullControl.All", "Directory.ReadWrite.All", "full_access_as_user", "EWS.AccessAsUser.All", "user_impersonation", "offline_access")
    | extend ByAdministrator = tobool(Changes["ConsentContext.IsAdminConsent"]), ForEverybody = tobool(Changes["ConsentContext.OnBehalfOfAll"])
    | project CreationTime, UserId, ClientIP, Application = ObjectId, Scopes = trim(" ", Scopes), ByAdministrator, ForEverybody

    context: { "Scopes": Scopes, "For everybody": ForEverybody },
    entities: {
        Account { FullName: UserId },
        IP { Address: ClientIP },
        CloudApplication { AppId: Application },
    },

    test "an application asks for mail and lasting access" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Consent to application.", "Workload": "AzureActiveDirectory", "RecordType": 8,
        "UserId": "ana@contoso.com", "ClientIP": "203.0.113.7", "ObjectId": "768fb398-0000-4000-8000-2141f5eb5ebd",
        "ModifiedProperties": [
            {"Name": "ConsentContext.IsAdminConsent", "NewValue": "False", "OldValue": ""},
            {"Name": "ConsentAction.Permissions", "NewValue": "[] => [[Id: x, ConsentType: Principal, Scope:  offline_access Mail.Read User.Read]]; ", "OldValue": ""}
        ]
    }
    test "an application asks who signs in" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Consent to application.", "Workload": "AzureActiveDirectory", "RecordType": 8,
        "UserId": "ana@contoso.com", "ObjectId": "x",
        "ModifiedProperties": [
            {"Name": "ConsentAction.Permissions", "NewValue": "[] => [[Id: x, ConsentType: Principal, Scope: User.Read openid]]; ", "OldValue": ""}
        ]
    }
}
