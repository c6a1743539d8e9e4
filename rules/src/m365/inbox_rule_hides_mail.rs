//! An inbox rule deletes mail or puts it where nobody looks.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Inbox rule that hides mail
    ///
    /// Whoever sends fraud from a stolen mailbox does not want its owner to see the replies. A rule that deletes matching
    /// messages, or moves them to a folder nobody opens, keeps them out of sight.
    id: "m365-inbox-rule-hides-mail",
    version: "1.0.0",
    severity: Medium,
    attack: [T1564.008],
    tags: ["Exchange", "Business email compromise"],
    references: ["https://learn.microsoft.com/en-us/powershell/module/exchange/new-inboxrule"],
    false_positives: ["People do delete newsletters by rule; a rule on words such as invoice, or with a name of one character, is something else."],
    runbook: "Read the rule's conditions. Ask the owner over another channel than mail. Remove the rule and look for sign-ins from SourceIp.",
    title: "Inbox rule \"{RuleName}\" of {UserId} hides mail",

    | where Operation in ("New-InboxRule", "Set-InboxRule")
    | mv-apply Parameter = Parameters on (
        summarize Settings = make_bag(bag_pack(tostring(Parameter.Name), tostring(Parameter.Value)))
      )
    | extend Folder = coalesce(tostring(Settings.MoveToFolder), tostring(Settings.CopyToFolder))
    | where tobool(Settings.DeleteMessage) or tobool(Settings.SoftDeleteMessage)
        or Folder has_any ("Junk", "RSS", "Archive", "Deleted Items", "Conversation History", "Notes")
    | extend RuleName = tostring(Settings.Name)
    | extend Words = coalesce(tostring(Settings.SubjectOrBodyContainsWords), tostring(Settings.BodyContainsWords), tostring(Settings.SubjectContainsWords))
    | extend SourceIp = coalesce(extract("^\\[([^\\]]+)\\]", 1, ClientIP), extract("^([0-9]+\\.[0-9.]+)", 1, ClientIP), ClientIP)
    | project CreationTime, Operation, UserId, SourceIp, RuleName, Words, From = tostring(Settings.From),
        Deletes = tobool(Settings.DeleteMessage), Folder

    context: { "Words": Words, "Folder": Folder, "Deletes": Deletes },
    entities: {
        Account { FullName: UserId },
        IP { Address: SourceIp },
    },

    test "a rule deletes what speaks of invoices" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "New-InboxRule", "Workload": "Exchange", "RecordType": 1,
        "UserId": "ana@contoso.com", "ClientIP": "203.0.113.7",
        "Parameters": [
            {"Name": "Name", "Value": "."}, {"Name": "BodyContainsWords", "Value": "invoice"},
            {"Name": "DeleteMessage", "Value": "True"}
        ]
    }
    test "a rule moves mail to the feeds folder" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Set-InboxRule", "Workload": "Exchange", "RecordType": 1,
        "UserId": "ana@contoso.com",
        "Parameters": [{"Name": "Name", "Value": "x"}, {"Name": "MoveToFolder", "Value": "RSS Feeds"}]
    }
    test "a rule sorts mail" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "New-InboxRule", "Workload": "Exchange", "RecordType": 1,
        "UserId": "ana@contoso.com",
        "Parameters": [
            {"Name": "Name", "Value": "Projects"}, {"Name": "MoveToFolder", "Value": "Project Kilo"},
            {"Name": "DeleteMessage", "Value": "False"}
        ]
    }
}
