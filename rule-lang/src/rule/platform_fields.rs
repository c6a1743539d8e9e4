//! What other platforms call the fields of a rule, and what to write here.

/// A name that a platform's rules have, the platform, the field that stands for it, and what to write.
type Known = (&'static str, &'static str, &'static str, &'static str);

const SENTINEL: &str = "Microsoft Sentinel";
const PANTHER: &str = "Panther";
const ELASTIC: &str = "Elastic";
const SIGMA: &str = "Sigma";
const SPLUNK: &str = "Splunk";

const ATTACK: &str = "`attack: { Persistence: [T1098] }`, tactics with their techniques in one field";
const DOCUMENTATION: &str =
    "it as documentation: `///` and the title, an empty `///`, then `///` and the description";
const SCHEDULE: &str = "`schedule: every 1h over 1d`, how often and over how long in one field";
const TRIGGER: &str = "`trigger: > 0`, the comparison and the number of rows in one field";
const TESTS: &str = "`test \"what the events are\" fires { … }`, or `silent`";

#[rustfmt::skip] // a table of words
const KNOWN: &[Known] = &[
    ("alertDetailsOverride", SENTINEL, "title", "`title: \"{Actor} did it\"`, columns in single braces"),
    ("alertDisplayNameFormat", SENTINEL, "title", "`title: \"{Actor} did it\"`, columns in single braces"),
    ("anomaly_threshold", ELASTIC, "trigger", TRIGGER),
    ("customDetails", SENTINEL, "context", "`context: { \"Label\": Column }`"),
    ("cron_schedule", SPLUNK, "schedule", SCHEDULE),
    ("Dedup", PANTHER, "dedup", "`dedup: { period: 1h, by: [Column] }`"),
    ("DedupPeriodMinutes", PANTHER, "dedup", "`dedup: 60m`"),
    ("description", SENTINEL, "documentation", DOCUMENTATION),
    ("Description", PANTHER, "documentation", DOCUMENTATION),
    ("detection", SIGMA, "query", "the query behind the fields: `| where …`"),
    ("DisplayName", PANTHER, "documentation", DOCUMENTATION),
    ("entityMappings", SENTINEL, "entities", "`entities: { Account { FullName: Column } }`"),
    ("eventGroupingSettings", SENTINEL, "grouping", "`grouping: each` or `grouping: single`"),
    ("falsepositives", SIGMA, "false_positives", "`false_positives`"),
    ("from", ELASTIC, "schedule", SCHEDULE),
    ("index", ELASTIC, "indices", "`indices: [\"logs-*\"]`"),
    ("interval", ELASTIC, "schedule", SCHEDULE),
    ("language", ELASTIC, "kuery", "`kuery: r#\"…\"#` for Kibana's language; what begins with `|` is Kusto's"),
    ("level", SIGMA, "severity", "`severity: High`"),
    ("license", SIGMA, "licence", "`licence`"),
    ("logsource", SIGMA, "query", "the table at the beginning of the rule: `<AuditLogs>`"),
    ("LogTypes", PANTHER, "log_types", "`log_types`"),
    ("max_signals", ELASTIC, "max_alerts", "`max_alerts: 100`"),
    ("mitre", SPLUNK, "attack", ATTACK),
    ("mitre_attack_id", SPLUNK, "attack", ATTACK),
    ("name", SENTINEL, "documentation", DOCUMENTATION),
    ("note", ELASTIC, "investigation", "`investigation: \"…\"`"),
    ("queryFrequency", SENTINEL, "schedule", SCHEDULE),
    ("queryPeriod", SENTINEL, "schedule", SCHEDULE),
    ("relevantTechniques", SENTINEL, "attack", ATTACK),
    ("Reports", PANTHER, "attack", ATTACK),
    ("requiredDataConnectors", SENTINEL, "connectors", "`connectors: { AzureActiveDirectory: [AuditLogs] }`"),
    ("rule_id", ELASTIC, "id", "`id`"),
    ("RuleID", PANTHER, "id", "`id`"),
    ("rule_name_override", ELASTIC, "title", "`title: \"{event.action}\"`"),
    ("SummaryAttributes", PANTHER, "context", "`context: [Column]`"),
    ("suppressionDuration", SENTINEL, "suppress", "`suppress: 5h`"),
    ("suppressionEnabled", SENTINEL, "suppress", "`suppress: 5h`, or nothing"),
    ("tactics", SENTINEL, "attack", ATTACK),
    ("techniques", SPLUNK, "attack", ATTACK),
    ("Tests", PANTHER, "test", TESTS),
    ("tests", PANTHER, "test", TESTS),
    ("threat", ELASTIC, "attack", ATTACK),
    ("triggerOperator", SENTINEL, "trigger", TRIGGER),
    ("triggerThreshold", SENTINEL, "trigger", TRIGGER),
    ("triage", ELASTIC, "investigation", "`investigation: \"…\"`"),
];

/// The platform whose rules have a field of this name, and what to write for it.
pub(super) fn meant(name: &str) -> Option<(&'static str, &'static str)> {
    KNOWN.iter().find(|known| known.0 == name).map(|(_, platform, _, meant)| (*platform, *meant))
}

/// Whether a platform calls the field `field` so.
pub(super) fn is_for(name: &str, field: &str) -> bool {
    KNOWN.iter().any(|known| known.0 == name && known.2 == field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::FIELD_NAMES;

    #[test]
    fn no_field_of_ours_is_taken_for_that_of_a_platform_and_each_stands_for_one() {
        for (name, _, field, meant) in KNOWN {
            assert!(!FIELD_NAMES.contains(name), "{name}");
            assert!(FIELD_NAMES.contains(field) || ["documentation", "test"].contains(field), "{field}");
            assert!(meant.contains('`'), "{name}");
        }
    }
}
