//! Writes the seeds of all targets to files, for a corpus to begin with: `seeds FOLDER` makes `FOLDER/TARGET/seed-N`.

use fuzz_targets::targets;
use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let Some(folder) = env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("no folder is named: seeds FOLDER"));
    };
    for target in targets::ALL {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in target.seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
    }
    Ok(())
}
