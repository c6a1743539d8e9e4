//! Rules as people write them, as many as wanted: seven forms in a realistic mix, each with names and values of its own.
//!
//! Of twenty rules thirteen look at one event by plain conditions, three go through its arrays, three count over an hour,
//! and one joins two tables.

/// The source file of a rule.
pub(crate) fn file(index: usize) -> String {
    let form = match index % 20 {
        0..=4 => MAILBOX,
        5..=8 => ROLE,
        9..=12 => DEVICE,
        13..=15 => INBOX_RULE,
        16 | 17 => COUNT,
        18 => SPREAD,
        _ => JOIN,
    };
    form.replace("{n}", &index.to_string())
}

const MAILBOX: &str = r#"//! Rule {n}.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Setting {n} of a mailbox is changed
    ///
    /// Somebody changed a setting of a mailbox that decides who reads its mail. After an account is taken over, such a change
    /// is how whoever took it keeps reading once the password is changed.
    id: "measured-{n}",
    version: "1.0.0",
    severity: Medium,
    attack: { Collection: [T1114.003] },
    tags: ["Exchange", "Measured"],
    false_positives: ["An administrator sets it for a new member of the team."],
    runbook: "Ask the owner of the mailbox. Undo the change and look for sign-ins before it.",
    title: "{UserId} changed setting {n} of {ObjectId}",
    dedup: 1h,

    | where Operation in ("Set-Mailbox{n}", "Set-CASMailbox{n}")
    | where Parameters has "Setting{n}" and not(UserId startswith "svc-{n}")
    | extend Address = coalesce(extract("^\\[([^\\]]+)\\]", 1, ClientIP), ClientIP)
    | extend Team = tostring(split(UserId, "@")[1])
    | project CreationTime, UserId, Address, ObjectId, Team, Operation

    entities: { Account { FullName: UserId }, IP { Address: Address } },

    test "it is set" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Set-Mailbox{n}", "UserId": "ana@contoso.com", "ClientIP": "203.0.113.7",
        "ObjectId": "ana", "Parameters": [{"Name": "Setting{n}", "Value": "True"}]
    } -> { Team: "contoso.com", Address: "203.0.113.7" }
    test "a service sets it" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Set-Mailbox{n}", "UserId": "svc-{n}@contoso.com", "ObjectId": "ana",
        "Parameters": [{"Name": "Setting{n}", "Value": "True"}]
    }
    test "another setting" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Set-Mailbox{n}", "UserId": "ana@contoso.com",
        "Parameters": [{"Name": "Other", "Value": "99 GB"}]
    }
}
"#;

const ROLE: &str = r#"//! Rule {n}.

use rule_macros::rule;

rule! { <AuditLogs>
    /// Role {n} is assigned
    ///
    /// Somebody was given a role that can change what others may do. Roles are assigned seldom, and an assignment out of
    /// office hours or by an account that has not done it before deserves a look.
    id: "measured-{n}",
    severity: High,
    attack: { PrivilegeEscalation: [T1098.003] },
    tags: ["Entra", "Measured"],
    runbook: "Ask who approved it. Take the role away until that is clear.",
    title: "{Actor} gave {Target} role {n}",

    | where Category =~ "RoleManagement" and OperationName =~ "Add member to role {n}"
    | where Result =~ "success"
    | extend Actor = coalesce(tostring(InitiatedBy.user.userPrincipalName), tostring(InitiatedBy.app.displayName))
    | extend Target = tostring(TargetResources[0].userPrincipalName), Address = tostring(InitiatedBy.user.ipAddress)
    | where Actor !in~ ("sync-{n}@contoso.com", "pim@contoso.com") and isnotempty(Target)
    | project TimeGenerated, Actor, Target, Address, OperationName, CorrelationId

    entities: { Account { FullName: Actor }, Account { FullName: Target }, IP { Address: Address } },

    test "a role is given" fires {
        "TimeGenerated": "2024-05-01T12:00:00Z", "Category": "RoleManagement", "OperationName": "Add member to role {n}", "Result": "success",
        "InitiatedBy": { "user": { "userPrincipalName": "ana@contoso.com", "ipAddress": "198.51.100.7" } },
        "TargetResources": [ { "userPrincipalName": "ben@contoso.com" } ]
    } -> { Target: "ben@contoso.com" }
    test "the synchronization gives it" silent {
        "Category": "RoleManagement", "OperationName": "Add member to role {n}", "Result": "success",
        "InitiatedBy": { "user": { "userPrincipalName": "SYNC-{n}@contoso.com" } },
        "TargetResources": [ { "userPrincipalName": "ben@contoso.com" } ]
    }
}
"#;

const DEVICE: &str = r#"//! Rule {n}.

use rule_macros::rule;

rule! { <IntuneAuditLogs>
    /// Policy {n} of devices is changed
    ///
    /// A policy that protects managed devices was changed or deleted. What runs on the devices of an organization is decided
    /// there, so that a change reaches all of them.
    id: "measured-{n}",
    severity: Low,
    attack: { Execution: [T1072] },
    tags: ["Intune", "Measured"],
    title: "{Actor} changed policy {n}",
    context: { "By": Actor, "What": OperationName },

    | where OperationName has_any ("Patch Policy{n}", "Delete Policy{n}")
    | where ResultType == "Success"
    | extend Actor = tostring(parse_json(Properties).Actor.UPN), Changed = parse_json(Properties).Targets[0].Name
    | where Actor matches regex "^[a-z]+(-{n})?@contoso[.]com$"
    | project TimeGenerated, Actor, OperationName, Policy = tostring(Changed), Identity

    entities: { Account { FullName: Actor } },

    test "it is changed" fires {
        "TimeGenerated": "2024-05-01T12:00:00Z", "OperationName": "Patch Policy{n}", "ResultType": "Success", "Identity": "ana@contoso.com",
        "Properties": { "Actor": { "UPN": "ana@contoso.com" }, "Targets": [ { "Name": "Base" } ] }
    } -> { Policy: "Base" }
    test "another policy" silent {
        "TimeGenerated": "2024-05-01T12:00:00Z", "OperationName": "Patch Other", "ResultType": "Success",
        "Properties": { "Actor": { "UPN": "ana@contoso.com" } }
    }
    test "it did not succeed" silent {
        "OperationName": "Patch Policy{n}", "ResultType": "Failure", "Properties": { "Actor": { "UPN": "ana@contoso.com" } }
    }
}
"#;

const INBOX_RULE: &str = r#"//! Rule {n}.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Inbox rule moves mail about {n}
    ///
    /// An inbox rule takes mail about a subject out of its owner's sight. Whoever took over a mailbox hides the answers to
    /// what they wrote in its owner's name.
    id: "measured-{n}",
    severity: Medium,
    attack: { "Stealth": [T1564.008] },
    tags: ["Exchange", "Measured"],
    runbook: "Read the rule. Ask the owner. Delete it and look for who signed in before.",
    title: "{UserId} hides mail about {n}",

    | where Operation in ("New-InboxRule", "Set-InboxRule")
    | where Parameters has "subject{n}"
    | mv-apply Parameter = Parameters on (
        summarize Settings = make_bag(bag_pack(tostring(Parameter.Name), tostring(Parameter.Value)))
      )
    | extend Words = coalesce(tostring(Settings.SubjectContainsWords), tostring(Settings.BodyContainsWords))
    | where Words contains "subject{n}" and (tobool(Settings.DeleteMessage) or isnotempty(Settings.MoveToFolder))
    | project CreationTime, UserId, ClientIP, Name = tostring(Settings.Name), Words

    entities: { Account { FullName: UserId } },

    test "mail is deleted" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "New-InboxRule", "UserId": "ana@contoso.com",
        "Parameters": [{"Name": "SubjectContainsWords", "Value": "subject{n};x"}, {"Name": "DeleteMessage", "Value": "True"}]
    } -> { Words: "subject{n};x" }
    test "mail stays" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "New-InboxRule", "UserId": "ana@contoso.com",
        "Parameters": [{"Name": "SubjectContainsWords", "Value": "subject{n}"}, {"Name": "MarkAsRead", "Value": "True"}]
    }
}
"#;

const COUNT: &str = r#"//! Rule {n}.

use rule_macros::rule;

rule! { <SigninLogs>
    /// Sign-ins to application {n} fail again and again
    ///
    /// Many sign-ins of one user to one application fail within an hour, from several addresses: somebody tries passwords.
    id: "measured-{n}",
    severity: Medium,
    attack: { CredentialAccess: [T1110] },
    tags: ["Entra", "Measured"],
    schedule: every 1h over 1h,
    title: "{UserPrincipalName} failed {Failures} times",

    | where AppDisplayName == "Application {n}" and ResultType != "0"
    | summarize Failures = count(), Addresses = dcount(IPAddress), First = min(TimeGenerated), Last = max(TimeGenerated) by UserPrincipalName
    | where Failures > 2 and Addresses > 1
    | extend Minutes = datetime_diff("minute", Last, First)

    entities: { Account { FullName: UserPrincipalName } },

    test "three times" fires [
        { "TimeGenerated": "2024-05-01T12:00:00Z", "AppDisplayName": "Application {n}", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.1" },
        { "TimeGenerated": "2024-05-01T12:01:00Z", "AppDisplayName": "Application {n}", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.2" },
        { "TimeGenerated": "2024-05-01T12:05:00Z", "AppDisplayName": "Application {n}", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.2" }
    ] -> { Failures: 3, Minutes: 5 }
    test "once" silent { "TimeGenerated": "2024-05-01T12:00:00Z", "AppDisplayName": "Application {n}", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.1" }
}
"#;

const SPREAD: &str = r#"//! Rule {n}.

use rule_macros::rule;

rule! { <OfficeActivity>
    /// Many files of site {n} are downloaded
    ///
    /// One user downloads unusually many files of a site within an hour, as before leaving, or as somebody with a stolen token.
    id: "measured-{n}",
    severity: Low,
    attack: { Collection: [T1213.002] },
    tags: ["SharePoint", "Measured"],
    schedule: every 10m over 1h,
    title: "{UserId} downloads from site {n}",

    | where Operation == "FileDownloaded" and Site_Url has "site{n}"
    | summarize Files = make_set(SourceFileName, 100), Total = count() by UserId, Hour = bin(TimeGenerated, 1h)
    | where array_length(Files) > 1
    | project Hour, UserId, Total, Some = tostring(Files[0])

    entities: { Account { FullName: UserId } },

    test "two files" fires [
        { "TimeGenerated": "2024-05-01T12:00:00Z", "Operation": "FileDownloaded", "Site_Url": "https://contoso/site{n}", "UserId": "ana", "SourceFileName": "a" },
        { "TimeGenerated": "2024-05-01T12:00:01Z", "Operation": "FileDownloaded", "Site_Url": "https://contoso/site{n}", "UserId": "ana", "SourceFileName": "b" }
    ] -> { Total: 2, Some: "a" }
    test "one file" silent { "TimeGenerated": "2024-05-01T12:00:00Z", "Operation": "FileDownloaded", "Site_Url": "https://contoso/site{n}", "UserId": "ana", "SourceFileName": "a" }
}
"#;

const JOIN: &str = r##"//! Rule {n}.

use rule_macros::rule;

rule! {
    /// Application {n} gets a credential after a risky sign-in
    ///
    /// An account whose sign-in was rated risky adds a credential to an application within the hour: a way back in that
    /// outlives the account's password.
    id: "measured-{n}",
    severity: High,
    attack: { Persistence: [T1098.001] },
    tags: ["Entra", "Measured"],
    schedule: every 1h over 2h,
    title: "{Actor} adds a credential to application {n}",

    query: r#"
        let risky = SigninLogs
            | where RiskLevelDuringSignIn in ("medium", "high") and AppDisplayName != "Ignored {n}"
            | project SignedIn = TimeGenerated, UserPrincipalName, IPAddress;
        AuditLogs
        | where OperationName == "Add credential to application {n}"
        | extend Actor = tostring(InitiatedBy.user.userPrincipalName)
        | join kind=inner risky on $left.Actor == $right.UserPrincipalName
        | where TimeGenerated between (SignedIn .. (SignedIn + 1h))
        | project TimeGenerated, Actor, IPAddress, OperationName
    "#,

    entities: { Account { FullName: Actor }, IP { Address: IPAddress } },

    test "within the hour" fires SigninLogs {
        "TimeGenerated": "2024-05-01T12:00:00Z", "RiskLevelDuringSignIn": "high", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.1"
    }, AuditLogs {
        "TimeGenerated": "2024-05-01T12:10:00Z", "OperationName": "Add credential to application {n}",
        "InitiatedBy": { "user": { "userPrincipalName": "ana@contoso.com" } }
    } -> { IPAddress: "198.51.100.1" }
    test "another account" silent SigninLogs {
        "TimeGenerated": "2024-05-01T12:00:00Z", "RiskLevelDuringSignIn": "high", "UserPrincipalName": "ben@contoso.com"
    }, AuditLogs {
        "TimeGenerated": "2024-05-01T12:10:00Z", "OperationName": "Add credential to application {n}",
        "InitiatedBy": { "user": { "userPrincipalName": "ana@contoso.com" } }
    }
}
"##;
