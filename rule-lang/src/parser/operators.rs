//! Operators: their words, their parameters, and the plain ones.

use super::Parser;
use crate::lexer::Kind;
use crate::syntax::{Expr, ExprKind, Name, Named, OperatorKind, Ordered, Ordering, OutputSchema, Parameters};
use smol_str::SmolStr;

/// Words that name a parameter of some operator when `=` follows them.
#[rustfmt::skip]
const PARAMETERS: [&str; 35] = [
    "__crossCluster", "__crossDB", "__id", "__isFuzzy", "__noWithSource", "__packedColumn", "__sourceColumnIndex",
    "bagexpansion", "best_effort", "bin_legacy", "characters", "cycles", "decodeblocks", "expandoutput", "flags",
    "force_remote", "hint.concurrency", "hint.distribution", "hint.materialized", "hint.num_partitions",
    "hint.progressive_top", "hint.remote", "hint.shufflekey", "hint.spread", "hint.strategy", "isfuzzy", "kind",
    "threshold", "with_component_id", "with_itemindex", "with_match_id", "with_node_id", "with_source",
    "with_step_name", "withsource",
];

/// Operators that are read to their end, for the checker to refuse by name.
#[rustfmt::skip]
const OTHERS: [&str; 18] = [
    "__executeAndCache", "__partitionby", "assert-schema", "consume", "facet", "fork", "graph-mark-components",
    "graph-match", "graph-shortest-paths", "graph-to-table", "graph-where-edges", "graph-where-nodes",
    "inline_external_table", "macro-expand", "make-graph", "project-by-names", "reduce", "top-hitters",
];

impl Parser<'_> {
    /// What the operator `keyword`, which was just taken, says; `None` when there is no such operator.
    pub(super) fn operator_body(&mut self, keyword: &str) -> Option<OperatorKind> {
        Some(match keyword {
            "where" | "filter" => {
                self.parameters();
                OperatorKind::Where(self.required_condition())
            }
            "extend" => OperatorKind::Extend(self.named_list()),
            "project" => OperatorKind::Project(self.optional_named_list()),
            "project-rename" => OperatorKind::ProjectRename(self.optional_named_list()),
            "project-away" => OperatorKind::ProjectAway(self.column_patterns()),
            "project-keep" => OperatorKind::ProjectKeep(self.column_patterns()),
            "project-reorder" => OperatorKind::ProjectReorder(self.reordered_columns()),
            "summarize" => self.summarize(),
            "distinct" => {
                let params = self.parameters();
                OperatorKind::Distinct(params, self.distinct_columns())
            }
            "count" => OperatorKind::Count(self.eat("as").map(|_| self.required_name())),
            "join" | "lookup" => self.join(keyword),
            "union" => OperatorKind::Union(self.union()),
            "search" => OperatorKind::Search(self.search()),
            "find" => OperatorKind::Search(self.find()),
            "mv-expand" | "mvexpand" => self.mv_expand(),
            "mv-apply" | "mvapply" => self.mv_apply(),
            "make-series" => self.make_series(),
            "top-nested" => self.top_nested(),
            "sort" | "order" => {
                let params = self.parameters();
                self.require("by");
                OperatorKind::Sort(params, self.ordered_list())
            }
            "top" => self.top(),
            "take" | "limit" => {
                let params = self.parameters();
                OperatorKind::Take(params, self.required_expression())
            }
            "sample" => OperatorKind::Sample(Box::new(self.required_expression()), None),
            "sample-distinct" => {
                let rows = self.required_expression();
                self.require("of");
                OperatorKind::Sample(Box::new(rows), Some(Box::new(self.required_expression())))
            }
            "parse" | "parse-where" => self.parse_operator(),
            "parse-kv" => self.parse_kv(),
            "serialize" => {
                self.parameters();
                OperatorKind::Serialize(self.optional_named_list())
            }
            "evaluate" => self.evaluate(),
            "invoke" => OperatorKind::Invoke(match self.call_chain() {
                Some(call) => call,
                None => self.required_call(),
            }),
            "as" => {
                let params = self.parameters();
                OperatorKind::As(params, self.required_name())
            }
            "getschema" => {
                self.parameters();
                OperatorKind::GetSchema
            }
            "render" => self.render(),
            "partition" => self.partition(),
            "scan" => self.scan(),
            "print" | "range" => return None,
            _ if OTHERS.contains(&keyword) => {
                self.skip_group();
                OperatorKind::Other
            }
            _ => return None,
        })
    }

    /// `name=value` parameters, as many as stand there.
    pub(super) fn parameters(&mut self) -> Parameters {
        let mut parameters = Vec::new();
        while let Some(name) = self.parameter_name() {
            let value = self.parameter_value();
            parameters.push((name, value));
        }
        parameters
    }

    /// `name=value, name=value` within the brackets of `with (…)`, whose names differ from operator to operator.
    pub(super) fn properties(&mut self) -> Parameters {
        if !self.require("(") {
            return Vec::new();
        }
        let _ = self.eat(",");
        let properties = self.list("a property", Self::at_list_end, |p| {
            matches!(p.peek().kind, Kind::Word(_)).then_some(())?;
            let name = p.take_word();
            p.require("=");
            let value = p.property_value();
            Some((name, value))
        });
        self.require_close(")");
        properties
    }

    /// A word, a literal or an expression that gives a string; of a list of columns (`ycolumns=a, b`) the first, for
    /// such lists only say how to draw.
    fn property_value(&mut self) -> Expr {
        let value = match self.signed_literal() {
            Some(literal) => literal,
            None if self.call_length().is_some() => self.required_call(),
            None => self.parameter_value(),
        };
        while self.at(",") && matches!(self.ahead(1).kind, Kind::Word(_)) && !self.ahead(2).is("=") {
            self.next();
            let _ = self.parameter_value();
        }
        value
    }

    fn call_length(&self) -> Option<usize> {
        self.name_length(0).filter(|length| self.ahead(*length).is("("))
    }

    /// The name of a parameter and the `=` behind it.
    fn parameter_name(&mut self) -> Option<Name> {
        let start = self.start();
        let token = self.peek();
        let word = matches!(token.kind, Kind::Word(_));
        let length = if word && PARAMETERS.contains(&token.text) {
            1
        } else if word && token.text == "hint" && self.ahead(1).is(".") {
            3
        } else {
            return None;
        };
        if !self.ahead(length).is("=") {
            return None;
        }
        let text: String = (0..length).map(|_| self.next().text).collect();
        let span = self.since(start);
        self.next();
        Some(Name { text: SmolStr::new(text), span })
    }

    /// A literal, a word or a name.
    pub(super) fn parameter_value(&mut self) -> Expr {
        if let Some(literal) = self.signed_literal() {
            return literal;
        }
        if let Some(name) = self.name() {
            let span = name.span;
            return ExprKind::Name(name).at(span);
        }
        if matches!(self.peek().kind, Kind::Word(_)) {
            let word = self.take_word();
            let span = word.span;
            return ExprKind::Name(word).at(span);
        }
        self.unexpected("a value");
        self.missing()
    }

    /// The condition of `where`. KQL's grammar takes a name and `=` before it, which cannot mean anything: kept as an
    /// operator `=`, which no table of operators has.
    fn required_condition(&mut self) -> Expr {
        let start = self.start();
        let Named { mut names, value } = self.required_named();
        let Some(name) = names.pop() else { return value };
        let symbol = Name { text: SmolStr::new_static("="), span: name.span };
        let span = name.span;
        let left = ExprKind::Name(name).at(span);
        ExprKind::Infix(Box::new(left), symbol, Box::new(value)).at(self.since(start))
    }

    fn distinct_columns(&mut self) -> Vec<Named> {
        let columns = self.list("a column", Self::at_list_end, |p| {
            if p.at("*") && (p.ahead(1).is(",") || p.ends_list(1)) {
                let star = p.next();
                return Some(Named { names: Vec::new(), value: ExprKind::Star.at(star.span) });
            }
            p.named()
        });
        if columns.is_empty() {
            self.unexpected("a column");
        }
        columns
    }

    fn ends_list(&self, offset: usize) -> bool {
        let token = self.ahead(offset);
        token.kind == Kind::End || matches!(token.sign(), ")" | "]" | "}" | "|" | ";")
    }

    /// One expression or more, each with a name or without.
    pub(super) fn named_list(&mut self) -> Vec<Named> {
        let items = self.optional_named_list();
        if items.is_empty() {
            self.missing_expression();
        }
        items
    }

    pub(super) fn optional_named_list(&mut self) -> Vec<Named> {
        self.list("an expression", Self::at_list_end, Self::named)
    }

    fn column_patterns(&mut self) -> Vec<Expr> {
        self.list("a column", Self::at_list_end, Self::column_pattern)
    }

    /// A column by name, by path, or by a name with `*` in it.
    fn column_pattern(&mut self) -> Option<Expr> {
        self.pattern().or_else(|| self.simple_path())
    }

    fn reordered_columns(&mut self) -> Vec<(Expr, Option<Ordering>)> {
        self.list("a column", Self::at_list_end, |p| {
            let column = p.column_pattern()?;
            let ordering = p.at_any(&["asc", "desc", "granny-asc", "granny-desc"]).then(|| p.ordering());
            Some((column, ordering))
        })
    }

    fn summarize(&mut self) -> OperatorKind {
        let params = self.parameters();
        let aggregates = self.list("an aggregate", |p| p.at("by") || p.at_list_end(), Self::named);
        let mut keys = Vec::new();
        if self.eat("by").is_some() {
            keys = self.list("an expression", Self::at_list_end, Self::named);
            if keys.is_empty() {
                self.missing_expression();
            }
            if self.at("bin") && self.ahead(1).is("=") {
                keys.extend(self.named());
            }
        }
        OperatorKind::Summarize(params, aggregates, keys)
    }

    fn top(&mut self) -> OperatorKind {
        let params = self.parameters();
        let rows = self.required_expression();
        self.require("by");
        let by = self.required_ordered();
        OperatorKind::Top(params, Box::new(rows), vec![by])
    }

    fn ordered_list(&mut self) -> Vec<Ordered> {
        let items = self.list("an expression", Self::at_list_end, Self::ordered);
        if items.is_empty() {
            self.missing_expression();
        }
        items
    }

    fn ordered(&mut self) -> Option<Ordered> {
        let value = self.named()?;
        Some(Ordered { value, ordering: self.ordering() })
    }

    pub(super) fn required_ordered(&mut self) -> Ordered {
        let value = self.required_named();
        Ordered { value, ordering: self.ordering() }
    }

    fn ordering(&mut self) -> Ordering {
        let ascending = match self.peek().text {
            "asc" | "granny-asc" => Some(true),
            "desc" | "granny-desc" => Some(false),
            _ => None,
        };
        if ascending.is_some() {
            self.next();
        } else if let Some(ascending) = self.order_in_other_words() {
            return Ordering { ascending: Some(ascending), nulls_first: None };
        }
        let mut nulls_first = None;
        if self.eat("nulls").is_some() {
            nulls_first = match self.peek().text {
                "first" => Some(true),
                "last" => Some(false),
                _ => None,
            };
            if nulls_first.is_some() {
                self.next();
            } else {
                self.unexpected("`first` or `last`");
            }
        }
        Ordering { ascending, nulls_first }
    }

    fn evaluate(&mut self) -> OperatorKind {
        let params = self.parameters();
        let call = self.required_call();
        let schema = self.eat(":").map(|_| self.output_schema());
        OperatorKind::Evaluate(params, Box::new(call), schema)
    }

    /// `(*, name:type, …)`
    fn output_schema(&mut self) -> OutputSchema {
        let mut schema = OutputSchema { star: false, columns: Vec::new() };
        if self.require("(") {
            let _ = self.eat(",");
            schema.star = self.eat("*").is_some();
            if schema.star {
                let _ = self.eat(",");
            }
            schema.columns = self.typed_columns();
            self.require_close(")");
        }
        schema
    }

    fn render(&mut self) -> OperatorKind {
        let chart =
            if matches!(self.peek().kind, Kind::Word(_)) { self.take_word() } else { self.required_name() };
        let mut properties = Vec::new();
        while matches!(self.peek().text, "kind" | "title" | "accumulate") && self.ahead(1).is("=") {
            let name = self.take_word();
            self.next();
            let value = self.property_value();
            properties.push((name, value));
        }
        if self.eat("with").is_some() {
            properties.extend(self.properties());
        }
        OperatorKind::Render(chart, properties)
    }

    fn partition(&mut self) -> OperatorKind {
        let params = self.parameters();
        self.require("by");
        let key = match self.simple_path() {
            Some(key) => key,
            None => self.missing_expression(),
        };
        if self.eat("in").is_some() {
            let _ = self.expression();
        }
        let body = if self.eat("{").is_some() {
            let query = self.required_query();
            self.require_close("}");
            query
        } else {
            self.bracketed_subquery()
        };
        OperatorKind::Partition(params, Box::new(key), Box::new(body))
    }

    /// `(operator | operator …)`
    pub(super) fn bracketed_subquery(&mut self) -> Expr {
        if !self.require("(") {
            return self.missing();
        }
        let subquery = self.subquery();
        self.require_close(")");
        subquery
    }
}

/// Words that begin an operator, for hints at a word that is nearly one.
#[rustfmt::skip]
pub(super) const OPERATORS: [&str; 33] = [
    "as", "count", "distinct", "evaluate", "extend", "filter", "getschema", "invoke", "join", "limit", "lookup",
    "make-series", "mv-apply", "mv-expand", "order", "parse", "parse-kv", "parse-where", "partition", "project",
    "project-away", "project-keep", "project-rename", "project-reorder", "render", "search", "serialize", "sort",
    "summarize", "take", "top", "union", "where",
];

/// Whether `word` begins an operator.
pub(crate) fn is_operator(word: &str) -> bool {
    OPERATORS.contains(&word)
}
