//! A person becomes administrator of a SharePoint site or somebody's OneDrive.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Site collection administrator added
    ///
    /// The administrator of a site collection reads every file in it. On a OneDrive this opens one person's files to
    /// another without the owner noticing.
    id: "m365-site-collection-admin-added",
    version: "1.0.0",
    severity: Low,
    attack: { Collection: [T1213.002] },
    tags: ["SharePoint", "OneDrive"],
    references: ["https://learn.microsoft.com/en-us/sharepoint/manage-site-collection-administrators"],
    false_positives: ["New sites: the service adds the owners' group, which the rule leaves out where the service signs as itself."],
    runbook: "Ask the person in UserId. Look at FileAccessed and FileDownloaded records of the new administrator on the site.",
    title: "{Administrator} administers {Site}",

    | where Operation == "SiteCollectionAdminAdded"
    | where UserId !startswith "Microsoft\\" and UserId !startswith "SHAREPOINT\\"
    | mv-apply Property = ModifiedProperties on (
        where tostring(Property.Name) == "SiteAdmin"
        | project Administrator = tostring(Property.NewValue)
      )
    | project CreationTime, UserId, ClientIP, Site = coalesce(SiteUrl, ObjectId), Administrator

    context: { "Administrator": Administrator, "Site": Site, "By": UserId },
    entities: {
        Account { FullName: UserId },
        Account { FullName: Administrator },
        IP { Address: ClientIP },
        URL { Url: Site },
    },

    test "a person is added" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "SiteCollectionAdminAdded", "Workload": "OneDrive", "RecordType": 14,
        "UserId": "ana@contoso.com", "ClientIP": "203.0.113.7", "ObjectId": "https://contoso-my.sharepoint.com/personal/cfo",
        "ModifiedProperties": [{"Name": "SiteAdmin", "NewValue": "ana@contoso.com", "OldValue": ""}]
    }
    test "the service makes a site" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "SiteCollectionAdminAdded", "Workload": "SharePoint", "RecordType": 14,
        "UserId": "Microsoft\\ServiceOperator", "ObjectId": "https://contoso.sharepoint.com/sites/kilo",
        "ModifiedProperties": [{"Name": "SiteAdmin", "NewValue": "Kilo Owners", "OldValue": ""}]
    }
}
