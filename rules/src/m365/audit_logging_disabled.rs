//! Audit logging is turned off, for the organization or for a mailbox.

use rule_macros::rule;

rule! { <UnifiedAuditLog>
    /// Audit logging turned off
    ///
    /// Without the unified audit log, or without the audit of a mailbox, what happens next leaves no trace. There is
    /// hardly a reason to turn it off.
    id: "m365-audit-logging-disabled",
    version: "1.0.0",
    severity: High,
    attack: { DefenseImpairment: [T1685.002] },
    tags: ["Exchange", "Purview"],
    references: ["https://learn.microsoft.com/en-us/purview/audit-log-enable-disable"],
    runbook: "Turn auditing on again at once. Treat the account in UserId as compromised until shown otherwise.",
    title: "Audit logging turned off by {UserId}",

    | where Operation in ("Set-AdminAuditLogConfig", "Set-Mailbox", "Set-MailboxAuditBypassAssociation", "Set-OrganizationConfig")
    | where Parameters has_any ("UnifiedAuditLogIngestionEnabled", "AdminAuditLogEnabled", "AuditEnabled", "AuditBypassEnabled", "AuditDisabled")
    | mv-apply Parameter = Parameters on (
        summarize Settings = make_bag(bag_pack(tostring(Parameter.Name), tostring(Parameter.Value)))
      )
    | where tostring(Settings.UnifiedAuditLogIngestionEnabled) =~ "false"
        or tostring(Settings.AdminAuditLogEnabled) =~ "false"
        or tostring(Settings.AuditEnabled) =~ "false"
        or tostring(Settings.AuditBypassEnabled) =~ "true"
        or tostring(Settings.AuditDisabled) =~ "true"
    | extend SourceIp = coalesce(extract("^\\[([^\\]]+)\\]", 1, ClientIP), extract("^([0-9]+\\.[0-9.]+)", 1, ClientIP), ClientIP)
    | project CreationTime, Operation, UserId, SourceIp, ObjectId, Settings

    context: { "Command": Operation, "Of": ObjectId },
    entities: {
        Account { FullName: UserId },
        IP { Address: SourceIp },
    },

    test "the unified audit log is turned off" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Set-AdminAuditLogConfig", "Workload": "Exchange", "RecordType": 1,
        "UserId": "admin@contoso.com", "ClientIP": "203.0.113.7",
        "Parameters": [{"Name": "UnifiedAuditLogIngestionEnabled", "Value": "False"}]
    }
    test "a mailbox bypasses the audit" fires {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Set-MailboxAuditBypassAssociation", "Workload": "Exchange", "RecordType": 1,
        "UserId": "admin@contoso.com", "Parameters": [{"Name": "AuditBypassEnabled", "Value": "True"}]
    }
    test "auditing is turned on" silent {
        "CreationTime": "2024-03-01T10:15:00", "Operation": "Set-AdminAuditLogConfig", "Workload": "Exchange", "RecordType": 1,
        "UserId": "NT AUTHORITY\\SYSTEM", "Parameters": [{"Name": "AdminAuditLogEnabled", "Value": "True"}]
    }
}
