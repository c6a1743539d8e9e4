//! The columns that a rule names, as uses of the documented constants of their tables under the user's own tokens.
//!
//! Nothing is computed with them: they are there for editors, which show the column's type and description where the
//! rule names it, and go to its definition.

use crate::text::Source;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use rule_lang::rule::names::Named;
use rule_lang::schemas::Schemas;
use rule_model::schema::source::{constant_names, module_name};

/// A constant that uses a constant of each column, at each place where the rule names it.
pub(crate) fn references(named: &[Named], source: &Source, schemas: &Schemas) -> TokenStream {
    let used: Vec<TokenStream> = named.iter().filter_map(|named| reference(named, source, schemas)).collect();
    match used.len() {
        0 => TokenStream::new(),
        count => quote!(const _: [usize; #count] = [#(#used),*];),
    }
}

fn reference(named: &Named, source: &Source, schemas: &Schemas) -> Option<TokenStream> {
    let schema = schemas.find(&named.table)?;
    let name = constant_names(schema).into_iter().nth(schema.column_index(&named.column)?)?;
    let constant = Ident::new(&name, source.spans(named.span).0);
    let module = format_ident!("{}", module_name(&schema.name));
    let is_own = schemas.own(&named.table).is_some();
    let tables = if is_own { quote!(crate::own_tables) } else { quote!(::rule_runtime::generated::tables) };
    Some(quote!(#tables::#module::#constant))
}
