//! What the terminal can show.

use rule_runtime::sink::table::Style;
use std::env;
use std::io::{IsTerminal, stdout};

/// How a table is written to standard output: cut to the width of a terminal and coloured there, unless `NO_COLOR` is
/// set (<https://no-color.org>).
pub(crate) fn style() -> Style {
    let terminal = stdout().is_terminal();
    let asked_not_to = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Style {
        width: terminal.then(terminal_size::terminal_size).flatten().map(|(width, _)| usize::from(width.0)),
        colour: terminal && !asked_not_to,
    }
}
