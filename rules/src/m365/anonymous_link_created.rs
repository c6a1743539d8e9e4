//! A file or folder is shared with anybody who has the link.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Anonymous sharing link created
    ///
    /// A link that works without signing in takes a file out of the organization for whoever gets hold of it, and no
    /// record will say who that was.
    id: "m365-anonymous-link-created",
    version: "1.0.0",
    severity: Low,
    attack: { Exfiltration: [T1567] },
    tags: ["SharePoint", "OneDrive"],
    references: ["https://learn.microsoft.com/en-us/sharepoint/external-sharing-overview"],
    false_positives: ["Sharing by link is the normal way in many organizations; watch for names and places that should not leave."],
    runbook: "Look at the file and ask the person who shared it. Links can be revoked in the file's sharing settings.",
    title: "{UserId} shared {File} with anybody who has the link",
    dedup: 1h,

    | where Operation in ("AnonymousLinkCreated", "AnonymousLinkUpdated")
    | extend File = coalesce(SourceFileName, ObjectId)
    | extend Permission = extract("<Type>([A-Za-z]+)</Type>", 1, EventData)
    | project CreationTime, Operation, UserId, ClientIP, File, Address = ObjectId, Permission

    context: { "File": File, "Permission": Permission },
    entities: {
        Account { FullName: UserId },
        IP { Address: ClientIP },
        File { Name: File },
    },

    test "a document is shared for editing" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "AnonymousLinkCreated", "Workload": "OneDrive", "RecordType": 14,
        "UserId": "ana@contoso.com", "ClientIP": "203.0.113.7", "ObjectId": "https://contoso-my.sharepoint.com/personal/ana/Plan.docx",
        "SourceFileName": "Plan.docx", "EventData": "<Type>Edit</Type><MembersCanShareApplied>False</MembersCanShareApplied>"
    }
    test "a link is used" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "AnonymousLinkUsed", "Workload": "OneDrive", "RecordType": 14,
        "UserId": "anonymous", "ObjectId": "https://contoso-my.sharepoint.com/personal/ana/Plan.docx"
    }
}
