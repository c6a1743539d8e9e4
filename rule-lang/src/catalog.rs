//! The tables that a query may name.

use crate::nearest;
use rule_model::Type;
use rule_model::plan::{Field, Name};
use std::collections::BTreeMap;

/// A table as the checker sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogTable {
    /// Its canonical name, which the plan carries.
    pub name: Name,
    /// Its columns in order.
    pub columns: Vec<Field>,
    /// The column that holds the event time, which `ingestion_time()` stands for.
    pub time: Option<Name>,
    /// Whether it may have further columns: any other name is then a dynamic column of it.
    pub open: bool,
}

/// Resolves the names of tables.
pub trait Catalog {
    /// The table that is called `name`, by its canonical name or an alias.
    fn table(&self, name: &str) -> Option<CatalogTable>;

    /// The canonical names of all tables, for wildcards and for suggestions.
    fn names(&self) -> Vec<Name>;

    /// Whether names that nobody defines are tables of unknown columns; unknown functions in the place of a table
    /// then are, too.
    fn admits_unknown(&self) -> bool {
        false
    }
}

/// Tables by name, in memory.
#[derive(Clone, Debug, Default)]
pub struct Tables(BTreeMap<Name, CatalogTable>);

/// Another catalogue, and any unknown name as a table of unknown columns.
#[derive(Clone, Copy, Debug)]
pub struct AnyTable<C>(pub C);

/// One catalogue before another: a name is looked up in the first, then in the second.
#[derive(Clone, Copy, Debug)]
pub struct Layered<A, B>(pub A, pub B);

impl CatalogTable {
    /// A table of these columns, with its event time in `TimeGenerated` or `Timestamp` if it has one of them.
    pub fn new(name: impl Into<Name>, columns: Vec<Field>) -> CatalogTable {
        let is_time =
            |f: &&Field| f.ty == Type::DateTime && matches!(f.name.as_str(), "TimeGenerated" | "Timestamp");
        let time = columns.iter().find(is_time).map(|f| f.name.clone());
        CatalogTable { name: name.into(), columns, time, open: false }
    }

    /// A table of unknown columns.
    pub fn unknown(name: impl Into<Name>) -> CatalogTable {
        CatalogTable { name: name.into(), columns: Vec::new(), time: None, open: true }
    }
}

impl Tables {
    /// With this table, under its name.
    #[must_use]
    pub fn with(mut self, table: CatalogTable) -> Tables {
        self.0.insert(table.name.clone(), table);
        self
    }
}

impl FromIterator<CatalogTable> for Tables {
    fn from_iter<I: IntoIterator<Item = CatalogTable>>(tables: I) -> Tables {
        Tables(tables.into_iter().map(|table| (table.name.clone(), table)).collect())
    }
}

impl Catalog for Tables {
    fn table(&self, name: &str) -> Option<CatalogTable> {
        self.0.get(name).cloned()
    }

    fn names(&self) -> Vec<Name> {
        self.0.keys().cloned().collect()
    }
}

impl<C: Catalog> Catalog for AnyTable<C> {
    fn table(&self, name: &str) -> Option<CatalogTable> {
        self.0.table(name).or_else(|| Some(CatalogTable::unknown(name)))
    }

    fn names(&self) -> Vec<Name> {
        self.0.names()
    }

    fn admits_unknown(&self) -> bool {
        true
    }
}

impl<A: Catalog, B: Catalog> Catalog for Layered<A, B> {
    fn table(&self, name: &str) -> Option<CatalogTable> {
        self.0.table(name).or_else(|| self.1.table(name))
    }

    fn names(&self) -> Vec<Name> {
        let mut names = self.0.names();
        let further = self.1.names();
        names.extend(further.into_iter().filter(|name| self.0.table(name).is_none()));
        names
    }

    fn admits_unknown(&self) -> bool {
        self.0.admits_unknown() || self.1.admits_unknown()
    }
}

impl<C: Catalog + ?Sized> Catalog for &C {
    fn table(&self, name: &str) -> Option<CatalogTable> {
        (**self).table(name)
    }

    fn names(&self) -> Vec<Name> {
        (**self).names()
    }

    fn admits_unknown(&self) -> bool {
        (**self).admits_unknown()
    }
}

/// The name of a table of `catalog` that is spelt nearly like `name`.
pub fn nearest_table(catalog: &dyn Catalog, name: &str) -> Option<Name> {
    let names = catalog.names();
    nearest::nearest(name, names.iter().map(Name::as_str)).map(Name::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemas::Schemas;

    fn one() -> Tables {
        Tables::default()
            .with(CatalogTable::new("SigninLogs", vec![Field::new("TimeGenerated", Type::DateTime)]))
    }

    #[test]
    fn a_table_knows_its_time_column() {
        assert_eq!(one().table("SigninLogs").and_then(|t| t.time).as_deref(), Some("TimeGenerated"));
    }

    #[test]
    fn an_unknown_name_is_a_table_only_if_any_table_is_admitted() {
        assert_eq!(one().table("Other"), None);
        assert_eq!(AnyTable(one()).table("Other"), Some(CatalogTable::unknown("Other")));
    }

    #[test]
    fn a_schema_is_found_by_its_alias_under_its_own_name() {
        let table = Schemas::builtin().table("AzureDevOpsAuditing");
        assert_eq!(table.map(|table| table.name).as_deref(), Some("ADOAuditLogs"));
    }

    #[test]
    fn the_first_layer_wins() {
        let mine = Tables::default().with(CatalogTable::new("SigninLogs", Vec::new()));
        let both = Layered(mine, one());
        assert_eq!(both.table("SigninLogs").map(|t| t.columns.len()), Some(0));
        assert_eq!(both.names(), ["SigninLogs"]);
    }

    #[test]
    fn a_misspelt_table_has_a_nearest_one() {
        assert_eq!(nearest_table(&one(), "SignInLogs").as_deref(), Some("SigninLogs"));
        assert_eq!(nearest_table(&one(), "Heartbeat"), None);
    }
}
