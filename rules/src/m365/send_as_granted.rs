//! A person may send mail in another's name.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Permission to send as another mailbox granted
    ///
    /// With SendAs the trustee's messages carry the mailbox's address, and nothing in them tells the difference. It turns
    /// one compromised account into fraud in the name of another, typically somebody who approves payments.
    id: "m365-send-as-granted",
    version: "1.0.0",
    severity: Medium,
    attack: { Persistence: [T1098.002], PrivilegeEscalation: [T1098.002] },
    tags: ["Exchange", "Business email compromise"],
    references: ["https://learn.microsoft.com/en-us/powershell/module/exchange/add-recipientpermission"],
    false_positives: ["Shared addresses such as support@ are answered by several people in its name."],
    runbook: "Find the request behind the grant. Search mail sent in the mailbox's name since.",
    title: "{Trustee} may send as {Mailbox}",

    | where Operation == "Add-RecipientPermission" and UserType != 3
    | mv-apply Parameter = Parameters on (
        summarize Settings = make_bag(bag_pack(tostring(Parameter.Name), tostring(Parameter.Value)))
      )
    | where tostring(Settings.AccessRights) has "SendAs"
    | extend Trustee = tostring(split(tostring(Settings.Trustee), "/")[-1])
    | extend SourceIp = coalesce(extract("^\\[([^\\]]+)\\]", 1, ClientIP), extract("^([0-9]+\\.[0-9.]+)", 1, ClientIP), ClientIP)
    | project CreationTime, UserId, SourceIp, Mailbox = ObjectId, Trustee

    context: { "Trustee": Trustee, "Mailbox": Mailbox, "By": UserId },
    entities: {
        Account { FullName: UserId },
        Account { Name: Trustee },
        IP { Address: SourceIp },
    },

    test "an administrator grants it" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Add-RecipientPermission", "Workload": "Exchange", "RecordType": 1,
        "UserType": 2, "UserId": "admin@contoso.com", "ClientIP": "203.0.113.7", "ObjectId": "cfo",
        "Parameters": [{"Name": "Trustee", "Value": "contoso.com/bob"}, {"Name": "AccessRights", "Value": "SendAs"}]
    }
    test "a grant to send on behalf is another command" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Set-Mailbox", "Workload": "Exchange", "RecordType": 1,
        "UserType": 2, "UserId": "admin@contoso.com", "ObjectId": "cfo",
        "Parameters": [{"Name": "GrantSendOnBehalfTo", "Value": "bob"}]
    }
}
