//! Microsoft Sentinel's entity types and their identifiers, and how a rule maps columns to them.

use crate::{List, Text};

/// An entity of an alert: a type, and for each identifier the column that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityMapping {
    /// `Account`, `IP`, `Host`, …
    pub entity: Text,
    /// Identifier (`FullName`, `Address`, …) and output column.
    pub fields: List<(Text, Text)>,
}
