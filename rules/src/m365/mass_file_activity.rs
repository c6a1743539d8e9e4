//! Somebody deletes or downloads files by the dozen.

use rule_macros::rule;

rule! { <OfficeActivity>
    /// Many files deleted or downloaded within an hour
    ///
    /// Who leaves with the company's files, or destroys them, does it in bulk. The rule counts the different files that an
    /// account deletes or downloads in SharePoint and OneDrive within an hour; fifty is more than a day's work needs.
    id: "m365-mass-file-activity",
    version: "1.0.0",
    severity: Medium,
    attack: { Collection: [T1213.002], Impact: [T1485] },
    schedule: every 15m over 1h,
    alert_key: UserId, Activity,
    tags: ["SharePoint", "OneDrive"],
    references: ["https://learn.microsoft.com/en-us/purview/audit-log-activities"],
    false_positives: [
        "A new computer that synchronizes a library for the first time.",
        "Somebody who tidies up, or moves to another team.",
    ],
    runbook: "Ask the person, and look at the address and the client. Deleted files come back from the recycle bin for 93 days. If the account is not in its owner's hands, or the owner is about to leave, end its sessions.",
    title: "{UserId} {Activity} {Files} files within an hour",

    | where Operation in ("FileDownloaded", "FileSyncDownloadedFull", "FileDeleted", "FileRecycled",
        "FileDeletedFirstStageRecycleBin", "FileDeletedSecondStageRecycleBin")
    | where isnotempty(OfficeObjectId)
    | extend Activity = iff(Operation startswith "FileDeleted" or Operation == "FileRecycled", "deleted", "downloaded")
    | summarize Files = count_distinct(OfficeObjectId), Operations = make_set(Operation), Sites = make_set(Site_Url, 20),
        Addresses = make_set(ClientIP, 20), Start = min(TimeGenerated), End = max(TimeGenerated)
        by UserId = tolower(UserId), Activity
    | where Files >= 50
    | extend Address = tostring(Addresses[0])

    context: { "Account": UserId, "Files": Files, "Sites": Sites },
    entities: { Account { FullName: UserId }, IP { Address: Address } },

    test "fifty downloads, synchronized ones among them" fires file "mass_file_activity/fifty_downloads.ndjson"
        -> { UserId: "ana@contoso.com", Activity: "downloaded", Files: "50", Address: "198.51.100.7" }
    test "fifty deletions of one person, written in two ways" fires file "mass_file_activity/fifty_deletions.ndjson"
        -> { UserId: "ben@contoso.com", Activity: "deleted", Files: "50" }
    test "forty-nine, one of them twice, and what others did" silent file "mass_file_activity/forty_nine_downloads.ndjson"
}
