//! A planned rule to Rust.
//!
//! ```text
//! Metadata ─> bytes             \
//! Input    ─> accepts, matches   ├─> pub static RULE: Rule = { statics, functions, Rule { … } };
//! stages   ─> row               /
//! ```
//!
//! All paths start at `::rule_runtime::generated`, in emitted code `g`.

mod expression;
pub(crate) mod named;
mod row;
mod statics;
pub(crate) mod tables;

use expression::{Columns, Emitter};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use rule_lang::planning::{
    Body, Compiled, DispatchKey, Indicator, Input, Lookup, Made, OutputColumn, Parted, Partition, RowBuilder,
};
use rule_lang::rule::typed::{Language, Rule, Test};
use rule_lang::schemas::Schemas;
use rule_model::Timespan;
use rule_model::plan::{Expr, Field, Name, Plan};
use serde::Serialize;
use statics::Statics;
use xxhash_rust::xxh64::xxh64;

/// The rule's static.
pub(crate) fn rule(rule: &Rule, compiled: &Compiled, schemas: &Schemas) -> TokenStream {
    let title = &*rule.metadata.title;
    let mut statics = Statics::default();
    let (functions, body) = body(&compiled.body, schemas, &mut statics);
    let statics = statics.items();
    let id = &*rule.metadata.id;
    let metadata = serialised(&rule.metadata);
    let columns = compiled.columns.iter().map(output_column);
    let query = query(rule);
    let stages = serialised(&compiled.stages);
    let indicator =
        |Indicator { field, kind, values }: &Indicator| (field.clone(), kind.clone(), values.clone());
    let indicators = serialised(&compiled.indicators.iter().map(indicator).collect::<Vec<_>>());
    let tests = rule.tests.iter().map(|test| self::test(test, rule.table.as_deref()));
    let visible = compiled.visible;
    let fingerprint = fingerprint(&rule.plan);
    quote! {
        #[doc = #title]
        #[allow(unused_variables, unused_parens, clippy::all, clippy::pedantic)]
        pub static RULE: ::rule_runtime::Rule = {
            use ::rule_runtime::generated as g;
            static METADATA: g::Later<g::metadata::Metadata> = g::Later::serialised(#metadata);
            static STAGES: g::Later<Vec<g::StageText>> = g::Later::serialised(#stages);
            static INDICATORS: g::Later<Vec<g::Indicator>> = g::Later::serialised(#indicators);
            #statics
            #functions
            g::Rule {
                id: #id,
                metadata: &METADATA,
                module: module_path!(),
                body: #body,
                query: #query,
                columns: &[#(#columns),*],
                visible: #visible,
                stages: &STAGES,
                indicators: &INDICATORS,
                tests: g::carried(&[#(#tests),*]),
                fingerprint: #fingerprint,
            }
        };
    }
}

/// What stands in a rule's place when it does not compile, so that the names of the rest still resolve.
pub(crate) fn stub() -> TokenStream {
    quote! {
        #[doc = "A rule that does not compile."]
        pub static RULE: ::rule_runtime::Rule = ::rule_runtime::generated::STUB;
    }
}

/// Functions, and the body that names them.
fn body(body: &Body, schemas: &Schemas, statics: &mut Statics) -> (TokenStream, TokenStream) {
    match body {
        Body::RowLocal { input, row } => {
            let (mut functions, emitted_input) = self::input(input, 0, schemas, statics);
            let (function, row) = row_builder(&format_ident!("row"), row, &input.fields, statics);
            functions.extend(function);
            (functions, quote!(g::Body::RowLocal(g::RowLocal { input: #emitted_input, row: #row })))
        }
        Body::AcrossEvents { inputs, tail, partition, parting, static_tables } => {
            let mut functions = TokenStream::new();
            let mut emitted = Vec::new();
            for (index, input) in inputs.iter().enumerate() {
                let (of_input, input) = self::input(input, index, schemas, statics);
                functions.extend(of_input);
                emitted.push(input);
            }
            let tail = serialised(tail);
            let partition = match partition {
                Partition::By(keys) => {
                    let names = keys.iter().map(|key| key.name.as_str());
                    quote!(g::Partition::By(&[#(#names),*]))
                }
                Partition::Whole(reason) => quote!(g::Partition::Whole(#reason)),
            };
            let parting = match parting {
                Parted::By(parting) => {
                    let parting = serialised(parting);
                    quote!(g::Parting::By(#parting))
                }
                Parted::AsTheyCome => quote!(g::Parting::AsTheyCome),
                Parted::Whole(reason) => quote!(g::Parting::Whole(#reason)),
            };
            let static_tables = static_tables.iter().map(|table| {
                let (name, columns) = (table.name.as_str(), table.columns.iter().map(Name::as_str));
                quote!(g::StaticTable { name: #name, columns: &[#(#columns),*] })
            });
            let body = quote!(g::Body::AcrossEvents(g::AcrossEvents {
                inputs: &[#(#emitted),*],
                tail: #tail,
                partition: #partition,
                parting: #parting,
                static_tables: &[#(#static_tables),*],
            }));
            (functions, body)
        }
    }
}

/// The two functions of an input, and the input that names them.
fn input(
    input: &Input,
    index: usize,
    schemas: &Schemas,
    statics: &mut Statics,
) -> (TokenStream, TokenStream) {
    let (by_name, by_event) = (format_ident!("accepts{index}"), format_ident!("matches{index}"));
    let operation = input.operation.as_deref().map(Columns::of_operation).unwrap_or_default();
    let accepted = all(&input.accepts, &operation, statics);
    let matched = all(&input.matches, &Columns::of_event(&input.fields), statics);
    let functions = quote! {
        #[inline(never)]
        fn #by_name(operation: &str, context: &mut g::Context) -> bool { #accepted }
        #[inline(never)]
        fn #by_event(event: &g::Event<'_>, context: &mut g::Context) -> bool { #matched }
    };
    let schema = tables::path(&input.table, schemas);
    let keys = input.keys.iter().map(|key| match key {
        DispatchKey::Exact(name) => quote!(g::DispatchKey::Exact(#name)),
        DispatchKey::AnyCase(name) => quote!(g::DispatchKey::AnyCase(#name)),
        DispatchKey::Part { test, part } => quote!(g::DispatchKey::Part { test: #test, part: #part }),
        DispatchKey::Test(test) => quote!(g::DispatchKey::Test(#test)),
        DispatchKey::Field { column, value } => {
            quote!(g::DispatchKey::Field { column: #column, value: #value })
        }
    });
    let columns = &input.columns;
    let (of_lookup, lookup) = self::lookup(input, index, statics);
    let (of_made, made) = self::made(input, index, statics);
    let functions = quote!(#functions #of_lookup #of_made);
    let recent = if let Some(Timespan(ticks)) = input.recent {
        quote!(Some(g::Timespan(#ticks)))
    } else {
        quote!(None)
    };
    let input = quote!(g::Input {
        schema: &#schema,
        dispatch: g::Dispatch { keys: &[#(#keys),*], accepts: #by_name },
        matches: #by_event,
        columns: &[#(#columns),*],
        made: #made,
        lookup: #lookup,
        recent: #recent,
    });
    (functions, input)
}

/// The function that computes an input's key, and the lookup that names it.
fn lookup(input: &Input, index: usize, statics: &mut Statics) -> (TokenStream, TokenStream) {
    let Some(Lookup { key, rereads }) = &input.lookup else { return (TokenStream::new(), quote!(None)) };
    let by_key = format_ident!("key{index}");
    let function = row::key_function(&by_key, &input.fields, key, statics);
    (function, quote!(Some(g::Lookup { key: #by_key, rereads: #rereads })))
}

/// The function that makes what is kept of an input's events, where there is one, and what names it.
fn made(input: &Input, index: usize, statics: &mut Statics) -> (TokenStream, TokenStream) {
    let Some(Made { row, fields, stages }) = input.made.as_deref() else {
        return (TokenStream::new(), quote!(None));
    };
    let (function, row) = row_builder(&format_ident!("made{index}"), row, &input.fields, statics);
    let columns = fields.iter().map(|field| {
        let (name, ty) = (field.name.as_str(), format_ident!("{}", format!("{:?}", field.ty)));
        quote!((#name, g::Type::#ty))
    });
    (function, quote!(Some(g::Made { row: #row, columns: &[#(#columns),*], stages: #stages })))
}

/// The function of this name that builds rows, where code is made for that, and what names it.
fn row_builder(
    name: &Ident,
    row: &RowBuilder,
    fields: &[Field],
    statics: &mut Statics,
) -> (TokenStream, TokenStream) {
    match row {
        RowBuilder::Stages(stages) => {
            (row::function(name, fields, stages, statics), quote!(g::RowBuilder::Generated(#name)))
        }
        RowBuilder::Plan(plan) => {
            let plan = serialised(plan);
            (TokenStream::new(), quote!(g::RowBuilder::Plan(#plan)))
        }
    }
}

/// Whether all conditions are true, as a Rust `bool`.
fn all(conditions: &[Expr], columns: &Columns, statics: &mut Statics) -> TokenStream {
    let mut emitter = Emitter { columns, statics };
    let conditions: Vec<TokenStream> = conditions.iter().map(|condition| emitter.truth(condition)).collect();
    if conditions.is_empty() { quote!(true) } else { quote!(#(#conditions)&&*) }
}

fn option<T>(value: Option<T>, emit: impl Fn(T) -> TokenStream) -> TokenStream {
    value.map(emit).map_or_else(|| quote!(g::None), |value| quote!(g::Some(#value)))
}

/// What is read at run time, as bytes.
fn serialised(value: &impl Serialize) -> Literal {
    Literal::byte_string(&bytes(value))
}

/// What tells a plan from another one.
fn fingerprint(plan: &Plan) -> u64 {
    xxh64(&bytes(plan), 0)
}

fn bytes(value: &impl Serialize) -> Vec<u8> {
    // Plans, metadata and texts always serialise: every part of them has a form, and the bytes go to memory.
    postcard::to_allocvec(value).unwrap_or_default()
}

/// The query as written.
fn query(rule: &Rule) -> TokenStream {
    let (table, text) = (option(rule.table.as_deref(), |table| quote!(#table)), rule.query.trim());
    let language = match rule.language {
        Language::Kusto => quote!(Kusto),
        Language::Kibana => quote!(Kibana),
    };
    quote!(g::Query { table: #table, language: g::Language::#language, text: #text })
}

fn output_column(column: &OutputColumn) -> TokenStream {
    let (name, stage) = (column.field.name.as_str(), &column.stage);
    let ty = format_ident!("{}", format!("{:?}", column.field.ty));
    quote!(g::OutputColumn { name: #name, ty: g::Type::#ty, stage: #stage })
}

fn test(test: &Test, of_head: Option<&str>) -> TokenStream {
    let name = &test.name;
    let events = test.events.iter().map(|(table, json)| {
        let table = option(table.as_deref().or(of_head), |table| quote!(#table));
        quote!((#table, #json))
    });
    let expected = test.expected.iter().map(|(column, value)| quote!((#column, #value)));
    let expect = if test.fires {
        quote!(g::Expectation::Fires(&[#(#expected),*]))
    } else {
        quote!(g::Expectation::Silent)
    };
    quote!(g::Test { name: #name, expect: #expect, events: &[#(#events),*] })
}
