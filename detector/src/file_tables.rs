//! Tables that a query reads, loaded whole from files.
//!
//! ```text
//! TABLE=PATH ──table_file──> records ──┬─ a built-in table: its columns, by the rules of reading
//!                                      └─ any other: the properties that occur, with the types they have
//! ```

use crate::failure::Failure;
use crate::known_tables::KnownTables;
use crate::paths;
use crate::reading::Reading;
use crate::table_file::{self, Rejected};
use rule_eval::evaluate::Tables;
use rule_eval::{Table, inferred, record};
use rule_lang::catalog::{self, CatalogTable};
use rule_model::plan::{Field, Name};
use rule_model::{Bag, Schema};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Tables by name, each read whole.
#[derive(Debug, Default)]
pub(crate) struct FileTables {
    tables: BTreeMap<Name, Table>,
    rejected: Vec<Rejected>,
    /// The first table that was asked for and is not there.
    missing: OnceLock<Name>,
}

impl FileTables {
    /// Reads the files of `TABLE=PATH` arguments; files of one table are read one after the other.
    pub(crate) fn load(arguments: &[&str], known: &KnownTables, how: Reading) -> Result<FileTables, Failure> {
        let mut loaded = FileTables::default();
        let mut records: BTreeMap<Name, Vec<Bag>> = BTreeMap::new();
        for argument in arguments {
            let Some((table, file)) = argument.split_once('=').filter(|(table, _)| !table.is_empty()) else {
                return Err(Failure::Usage(if argument.contains(['|', '(', '\n']) {
                    format!("{argument}: a query comes last, after the files")
                } else {
                    format!("{argument}: a file needs its table before it, as in Table={argument}")
                }));
            };
            for origin in paths::origins(file, false)? {
                let mut file = table_file::read(&origin, how)?;
                records.entry(canonical(table, known)).or_default().append(&mut file.records);
                loaded.rejected.append(&mut file.rejected);
            }
        }
        for (name, records) in records {
            let table = match known.find(&name) {
                Some(schema) => table_of(schema, &records),
                None => inferred::table(&records),
            };
            loaded.tables.insert(name, table);
        }
        Ok(loaded)
    }

    /// What the checker needs to know of these tables.
    pub(crate) fn catalog(&self, known: &KnownTables) -> catalog::Tables {
        let entry = |(name, table): (&Name, &Table)| {
            let mut entry = CatalogTable::new(name.clone(), table.columns.clone());
            entry.time =
                known.find(name).and_then(Schema::time_column).map(|column| Name::from(column.name.as_ref()));
            entry
        };
        self.tables.iter().map(entry).collect()
    }

    /// The first table that a query asked for and no file was given for.
    pub(crate) fn missing(&self) -> Option<&Name> {
        self.missing.get()
    }

    /// Says on standard error which records could not be read.
    pub(crate) fn report_rejected(&self) {
        table_file::report(&self.rejected);
    }
}

impl Tables for FileTables {
    fn table(&self, name: &str) -> Option<Cow<'_, Table>> {
        let table = self.tables.get(name);
        if table.is_none() {
            self.missing.get_or_init(|| Name::new(name));
        }
        table.map(Cow::Borrowed)
    }
}

/// The name that queries resolve to: a built-in table's own one where `name` is an alias.
fn canonical(name: &str, known: &KnownTables) -> Name {
    known.find(name).map_or_else(|| Name::new(name), |schema| Name::from(schema.name.as_ref()))
}

fn table_of(schema: &Schema, records: &[Bag]) -> Table {
    let columns = schema.columns.iter().map(|column| Field::new(column.name.as_ref(), column.ty)).collect();
    Table { columns, rows: records.iter().map(|record| record::row(record, schema)).collect() }
}
