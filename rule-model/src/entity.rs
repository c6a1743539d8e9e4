//! Microsoft Sentinel's entity types and their identifiers, and how a rule maps columns to them.
//!
//! Source: Microsoft Sentinel documentation, "Entity types reference".

use crate::{List, Text};
use serde::{Deserialize, Serialize};

/// An entity of an alert: a type, and for each identifier the column that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityMapping {
    /// `Account`, `IP`, `Host`, …
    pub entity: Text,
    /// Identifier (`FullName`, `Address`, …) and output column.
    pub fields: List<(Text, Text)>,
}

/// An entity type that a rule may map columns to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityType {
    /// As rules write it.
    pub name: &'static str,
    /// The identifiers that a column may be mapped to.
    pub identifiers: &'static [&'static str],
}

/// All entity types.
pub const ENTITY_TYPES: &[EntityType] = &[
    EntityType {
        name: "Account",
        identifiers: &[
            "Name",
            "FullName",
            "NTDomain",
            "DnsDomain",
            "UPNSuffix",
            "Sid",
            "AadTenantId",
            "AadUserId",
            "PUID",
            "IsDomainJoined",
            "DisplayName",
            "ObjectGuid",
            "CloudAppAccountId",
            "IsAnonymized",
        ],
    },
    EntityType {
        name: "Host",
        identifiers: &[
            "DnsDomain",
            "NTDomain",
            "HostName",
            "FullName",
            "NetBiosName",
            "AzureID",
            "OMSAgentID",
            "OSFamily",
            "OSVersion",
            "IsDomainJoined",
        ],
    },
    EntityType { name: "IP", identifiers: &["Address", "AddressScope"] },
    EntityType { name: "URL", identifiers: &["Url"] },
    EntityType { name: "AzureResource", identifiers: &["ResourceId"] },
    EntityType { name: "CloudApplication", identifiers: &["AppId", "Name", "InstanceName"] },
    EntityType { name: "DNS", identifiers: &["DomainName"] },
    EntityType { name: "File", identifiers: &["Directory", "Name"] },
    EntityType { name: "FileHash", identifiers: &["Algorithm", "Value"] },
    EntityType { name: "Malware", identifiers: &["Name", "Category"] },
    EntityType {
        name: "Process",
        identifiers: &["ProcessId", "CommandLine", "ElevationToken", "CreationTimeUtc"],
    },
    EntityType { name: "RegistryKey", identifiers: &["Hive", "Key"] },
    EntityType { name: "RegistryValue", identifiers: &["Name", "Value", "ValueType"] },
    EntityType { name: "SecurityGroup", identifiers: &["DistinguishedName", "SID", "ObjectGuid"] },
    EntityType {
        name: "Mailbox",
        identifiers: &[
            "MailboxPrimaryAddress",
            "DisplayName",
            "Upn",
            "AadId",
            "RiskLevel",
            "ExternalDirectoryObjectId",
        ],
    },
    EntityType {
        name: "MailCluster",
        identifiers: &[
            "NetworkMessageIds",
            "CountByDeliveryStatus",
            "CountByThreatType",
            "CountByProtectionStatus",
            "Threats",
            "Query",
            "QueryTime",
            "MailCount",
            "IsVolumeAnomaly",
            "Source",
            "ClusterSourceIdentifier",
            "ClusterSourceType",
            "ClusterQueryStartTime",
            "ClusterQueryEndTime",
            "ClusterGroup",
        ],
    },
    EntityType {
        name: "MailMessage",
        identifiers: &[
            "Recipient",
            "Urls",
            "Threats",
            "Sender",
            "P1Sender",
            "P1SenderDisplayName",
            "P1SenderDomain",
            "SenderIP",
            "P2Sender",
            "P2SenderDisplayName",
            "P2SenderDomain",
            "ReceivedDate",
            "NetworkMessageId",
            "InternetMessageId",
            "Subject",
            "BodyFingerprintBin1",
            "BodyFingerprintBin2",
            "BodyFingerprintBin3",
            "BodyFingerprintBin4",
            "BodyFingerprintBin5",
            "AntispamDirection",
            "DeliveryAction",
            "DeliveryLocation",
            "Language",
            "ThreatDetectionMethods",
        ],
    },
    EntityType {
        name: "SubmissionMail",
        identifiers: &[
            "SubmissionId",
            "SubmissionDate",
            "Submitter",
            "NetworkMessageId",
            "Timestamp",
            "Recipient",
            "Sender",
            "SenderIp",
            "Subject",
            "ReportType",
        ],
    },
];

impl EntityType {
    /// The type called `name`. Case-sensitive, as rules write it.
    pub fn find(name: &str) -> Option<EntityType> {
        ENTITY_TYPES.iter().find(|ty| ty.name == name).copied()
    }

    /// Whether a column may be mapped to this identifier. Whatever the case: published rules write `SID` and `Sid`,
    /// `ResourceId` and `ResourceID`.
    pub fn has(&self, identifier: &str) -> bool {
        self.identifiers.iter().any(|known| known.eq_ignore_ascii_case(identifier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entity_types_know_their_identifiers() {
        for (ty, identifier, known) in [
            ("Account", "FullName", true),
            ("Account", "Sid", true),
            ("Account", "Address", false),
            ("IP", "Address", true),
            ("SecurityGroup", "Sid", true),
        ] {
            assert_eq!(EntityType::find(ty).unwrap().has(identifier), known, "{ty} {identifier}");
        }
        assert_eq!(EntityType::find("Accounts"), None);
    }
}
