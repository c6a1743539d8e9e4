//! The tables and columns that a rule names, as uses of their documented items under the user's own tokens.
//!
//! Nothing is computed with them: they are there for editors, which show a table's description, or a column's type and
//! description, where the rule names it, and go to its definition. A query in a text is one token, under which all that
//! it names stands.

use crate::text::Source;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use rule_lang::rule::names::Named;
use rule_lang::schemas::Schemas;
use rule_model::schema::source::{constant_names, module_name};

/// An import of each table's module and each column's constant, at each place where the rule names it.
pub(crate) fn references(named: &[Named], source: &Source, schemas: &Schemas) -> TokenStream {
    let used = named.iter().filter_map(|named| reference(named, source, schemas));
    quote! {
        const _: () = {
            #(#used)*
        };
    }
}

fn reference(named: &Named, source: &Source, schemas: &Schemas) -> Option<TokenStream> {
    let schema = schemas.find(&named.table)?;
    let span = source.spans(named.span).0;
    let is_own = schemas.own(&named.table).is_some();
    let tables = if is_own { quote!(crate::own_tables) } else { quote!(::rule_runtime::generated::tables) };
    let module = module_name(&schema.name);
    let Some(column) = &named.column else {
        let module = Ident::new(&module, span);
        return Some(quote!(#[allow(unused_imports)] use #tables::#module as _;));
    };
    let name = constant_names(schema).into_iter().nth(schema.column_index(column)?)?;
    let (module, constant) = (format_ident!("{module}"), Ident::new(&name, span));
    Some(quote!(#[allow(unused_imports)] use #tables::#module::#constant as _;))
}
