//! The book: every page is listed, every link leads somewhere, generated pages are those of the code, and every block of
//! code is compiled, run or checked.
//!
//! ```text
//! page ─markdown─> blocks ─┬─ console ──console──> run, output compared
//!                          ├─ kql ──────────────> `detector check`
//!                          ├─ json, toml ───────> parsed; files of a console block, too
//!                          └─ rust ─────────────> doctests of `detector-tests`, or files of a crate that a console
//!                                                 block builds
//! ```
//!
//! `UPDATE_BOOK=1 cargo test -p detector --test book` writes the generated pages.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod console;
mod generated;
mod markdown;
#[path = "../process/mod.rs"]
mod process;

use markdown::{Block, blocks, links};
use process::{detector, text};
use rule_eval::json;
use rule_lang::rule::FIELD_NAMES;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Languages of code blocks. `text` and the formats of other platforms are for reading.
const LANGUAGES: [&str; 11] =
    ["console", "json", "kql", "python", "rust", "rust,ignore", "sh", "text", "toml", "yaml", "kuery"];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/book/src")
}

/// All pages, by their path within the book.
fn pages() -> Vec<(String, String)> {
    fn gather(folder: &Path, pages: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, pages);
            } else {
                let name = path.strip_prefix(source()).unwrap().to_str().unwrap().to_owned();
                pages.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut pages = Vec::new();
    gather(&source(), &mut pages);
    pages.sort();
    pages
}

fn blocks_of(language: &str) -> impl Iterator<Item = (String, Block)> {
    let of_page =
        |(page, text): (String, String)| blocks(&text).into_iter().map(move |block| (page.clone(), block));
    pages().into_iter().flat_map(of_page).filter(move |(_, block)| block.language == language)
}

#[test]
fn the_summary_lists_every_page() {
    let summary = fs::read_to_string(source().join("SUMMARY.md")).unwrap();
    let listed: BTreeSet<String> = links(&summary).into_iter().collect();
    let there: BTreeSet<String> =
        pages().into_iter().map(|(page, _)| page).filter(|page| page != "SUMMARY.md").collect();
    assert_eq!(listed, there);
}

#[test]
fn every_link_leads_somewhere() {
    for (page, text) in pages() {
        let folder = source().join(&page);
        for link in links(&text) {
            let file = link.split('#').next().unwrap_or_default();
            let is_elsewhere = link.contains("://") || file.is_empty();
            assert!(is_elsewhere || folder.with_file_name(file).exists(), "{page}: {link}");
        }
    }
}

#[test]
fn every_page_that_is_a_document_of_the_project_is_there() {
    for (page, text) in pages() {
        for part in text.split("{{#include ").skip(1) {
            let file = source().join(&page).with_file_name(part.split("}}").next().unwrap());
            assert!(file.exists(), "{page}: {}", file.display());
        }
    }
}

#[test]
fn generated_pages_are_those_of_the_code() {
    for (page, text) in generated::pages() {
        let path = source().join(page);
        if std::env::var_os("UPDATE_BOOK").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == text, "{page} is stale: UPDATE_BOOK=1 cargo test -p detector --test book");
    }
}

#[test]
fn the_reference_has_every_field_of_a_rule_and_no_other() {
    let page = fs::read_to_string(source().join("metadata.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let described: BTreeSet<&str> = rows.map(|(name, _)| name).collect();
    assert_eq!(described, FIELD_NAMES.iter().copied().collect());
}

#[test]
fn every_block_has_a_language_that_is_checked_or_only_read() {
    for (page, text) in pages() {
        for block in blocks(&text) {
            let Block { language, file, line, .. } = &block;
            assert!(LANGUAGES.contains(&language.as_str()), "{page}:{line}: {language:?}");
            assert!(language != "rust,ignore" || file.is_some(), "{page}:{line}: who compiles this?");
            let is_foreign = matches!(language.as_str(), "yaml" | "python" | "kuery");
            assert!(!is_foreign || page.starts_with("coming-from/"), "{page}:{line}: {language}");
        }
    }
}

#[test]
fn pages_with_rules_are_doctests() {
    let doctests = include_str!("../../../tests/src/lib.rs");
    let pages: BTreeSet<String> =
        blocks_of("rust").filter(|(_, block)| block.file.is_none()).map(|(page, _)| page).collect();
    for page in pages {
        assert!(doctests.contains(&format!("/docs/book/src/{page}\"")), "{page} is not in tests/src/lib.rs");
    }
}

#[test]
fn queries_are_queries() {
    for (page, block) in blocks_of("kql") {
        let report = detector(&["check", "-"], block.text.as_bytes());
        assert!(report.status.success(), "{page}:{}: {}", block.line, text(&report.stdout));
    }
}

#[test]
fn json_is_json() {
    for (page, block) in blocks_of("json") {
        let whole = json::parse(&block.text).is_ok();
        let lines = || block.text.lines().all(|line| json::parse(line).is_ok());
        assert!(whole || lines(), "{page}:{}", block.line);
    }
}

#[test]
fn console_blocks_show_what_the_commands_print() {
    for (page, text) in pages() {
        let folder = process::directory(&format!("book/{}", page.replace(['/', '.'], "-")));
        let mut session = console::Session::new(&folder);
        for block in blocks(&text) {
            if let Err(difference) = session.run(&block) {
                panic!("docs/book/src/{page}:{}\n{difference}", block.line);
            }
        }
    }
}
