//! The `entities` field checked against Microsoft Sentinel's entity types and their identifiers.

use super::written::Setting;
use crate::Diagnostic;
use crate::nearest::nearest;
use crate::syntax::Name;
use rule_model::entity::{ENTITY_TYPES, EntityType};

/// What others call an entity type, and Sentinel's name for it.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("User", "Account"),
    ("UserAccount", "Account"),
    ("Identity", "Account"),
    ("Device", "Host"),
    ("Machine", "Host"),
    ("Computer", "Host"),
    ("Domain", "DNS"),
    ("Address", "IP"),
    ("IPAddress", "IP"),
    ("Hash", "FileHash"),
    ("Group", "SecurityGroup"),
    ("App", "CloudApplication"),
    ("Application", "CloudApplication"),
    ("Mail", "MailMessage"),
    ("Email", "MailMessage"),
    ("Resource", "AzureResource"),
];

/// Reports an unknown entity type, and identifiers that it does not have.
pub(super) fn check(entity: &Name, identifiers: &[(Name, Setting)], faults: &mut Vec<Diagnostic>) {
    let Some(known) = EntityType::find(&entity.text) else {
        let names = || ENTITY_TYPES.iter().map(|entity| entity.name);
        if let Some((_, meant)) = OTHER_NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(&entity.text))
        {
            let fault =
                Diagnostic::error(entity.span, format!("Sentinel has no entity type `{}`", entity.text));
            faults.push(
                fault
                    .note(format!("it has {}", names().collect::<Vec<_>>().join(", ")))
                    .help(format!("write `{meant}`")),
            );
            return;
        }
        let fault = Diagnostic::error(entity.span, format!("Sentinel has no entity type `{}`", entity.text));
        faults.push(with_help(fault, &entity.text, names));
        return;
    };
    if identifiers.is_empty() {
        let fault = Diagnostic::error(entity.span, format!("no identifier of this {} is given", known.name));
        let fault = fault.note(format!("it has {}", known.identifiers.join(", ")));
        let first = known.identifiers.first().copied().unwrap_or_default();
        faults.push(fault.help(format!("write `{} {{ {first}: Column }}`", known.name)));
    }
    for (at, (identifier, _)) in identifiers.iter().enumerate() {
        if identifiers[..at].iter().any(|(earlier, _)| earlier.text == identifier.text) {
            let message = format!("the identifier `{}` is given twice", identifier.text);
            let fault = Diagnostic::error(identifier.span, message);
            let fault =
                fault.note("an entity has each identifier once; a rule can map several entities of a type");
            faults.push(fault.help(format!("keep one, or write a second `{} {{ … }}`", known.name)));
        }
    }
    for (identifier, _) in identifiers.iter().filter(|(identifier, _)| !known.has(&identifier.text)) {
        let message = format!("the entity {} has no identifier `{}`", known.name, identifier.text);
        let names = || known.identifiers.iter().copied();
        faults.push(with_help(Diagnostic::error(identifier.span, message), &identifier.text, names));
    }
}

fn with_help<'a, I: Iterator<Item = &'a str>>(
    fault: Diagnostic,
    wrong: &str,
    names: impl Fn() -> I,
) -> Diagnostic {
    let fault = fault.note(format!("it has {}", names().collect::<Vec<_>>().join(", ")));
    match nearest(wrong, names()) {
        Some(meant) => fault.help(format!("write `{meant}`")),
        None => fault.help("write one of these"),
    }
}
