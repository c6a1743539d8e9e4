//! Rules that are found in ways in which few shipped ones are: by a part of the operation's name, by a test that only looking
//! at the name can tell, by another column, or not at all.

use rule_runtime::Rule;

macro_rules! fuzzed {
    ($($module:ident $file:literal)*) => {
        $(
            mod $module {
                rule_macros::rule! {
                    /// Fuzzed
                    ///
                    /// Compared with the evaluator on any record.
                    id: $file,
                    severity: Low,
                    attack: none,
                    full_scan: accepted,
                    query: file $file,
                }
            }
        )*
        /// Each rule and the text of its query.
        pub const ALL: &[(&Rule, &str)] = &[$((&$module::RULE, include_str!($file))),*];
    };
}

fuzzed! {
    any_row "rules/any_row.kql"
    element "rules/element.kql"
    excluded "rules/excluded.kql"
    field "rules/field.kql"
    nested "rules/nested.kql"
    part "rules/part.kql"
    pattern "rules/pattern.kql"
    prefix "rules/prefix.kql"
    whole "rules/whole.kql"
}
