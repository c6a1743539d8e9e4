//! What was measured: a table of ratios, and a plot of it.

use crate::events::Events;
use std::fmt::Write as _;
use std::path::Path;

/// What a contender is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What no reader can be faster than.
    Limit,
    /// This engine.
    Ours,
    /// A parser, which finds nothing.
    Parser,
    /// Another engine or language with the same rules.
    Peer,
}

/// A contender's best time.
#[derive(Clone, Debug)]
pub struct Measured {
    pub name: String,
    pub kind: Kind,
    pub seconds: f64,
    /// How many events it found, if it looks for any.
    pub found: Option<u64>,
}

/// Where docs/performance.md takes the table in.
const BEGIN: &str = "<!-- compare: begin -->";
const END: &str = "<!-- compare: end -->";

/// The table: each against the limit and against this engine as a library.
pub fn page(events: &Events, expected: u64, measured: &[Measured]) -> String {
    let seconds_of = |name: &str| measured.iter().find(|it| it.name == name).map(|it| it.seconds);
    let (limit, ours) = (seconds_of("copy and newlines"), seconds_of("this engine, library"));
    let mut page = format!(
        "{} events, {:.0} MB, {expected} of which the five rules match ({:.2} %). One thread unless said; the best of \
         several passes.\n\n| what | GB/s | ns an event | of copy and newlines | this engine's library is faster by |\n\
         |---|---:|---:|---:|---:|\n",
        events.count,
        events.bytes.len() as f64 / 1e6,
        100.0 * expected as f64 / events.count as f64,
    );
    for it in measured {
        let ratio = |of: Option<f64>| of.map_or(String::new(), |of| format!("{:.2}", of / it.seconds));
        let faster = ours.map_or(String::new(), |ours| format!("{:.1}x", it.seconds / ours));
        let _ = writeln!(
            page,
            "| {} | {:.2} | {:.0} | {} | {faster} |",
            it.name,
            events.bytes.len() as f64 / it.seconds / 1e9,
            it.seconds * 1e9 / events.count as f64,
            ratio(limit),
        );
    }
    page
}

/// Puts table and plot into the documents of a folder.
pub fn write(folder: &Path, page: &str, events: &Events, measured: &[Measured]) {
    let path = folder.join("performance.md");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|_| format!("{BEGIN}\n{END}\n"));
    let (before, rest) = text.split_once(BEGIN).unwrap_or((&text, END));
    let after = rest.split_once(END).map_or("", |(_, after)| after);
    let new = format!("{before}{BEGIN}\n{page}\n![Gigabytes a second](performance.svg)\n{END}{after}");
    std::fs::write(&path, new).expect("the folder takes the table");
    std::fs::write(folder.join("performance.svg"), plot(events, measured))
        .expect("the folder takes the plot");
}

/// Bars on a logarithmic scale, since the slowest is a hundred times slower than the fastest.
fn plot(events: &Events, measured: &[Measured]) -> String {
    const LEFT: f64 = 280.0;
    const WIDTH: f64 = 520.0;
    const ROW: f64 = 24.0;
    let speed = |it: &Measured| events.bytes.len() as f64 / it.seconds / 1e9;
    let slowest = measured.iter().map(speed).fold(f64::MAX, f64::min) / 2.0;
    let fastest = measured.iter().map(speed).fold(0.0, f64::max);
    let height = ROW * measured.len() as f64 + 20.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0}\" height=\"{height:.0}\" font-family=\"sans-serif\" \
         font-size=\"13\"><title>Gigabytes a second, logarithmic</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        LEFT + WIDTH + 80.0
    );
    for (row, it) in measured.iter().enumerate() {
        let top = 10.0 + ROW * row as f64;
        let length = WIDTH * (speed(it) / slowest).ln() / (fastest / slowest).ln();
        let colour = match it.kind {
            Kind::Limit => "#9aa5b1",
            Kind::Ours => "#1a7f5a",
            Kind::Parser => "#7c9cc4",
            Kind::Peer => "#c9a04e",
        };
        let _ = writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{}</text><rect x=\"{LEFT:.0}\" y=\"{top:.0}\" \
             width=\"{length:.1}\" height=\"16\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{:.0}\">{:.2}</text>",
            LEFT - 8.0,
            top + 13.0,
            it.name.replace('&', "&amp;").replace('<', "&lt;"),
            LEFT + length + 6.0,
            top + 13.0,
            speed(it),
        );
    }
    svg + "</svg>\n"
}
