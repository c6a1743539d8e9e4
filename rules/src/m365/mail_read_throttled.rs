//! A mailbox is read so fast that its audit is throttled.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Mailbox read faster than its audit can follow
    ///
    /// Exchange stops recording single messages when a thousand of them are read within a day from one session kind. The
    /// mark that says so is set when a whole mailbox is taken, and means that the log will not show what was read.
    id: "m365-mail-read-throttled",
    version: "1.0.0",
    severity: High,
    attack: { Collection: [T1114.002] },
    tags: ["Exchange"],
    references: ["https://learn.microsoft.com/en-us/purview/audit-log-investigate-accounts"],
    false_positives: ["Migration and archiving tools read whole mailboxes; their application ids are known."],
    runbook: "Look at the client and the application that read, and treat the whole mailbox as read.",
    title: "Mailbox {MailboxOwnerUPN} is read in bulk",
    dedup: 1d,

    | where Operation == "MailItemsAccessed"
    | mv-apply Property = OperationProperties on (
        summarize Access = make_bag(bag_pack(tostring(Property.Name), tostring(Property.Value)))
      )
    | where tobool(Access.IsThrottled)
    | project CreationTime, UserId, ClientIP = coalesce(ClientIPAddress, ClientIP), MailboxOwnerUPN,
        AccessType = tostring(Access.MailAccessType), ClientInfoString, AppId

    context: { "Client": ClientInfoString, "Application": AppId },
    entities: {
        Account { FullName: UserId },
        IP { Address: ClientIP },
        Mailbox { MailboxPrimaryAddress: MailboxOwnerUPN },
    },

    test "reading is throttled" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "MailItemsAccessed", "Workload": "Exchange", "RecordType": 50,
        "UserId": "ana@contoso.com", "ClientIPAddress": "203.0.113.7", "MailboxOwnerUPN": "ana@contoso.com",
        "OperationProperties": [{"Name": "MailAccessType", "Value": "Bind"}, {"Name": "IsThrottled", "Value": "True"}]
    }
    test "messages are read" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "MailItemsAccessed", "Workload": "Exchange", "RecordType": 50,
        "UserId": "ana@contoso.com", "MailboxOwnerUPN": "ana@contoso.com",
        "OperationProperties": [{"Name": "MailAccessType", "Value": "Bind"}, {"Name": "IsThrottled", "Value": "False"}]
    }
}
