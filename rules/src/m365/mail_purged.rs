//! Messages are deleted beyond recovery.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Mail deleted beyond recovery
    ///
    /// A hard delete takes a message past the folder for deleted items. After fraud by mail it removes what was sent and
    /// what was answered.
    id: "m365-mail-purged",
    version: "1.0.0",
    severity: Low,
    attack: [T1070.008],
    tags: ["Exchange", "Business email compromise"],
    references: ["https://learn.microsoft.com/en-us/purview/audit-mailboxes"],
    false_positives: ["Mail programs purge by themselves, for instance drafts and moved items."],
    runbook: "Look at the subjects and at sign-ins of the account. Copies may be found at the recipients.",
    title: "{UserId} purged mail from the mailbox of {MailboxOwnerUPN}",
    dedup: 1h,

    | where Operation == "HardDelete" and ResultStatus =~ "Succeeded"
    | where LogonType in (0, 1, 2)
    | extend Messages = array_length(AffectedItems), Subject = tostring(AffectedItems[0].Subject), Folder = tostring(AffectedItems[0].ParentFolder.Path)
    | project CreationTime, UserId, ClientIP = coalesce(ClientIPAddress, ClientIP), MailboxOwnerUPN, Messages, Subject, Folder, ClientInfoString

    context: { "Subject": Subject, "Folder": Folder, "Messages": Messages },
    entities: {
        Account { FullName: UserId },
        IP { Address: ClientIP },
        Mailbox { MailboxPrimaryAddress: MailboxOwnerUPN },
    },

    test "a sent message is purged" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "HardDelete", "Workload": "Exchange", "RecordType": 3, "ResultStatus": "Succeeded",
        "UserId": "ana@contoso.com", "ClientIPAddress": "203.0.113.7", "LogonType": 0, "MailboxOwnerUPN": "ana@contoso.com",
        "AffectedItems": [{"Id": "1", "Subject": "Payment", "ParentFolder": {"Path": "\\Sent Items"}}]
    }
    test "a message is moved to the deleted items" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "MoveToDeletedItems", "Workload": "Exchange", "RecordType": 3, "ResultStatus": "Succeeded",
        "UserId": "ana@contoso.com", "LogonType": 0, "MailboxOwnerUPN": "ana@contoso.com", "AffectedItems": []
    }
}
