//! Crates of rules on disk, and cargo in them.

use crate::usage::{self, Usage};
use crate::{rules, shown};
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A crate of rules.
#[derive(Debug)]
pub(crate) struct Crate {
    name: String,
    folder: PathBuf,
    target: PathBuf,
}

/// How it is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// As shipped.
    Release,
    /// As developed.
    Dev,
}

/// Rules in a module, so that no folder has thousands of files.
const GROUP: usize = 50;

impl Crate {
    /// Writes a crate of `count` rules that takes the engine from `workspace`.
    pub(crate) fn write(workspace: &Path, folder: &Path, count: usize) -> Result<Crate, Box<dyn Error>> {
        let it = Crate {
            name: format!("rules-{count}"),
            folder: folder.join(format!("rules-{count}")),
            target: folder.join("target"),
        };
        if it.folder.exists() {
            fs::remove_dir_all(&it.folder)?;
        }
        fs::create_dir_all(it.folder.join("src"))?;
        fs::write(it.folder.join("Cargo.toml"), it.manifest(workspace)?)?;
        fs::copy(workspace.join("Cargo.lock"), it.folder.join("Cargo.lock"))?;
        fs::write(it.folder.join("src/main.rs"), it.program())?;
        let mut modules = String::new();
        for group in 0..count.div_ceil(GROUP) {
            let group_folder = it.folder.join(format!("src/group_{group}"));
            fs::create_dir_all(&group_folder)?;
            write!(modules, "    mod group_{group} {{")?;
            for index in group * GROUP..count.min((group + 1) * GROUP) {
                fs::write(group_folder.join(format!("rule_{index}.rs")), rules::file(index))?;
                write!(modules, " mod rule_{index};")?;
            }
            modules.push_str(" }\n");
        }
        let library = format!("//! Rules.\n\nrule_macros::ruleset! {{\n{modules}}}\n");
        fs::write(it.folder.join("src/lib.rs"), library)?;
        Ok(it)
    }

    /// Runs cargo, and says what it took.
    pub(crate) fn cargo(&self, command: &str, profile: Profile) -> Result<Usage, Box<dyn Error>> {
        let mut cargo = self.command();
        cargo.args([command, "--offline", "--quiet"]);
        if profile == Profile::Release {
            cargo.arg("--release");
        }
        eprintln!("{} {command} {profile:?}", self.name);
        usage::of(&mut cargo, &self.name.replace('-', "_"))
    }

    /// Makes cargo forget what it built of this crate alone.
    pub(crate) fn forget(&self, profile: Profile) -> Result<(), Box<dyn Error>> {
        let profile = if profile == Profile::Dev { "dev" } else { "release" };
        let status = self
            .command()
            .args(["clean", "--offline", "--quiet", "-p", &self.name, "--profile", profile])
            .status()?;
        if status.success() { Ok(()) } else { Err("cargo clean failed".into()) }
    }

    /// Changes the title of the first rule.
    pub(crate) fn change_a_rule(&self) -> Result<(), Box<dyn Error>> {
        let file = self.folder.join("src/group_0/rule_0.rs");
        if file.exists() {
            let text = fs::read_to_string(&file)?;
            fs::write(&file, text.replacen("/// ", "/// Changed: ", 1))?;
        }
        Ok(())
    }

    /// Bytes of the program, as last built in release.
    pub(crate) fn program_size(&self) -> Result<u64, Box<dyn Error>> {
        Ok(fs::metadata(self.target.join("release").join(&self.name))?.len())
    }

    fn command(&self) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.folder).env("CARGO_TARGET_DIR", &self.target);
        // Somebody's settings for faster builds would be measured in place of the profiles below.
        let settings = std::env::vars_os().map(|(name, _)| name);
        for setting in settings.filter(|name| name.to_string_lossy().starts_with("CARGO_PROFILE_")) {
            cargo.env_remove(setting);
        }
        cargo
    }

    fn manifest(&self, workspace: &Path) -> Result<String, Box<dyn Error>> {
        let path = |name: &str| -> Result<String, Box<dyn Error>> {
            Ok(format!("path = {:?}", shown(&workspace.join(name))?))
        };
        Ok(format!(
            "[package]\nname = {:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             detector = {{ {}, default-features = false, features = [\"queries\"] }}\n\
             rule-macros = {{ {} }}\nrule-runtime = {{ {} }}\n\n\
             [profile.release]\nlto = \"thin\"\ncodegen-units = 4\npanic = \"abort\"\nstrip = true\n\n\
             [profile.dev.build-override]\nopt-level = 2\n",
            self.name,
            path("detector")?,
            path("rule-macros")?,
            path("rule-runtime")?
        ))
    }

    fn program(&self) -> String {
        let library = self.name.replace('-', "_");
        format!(
            "//! A detector.\n\nfn main() -> std::process::ExitCode {{\n    detector::program!().main(&{library}::RULES)\n}}\n"
        )
    }
}
