//! `rule!`

use crate::crate_files::{self, Beside};
use crate::text::Source;
use crate::{emit, report};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use rule_lang::rule::typed::Rule;
use rule_lang::rule::{self, trial};
use rule_lang::{Diagnostic, planning};

/// The rule, or what is wrong with it and a stub.
pub(crate) fn expand(body: TokenStream) -> TokenStream {
    let file = body.clone().into_iter().next().and_then(|token| token.span().local_file());
    let source = Source::of(body);
    let (schemas, faults) = crate_files::schemas();
    let outcome = rule::compile(&source.text, &schemas, &Beside(file));
    let tracked = tracked(&outcome.files, &crate_files::schema_files(&schemas));
    let mut errors: Vec<TokenStream> =
        faults.iter().map(|fault| report::error(fault, Span::call_site(), Span::call_site())).collect();
    errors.extend(outcome.diagnostics.iter().filter(|d| is_error(d)).map(|d| report::diagnostic(d, &source)));
    let Some(rule) = outcome.rule.filter(|_| errors.is_empty()) else {
        let stub = emit::stub();
        return quote!(#(#errors)* #stub #tracked);
    };
    let failed = trial::run(&rule, &schemas);
    let failed = failed.iter().map(|fault| report::diagnostic(fault, &source)).collect::<Vec<_>>();
    let emitted = emit::rule(&rule, &planning::plan(&rule, &schemas), &schemas);
    let tests = tests(&rule, &source);
    quote!(#(#failed)* #emitted #tests #tracked)
}

fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.level == rule_lang::diagnostic::Level::Error
}

/// Makes the compiler look at the files again when they change.
fn tracked(beside: &[String], of_crate: &[String]) -> TokenStream {
    quote! {
        #(const _: &[u8] = include_bytes!(#beside);)*
        #(const _: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/", #of_crate));)*
    }
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
