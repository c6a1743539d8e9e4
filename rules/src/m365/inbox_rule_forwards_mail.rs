//! An inbox rule sends mail elsewhere.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Inbox rule that forwards mail
    ///
    /// A rule of the mailbox's own forwards or redirects what matches. It needs no administrator, and picks just the
    /// messages that are worth reading, such as those about payments.
    id: "m365-inbox-rule-forwards-mail",
    version: "1.0.0",
    severity: Medium,
    attack: { Collection: [T1114.003] },
    tags: ["Exchange", "Business email compromise"],
    references: ["https://learn.microsoft.com/en-us/powershell/module/exchange/new-inboxrule"],
    false_positives: ["People forward mail to a colleague, or to a private address, without malice; policy decides whether they may."],
    runbook: "Compare the domain of the recipient with your own. Read the rule's conditions and ask the owner.",
    title: "Inbox rule \"{RuleName}\" of {UserId} forwards mail to {Recipient}",

    | where Operation in ("New-InboxRule", "Set-InboxRule")
    | where Parameters has_any ("ForwardTo", "RedirectTo", "ForwardAsAttachmentTo")
    | mv-apply Parameter = Parameters on (
        summarize Settings = make_bag(bag_pack(tostring(Parameter.Name), tostring(Parameter.Value)))
      )
    | extend Recipient = coalesce(tostring(Settings.ForwardTo), tostring(Settings.RedirectTo), tostring(Settings.ForwardAsAttachmentTo))
    | where isnotempty(Recipient)
    | extend SourceIp = coalesce(extract("^\\[([^\\]]+)\\]", 1, ClientIP), extract("^([0-9]+\\.[0-9.]+)", 1, ClientIP), ClientIP)
    | project CreationTime, Operation, UserId, SourceIp, RuleName = tostring(Settings.Name), Recipient,
        Words = coalesce(tostring(Settings.SubjectOrBodyContainsWords), tostring(Settings.BodyContainsWords), tostring(Settings.SubjectContainsWords))

    context: { "Recipient": Recipient, "Words": Words },
    entities: {
        Account { FullName: UserId },
        IP { Address: SourceIp },
    },

    test "a rule forwards invoices" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "New-InboxRule", "Workload": "Exchange", "RecordType": 1,
        "UserId": "ana@contoso.com", "ClientIP": "203.0.113.7",
        "Parameters": [
            {"Name": "Name", "Value": "Reports"}, {"Name": "BodyContainsWords", "Value": "invoice"},
            {"Name": "ForwardTo", "Value": "drop@example.net"}
        ]
    }
    test "a rule sorts mail" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "New-InboxRule", "Workload": "Exchange", "RecordType": 1,
        "UserId": "ana@contoso.com", "Parameters": [{"Name": "MoveToFolder", "Value": "ForwardTo"}]
    }
}
