//! The statics that emitted code needs: function entries, regular expressions and constants, each once.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use rule_model::Value;
use std::borrow::Borrow;

/// Statics in order of their first use.
#[derive(Debug, Default)]
pub(super) struct Statics {
    functions: Vec<String>,
    regexes: Vec<String>,
    constants: Vec<Vec<u8>>,
}

impl Statics {
    /// The static for a function of the function table.
    pub(super) fn function(&mut self, name: &str) -> Ident {
        format_ident!("F{}", position(&mut self.functions, name))
    }

    /// The static for a pattern.
    pub(super) fn regex(&mut self, pattern: &str) -> Ident {
        format_ident!("R{}", position(&mut self.regexes, pattern))
    }

    /// The static for a value that cannot be written in Rust as a constant.
    pub(super) fn constant(&mut self, value: &Value) -> Ident {
        // A value always serialises: every variant has a form, and the bytes go to memory.
        let bytes = postcard::to_allocvec(value).unwrap_or_default();
        format_ident!("C{}", position(&mut self.constants, bytes.as_slice()))
    }

    /// All of them as items.
    pub(super) fn items(&self) -> TokenStream {
        let functions = self.functions.iter().enumerate().map(|(index, name)| {
            let ident = format_ident!("F{index}");
            quote!(static #ident: g::Function = g::Function::named(#name);)
        });
        let regexes = self.regexes.iter().enumerate().map(|(index, pattern)| {
            let ident = format_ident!("R{index}");
            quote!(static #ident: g::Regex = g::Regex::new(#pattern);)
        });
        let constants = self.constants.iter().enumerate().map(|(index, bytes)| {
            let (ident, bytes) = (format_ident!("C{index}"), Literal::byte_string(bytes));
            quote!(static #ident: g::Constant = g::Constant::serialised(#bytes);)
        });
        quote!(#(#functions)* #(#regexes)* #(#constants)*)
    }
}

/// The position of `item` in `list`, at its end if it is new.
fn position<T: ToOwned + PartialEq + ?Sized>(list: &mut Vec<T::Owned>, item: &T) -> usize {
    list.iter().position(|known| known.borrow() == item).unwrap_or_else(|| {
        list.push(item.to_owned());
        list.len() - 1
    })
}
