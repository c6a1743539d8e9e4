//! The tables that a crate itself defines.
//!
//! `ruleset!` emits them once, as statics of a hidden module at the root of the crate, which its rules refer to: a static
//! in each rule would cost as much to compile as the rule itself.

use crate::crate_files;
use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{format_ident, quote};
use rule_lang::schemas::{OwnSchema, Schemas};
use rule_model::schema::source;

/// The hidden module with the crate's own tables; nothing where it has none.
pub(crate) fn module(schemas: &Schemas) -> TokenStream {
    let tables: Vec<TokenStream> = schemas.own_tables().map(table).collect();
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

fn table(own: &OwnSchema) -> TokenStream {
    let schema = &own.schema;
    let file = crate_files::path_of_table(own);
    let name = format_ident!("{}", source::static_name(&schema.name));
    // The text is Rust that this workspace's own generator writes.
    let value: TokenStream = source::source_text(schema, "g").parse().unwrap_or_default();
    let value = at_call(value);
    let module = format_ident!("{}", source::module_name(&schema.name));
    let doc = format!("{}\n\nA table of this crate, `{file}`.", source::table_doc(schema));
    let columns = source::column_docs(schema).into_iter().enumerate().map(|(position, (constant, doc))| {
        let constant = format_ident!("{constant}");
        quote!(#[doc = #doc] pub const #constant: usize = #position;)
    });
    quote! {
        #[allow(dead_code, unreachable_pub)]
        #[doc = #doc]
        pub mod #module { #(#columns)* }
        pub(crate) static #name: g::Schema = #value;
    }
}

/// The tokens of a text as if they stood where the macro is called: in editors they have places within that text, which
/// lead nowhere.
fn at_call(tokens: TokenStream) -> TokenStream {
    let at_call = |token| match token {
        TokenTree::Group(group) => {
            TokenTree::Group(Group::new(group.delimiter(), self::at_call(group.stream())))
        }
        mut token => {
            token.set_span(Span::call_site());
            token
        }
    };
    tokens.into_iter().map(at_call).collect()
}
