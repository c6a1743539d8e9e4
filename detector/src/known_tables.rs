//! The tables that queries may name: the built-in ones and those that the rule set brings, and before them those that
//! files were given for.

use rule_lang::catalog::{Catalog, CatalogTable, Tables};
use rule_model::Schema;
use rule_model::plan::Name;
use rule_runtime::Ruleset;
use rule_runtime::engine;

/// The tables of a detector.
#[derive(Clone, Debug)]
pub(crate) struct KnownTables(Vec<&'static Schema>);

/// The tables that files were given for, before those that are known.
#[derive(Clone, Debug)]
pub(crate) struct GivenTables {
    /// With files.
    pub(crate) given: Tables,
    /// Known, with or without a file.
    pub(crate) known: KnownTables,
}

impl KnownTables {
    /// The built-in tables and those of `ruleset`.
    pub(crate) fn of(ruleset: &Ruleset) -> KnownTables {
        KnownTables(engine::known_tables(ruleset))
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'static Schema> {
        self.0.iter().copied()
    }

    /// The table called `name`, by its name or an alias.
    pub(crate) fn find(&self, name: &str) -> Option<&'static Schema> {
        self.0.iter().copied().find(|schema| schema.is_called(name))
    }
}

impl Catalog for KnownTables {
    fn table(&self, name: &str) -> Option<CatalogTable> {
        self.find(name).map(CatalogTable::from)
    }

    fn names(&self) -> Vec<Name> {
        self.0.iter().map(|schema| Name::from(schema.name.as_ref())).collect()
    }
}

impl Catalog for GivenTables {
    fn table(&self, name: &str) -> Option<CatalogTable> {
        self.given.table(name).or_else(|| self.known.table(name))
    }

    /// Those with files, if there are any: a wildcard (`union *`, `search`) stands for what there is to read.
    fn names(&self) -> Vec<Name> {
        Some(self.given.names()).filter(|given| !given.is_empty()).unwrap_or_else(|| self.known.names())
    }
}
