//! A mail flow rule is made or changed.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Mail flow rule made or changed
    ///
    /// Mail flow (transport) rules act on every message of the organization. One that copies or redirects messages to an
    /// outside address, or that keeps them from being filtered, works for all mailboxes at once and shows in none.
    id: "m365-transport-rule-changed",
    version: "1.0.0",
    severity: High,
    attack: { Collection: [T1114.003] },
    tags: ["Exchange", "Business email compromise"],
    references: ["https://learn.microsoft.com/en-us/powershell/module/exchange/new-transportrule"],
    false_positives: ["Mail administrators change such rules on schedule; match the alert with a change request."],
    runbook: "Read where the rule sends messages and which ones. Disable it until its author has explained it.",
    title: "Mail flow rule \"{RuleName}\" changed by {UserId}",

    | where Operation in ("New-TransportRule", "Set-TransportRule", "Enable-TransportRule")
    | mv-apply Parameter = Parameters on (
        summarize Settings = make_bag(bag_pack(tostring(Parameter.Name), tostring(Parameter.Value)))
      )
    | extend RuleName = coalesce(tostring(Settings.Name), tostring(Settings.Identity), ObjectId)
    | extend Recipient = coalesce(tostring(Settings.BlindCopyTo), tostring(Settings.CopyTo), tostring(Settings.RedirectMessageTo), tostring(Settings.AddToRecipients))
    | extend SourceIp = coalesce(extract("^\\[([^\\]]+)\\]", 1, ClientIP), extract("^([0-9]+\\.[0-9.]+)", 1, ClientIP), ClientIP)
    | project CreationTime, Operation, UserId, SourceIp, RuleName, Recipient, Settings

    context: { "Sends to": Recipient, "By": UserId },
    entities: {
        Account { FullName: UserId },
        IP { Address: SourceIp },
    },

    test "a rule copies messages outside" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "New-TransportRule", "Workload": "Exchange", "RecordType": 1,
        "UserId": "admin@contoso.com", "ClientIP": "203.0.113.7",
        "Parameters": [{"Name": "Name", "Value": "."}, {"Name": "BlindCopyTo", "Value": "drop@example.net"}]
    }
    test "a rule is read" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Get-TransportRule", "Workload": "Exchange", "RecordType": 1,
        "UserId": "admin@contoso.com", "Parameters": []
    }
}
