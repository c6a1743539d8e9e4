//! The tables that a crate itself defines.
//!
//! `ruleset!` emits them once, as statics of a hidden module at the root of the crate, which its rules refer to: a static
//! in each rule would cost as much to compile as the rule itself.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use rule_lang::schemas::Schemas;
use rule_model::Schema;
use rule_model::schema::source;

/// The hidden module with the crate's own tables; nothing where it has none.
pub(crate) fn module(schemas: &Schemas) -> TokenStream {
    let tables: Vec<TokenStream> = schemas.own_tables().map(|own| table(&own.schema)).collect();
    if tables.is_empty() {
        return TokenStream::new();
    }
    quote! {
        pub(crate) mod own_tables {
            use ::rule_runtime::generated as g;
            #(#tables)*
        }
    }
}

/// The crate's own tables as items of a list of references, in a place beside their module.
pub(crate) fn list(schemas: &Schemas) -> TokenStream {
    let names = schemas.own_tables().map(|own| format_ident!("{}", source::static_name(&own.schema.name)));
    quote!(#(&own_tables::#names),*)
}

/// The path of a table's static, from within any rule.
pub(super) fn path(name: &str, schemas: &Schemas) -> TokenStream {
    let table = format_ident!("{}", source::static_name(name));
    if schemas.own(name).is_some() { quote!(crate::own_tables::#table) } else { quote!(g::tables::#table) }
}

fn table(schema: &Schema) -> TokenStream {
    let name = format_ident!("{}", source::static_name(&schema.name));
    // The text is Rust that this workspace's own generator writes.
    let value: TokenStream = source::source_text(schema, "g").parse().unwrap_or_default();
    let columns: TokenStream = source::module_text(schema).parse().unwrap_or_default();
    quote! {
        #[allow(dead_code, unreachable_pub)]
        #columns
        pub(crate) static #name: g::Schema = #value;
    }
}
