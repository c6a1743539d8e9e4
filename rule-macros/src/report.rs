//! Diagnostics under the user's own tokens.

use crate::text::Source;
use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::quote;
use rule_lang::Diagnostic;
use rule_lang::diagnostic::Level;

/// A diagnostic at its place: an error as a `compile_error!`, a warning as the use of something deprecated, which is what
/// stable Rust has for it. Within a text, of which rustc can only point at the whole, the place is told in words.
pub(crate) fn diagnostic(diagnostic: &Diagnostic, source: &Source) -> TokenStream {
    let (first, last) = source.spans(diagnostic.span);
    let message = match source.place_within_token(diagnostic.span.start) {
        Some(place) => diagnostic.clone().note(format!("at {place}")).to_string(),
        None => diagnostic.to_string(),
    };
    match diagnostic.level {
        Level::Error => error(&message, first, last),
        Level::Warning => warning(&message, first),
    }
}

fn warning(note: &str, span: Span) -> TokenStream {
    let used = Ident::new("warning", span);
    quote! {
        const _: () = {
            #[deprecated(note = #note)]
            #[allow(non_upper_case_globals)]
            const warning: () = ();
            #used
        };
    }
}

/// `::core::compile_error! { message }` from one token to another: rustc points at everything from the first token of
/// the call to its last, so the two ends carry the two spans.
pub(crate) fn error(message: &str, first: Span, last: Span) -> TokenStream {
    let punct = |c, spacing, span| {
        let mut punct = Punct::new(c, spacing);
        punct.set_span(span);
        TokenTree::Punct(punct)
    };
    let path = ["core", "compile_error"].into_iter().flat_map(|word| {
        let colons = [(Spacing::Joint, ':'), (Spacing::Alone, ':')];
        let colons = colons.map(|(spacing, c)| punct(c, spacing, first));
        colons.into_iter().chain([TokenTree::Ident(Ident::new(word, first))])
    });
    let mut message = Literal::string(message);
    message.set_span(last);
    let mut body = Group::new(Delimiter::Brace, TokenTree::Literal(message).into());
    body.set_span(last);
    path.chain([punct('!', Spacing::Alone, last), TokenTree::Group(body)]).collect()
}
