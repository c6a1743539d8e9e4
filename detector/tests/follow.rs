//! `detector run --follow`: files that grow, come, and are rotated under a run.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod process;

use process::directory;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

const PIM: &str = "0ed0fe7c-af29-4990-af7f-bb5ccb231198";
/// Longer than a machine that is busy takes.
const PATIENCE: Duration = Duration::from_mins(1);
/// Longer than it takes to look at the files a few times; what is waited for in vain is waited for this long.
const A_WHILE: Duration = Duration::from_millis(700);

fn record(user: &str) -> String {
    format!(
        r#"{{"TimeGenerated":"2024-03-01T10:00:00Z","Category":"RoleManagement","OperationName":"Update role setting in PIM","InitiatedBy":{{"user":{{"userPrincipalName":"{user}"}}}}}}"#
    )
}

/// A run that follows files.
struct Run {
    process: Child,
    users: Receiver<String>,
}

impl Run {
    fn over(arguments: &[&str]) -> Run {
        let mut process = Command::new(env!("CARGO_BIN_EXE_detector"))
            .args(["run", "--follow", "--format", "ndjson"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (send, users) = channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let user = line
                    .split("InitiatingUserPrincipalName\":\"")
                    .nth(1)
                    .and_then(|rest| rest.split('"').next());
                // The test has ended.
                let _closed = send.send(user.unwrap_or_default().to_owned());
            }
        });
        Run { process, users }
    }

    fn expect(&self, users: &[&str]) {
        for user in users {
            assert_eq!(self.users.recv_timeout(PATIENCE).as_deref(), Ok(*user));
        }
    }

    fn expect_nothing(&self) {
        assert!(self.users.recv_timeout(A_WHILE).is_err());
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // It may have ended already, which the test has then said.
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn line(user: &str) -> String {
    record(user) + "\n"
}

/// Both ways to read: rules that look at one event, and all rules, some of which wait for ticks.
fn runs(test: &str, check: impl Fn(&[&str], PathBuf)) {
    for (name, arguments) in [("one", &["--rules", PIM][..]), ("all", &["--exclude", "*Intune*"])] {
        check(arguments, directory(&format!("{test}-{name}")).join("audit.ndjson"));
    }
}

#[test]
fn what_is_appended_is_read_once_its_line_is_whole() {
    let path = directory("follow-appended").join("audit.ndjson");
    let run = Run::over(&["--rules", PIM, path.to_str().unwrap()]);
    // The file comes after the run.
    run.expect_nothing();
    append(&path, &line("a"));
    run.expect(&["a"]);
    let whole = record("b");
    let (left, right) = whole.split_at(40);
    append(&path, left);
    run.expect_nothing();
    append(&path, right);
    run.expect_nothing();
    append(&path, "\n");
    run.expect(&["b"]);
}

#[test]
fn a_rotated_file_is_read_to_its_end_and_the_next_from_its_beginning() {
    runs("follow-rotated", |arguments, path| {
        append(&path, &line("a"));
        let run = Run::over(&[arguments, &[path.to_str().unwrap()]].concat());
        run.expect(&["a"]);
        append(&path, &line("b"));
        fs::rename(&path, path.with_extension("1")).unwrap();
        append(&path, &line("c"));
        run.expect(&["b", "c"]);
        // copytruncate: another beginning under the same inode.
        fs::write(&path, line("d")).unwrap();
        run.expect(&["d"]);
        append(&path, &line("e"));
        run.expect(&["e"]);
    });
}

#[test]
fn a_silent_file_keeps_no_other_from_being_read() {
    runs("follow-several", |arguments, path| {
        let (silent, other) = (path.with_extension("a"), path.with_extension("b"));
        append(&silent, &line("a"));
        append(&other, &line("b"));
        let run = Run::over(&[arguments, &[silent.to_str().unwrap(), other.to_str().unwrap()]].concat());
        run.expect(&["a", "b"]);
        append(&other, &line("c"));
        run.expect(&["c"]);
        append(&silent, &line("d"));
        run.expect(&["d"]);
    });
}
