//! Turns `schemas/*.toml` into Rust: `$OUT_DIR/tables.rs`, which `src/tables.rs` includes.
//!
//! ```text
//! schemas/*.toml ──schema::definition::parse──> Schema ──schema::source──> statics, column positions, ALL
//! ```
//!
//! Reader and writer are the crate's own modules, compiled into the build script once more: the built-in tables and a
//! user's take the same way.

use std::borrow::Cow;
use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use src::scalar::Type;
use src::schema::{Schema, definition, source};

/// As in the crate's root, under which the modules below look for them.
type Text = Cow<'static, str>;
type List<T> = Cow<'static, [T]>;

#[allow(dead_code, unreachable_pub, reason = "the build script needs a part of what these modules offer")]
mod src {
    pub mod scalar;
    pub mod schema;
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("schemas");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files =
        fs::read_dir(&folder)?.map(|file| Ok(file?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.sort();
    let mut schemas = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file)?;
        let schema = definition::parse(&text).map_err(|errors| {
            errors.iter().map(|error| format!("{}:{error}", file.display())).collect::<Vec<_>>().join("\n")
        })?;
        schemas.push(schema);
    }
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("tables.rs"), generated(&schemas))?;
    Ok(())
}

/// Modules, statics, and the list of all tables.
fn generated(schemas: &[Schema]) -> String {
    let mut items: Vec<_> = schemas.iter().map(table).collect();
    let names: Vec<_> =
        schemas.iter().map(|schema| format!("&{}", source::static_name(&schema.name))).collect();
    items.push(format!(
        "/// All built-in tables.\npub static ALL: &[&crate::Schema] = &[{}];\n",
        names.join(", ")
    ));
    items.concat()
}

/// A table's module and its static.
fn table(schema: &Schema) -> String {
    format!(
        "{}/// `{}`: {}\npub static {}: crate::Schema = {};\n",
        source::module_text(schema),
        schema.name,
        schema.description,
        source::static_name(&schema.name),
        source::source_text(schema, "crate")
    )
}
