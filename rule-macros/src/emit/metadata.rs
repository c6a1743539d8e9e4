//! A rule's metadata as a constant.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use rule_model::entity::EntityMapping;
use rule_model::metadata::{Connector, Dedup, Grouping, Metadata, Technique, TemplatePart};
use rule_model::{Text, Timespan};

/// The metadata as an expression.
pub(super) fn emit(metadata: &Metadata) -> TokenStream {
    let texts = texts_of(metadata);
    let Metadata { enabled, threshold, .. } = metadata;
    let severity = format_ident!("{}", metadata.severity.name());
    let attack = list(&metadata.attack, technique);
    let connectors = list(&metadata.connectors, connector);
    let impacted_assets = list(&metadata.impacted_assets, pair);
    let risk_score = option(metadata.risk_score, |score| quote!(#score));
    let schedule = option(metadata.schedule, |schedule| {
        let (every, over) = (timespan(schedule.every), timespan(schedule.over));
        quote!(g::metadata::Schedule { every: #every, over: #over })
    });
    let lookback = option(metadata.lookback, timespan);
    let (comparison, rows) =
        (format_ident!("{}", format!("{:?}", metadata.trigger.comparison)), metadata.trigger.rows);
    let dedup = option(metadata.dedup.as_ref(), self::dedup);
    let suppress = option(metadata.suppress, timespan);
    let grouping = match metadata.grouping {
        Grouping::Each => quote!(Each),
        Grouping::Single => quote!(Single),
    };
    let max_alerts = option(metadata.max_alerts, |alerts| quote!(#alerts));
    let alert_title = list(&metadata.alert_title, template_part);
    let context = list(&metadata.context, pair);
    let entities = list(&metadata.entities, entity);
    quote!(g::metadata::Metadata {
        #texts
        severity: g::metadata::Severity::#severity,
        attack: #attack,
        enabled: #enabled,
        connectors: #connectors,
        impacted_assets: #impacted_assets,
        risk_score: #risk_score,
        schedule: #schedule,
        lookback: #lookback,
        trigger: g::metadata::Trigger { comparison: g::metadata::Comparison::#comparison, rows: #rows },
        threshold: #threshold,
        dedup: #dedup,
        suppress: #suppress,
        grouping: g::metadata::Grouping::#grouping,
        max_alerts: #max_alerts,
        alert_title: #alert_title,
        context: #context,
        entities: #entities,
    })
}

/// The fields that are texts or lists of texts.
fn texts_of(metadata: &Metadata) -> TokenStream {
    let mut fields = TokenStream::new();
    macro_rules! fields {
        ($emit:ident: $($name:ident),*) => {$(
            let value = $emit(&metadata.$name);
            fields.extend(quote!($name: #value,));
        )*};
    }
    fields!(text: id, title, description, version, kind, status, licence, runbook, setup, investigation);
    fields!(text: remediation, source, support);
    fields!(texts: author, tags, references, false_positives, indices, log_types, categories, alert_key);
    fields
}

fn text(text: &Text) -> TokenStream {
    let text: &str = text;
    quote!(g::Text::Borrowed(#text))
}

fn texts(texts: &[Text]) -> TokenStream {
    list(texts, text)
}

fn list<T>(items: &[T], emit: impl Fn(&T) -> TokenStream) -> TokenStream {
    let items = items.iter().map(emit);
    quote!(g::Cow::Borrowed(&[#(#items),*]))
}

pub(super) fn option<T>(value: Option<T>, emit: impl Fn(T) -> TokenStream) -> TokenStream {
    value.map(emit).map_or_else(|| quote!(g::None), |value| quote!(g::Some(#value)))
}

fn timespan(span: Timespan) -> TokenStream {
    let ticks = span.0;
    quote!(g::Timespan(#ticks))
}

fn pair(pair: &(Text, Text)) -> TokenStream {
    let (left, right) = (text(&pair.0), text(&pair.1));
    quote!((#left, #right))
}

fn technique(technique: &Technique) -> TokenStream {
    let id = text(&technique.id);
    let tactic = option(technique.tactic, |tactic| {
        let tactic = format_ident!("{}", tactic.constant());
        quote!(g::attack::Tactic::#tactic)
    });
    quote!(g::metadata::Technique { tactic: #tactic, id: #id })
}

fn connector(connector: &Connector) -> TokenStream {
    let (id, data_types) = (text(&connector.id), texts(&connector.data_types));
    quote!(g::metadata::Connector { id: #id, data_types: #data_types })
}

fn dedup(dedup: &Dedup) -> TokenStream {
    let (period, key) = (timespan(dedup.period), texts(&dedup.key));
    quote!(g::metadata::Dedup { period: #period, key: #key })
}

fn template_part(part: &TemplatePart) -> TokenStream {
    match part {
        TemplatePart::Text(words) => {
            let words = text(words);
            quote!(g::metadata::TemplatePart::Text(#words))
        }
        TemplatePart::Column(name) => {
            let name = text(name);
            quote!(g::metadata::TemplatePart::Column(#name))
        }
    }
}

fn entity(mapping: &EntityMapping) -> TokenStream {
    let (entity, fields) = (text(&mapping.entity), list(&mapping.fields, pair));
    quote!(g::entity::EntityMapping { entity: #entity, fields: #fields })
}
