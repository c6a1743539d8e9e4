//! The `attack` field: `{ Persistence: [T1098, T1078.004] }`, `[T1072]` or `none`.

use super::written::{Setting, SettingKind};
use crate::nearest::nearest;
use crate::syntax::Name;
use crate::{Diagnostic, Span};
use rule_model::attack::{self, Status, Tactic, VERSION};
use rule_model::metadata::Technique;

/// The techniques that `value` names in `text`.
pub(super) fn read(value: &Setting, text: &str, faults: &mut Vec<Diagnostic>) -> Vec<Technique> {
    match &value.kind {
        SettingKind::Word if value.span.text(text) == "none" => Vec::new(),
        SettingKind::List(items) if items.is_empty() => {
            faults.push(no_technique(value.span));
            Vec::new()
        }
        SettingKind::Map(tactics) if tactics.is_empty() => {
            faults.push(no_technique(value.span));
            Vec::new()
        }
        SettingKind::Map(tactics) => {
            tactics.iter().flat_map(|(name, techniques)| under(name, techniques, text, faults)).collect()
        }
        _ => listed(None, value, text, faults),
    }
}

fn no_technique(span: Span) -> Diagnostic {
    Diagnostic::error(span, "no technique is named here")
        .note("that none applies is said in words, so that nobody takes it for forgotten")
        .help("write `none`, or a technique such as `[T1098]`")
}

fn under(name: &Name, techniques: &Setting, text: &str, faults: &mut Vec<Diagnostic>) -> Vec<Technique> {
    let tactic = Tactic::find(&name.text);
    if tactic.is_none() {
        faults.push(unknown_tactic(name));
    }
    if matches!(&techniques.kind, SettingKind::List(items) if items.is_empty()) {
        faults.push(no_technique(techniques.span));
    }
    listed(tactic, techniques, text, faults)
}

fn unknown_tactic(name: &Name) -> Diagnostic {
    let fault = Diagnostic::error(name.span, format!("unknown ATT&CK tactic `{}`", name.text))
        .note(format!("ATT&CK {VERSION} has none of this name or number, nor had an earlier one"));
    let names = || Tactic::ALL.iter().map(|tactic| tactic.identifier);
    match nearest(&name.text, names()) {
        Some(meant) => fault.help(format!("write `{meant}`")),
        None => fault.help(format!("the tactics are {}", names().collect::<Vec<_>>().join(", "))),
    }
}

/// The techniques of a list, or one technique.
fn listed(
    tactic: Option<Tactic>,
    value: &Setting,
    text: &str,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Technique> {
    let items = match &value.kind {
        SettingKind::List(items) => items.as_slice(),
        _ => std::slice::from_ref(value),
    };
    let mut techniques = Vec::new();
    for item in items {
        let id = match &item.kind {
            SettingKind::Text(id) => id,
            _ => item.span.text(text),
        };
        match check(tactic, id, item.span) {
            Ok(()) => techniques.push(Technique { tactic, id: id.to_owned().into() }),
            Err(fault) => faults.push(fault),
        }
    }
    techniques
}

/// Whether `id` is a current technique that serves `tactic`.
fn check(tactic: Option<Tactic>, id: &str, span: Span) -> Result<(), Diagnostic> {
    let known = attack::Technique::find(id).ok_or_else(|| unknown_technique(id, span))?;
    let titled = format!("{id} ({})", known.name);
    match (known.status, tactic) {
        (Status::Revoked(by), _) => {
            let fault = Diagnostic::error(span, format!("ATT&CK has revoked {titled}"))
                .note(format!("in ATT&CK {VERSION} it is no technique any more"));
            Err(fault.help(format!("write `{by}`, which replaces it")))
        }
        (Status::Deprecated, _) => Err(Diagnostic::error(span, format!("ATT&CK has withdrawn {titled}"))
            .note(format!("in ATT&CK {VERSION} nothing replaces it"))
            .help("name the technique that fits now, or leave it out")),
        (Status::Current, Some(tactic)) if !known.serves(tactic) => {
            let tactics: Vec<_> = known.tactics().map(|tactic| tactic.identifier).collect();
            let fault = Diagnostic::error(span, format!("{titled} does not serve {}", tactic.name));
            Err(fault
                .note(format!("in ATT&CK {VERSION} it serves {}", tactics.join(", ")))
                .help(format!("name it under one of these, or without a tactic: `attack: [{id}]`")))
        }
        (Status::Current, _) => Ok(()),
    }
}

fn unknown_technique(id: &str, span: Span) -> Diagnostic {
    let fault = Diagnostic::error(span, format!("ATT&CK {VERSION} has no technique `{id}`"));
    if ["none", "null", "n/a", "na"].contains(&id.to_lowercase().as_str()) {
        let fault = fault.note("that none applies is said by `attack: none`");
        return fault.help("write `none`");
    }
    let fault = fault.note("a technique is written `T1098`, one below it `T1098.003`");
    if let Some(tactic) = Tactic::find(id) {
        let fault = Diagnostic::error(span, format!("`{id}` is a tactic, no technique"));
        return fault
            .note("a tactic stands before the techniques that serve it")
            .help(format!("write `{{ {}: [T1098] }}` with the technique that is meant", tactic.identifier));
    }
    let tag = id.strip_prefix("attack.").map(str::to_uppercase);
    if let Some(meant) = tag.filter(|tag| attack::Technique::find(tag).is_some()) {
        return fault.help(format!("write `{meant}`"));
    }
    let mut named =
        attack::Technique::all().iter().filter(|technique| technique.name.eq_ignore_ascii_case(id));
    if let Some(meant) = named.find(|technique| technique.status == Status::Current) {
        return fault.help(format!("write its number, `{}`", meant.id));
    }
    let parts = id.split_once('.');
    // Editors and spreadsheets drop zeros: `T1078.4` and `T1078.04` are T1078.004.
    let padded = parts.and_then(|(parent, below)| {
        attack::Technique::find(&format!("{parent}.{:03}", below.parse::<u16>().ok()?))
    });
    if let Some(meant) = padded {
        return fault.help(format!("write `{}`", meant.id));
    }
    let parent = parts.and_then(|(parent, _)| attack::Technique::find(parent));
    match parent
        .map(|parent| parent.id)
        .or_else(|| nearest(id, attack::Technique::all().iter().map(|t| t.id)))
    {
        Some(meant) => fault.help(format!("write `{meant}`, or another that it does have")),
        None => fault.help("write an id such as `T1098` or `T1078.004`"),
    }
}
