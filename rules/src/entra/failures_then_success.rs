//! Somebody fails often and then gets in.

use rule_macros::rule;

rule! {
    /// Sign-in that succeeds after many failures
    ///
    /// Ten failures or more within half an hour, and then a success: the password was guessed, or somebody remembered
    /// it. The address tells which: a stranger's is seldom one that the account has signed in from before.
    id: "entra-failures-then-success",
    version: "1.0.0",
    severity: Medium,
    attack: { CredentialAccess: [T1110.001], InitialAccess: [T1078.004] },
    schedule: every 15m over 1h,
    alert_key: TimeGenerated, UserPrincipalName, IPAddress,
    tags: ["Entra ID", "Sign-in"],
    references: ["https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes"],
    false_positives: [
        "A person who changed the password and whose telephone still tries the old one.",
        "A person who has forgotten which password it was.",
    ],
    runbook: "Ask the person, by telephone. If it was somebody else, end the sessions, reset the password, and look at what was done from the address since.",
    title: "{UserPrincipalName} signed in from {IPAddress} after {Failures} failures",
    full_scan: accepted,

    query: r#"
let Failed = SigninLogs
    | where ResultType in ("50034", "50053", "50055", "50056", "50126")
    | project FailureTime = TimeGenerated, Account = tolower(UserPrincipalName), FailureAddress = IPAddress;
SigninLogs
| where ResultType == "0" and isnotempty(UserPrincipalName)
| project TimeGenerated, UserPrincipalName, Account = tolower(UserPrincipalName), IPAddress, AppDisplayName, Location
| join kind=inner (Failed) on Account
| where FailureTime < TimeGenerated and FailureTime >= TimeGenerated - 30m
| summarize Failures = count(), FirstFailure = min(FailureTime), FailureAddresses = make_set(FailureAddress, 20)
    by TimeGenerated, UserPrincipalName, IPAddress, AppDisplayName, Location
| where Failures >= 10
"#,

    context: { "Account": UserPrincipalName, "Address": IPAddress, "Failures": Failures },
    entities: {
        Account { FullName: UserPrincipalName },
        IP { Address: IPAddress },
        CloudApplication { Name: AppDisplayName },
    },

    test "ten failures within half an hour, then a success" fires SigninLogs [
        { "TimeGenerated": "2024-03-01T10:00:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.7" },
        { "TimeGenerated": "2024-03-01T10:03:00Z", "ResultType": "50126", "UserPrincipalName": "Ana@contoso.com", "IPAddress": "198.51.100.7" },
        { "TimeGenerated": "2024-03-01T10:06:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.7" },
        { "TimeGenerated": "2024-03-01T10:09:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.7" },
        { "TimeGenerated": "2024-03-01T10:12:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.8" },
        { "TimeGenerated": "2024-03-01T10:15:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.8" },
        { "TimeGenerated": "2024-03-01T10:18:00Z", "ResultType": "50053", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.8" },
        { "TimeGenerated": "2024-03-01T10:21:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.8" },
        { "TimeGenerated": "2024-03-01T10:24:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.8" },
        { "TimeGenerated": "2024-03-01T10:27:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com", "IPAddress": "198.51.100.8" },
        { "TimeGenerated": "2024-03-01T10:30:00Z", "ResultType": "0", "UserPrincipalName": "ana@contoso.com", "IPAddress": "203.0.113.9", "AppDisplayName": "Office 365" },
    ] -> {
        UserPrincipalName: "ana@contoso.com", IPAddress: "203.0.113.9", Failures: "10",
        FailureAddresses: "[\"198.51.100.7\",\"198.51.100.8\"]",
    }

    test "the first of ten failures is a second too old" silent SigninLogs [
        { "TimeGenerated": "2024-03-01T09:59:59Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:03:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:06:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:09:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:12:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:15:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:18:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:21:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:24:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:27:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:30:00Z", "ResultType": "0", "UserPrincipalName": "ana@contoso.com" },
    ]

    test "the success came first, and another account had one since" silent SigninLogs [
        { "TimeGenerated": "2024-03-01T10:00:00Z", "ResultType": "0", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:01:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:02:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:03:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:04:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:05:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:06:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:07:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:08:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:09:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:10:00Z", "ResultType": "50126", "UserPrincipalName": "ana@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:11:00Z", "ResultType": "0", "UserPrincipalName": "ben@contoso.com" },
    ]
}
