//! The tables that a rule may name: the built-in ones and those that the user's crate defines.
//!
//! ```text
//! <crate>/schemas/*.toml ──definition::parse──> own tables ─┐
//!                                     rule_model::tables ───┴──> Schemas, each name once
//! ```

use crate::catalog::{Catalog, CatalogTable};
use rule_model::plan::{Field, Name};
use rule_model::schema::definition::{self, DefinitionError};
use rule_model::{Schema, tables};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

/// The built-in tables and a crate's own.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    own: Vec<OwnSchema>,
}

/// A table that a crate defines.
#[derive(Clone, Debug)]
pub struct OwnSchema {
    /// The table.
    pub schema: Schema,
    /// The file that defines it: what a rule that uses it must be rebuilt for.
    pub file: PathBuf,
}

/// Why a crate's tables cannot be used.
#[derive(Debug)]
pub enum SchemaFileError {
    /// The folder or a file in it cannot be read.
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file is not a table's definition.
    Faulty {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        error: DefinitionError,
    },
    /// A file defines a name that is taken.
    Twice {
        /// The file.
        path: PathBuf,
        /// The name or alias.
        name: String,
        /// The file that defines it already; `None` where it is built in.
        first: Option<PathBuf>,
    },
}

impl Schemas {
    /// The built-in tables alone.
    pub fn builtin() -> Schemas {
        Schemas::default()
    }

    /// The built-in tables and those in the folder `schemas` of the crate at `crate_folder` (the macro's
    /// `CARGO_MANIFEST_DIR`). A crate without that folder has none of its own. All faults are reported together.
    pub fn of_crate(crate_folder: &Path) -> Result<Schemas, Vec<SchemaFileError>> {
        let folder = crate_folder.join("schemas");
        if !folder.is_dir() {
            return Ok(Schemas::builtin());
        }
        let files =
            files(&folder).map_err(|cause| vec![SchemaFileError::Unreadable { path: folder, cause }])?;
        let (mut own, mut errors) = (Vec::new(), Vec::new());
        for file in files {
            match read(&file) {
                Ok(schema) => own.push(OwnSchema { schema, file }),
                Err(faults) => errors.extend(faults),
            }
        }
        errors.extend(taken_names(&own));
        if errors.is_empty() { Ok(Schemas { own }) } else { Err(errors) }
    }

    /// The built-in tables, and these, which a binary carries and no file defines.
    pub fn with(own: impl IntoIterator<Item = Schema>) -> Schemas {
        Schemas { own: own.into_iter().map(|schema| OwnSchema { schema, file: PathBuf::new() }).collect() }
    }

    /// The table called `name`, by its name or an alias.
    pub fn find(&self, name: &str) -> Option<&Schema> {
        self.own(name).map(|own| &own.schema).or_else(|| tables::find(name))
    }

    /// The table called `name` if the crate defines it.
    pub fn own(&self, name: &str) -> Option<&OwnSchema> {
        self.own.iter().find(|own| own.schema.is_called(name))
    }

    /// The crate's own tables, in the order of their files.
    pub fn own_tables(&self) -> impl Iterator<Item = &OwnSchema> {
        self.own.iter()
    }

    /// All tables, the crate's own first.
    pub fn iter(&self) -> impl Iterator<Item = &Schema> {
        self.own.iter().map(|own| &own.schema).chain(tables::ALL.iter().copied())
    }

    /// All names and aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().flat_map(names)
    }
}

impl Catalog for Schemas {
    fn table(&self, name: &str) -> Option<CatalogTable> {
        self.find(name).map(CatalogTable::from)
    }

    fn names(&self) -> Vec<Name> {
        self.iter().map(|schema| schema.name.as_ref().into()).collect()
    }
}

impl From<&Schema> for CatalogTable {
    fn from(schema: &Schema) -> CatalogTable {
        let columns = schema.columns.iter().map(|column| Field::new(column.name.as_ref(), column.ty));
        CatalogTable {
            name: schema.name.as_ref().into(),
            columns: columns.collect(),
            time: schema.time_column().map(|column| column.name.as_ref().into()),
            open: false,
        }
    }
}

/// The TOML files of a folder, by name.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    Ok(files)
}

fn read(file: &Path) -> Result<Schema, Vec<SchemaFileError>> {
    let path = || file.to_owned();
    let text = fs::read_to_string(file)
        .map_err(|cause| vec![SchemaFileError::Unreadable { path: path(), cause }])?;
    definition::parse(&text).map_err(|errors| {
        errors.into_iter().map(|error| SchemaFileError::Faulty { path: path(), error }).collect()
    })
}

/// Names and aliases that a built-in table or an earlier file has.
fn taken_names(own: &[OwnSchema]) -> Vec<SchemaFileError> {
    let mut first: HashMap<&str, Option<&Path>> =
        tables::ALL.iter().flat_map(|schema| names(schema)).map(|name| (name, None)).collect();
    let mut errors = Vec::new();
    for OwnSchema { schema, file } in own {
        for name in names(schema) {
            match first.insert(name, Some(file)) {
                None => {}
                Some(taken) => errors.push(SchemaFileError::Twice {
                    path: file.clone(),
                    name: name.to_owned(),
                    first: taken.map(Path::to_owned),
                }),
            }
        }
    }
    errors
}

fn names(schema: &Schema) -> impl Iterator<Item = &str> {
    std::iter::once(schema.name.as_ref()).chain(schema.aliases.iter().map(AsRef::as_ref))
}

impl std::error::Error for SchemaFileError {}

impl fmt::Display for SchemaFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SchemaFileError::Unreadable { path, cause } => {
                write!(f, "cannot read {}: {cause}", path.display())
            }
            SchemaFileError::Faulty { path, error } => write!(f, "{}:{error}", path.display()),
            SchemaFileError::Twice { path, name, first } => {
                let path = path.display();
                write!(f, "{path}: table `{name}` is ")?;
                match first {
                    Some(first) => write!(f, "defined in {} already", first.display())?,
                    None => f.write_str("built in")?,
                }
                f.write_str("; give this one another name")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate's folder with schema files, removed when dropped.
    struct Crate(PathBuf);

    impl Crate {
        fn with(test: &str, files: &[(&str, &str)]) -> Crate {
            let folder = std::env::temp_dir().join(format!("schemas-{test}-{}", std::process::id()));
            fs::create_dir_all(folder.join("schemas")).unwrap();
            for (name, text) in files {
                fs::write(folder.join("schemas").join(name), text).unwrap();
            }
            Crate(folder)
        }

        /// What is wrong, without the folder's path.
        fn errors(&self) -> Vec<String> {
            let folder = self.0.join("schemas").display().to_string() + std::path::MAIN_SEPARATOR_STR;
            let errors = Schemas::of_crate(&self.0).unwrap_err();
            errors.iter().map(|error| error.to_string().replace(&folder, "")).collect()
        }
    }

    impl Drop for Crate {
        fn drop(&mut self) {
            let _best_effort = fs::remove_dir_all(&self.0);
        }
    }

    const DOORS: &str = "name = 'Doors'\naliases = ['Gates']\n[columns]\nAction = { type = 'string' }";

    #[test]
    fn a_crates_tables_stand_beside_the_built_in_ones() {
        let folder = Crate::with("beside", &[("doors.toml", DOORS), ("notes.md", "not a table")]);
        let schemas = Schemas::of_crate(&folder.0).unwrap();
        for name in ["Doors", "Gates", "AuditLogs", "AzureDevOpsAuditing"] {
            assert!(schemas.find(name).is_some(), "{name}");
            assert!(schemas.names().any(|known| known == name), "{name}");
        }
        assert!(schemas.find("Windows").is_none());
        assert!(schemas.own("Doors").is_some() && schemas.own("AuditLogs").is_none());
        assert_eq!(schemas.own_tables().count(), 1);
    }

    #[test]
    fn a_crate_without_the_folder_has_the_built_in_tables() {
        let schemas = Schemas::of_crate(Path::new("no such crate")).unwrap();
        assert_eq!(schemas.iter().count(), tables::ALL.len());
    }

    #[test]
    fn a_name_that_is_taken_is_refused() {
        let again = DOORS.replace("'Doors'", "'AuditLogs'");
        let folder = Crate::with("taken", &[("a.toml", DOORS), ("b.toml", &again)]);
        assert_eq!(
            folder.errors(),
            [
                "b.toml: table `AuditLogs` is built in; give this one another name",
                "b.toml: table `Gates` is defined in a.toml already; give this one another name",
            ]
        );
    }

    #[test]
    fn faults_of_all_files_are_reported_with_file_line_and_column() {
        let folder = Crate::with("faulty", &[("a.toml", "name = 1\n[columns]"), ("b.toml", "name")]);
        let errors = folder.errors();
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert_eq!(errors[0], "a.toml:1:8: `name` is of type integer; write a string");
        assert!(errors[1].starts_with("b.toml:1:5: not valid TOML"), "{errors:?}");
    }
}
