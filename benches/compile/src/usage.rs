//! What a command used: user CPU time with all its children, and the most memory that the compiler of one crate held.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

/// What a command used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// User CPU time.
    pub(crate) seconds: f64,
    /// Peak resident memory of the largest rustc, in kilobytes.
    pub(crate) peak_kilobytes: u64,
}

/// Clock ticks a second, which Linux fixes for `/proc` on all its platforms.
const TICKS: f64 = 100.0;
/// How often memory is looked at; the kernel keeps the peak, so only the end of a process may be missed.
const LOOK: Duration = Duration::from_millis(100);

/// Runs a command and says what it used; of memory only the compiler of the crate called `name` counts.
pub(crate) fn of(command: &mut Command, name: &str) -> Result<Usage, Box<dyn Error>> {
    let before = children_seconds()?;
    let mut child = command.spawn()?;
    let mut peak_kilobytes = 0;
    let status = loop {
        peak_kilobytes = peak_kilobytes.max(peak_of_compilers(name));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        thread::sleep(LOOK);
    };
    if !status.success() {
        return Err(format!("{command:?} failed").into());
    }
    Ok(Usage { seconds: children_seconds()? - before, peak_kilobytes })
}

/// User CPU time of all children that have ended, and of theirs.
fn children_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name in parentheses may hold blanks; the fields are counted behind it. proc(5): cutime is the 16th of all.
    let fields = stat.rsplit_once(')').ok_or("/proc/self/stat is not as expected")?.1;
    let ticks: f64 = fields.split_whitespace().nth(13).ok_or("no cutime in /proc/self/stat")?.parse()?;
    Ok(ticks / TICKS)
}

/// The peak of each running rustc that compiles the crate: the largest.
fn peak_of_compilers(name: &str) -> u64 {
    let Ok(processes) = fs::read_dir("/proc") else { return 0 };
    let peaks = processes.flatten().filter_map(|process| {
        let path = process.path();
        let arguments = fs::read(path.join("cmdline")).ok()?;
        let mut arguments = arguments.split(|byte| *byte == 0);
        let is_rustc =
            arguments.next().and_then(|program| program.rsplit(|b| *b == b'/').next()) == Some(b"rustc");
        (is_rustc && arguments.any(|argument| argument == name.as_bytes())).then(|| peak(&path))?
    });
    peaks.max().unwrap_or(0)
}

fn peak(process: &Path) -> Option<u64> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
