//! A mailbox is set to forward its mail.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Mailbox set to forward mail
    ///
    /// Somebody set a forwarding address on a mailbox, so that a copy of every message, or every message itself, goes
    /// elsewhere. After a mailbox is taken over, this is the simplest way to keep reading it once the password is changed.
    id: "m365-mailbox-forwarding",
    version: "1.0.0",
    severity: High,
    attack: { Collection: [T1114.003] },
    tags: ["Exchange", "Business email compromise"],
    references: ["https://learn.microsoft.com/en-us/powershell/module/exchange/set-mailbox"],
    false_positives: ["Mail of somebody who left is forwarded to a successor, usually to an address of the same organization."],
    runbook: "Compare the domain of the address with your own. Ask the owner of the mailbox. Remove the forwarding and look for sign-ins from SourceIp before the change.",
    title: "Mail of {Mailbox} is forwarded to {Address}",

    | where Operation == "Set-Mailbox"
    | where Parameters has "ForwardingSmtpAddress" or Parameters has "ForwardingAddress"
    | mv-apply Parameter = Parameters on (
        summarize Settings = make_bag(bag_pack(tostring(Parameter.Name), tostring(Parameter.Value)))
      )
    | extend Address = coalesce(tostring(Settings.ForwardingSmtpAddress), tostring(Settings.ForwardingAddress))
    | where isnotempty(Address)
    | extend Address = replace_regex(Address, "(?i)^smtp:", "")
    | extend KeepsCopy = tobool(Settings.DeliverToMailboxAndForward)
    | extend SourceIp = coalesce(extract("^\\[([^\\]]+)\\]", 1, ClientIP), extract("^([0-9]+\\.[0-9.]+)", 1, ClientIP), ClientIP)
    | project CreationTime, UserId, SourceIp, Mailbox = ObjectId, Address, KeepsCopy

    context: { "Forwarded to": Address, "Mailbox": Mailbox, "By": UserId },
    entities: {
        Account { FullName: UserId },
        IP { Address: SourceIp },
        Mailbox { MailboxPrimaryAddress: Mailbox },
    },

    test "an address is set" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Set-Mailbox", "Workload": "Exchange", "RecordType": 1,
        "UserId": "ana@contoso.com", "ClientIP": "203.0.113.7:16902", "ObjectId": "ana",
        "Parameters": [
            {"Name": "Identity", "Value": "ana"},
            {"Name": "ForwardingSmtpAddress", "Value": "smtp:drop@example.net"},
            {"Name": "DeliverToMailboxAndForward", "Value": "True"}
        ]
    } -> { SourceIp: "203.0.113.7" }
    test "the address is taken away" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Set-Mailbox", "Workload": "Exchange", "RecordType": 1,
        "UserId": "ana@contoso.com", "ObjectId": "ana",
        "Parameters": [{"Name": "ForwardingSmtpAddress", "Value": ""}]
    }
    test "another setting" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Set-Mailbox", "Workload": "Exchange", "RecordType": 1,
        "UserId": "ana@contoso.com", "ObjectId": "ana",
        "Parameters": [{"Name": "ProhibitSendQuota", "Value": "99 GB"}]
    }
}
