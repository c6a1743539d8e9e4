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
    let Some(rule) = outcome.rule else {
        let errors = outcome.diagnostics.iter().filter(|fault| is_error(fault));
        let errors = errors.map(|fault| report::diagnostic(fault, &source));
        let stub = emit::stub();
        return quote!(#(#errors)* #stub #tracked);
    };
    let failed = trial::run(&rule, &schemas);
    let failed = failed.iter().map(|fault| report::diagnostic(fault, &source));
    let compiled = planning::plan(&rule, &schemas);
    let emitted = emit::rule(&rule, &compiled, &schemas);
    let tables = compiled.body.tables().into_iter().filter_map(|name| schemas.own(name));
    let tables = tables.filter_map(crate_files::tracked_table);
    let tests = tests(&rule, &source);
    quote!(#(#failed)* #emitted #tests #tracked #(#tables)*)
}

fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.level == rule_lang::diagnostic::Level::Error
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
