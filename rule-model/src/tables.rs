//! The built-in tables: a static [`Schema`] each, and a module with the positions of its columns.
//!
//! Written by the build script from `schemas/*.toml`.
//!
//! ```
//! use rule_model::tables::{self, audit_logs};
//!
//! let column = &tables::AUDIT_LOGS.columns[audit_logs::OPERATION_NAME];
//! assert_eq!(column.name, "OperationName");
//! ```

use crate::Schema;

#[allow(clippy::doc_markdown, reason = "descriptions are prose of the schema files, written for people")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/tables.rs"));
}

pub use generated::*;

/// The built-in table called `name`, by its name or an alias. Case-sensitive, as in KQL.
pub fn find(name: &str) -> Option<&'static Schema> {
    ALL.iter().copied().find(|schema| schema.is_called(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_by_its_name_and_by_its_aliases() {
        for (name, table) in [
            ("AuditLogs", Some("AuditLogs")),
            ("ADOAuditLogs", Some("ADOAuditLogs")),
            ("AzureDevOpsAuditing", Some("ADOAuditLogs")),
            ("auditlogs", None),
        ] {
            assert_eq!(find(name).map(|schema| schema.name.as_ref()), table, "{name}");
        }
    }

    #[test]
    fn no_name_or_alias_belongs_to_two_tables() {
        let mut seen = std::collections::HashSet::new();
        for schema in ALL {
            for name in std::iter::once(&schema.name).chain(schema.aliases.iter()) {
                assert!(seen.insert(name.as_ref()), "{name} is defined twice");
            }
        }
    }

    #[test]
    fn every_column_is_described() {
        for schema in ALL {
            assert!(!schema.description.is_empty() && !schema.reference.is_empty(), "{}", schema.name);
            for column in schema.columns.iter() {
                assert!(!column.description.is_empty(), "{}.{}", schema.name, column.name);
            }
        }
    }
}
