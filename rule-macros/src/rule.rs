//! `rule!`

use crate::crate_files::{self, Beside, Reader};
use crate::text::Source;
use crate::{emit, report};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use rule_lang::planning;
use rule_lang::rule::typed::Rule;
use rule_lang::rule::{self, trial};

/// The rule, or what is wrong with it and a stub.
pub(crate) fn expand(body: TokenStream) -> TokenStream {
    let file = body.clone().into_iter().next().and_then(|token| token.span().local_file());
    let source = Source::of(body);
    let schemas = match crate_files::schemas(&Reader::Rule(file.clone())) {
        Ok(schemas) => schemas,
        Err(faults) => {
            let errors =
                faults.iter().map(|fault| report::error(fault, Span::call_site(), Span::call_site()));
            let stub = emit::stub();
            return quote!(#(#errors)* #stub);
        }
    };
    let outcome = rule::compile(&source.text, &schemas, &Beside(file));
    let files = outcome.files.iter().map(crate_files::tracked);
    let tracked = quote!(#(#files)*);
    let reported = outcome.diagnostics.iter().map(|fault| report::diagnostic(fault, &source));
    let Some(rule) = outcome.rule else {
        let stub = emit::stub();
        return quote!(#(#reported)* #stub #tracked);
    };
    let failed = trial::run(&rule, &schemas);
    let failed = failed.iter().map(|fault| report::diagnostic(fault, &source));
    let compiled = planning::plan(&rule, &schemas);
    let emitted = emit::rule(&rule, &compiled, &schemas);
    let tables = compiled.body.tables().into_iter().filter_map(|name| schemas.own(name));
    let tables = tables.filter_map(crate_files::tracked_table);
    let tests = tests(&rule, &source);
    let named = emit::named::references(&rule.named, &source, &schemas);
    quote!(#(#reported)* #(#failed)* #named #emitted #tests #tracked #(#tables)*)
}

/// A `#[test]` for each inline test, which runs the generated code.
fn tests(rule: &Rule, source: &Source) -> TokenStream {
    let tests = rule.tests.iter().enumerate().map(|(index, test)| {
        let name = format_ident!("{}", function_name(index, &test.name), span = source.spans(test.span).0);
        quote! {
            #[test]
            fn #name() {
                ::rule_runtime::testing::assert_passes(&super::RULE, #index);
            }
        }
    });
    quote! {
        #[cfg(test)]
        mod rule_tests {
            #(#tests)*
        }
    }
}

/// A name for the function of a test: its words, and a number where these are not enough for a name of its own.
fn function_name(index: usize, name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words = words.collect::<Vec<_>>().join("_").to_ascii_lowercase();
    format!("test_{}_{words}", index + 1).trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;
    use proc_macro2::TokenTree;
    use rule_lang::schemas::Schemas;
    use std::path::{Path, PathBuf};

    /// The bodies of the rules in the files of a folder and of the folders within.
    fn bodies(folder: &Path, found: &mut Vec<(PathBuf, TokenStream)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                bodies(&path, found);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                found.extend(body(&text.parse().unwrap()).map(|body| (path, body)));
            }
        }
    }

    /// What stands in the braces of `rule! { … }`.
    fn body(file: &TokenStream) -> Option<TokenStream> {
        let tokens: Vec<TokenTree> = file.clone().into_iter().collect();
        tokens.windows(3).find_map(|tokens| match tokens {
            [TokenTree::Ident(word), TokenTree::Punct(_), TokenTree::Group(group)] if word == "rule" => {
                Some(group.stream())
            }
            _ => None,
        })
    }

    /// What a rule means, without the places of its parts.
    fn meaning(source: &Source, path: &Path) -> String {
        let outcome = rule::compile(&source.text, &Schemas::builtin(), &Beside(Some(path.to_owned())));
        let rule = outcome.rule.unwrap_or_else(|| panic!("{:?}\n{}", outcome.diagnostics, source.text));
        let shown = format!("{:?} {:?} {:?}", rule.metadata, rule.plan, rule.visible);
        let parts = shown.split("Span {").map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
        parts.collect()
    }

    #[test]
    fn shipped_rules_mean_the_same_where_their_tokens_have_no_places() {
        let mut found = Vec::new();
        bodies(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/src"), &mut found);
        assert!(found.len() > 20);
        for (path, body) in found {
            let (placed, unplaced) = (Source::of(body.clone()), Source::without_places(body));
            assert_ne!(placed.text, unplaced.text);
            assert_eq!(meaning(&placed, &path), meaning(&unplaced, &path), "{}", path.display());
        }
    }

    /// What is wrong with a rule, its tests included.
    fn faults(source: &Source, path: &Path) -> Vec<rule_lang::Diagnostic> {
        let schemas = Schemas::builtin();
        let outcome = rule::compile(&source.text, &schemas, &Beside(Some(path.to_owned())));
        let of_tests = outcome.rule.iter().flat_map(|rule| trial::run(rule, &schemas));
        outcome.diagnostics.into_iter().chain(of_tests).collect()
    }

    /// A slip of the hand in a list of tokens.
    #[derive(Clone, Copy, Debug)]
    enum Slip {
        Lost,
        Twice,
        Swapped,
        Replaced(&'static str),
    }

    const SLIPS: [Slip; 9] = [
        Slip::Lost,
        Slip::Twice,
        Slip::Swapped,
        Slip::Replaced("|"),
        Slip::Replaced(","),
        Slip::Replaced(":"),
        Slip::Replaced("{ x: [] }"),
        Slip::Replaced("\"\u{1f600}\""),
        Slip::Replaced("r#\"'\"#"),
    ];

    /// The tokens with a slip at the token at `at`, counted through all brackets; `at` is counted down.
    fn with_slip(tokens: TokenStream, slip: Slip, at: &mut usize) -> TokenStream {
        let mut result: Vec<TokenTree> = Vec::new();
        for token in tokens {
            let is_here = *at == 0;
            *at = at.wrapping_sub(1);
            let token = match token {
                TokenTree::Group(group) if !is_here => {
                    let inner = with_slip(group.stream(), slip, at);
                    TokenTree::Group(proc_macro2::Group::new(group.delimiter(), inner))
                }
                token => token,
            };
            match slip {
                _ if !is_here => result.push(token),
                Slip::Lost => {}
                Slip::Twice => result.extend([token.clone(), token]),
                Slip::Swapped => result.insert(result.len().saturating_sub(1), token),
                Slip::Replaced(text) => result.extend(text.parse::<TokenStream>().unwrap_or_default()),
            }
        }
        result.into_iter().collect()
    }

    fn count(tokens: TokenStream) -> usize {
        let inner = |token| match token {
            TokenTree::Group(group) => 1 + count(group.stream()),
            _ => 1,
        };
        tokens.into_iter().map(inner).sum()
    }

    #[test]
    fn a_slip_in_a_rule_is_told_with_what_to_type_and_leaves_the_name_of_the_rule() {
        let mut found = Vec::new();
        bodies(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules/src"), &mut found);
        for (path, body) in found {
            let count = count(body.clone());
            for (turn, slip) in SLIPS.into_iter().cycle().take(27).enumerate() {
                // A step that shares no factor with most counts, so that all parts of a rule get their slip.
                let mut at = turn * 7919 % count;
                let place = at;
                let mutated = with_slip(body.clone(), slip, &mut at);
                for fault in faults(&Source::of(mutated.clone()), &path) {
                    assert!(fault.help.is_some(), "{} {slip:?} {place}: {fault}", path.display());
                }
                let expanded = expand(mutated).to_string();
                assert!(expanded.contains("static RULE"), "{} {slip:?} {place}", path.display());
            }
        }
    }
}
