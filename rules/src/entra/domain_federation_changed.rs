//! The way a domain signs in is changed to another identity provider.

use rule_macros::rule;

rule! { <AuditLogs>
    /// Domain federation changed
    ///
    /// A federated domain trusts tokens of another identity provider. Whoever adds one they control can sign in as any
    /// user of the tenant.
    id: "entra-domain-federation-changed",
    version: "1.0.0",
    severity: Critical,
    attack: { PrivilegeEscalation: [T1484.002] },
    tags: ["Entra ID", "Federation"],
    references: ["https://learn.microsoft.com/en-us/entra/architecture/security-operations-infrastructure"],
    false_positives: ["The day a company starts or ends federation; it is planned long before."],
    runbook: "Treat it as an intrusion until shown otherwise: compare the issuer and signing certificate with your own, and set the domain back to managed.",
    title: "{Initiator} changed the federation of {Domain}",

    | where OperationName in~ ("Set domain authentication", "Set federation settings on domain", "Add unverified domain", "Verify domain")
    | where Result =~ "success"
    | extend Initiator = coalesce(tostring(InitiatedBy.user.userPrincipalName), tostring(InitiatedBy.app.displayName))
    | extend InitiatorIp = tostring(InitiatedBy.user.ipAddress), Domain = tostring(TargetResources[0].displayName)
    | project TimeGenerated, OperationName, Initiator, InitiatorIp, Domain, Changes = TargetResources[0].modifiedProperties

    context: { "Domain": Domain, "By": Initiator },
    entities: {
        Account { FullName: Initiator },
        IP { Address: InitiatorIp },
        DNS { DomainName: Domain },
    },

    test "a domain is federated" fires {
        "TimeGenerated": "2024-03-01T10:15:00Z", "OperationName": "Set domain authentication", "Category": "DirectoryManagement", "Result": "success",
        "Type": "AuditLogs", "InitiatedBy": {"user": {"userPrincipalName": "ana@contoso.com"}},
        "TargetResources": [{"displayName": "contoso.com", "modifiedProperties": []}]
    }
    test "company details are changed" silent {
        "TimeGenerated": "2024-03-01T10:15:00Z", "OperationName": "Set Company Information", "Category": "DirectoryManagement", "Result": "success",
        "Type": "AuditLogs", "InitiatedBy": {"user": {"userPrincipalName": "ana@contoso.com"}}, "TargetResources": []
    }
}
