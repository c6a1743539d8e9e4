//! One address tries passwords on many accounts.

use rule_macros::rule;

rule! { <SigninLogs>
    /// Passwords sprayed from one address
    ///
    /// Whoever tries a few common passwords on many accounts stays below every limit for a single account. What shows is
    /// the address: within an hour it fails on ten accounts or more, and on each only a few times.
    id: "entra-password-spray",
    version: "1.0.0",
    severity: Medium,
    attack: { CredentialAccess: [T1110.003] },
    schedule: every 15m over 1h,
    alert_key: IPAddress,
    tags: ["Entra ID", "Sign-in"],
    references: [
        "https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes",
        "https://learn.microsoft.com/en-us/security/operations/incident-response-playbook-password-spray",
    ],
    false_positives: [
        "An office or a proxy behind one address, on a day when many passwords expired.",
        "An application that signs in for many people and has lost its way.",
    ],
    runbook: "Look for a success from the address, and whether the accounts share a name pattern. Reset the password of each account that signed in from there, end its sessions, and block the address.",
    title: "{IPAddress} failed to sign in to {Accounts} accounts within an hour",
    full_scan: accepted,

    // The name is unknown, the account is locked, the password is expired, missing, wrong.
    | where ResultType in ("50034", "50053", "50055", "50056", "50126")
    | where isnotempty(IPAddress)
    | extend Account = tolower(UserPrincipalName)
    | summarize Attempts = count(), Accounts = count_distinct(Account), Targets = make_set(Account, 100),
        Applications = make_set(AppDisplayName, 20), Start = min(TimeGenerated), End = max(TimeGenerated) by IPAddress
    | where Accounts >= 10 and Attempts <= 5 * Accounts

    context: { "Address": IPAddress, "Accounts": Accounts, "Attempts": Attempts },
    entities: { IP { Address: IPAddress } },

    test "ten accounts within an hour, in any case" fires [
        { "TimeGenerated": "2024-03-01T10:00:01Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "a@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:06:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "b@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:12:00Z", "ResultType": "50034", "IPAddress": "198.51.100.7", "UserPrincipalName": "c@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:18:00Z", "ResultType": "50053", "IPAddress": "198.51.100.7", "UserPrincipalName": "d@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:24:00Z", "ResultType": 50126, "IPAddress": "198.51.100.7", "UserPrincipalName": "e@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:30:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "f@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:36:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "g@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:42:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "h@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:48:00Z", "ResultType": "50055", "IPAddress": "198.51.100.7", "UserPrincipalName": "i@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:54:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "J@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:55:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "j@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:56:00Z", "ResultType": "0", "IPAddress": "198.51.100.7", "UserPrincipalName": "k@contoso.com" },
    ] -> { IPAddress: "198.51.100.7", Accounts: "10", Attempts: "11" }

    test "nine accounts, one of them written in two ways" silent [
        { "TimeGenerated": "2024-03-01T10:01:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "a@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:02:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "b@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:03:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "c@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:04:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "d@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:05:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "e@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:06:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "f@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:07:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "g@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:08:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "h@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:09:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "i@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:10:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "I@Contoso.com" },
    ]

    test "from two addresses" silent [
        { "TimeGenerated": "2024-03-01T10:01:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "a@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:02:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "b@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:03:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "c@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:04:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "d@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:05:00Z", "ResultType": "50126", "IPAddress": "198.51.100.7", "UserPrincipalName": "e@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:06:00Z", "ResultType": "50126", "IPAddress": "203.0.113.9", "UserPrincipalName": "f@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:07:00Z", "ResultType": "50126", "IPAddress": "203.0.113.9", "UserPrincipalName": "g@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:08:00Z", "ResultType": "50126", "IPAddress": "203.0.113.9", "UserPrincipalName": "h@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:09:00Z", "ResultType": "50126", "IPAddress": "203.0.113.9", "UserPrincipalName": "i@contoso.com" },
        { "TimeGenerated": "2024-03-01T10:10:00Z", "ResultType": "50126", "IPAddress": "203.0.113.9", "UserPrincipalName": "j@contoso.com" },
    ]
}
