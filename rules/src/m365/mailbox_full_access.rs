//! A person gives somebody full access to a mailbox.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Full access to a mailbox granted
    ///
    /// Full access lets the trustee open the mailbox and read everything in it. An administrator account in the wrong
    /// hands grants it to itself or to an account made for the purpose. Grants by the service itself are left out.
    id: "m365-mailbox-full-access",
    version: "1.0.0",
    severity: Medium,
    attack: { Persistence: [T1098.002], PrivilegeEscalation: [T1098.002] },
    tags: ["Exchange", "Business email compromise"],
    references: ["https://learn.microsoft.com/en-us/powershell/module/exchange/add-mailboxpermission"],
    false_positives: ["Shared mailboxes and assistants: access is granted by a help desk on request."],
    runbook: "Ask the administrator named in UserId for the request behind the grant. Look at MailItemsAccessed records of the mailbox after it.",
    title: "{Trustee} may open the mailbox {Mailbox}",

    | where Operation == "Add-MailboxPermission" and UserType != 3
    | mv-apply Parameter = Parameters on (
        summarize Settings = make_bag(bag_pack(tostring(Parameter.Name), tostring(Parameter.Value)))
      )
    | where tostring(Settings.AccessRights) has "FullAccess"
    | extend Trustee = tostring(split(tostring(Settings.User), "/")[-1])
    | extend SourceIp = coalesce(extract("^\\[([^\\]]+)\\]", 1, ClientIP), extract("^([0-9]+\\.[0-9.]+)", 1, ClientIP), ClientIP)
    | project CreationTime, UserId, SourceIp, Mailbox = ObjectId, Trustee, AccessRights = tostring(Settings.AccessRights)

    context: { "Trustee": Trustee, "Mailbox": Mailbox, "By": UserId },
    entities: {
        Account { FullName: UserId },
        Account { Name: Trustee },
        IP { Address: SourceIp },
        Mailbox { MailboxPrimaryAddress: Mailbox },
    },

    test "an administrator grants it" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Add-MailboxPermission", "Workload": "Exchange", "RecordType": 1,
        "UserType": 2, "UserId": "admin@contoso.com", "ClientIP": "[2001:db8::7]:47114", "ObjectId": "ana",
        "Parameters": [
            {"Name": "User", "Value": "EURPR01.PROD.OUTLOOK.COM/Organizations/contoso.com/bob"},
            {"Name": "AccessRights", "Value": "FullAccess"}
        ]
    } -> { SourceIp: "2001:db8::7" }
    test "the service grants it" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Add-MailboxPermission", "Workload": "Exchange", "RecordType": 1,
        "UserType": 3, "UserId": "NT AUTHORITY\\SYSTEM", "ObjectId": "DiscoverySearchMailbox",
        "Parameters": [{"Name": "User", "Value": "Discovery Management"}, {"Name": "AccessRights", "Value": "FullAccess"}]
    }
    test "a lesser right" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Add-MailboxPermission", "Workload": "Exchange", "RecordType": 1,
        "UserType": 2, "UserId": "admin@contoso.com", "ObjectId": "ana",
        "Parameters": [{"Name": "User", "Value": "bob"}, {"Name": "AccessRights", "Value": "ReadPermission"}]
    }
}
