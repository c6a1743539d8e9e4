//! `rule!`

use crate::crate_files::{self, Beside};
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
    let schemas = match crate_files::schemas() {
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
    fn meaning(source: &Source) -> String {
        let outcome = rule::compile(&source.text, &Schemas::builtin(), &Beside(None));
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
            assert_eq!(meaning(&placed), meaning(&unplaced), "{}", path.display());
        }
    }
}
