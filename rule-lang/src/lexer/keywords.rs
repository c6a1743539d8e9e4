//! Keywords, and where each may serve as a name.
//!
//! KQL's keywords are contextual: most may name a column somewhere. The classes are those of Microsoft's parser.

/// Where a word may serve as a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// No keyword.
    Identifier,
    /// A keyword that may be a name wherever an identifier may.
    Soft,
    /// A keyword that may be a name where only a name can stand, such as before `=` in `extend`.
    Declared,
    /// A keyword that is a name only in brackets: `['kind']`.
    Hard,
}

/// Length and class of the longest keyword that `text` begins with and that no name character goes on behind.
pub(super) fn longest(text: &str) -> Option<(usize, Class)> {
    let bytes = text.as_bytes();
    let run =
        bytes.iter().take(LONGEST).take_while(|b| b.is_ascii_alphanumeric() || b"!_-.~".contains(b)).count();
    (1..=run).rev().filter(|end| !text[*end..].starts_with(super::is_name_char)).find_map(|end| {
        let word = &text[..end];
        let list = KEYWORDS.iter().find(|(_, words)| words.binary_search(&word).is_ok());
        list.map(|(class, _)| (end, *class))
    })
}

/// Length of the longest keyword.
const LONGEST: usize = 27;

/// Each list in the order of its bytes.
#[rustfmt::skip]
const KEYWORDS: [(Class, &[&str]); 3] = [
    (Class::Soft, &[
        "__partitionby", "access", "alias", "best_effort", "bin", "bool", "consume", "count", "database",
        "dataformat", "datetime_pattern", "declare", "default", "distinct", "edges", "entity_group",
        "evaluate", "extend", "facet", "filter", "fork", "from", "getschema", "graph", "guid", "id",
        "inline_external_table", "join", "let", "limit", "lookup", "mvapply", "mvexpand", "nodes", "null",
        "nulls", "on", "optional", "order", "output", "pack", "parse", "partition", "pattern", "plotly",
        "query_parameters", "range", "reduce", "regex", "render", "restrict", "scan", "serialize", "sort",
        "step", "summarize", "take", "top", "typeof", "uuid", "view", "with", "with_node_id",
    ]),
    (Class::Declared, &[
        "accumulate", "as", "by", "contains", "datatable", "earliest", "externaldata", "find", "has", "in",
        "invoke", "latest", "materialize", "mdm", "of", "print", "sample", "sample-distinct", "search", "set",
        "sql", "title", "to", "top-hitters", "top-nested", "toscalar", "totable", "verbose", "viewers",
        "where",
    ]),
    (Class::Hard, &[
        "!between", "!contains", "!contains_cs", "!endswith", "!endswith_cs", "!has", "!has_cs", "!hasprefix",
        "!hasprefix_cs", "!hassuffix", "!hassuffix_cs", "!in", "!in~", "!startswith", "!startswith_cs",
        "3Dchart", "__contextual_datatable", "__crossCluster", "__crossDB", "__executeAndCache", "__id",
        "__isFuzzy", "__noWithSource", "__packedColumn", "__projectAway", "__sourceColumnIndex", "and",
        "anomalychart", "areachart", "asc", "assert-schema", "bagexpansion", "barchart", "between",
        "bin_legacy", "boolean", "byte", "cachingpolicy", "callout", "cancel", "card", "char", "columnchart",
        "commands-and-queries", "contains_cs", "containscs", "cycles", "dataexport", "datascope", "date",
        "datetime", "decimal", "decodeblocks", "desc", "double", "dynamic", "encodingpolicy", "endswith",
        "endswith_cs", "expandoutput", "extent_tags_retention", "external_data", "first", "flags", "float",
        "force_remote", "granny-asc", "granny-desc", "graph-mark-components", "graph-match",
        "graph-shortest-paths", "graph-to-table", "graph-where-edges", "graph-where-nodes", "harddelete",
        "hardretention", "has_all", "has_any", "has_cs", "hasprefix", "hasprefix_cs", "hassuffix",
        "hassuffix_cs", "hint.concurrency", "hint.distribution", "hint.materialized", "hint.num_partitions",
        "hint.progressive_top", "hint.remote", "hint.shufflekey", "hint.spread", "hint.strategy", "hotcache",
        "int", "int16", "int32", "int64", "int8", "in~", "isfuzzy", "journal", "kind", "ladderchart", "last",
        "like", "likecs", "linechart", "long", "macro-expand", "make-graph", "make-series",
        "materialized-view-combine", "materialized-views", "missing", "mv-apply", "mv-expand",
        "nooptimization", "notcontains", "notcontainscs", "notlike", "notlikecs", "or", "others", "parse-kv",
        "parse-where", "partitioned-by", "pathformat", "piechart", "pivotchart", "project", "project-away",
        "project-by-names", "project-keep", "project-rename", "project-reorder", "project-smart", "queries",
        "query_results", "real", "relaxed", "restricted_view_access", "row_level_security", "rowstore",
        "rowstore_references", "rowstore_sealinfo", "rowstorepolicy", "rowstores", "scatterchart", "seal",
        "seals", "set-or-append", "set-or-replace", "shards", "simple", "softdelete", "softretention",
        "stackedareachart", "startswith", "startswith_cs", "statistics", "storedqueryresultcontainers",
        "string", "tablepurge", "time", "timechart", "timeline", "timepivot", "timespan", "treemap", "uint",
        "uint16", "uint32", "uint64", "uint8", "ulong", "union", "uniqueid", "unrestrictedviewers", "views",
        "with_itemindex", "with_match_id", "with_source", "with_step_name", "withsource", "writeaheadlog",
    ]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_is_found_whole() {
        for (class, words) in KEYWORDS {
            for word in words {
                assert_eq!(longest(word), Some((word.len(), class)), "{word}");
            }
        }
    }

    #[test]
    fn a_keyword_ends_where_no_name_goes_on() {
        for (text, expected) in [
            ("project-away x", Some(("project-away", Class::Hard))),
            ("project -away", Some(("project", Class::Hard))),
            ("in~(", Some(("in~", Class::Hard))),
            ("!in(", Some(("!in", Class::Hard))),
            ("hint.strategy=x", Some(("hint.strategy", Class::Hard))),
            ("count()", Some(("count", Class::Soft))),
            ("wherever", None),
            ("counté", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(longest(text), expected.map(|(word, class)| (word.len(), class)), "{text}");
        }
    }
}
