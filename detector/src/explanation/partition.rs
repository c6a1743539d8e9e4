//! By what a rule's state may be parted, and why what a tick sees is evaluated at once where it is.

use rule_model::metadata::{Grouping, Trigger};
use rule_runtime::Rule;
use rule_runtime::rule::{self, Body, Parting};

/// By what the state of a rule may be parted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Partition {
    /// It has none.
    Stateless,
    /// By these columns together, or by some of them.
    By(Vec<String>),
    /// Not at all, for this reason: a sentence whose subject, the rule, is left out.
    Whole(String),
}

/// By what the state of a rule may be parted. Of rules across events the compiler has found it in their query; what others remember
/// is for their alerts alone.
pub(crate) fn of(rule: &Rule) -> Partition {
    if let Body::AcrossEvents(across) = &rule.body {
        return match across.partition {
            rule::Partition::By(keys) => Partition::By(keys.iter().map(|key| (*key).to_owned()).collect()),
            rule::Partition::Whole(reason) => Partition::Whole(reason.to_owned()),
        };
    }
    let metadata = &rule.metadata;
    let of_all_keys = [
        (metadata.trigger != Trigger::default(), "counts the rows of all keys for its trigger"),
        (metadata.grouping == Grouping::Single, "makes one alert of the rows of all keys"),
        (metadata.suppress.is_some(), "is silent after an alert of any key"),
        (metadata.max_alerts.is_some(), "counts the alerts of all keys for max_alerts"),
        (
            metadata.dedup.as_ref().is_some_and(|dedup| dedup.key.is_empty()),
            "counts repeats by title, not by columns",
        ),
    ];
    if let Some((_, reason)) = of_all_keys.into_iter().find(|(is_so, _)| *is_so) {
        return Partition::Whole(reason.to_owned());
    }
    match &metadata.dedup {
        Some(dedup) => Partition::By(dedup.key.iter().map(ToString::to_string).collect()),
        None => Partition::Stateless,
    }
}

/// Why what a tick sees is evaluated at once, a sentence without its subject; `None` where it is not, or where there are no ticks.
pub(crate) fn at_once(rule: &Rule) -> Option<&'static str> {
    match &rule.body {
        Body::AcrossEvents(across) => match across.parting {
            Parting::By(_) | Parting::AsTheyCome => None,
            Parting::Whole(reason) => Some(reason),
        },
        Body::RowLocal(_) => None,
    }
}

/// Whether a tick goes through its rows one after another and holds few of them.
pub(crate) fn comes_row_by_row(rule: &Rule) -> bool {
    matches!(&rule.body, Body::AcrossEvents(across) if matches!(across.parting, Parting::AsTheyCome))
}
