//! An administrator sets another account's password.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Password of another account reset
    ///
    /// Whoever resets a password can sign in as its owner. From a stolen help desk account it is the way into accounts
    /// that are worth more.
    id: "m365-password-reset-by-administrator",
    version: "1.0.0",
    severity: Low,
    attack: { Persistence: [T1098], PrivilegeEscalation: [T1098] },
    tags: ["Entra ID"],
    references: ["https://learn.microsoft.com/en-us/entra/identity/authentication/concept-sspr-howitworks"],
    false_positives: ["Help desks reset passwords all day; a reset of an administrator's password is not routine."],
    runbook: "Check that the owner asked for it. Look at the first sign-in of the account after the reset.",
    title: "{UserId} reset the password of {Target}",
    dedup: { period: 1h, by: [UserId, Target] },

    | where Operation == "Reset user password." and ResultStatus =~ "Success"
    | where UserId contains "@" and UserId !~ ObjectId
    | project CreationTime, UserId, ClientIP, Target = ObjectId

    context: { "Target": Target, "By": UserId },
    entities: {
        Account { FullName: UserId },
        Account { FullName: Target },
        IP { Address: ClientIP },
    },

    test "a help desk resets a password" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Reset user password.", "Workload": "AzureActiveDirectory", "RecordType": 8,
        "ResultStatus": "Success", "UserId": "helpdesk@contoso.com", "ClientIP": "203.0.113.7", "ObjectId": "ana@contoso.com"
    }
    test "somebody changes the own password" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Reset user password.", "Workload": "AzureActiveDirectory", "RecordType": 8,
        "ResultStatus": "Success", "UserId": "ana@contoso.com", "ObjectId": "Ana@contoso.com"
    }
}
