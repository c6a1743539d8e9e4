//! One borrowed record.

use rule_model::Schema;

/// A record of a table, parsed, borrowed from the buffer it was read into.
#[derive(Debug)]
pub struct Event<'a> {
    /// Its table.
    pub schema: &'a Schema,
}
