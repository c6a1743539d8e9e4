//! A secret or certificate is added to an application or service principal.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Credential added to an application
    ///
    /// A new secret or certificate lets whoever holds it sign in as the application, with all of its permissions and
    /// without a second factor. Added to an application that can read mail or directory, it is a lasting back door.
    id: "m365-application-credential-added",
    version: "1.0.0",
    severity: High,
    attack: { Persistence: [T1098.001], PrivilegeEscalation: [T1098.001] },
    tags: ["Entra ID", "OAuth"],
    references: ["https://learn.microsoft.com/en-us/entra/architecture/security-operations-applications"],
    false_positives: ["Secrets are renewed before they expire, usually by the same owner or pipeline."],
    runbook: "Ask the person in UserId. Remove a credential that nobody knows and look for sign-ins of the service principal since.",
    title: "{UserId} added a credential to {Application}",

    | where Operation in (
        "Update application – Certificates and secrets management ", "Add service principal credentials.",
        "Update service principal – Certificates and secrets management "
      )
    | mv-apply Property = ModifiedProperties on (
        where tostring(Property.Name) == "KeyDescription"
        | project Before = tostring(Property.OldValue), After = tostring(Property.NewValue)
      )
    | where countof(After, "KeyIdentifier=") > countof(Before, "KeyIdentifier=")
    | extend Application = iff(array_length(Target) > 3, tostring(Target[3].ID), ObjectId)
    | extend KeyType = extract("KeyType=([A-Za-z]+)", 1, After), KeyName = extract("DisplayName=([^\\]]*)", 1, After)
    | project CreationTime, UserId, ClientIP, Application, ObjectId, KeyType, KeyName

    context: { "Application": Application, "Key": KeyName, "Type": KeyType },
    entities: {
        Account { FullName: UserId },
        IP { Address: ClientIP },
    },

    test "a secret is added" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Update application – Certificates and secrets management ",
        "Workload": "AzureActiveDirectory", "RecordType": 8, "UserId": "ana@contoso.com", "ClientIP": "203.0.113.7", "ObjectId": "Application_1",
        "ModifiedProperties": [
            {"Name": "KeyDescription", "OldValue": "[]", "NewValue": "[\r\n  \"[KeyIdentifier=1,KeyType=Password,KeyUsage=Verify,DisplayName=x]\"\r\n]"}
        ]
    }
    test "a secret is removed" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Update application – Certificates and secrets management ",
        "Workload": "AzureActiveDirectory", "RecordType": 8, "UserId": "ana@contoso.com", "ObjectId": "Application_1",
        "ModifiedProperties": [
            {"Name": "KeyDescription", "OldValue": "[\r\n  \"[KeyIdentifier=1,KeyType=Password,KeyUsage=Verify,DisplayName=x]\"\r\n]", "NewValue": "[]"}
        ]
    }
}
