//! `ruleset!`

use crate::crate_files::{self, Reader};
use crate::{emit, report};
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use rule_lang::schemas::Schemas;

/// A module as declared: its name and, of a group, the modules within.
struct Module {
    attributes: TokenStream,
    name: Ident,
    group: Option<Vec<Module>>,
}

/// A fault and its place.
struct Fault(&'static str, Span);

/// The modules, the crate's own tables, and the set of all rules.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    let (modules, fault) = match modules(tokens) {
        Ok(modules) => (modules, None),
        Err(Fault(message, span)) => (Vec::new(), Some(report::error(message, span, span))),
    };
    let (schemas, faults) = match crate_files::schemas(&Reader::Ruleset) {
        Ok(schemas) => (schemas, Vec::new()),
        Err(faults) => (Schemas::builtin(), faults),
    };
    let faults = faults.iter().map(|fault| report::error(fault, Span::call_site(), Span::call_site()));
    let declared = modules.iter().map(declaration);
    let mut paths = Vec::new();
    modules.iter().for_each(|module| rule_paths(module, &quote!(), &mut paths));
    let (tables, list) = (emit::tables::module(&schemas), emit::tables::list(&schemas));
    let tracked = schemas.own_tables().filter_map(crate_files::tracked_table);
    quote! {
        #fault
        #(#faults)*
        #(#declared)*
        #tables
        #(#tracked)*
        #[doc = "All rules of this crate."]
        pub static RULES: ::rule_runtime::Ruleset =
            ::rule_runtime::Ruleset { rules: &[#(&#paths),*], schemas: &[#list] };
        const _: () = ::rule_runtime::generated::assert_unique_ids(&[#(&#paths),*]);
    }
}

/// `#[…] pub mod name; pub mod group { … }`
fn modules(tokens: TokenStream) -> Result<Vec<Module>, Fault> {
    let mut modules = Vec::new();
    let mut attributes = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Punct(hash) if hash.as_char() == '#' => {
                attributes.extend([token]);
                attributes.extend(tokens.next());
            }
            TokenTree::Ident(word) if word == "pub" => {}
            TokenTree::Ident(word) if word == "mod" => {
                let Some(TokenTree::Ident(name)) = tokens.next() else {
                    return Err(Fault("a module needs a name: `mod name;`", word.span()));
                };
                let group = match tokens.next() {
                    Some(TokenTree::Punct(end)) if end.as_char() == ';' => None,
                    Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                        Some(self::modules(group.stream())?)
                    }
                    _ => {
                        return Err(Fault(
                            "expected `;` or `{ mod …; }` after the module's name",
                            name.span(),
                        ));
                    }
                };
                modules.push(Module { attributes: std::mem::take(&mut attributes), name, group });
            }
            other => return Err(Fault("expected `mod name;` or `mod group { mod name; }`", other.span())),
        }
    }
    Ok(modules)
}

fn declaration(module: &Module) -> TokenStream {
    let Module { attributes, name, group } = module;
    let doc = format!("Rules: {}.", name.to_string().replace('_', " "));
    match group {
        None => quote!(#attributes #[doc = #doc] pub mod #name;),
        Some(modules) => {
            let modules = modules.iter().map(declaration);
            quote!(#attributes #[doc = #doc] pub mod #name { #(#modules)* })
        }
    }
}

fn rule_paths(module: &Module, prefix: &TokenStream, paths: &mut Vec<TokenStream>) {
    let name = &module.name;
    match &module.group {
        None => paths.push(quote!(#prefix #name::RULE)),
        Some(modules) => {
            let prefix = quote!(#prefix #name::);
            modules.iter().for_each(|module| rule_paths(module, &prefix, paths));
        }
    }
}
