//! What was meant by words and signs of other languages, and what to type for it.
//!
//! Each is told once: what stands in the place of the right word is passed with it.

use super::Parser;
use super::operators::{OPERATORS, is_operator};
use crate::lexer::{self, Class, Kind, Token};
use crate::nearest::nearest;
use crate::syntax::{Expr, ExprKind, Name, Script};
use crate::{Diagnostic, Span};
use rule_model::{Type, Value};
use smol_str::SmolStr;

/// Operators that take a list of columns or values.
const LISTS: [&str; 11] = [
    "distinct",
    "extend",
    "mv-expand",
    "order",
    "project",
    "project-away",
    "project-keep",
    "project-rename",
    "project-reorder",
    "sort",
    "summarize",
];

/// What to type where an operator is whole and something stands behind it.
const NEXT_OPERATOR: &str =
    "write `and`, `or` or another operator between two values, and `|` before the next step";

/// Behind what is whole.
impl Parser<'_> {
    /// Reports what stands behind an operator that is whole.
    pub(super) fn after_operator(&mut self, operator: &str) {
        let token = self.peek();
        let found = token.describe();
        let fault =
            Diagnostic::error(token.span, format!("expected `|` or the end of `{operator}`, found {found}"));
        let invisible = self.invisible_before(token);
        let fault = match self.dashed_operator(operator) {
            Some(fault) => fault,
            None if let Some(sign) = invisible => fault
                .note(format!("a character that cannot be seen, U+{:04X}, stands before it", u32::from(sign)))
                .help("remove that character"),
            None if token.kind == Kind::Sign => fault.help(self.behind_sign(operator, token)),
            None => match self.behind_value(operator, token) {
                Some(help) => fault.help(help),
                None => self.behind_word(operator, token, fault),
            },
        };
        self.fault(fault);
    }

    /// The invisible character that is all that parts a token from the one before it.
    fn invisible_before(&self, token: Token<'_>) -> Option<char> {
        let start = self.token_before(1).span.end as usize;
        let between = self.text.get(start..token.span.start as usize)?;
        between.chars().next().filter(|_| between.chars().all(lexer::is_invisible))
    }

    /// What to type where a sign stands behind a whole operator.
    fn behind_sign(&self, operator: &str, token: Token<'_>) -> String {
        let before = self.token_before(1);
        let after = self.ahead(1);
        let plain = |token: Token<'_>| matches!(token.kind, Kind::Word(Class::Identifier));
        match token.text {
            "=" if matches!(operator, "join" | "lookup")
                && plain(before)
                && plain(after)
                && !self.token_before(2).is(".") =>
            {
                format!("write `$left.{} == $right.{}`", before.text, after.text)
            }
            "=" if before.kind == Kind::String && LISTS.contains(&operator) => {
                format!("write the name as `[\"{}\"]`", lexer::decode(before.text))
            }
            "=" => "write `==` to compare".to_owned(),
            "," if matches!(operator, "where" | "filter") => "write `and` between two conditions".to_owned(),
            "?" => "write `iff(condition, value, otherwise)`".to_owned(),
            _ => NEXT_OPERATOR.to_owned(),
        }
    }

    /// What to type where a value, or a name of one, stands behind a whole operator.
    fn behind_value(&self, operator: &str, token: Token<'_>) -> Option<String> {
        let before = self.token_before(1);
        let behind_name = matches!(before.kind, Kind::Word(Class::Identifier | Class::Soft));
        if token.kind == Kind::Timespan && behind_name {
            let name = before.text;
            return Some(match rule_eval::function(name) {
                Some(_) => format!("write `{name}({})`", token.text),
                None => format!("write `bin({name}, {})`", token.text),
            });
        }
        let is_name = matches!(token.kind, Kind::Word(Class::Identifier | Class::Soft));
        let compares = meant_comparison(token.text).is_some() && !self.ahead(1).is("=");
        if !is_name || !LISTS.contains(&operator) || compares || is_operator(token.text) {
            return None;
        }
        match token.text.to_lowercase().as_str() {
            "and" | "or" => return None,
            "group" if self.ahead(1).is("by") => return Some("write `by`".to_owned()),
            "when" => return Some("write `case(condition, value, …, otherwise)`".to_owned()),
            "having" => return Some("write `| where` in place of `having`".to_owned()),
            _ => {}
        }
        let is_alone = self.token_before(2).is(operator) || self.token_before(2).is(",");
        if behind_name && is_alone && self.ahead(1).is("=") {
            return Some(format!("write `[\"{} {}\"]` for a name of two words", before.text, token.text));
        }
        Some(if operator == "summarize" && !self.is_grouped() {
            format!("write `by` before `{0}` to group by it, `,` before another aggregate", token.text)
        } else {
            format!("write `,` before `{}`", token.text)
        })
    }

    /// The fault with what to type where a word stands behind a whole operator.
    fn behind_word(&self, operator: &str, token: Token<'_>, fault: Diagnostic) -> Diagnostic {
        let before = self.token_before(1);
        let identifier = token.kind == Kind::Word(Class::Identifier);
        match token.text {
            "not" if matches!(self.ahead(1).text, "like" | "LIKE") && self.ahead(2).kind == Kind::String => {
                let meant = meant_by_like(&lexer::decode(self.ahead(2).text), true);
                fault.note("KQL has no operator `like`").help(format!("write `{meant}`"))
            }
            "not" if negated(self.ahead(1).text).is_some() => {
                let meant = negated(self.ahead(1).text).unwrap_or_default();
                fault.note("`not` is a function: `not(…)`").help(format!("write `{meant}`"))
            }
            "as" if LISTS.contains(&operator) => {
                let name = self.ahead(1).text;
                fault.note("what names a value stands before it").help(format!("write `{name} = …`"))
            }
            "by" if operator == "count" => {
                fault.note("the operator `count` counts all rows").help("write `summarize count() by …`")
            }
            word if identifier && is_null_test(word, self.ahead(1).text, self.ahead(2).text) => {
                let wants =
                    word.to_lowercase().contains("not") || self.ahead(1).text.eq_ignore_ascii_case("not");
                fault.note("a text is never null, it is empty").help(if wants {
                    format!("write `isnotnull({0})`, of a text `isnotempty({0})`", before.text)
                } else {
                    format!("write `isnull({0})`, of a text `isempty({0})`", before.text)
                })
            }
            "when" if before.is("case") => fault.help("write `case(condition, value, …, otherwise)`"),
            _ if identifier && before.is("not") => fault.help("write `not(…)`"),
            word if identifier && meant_comparison(word).is_some() => {
                let is_like = matches!(word.to_lowercase().as_str(), "like" | "ilike");
                let pattern = self.ahead(1);
                if is_like && pattern.kind == Kind::String {
                    let meant = meant_by_like(&lexer::decode(pattern.text), false);
                    return fault
                        .note(format!("KQL has no operator `{word}`"))
                        .help(format!("write `{meant}`"));
                }
                let meant = meant_comparison(word).unwrap_or_default();
                fault.note(format!("KQL has no operator `{word}`")).help(format!("write `{meant}`"))
            }
            "on" => fault
                .note("the right side of a join ends at the first `|` that is not in brackets")
                .help("put the whole right side into brackets: `join (Table | where …) on …`"),
            word if is_operator(word) => fault.help(format!("write `|` before `{word}`")),
            "AND" | "OR" | "And" | "Or" if identifier => {
                fault.help(format!("write `{}`: keywords are lower case", token.text.to_lowercase()))
            }
            _ => fault.help(NEXT_OPERATOR),
        }
    }

    /// Reports a list of values without any.
    pub(super) fn empty_list(&mut self) {
        if self.at(")") {
            let open = self.token_before(1).span;
            let fault = Diagnostic::error(open.to(self.peek().span), "this list is empty");
            let fault = fault.note("nothing is in an empty list, and KQL has no such list");
            self.fault(fault.help("write the values to compare with, or take the condition out"));
        } else {
            self.unexpected("an expression");
        }
    }

    /// Reports what stands behind the query of a rule; `ended` by a `;`.
    pub(super) fn after_end(&mut self, ended: bool) {
        let token = self.peek();
        let fault =
            format!("expected `|` and an operator, or the end of the query, found {}", token.describe());
        let fault = Diagnostic::error(token.span, fault);
        self.fault(match token.sign() {
            "|" if ended => {
                let fault = Diagnostic::error(self.token_before(1).span, "this `;` ends the query");
                fault.note("more of it stands behind").help("remove the `;`")
            }
            ")" | "]" | "}" => fault.note("nothing opens this bracket").help("remove it, or open it before"),
            _ => fault.help("write `|` before the next step"),
        });
    }

    /// An operator that KQL does not have, of whose name another one is the beginning: `project-out a`.
    fn dashed_operator(&self, operator: &str) -> Option<Diagnostic> {
        let [before, dash, after] = self.tokens.get(self.at.checked_sub(3)?..self.at)? else { return None };
        let is_one = before.span.end == dash.span.start && dash.span.end == after.span.start;
        if !(is_one && before.is(operator) && dash.is("-") && matches!(after.kind, Kind::Word(_))) {
            return None;
        }
        Some(unknown_operator(
            &format!("{operator}-{}", after.text),
            Class::Identifier,
            before.span.to(after.span),
        ))
    }

    /// Whether `by` stands between the beginning of this operator and here.
    fn is_grouped(&self) -> bool {
        let taken = self.tokens.get(..self.at).unwrap_or_default();
        taken.iter().rev().take_while(|token| !token.is("summarize")).any(|token| token.is("by"))
    }

    /// The token that was taken `count` tokens ago.
    fn token_before(&self, count: usize) -> Token<'_> {
        self.tokens[self.at.saturating_sub(count)]
    }
}

/// In the place of an operand or a word.
impl Parser<'_> {
    /// `descending` and its kin in the place of `desc`: whether ascending was meant.
    pub(super) fn order_in_other_words(&mut self) -> Option<bool> {
        let token = self.peek();
        if token.kind != Kind::Word(Class::Identifier) {
            return None;
        }
        let meant = match token.text.to_lowercase().as_str() {
            "desc" | "descending" | "descend" => "desc",
            "asc" | "ascending" | "ascend" => "asc",
            _ => return None,
        };
        let fault = Diagnostic::error(token.span, format!("KQL has no order `{}`", token.text));
        self.fault(fault.note("the orders are `asc` and `desc`").help(format!("write `{meant}`")));
        self.next();
        Some(meant == "asc")
    }

    /// `name := value`: reports the sign and takes both.
    pub(super) fn name_before_walrus(&mut self) -> Option<Name> {
        let length = self.declared_name_length(0)?;
        let (colon, equals) = (self.ahead(length), self.ahead(length + 1));
        if !(colon.is(":") && equals.is("=") && colon.span.end == equals.span.start) {
            return None;
        }
        let name = self.required_declared_name();
        let span = colon.span.to(equals.span);
        self.report(
            Diagnostic::error(span, "`:=` is not part of the language")
                .note("`=` names a column")
                .help(format!("write `{} = …`", name.text)),
        );
        self.next();
        self.next();
        Some(name)
    }

    /// Reports `and` and `or` with nothing behind them.
    pub(super) fn ends_in_connective(&mut self) -> bool {
        let before = self.token_before(1);
        if self.at == 0 || !(before.is("and") || before.is("or")) {
            return false;
        }
        let fault = Diagnostic::error(before.span, format!("nothing stands behind `{}`", before.text));
        self.fault(fault.help("write a condition behind it, or leave it out"));
        true
    }

    /// Reports `and and`, and `and` behind an operator or a bracket.
    pub(super) fn repeated_connective(&mut self) -> bool {
        let (token, before) = (self.peek(), self.token_before(1));
        if self.at == 0 || !self.at_any(&["and", "or"]) {
            return false;
        }
        let fault = Diagnostic::error(token.span, format!("`{}` stands between two conditions", token.text));
        self.fault(fault.help(if before.is("and") || before.is("or") {
            format!("leave out one of `{}` and `{}`", before.text, token.text)
        } else {
            format!("write a condition before `{}`, or leave it out", token.text)
        }));
        true
    }

    /// Reports a list in brackets behind an operator that takes one value, and passes it.
    pub(super) fn list_for_one_value(&mut self, symbol: &Name) -> bool {
        let Some(meant) = over_list(&symbol.text).filter(|_| self.at_list_in_brackets()) else {
            return false;
        };
        let fault =
            Diagnostic::error(symbol.span, format!("`{}` takes one value, here is a list", symbol.text));
        self.fault(fault.help(meant));
        self.next();
        self.skip_group();
        let _ = self.eat(")");
        true
    }

    fn at_list_in_brackets(&self) -> bool {
        let mut open = 0_usize;
        for offset in 0.. {
            let token = self.ahead(offset);
            match token.sign() {
                "(" | "[" | "{" => open += 1,
                ")" | "]" | "}" => open = open.saturating_sub(1),
                "," if open == 1 => return true,
                _ => {}
            }
            if open == 0 || token.kind == Kind::End {
                return false;
            }
        }
        false
    }

    /// Reports what stands behind `in` and its kin without brackets, or in others, and passes it.
    pub(super) fn items_without_brackets(&mut self) {
        let token = self.peek();
        let fault = Diagnostic::error(token.span, format!("expected `(`, found {}", token.describe()));
        let fault = fault.note("what stands behind `in` and its kin is a list or a query in brackets");
        let items = self.plain_items();
        self.fault(match token.kind {
            Kind::Sign => fault.help("write the list in round brackets: `(…)`"),
            Kind::Word(Class::Identifier) => fault
                .help(format!("write `({0})`; a part of a text is found by `{0} contains …`", token.text)),
            _ => fault.help(format!("write `({})`", items.join(", "))),
        });
        match token.sign() {
            "[" | "{" => {
                self.next();
                self.skip_group();
                self.next();
            }
            _ => (0..(2 * items.len()).saturating_sub(1)).for_each(|_| {
                self.next();
            }),
        }
    }

    /// The literals between commas that stand here.
    fn plain_items(&self) -> Vec<String> {
        let is_plain = |token: &Token<'_>| {
            matches!(token.kind, Kind::String | Kind::Long | Kind::Real | Kind::Bool | Kind::Timespan)
        };
        let mut items = Vec::new();
        while Some(self.ahead(2 * items.len())).is_some_and(|token| is_plain(&token))
            && (items.is_empty() || self.ahead(2 * items.len() - 1).is(","))
        {
            items.push(self.ahead(2 * items.len()).text.to_owned());
        }
        items
    }

    /// Reports `between 1 and 5` and passes it.
    pub(super) fn ends_without_brackets(&mut self, symbol: &Name) {
        let token = self.peek();
        let fault = Diagnostic::error(token.span, format!("expected `(`, found {}", token.describe()));
        let between = self.ahead(1);
        let (low, high) = match between.text {
            "and" | "to" | "," | ".." => (token.text, self.ahead(2).text),
            _ => ("low", "high"),
        };
        self.fault(fault.help(format!("write `{} ({low} .. {high})`", symbol.text)));
        if low != "low" {
            (0..3).for_each(|_| {
                self.next();
            });
        }
    }

    /// Reports what stands in the place of the dots of `between (1 .. 5)`.
    pub(super) fn ends_without_dots(&mut self, symbol: &Name) {
        let token = self.peek();
        let fault = Diagnostic::error(token.span, format!("expected `..`, found {}", token.describe()));
        self.fault(fault.help(format!("write `..` between the two ends: `{} (1 .. 5)`", symbol.text)));
    }

    /// `value.0`, for which KQL has `value[0]`.
    pub(super) fn element_behind_dot(&mut self, value: Expr) -> ExprKind {
        let token = self.next();
        let span = self.token_before(2).span.to(token.span);
        let fault = Diagnostic::error(span, "an element is taken with square brackets");
        self.report(fault.help(format!("write `[{}]`", token.text)));
        let index = ExprKind::Literal(Value::Long(0), Type::Long).at(token.span);
        ExprKind::Element(Box::new(value), Box::new(index))
    }

    /// The unit of time that stands, as a word of its own, behind the number that was just taken: reported and taken.
    pub(super) fn parted_timespan(&mut self, number: Token<'_>) -> Option<Span> {
        let token = self.peek();
        if token.kind != Kind::Word(Class::Identifier) || number.span.end == token.span.start {
            return None;
        }
        let unit = match token.text {
            "d" | "day" | "days" => "d",
            "h" | "hour" | "hours" => "h",
            "m" | "min" | "minute" | "minutes" => "m",
            "s" | "sec" | "second" | "seconds" => "s",
            _ => return None,
        };
        let span = number.span.to(token.span);
        self.report(
            Diagnostic::error(span, format!("`{} {}` is no span of time", number.text, token.text))
                .note("a span of time is a number and a unit in one word")
                .help(format!("write `{}{unit}`", number.text)),
        );
        self.next();
        Some(span)
    }

    /// Whether the text is a block of code in Markdown, which to KQL is one string.
    pub(super) fn is_fenced(&self) -> bool {
        self.peek().kind == Kind::String && self.peek().text.starts_with("```")
    }

    /// Reports a block of code in Markdown and passes it.
    pub(super) fn fenced(&mut self) -> Script {
        let span = self.peek().span;
        let fence = Span::new(span.start, span.start + 3);
        let fault = Diagnostic::error(fence, "a block of code in Markdown begins here");
        self.fault(fault.help("leave out the lines that begin and end it"));
        Script { statements: Vec::new() }
    }

    /// Whether a statement in SQL begins here.
    pub(super) fn is_sql(&self) -> bool {
        let token = self.peek();
        let begins = token.kind == Kind::Word(Class::Identifier) && token.text.eq_ignore_ascii_case("select");
        begins && !matches!(self.ahead(1).text, "|" | ";" | "." | "(" | "")
    }

    /// Reports a statement in SQL and passes it.
    pub(super) fn sql(&mut self) -> Expr {
        let token = self.peek();
        let table = (1..).map(|offset| self.ahead(offset)).take_while(|token| token.kind != Kind::End);
        let mut table = table.skip_while(|token| !token.text.eq_ignore_ascii_case("from")).skip(1);
        let table =
            table.next().map_or_else(|| SmolStr::new_static("Table"), |table| SmolStr::new(table.text));
        let fault = Diagnostic::error(token.span, "this is SQL, a query here is in KQL");
        self.fault(
            fault
                .note("a query begins with its table, and each step behind it with `|`")
                .help(format!("write `{table} | where … | project …`")),
        );
        while !self.at_end() {
            self.next();
        }
        self.missing()
    }
}

/// Whether words behind a value ask whether it is null: `is null`, `is not null`, `isnull`.
fn is_null_test(word: &str, next: &str, after: &str) -> bool {
    let is_null = |word: &str| matches!(word.to_lowercase().as_str(), "null" | "none" | "nil" | "empty");
    match word.to_lowercase().as_str() {
        "isnull" | "isnotnull" | "isempty" | "isnotempty" => true,
        "is" if next.eq_ignore_ascii_case("not") => is_null(after),
        "is" => is_null(next),
        _ => false,
    }
}

/// What to write for a comparison with a pattern of SQL's `like`.
pub(crate) fn meant_by_like(pattern: &str, negated: bool) -> String {
    let not = if negated { "!" } else { "" };
    let text = pattern.trim_matches('%');
    let (before, after) = (pattern.starts_with('%'), pattern.ends_with('%'));
    match (before, after) {
        _ if text.contains('%') => {
            let regex = text.split('%').collect::<Vec<_>>().join(".*");
            let (start, end) = (if before { "" } else { "^" }, if after { "" } else { "$" });
            let regex = format!("matches regex \"{start}{regex}{end}\"");
            if negated { format!("not(… {regex})") } else { regex }
        }
        (true, true) => format!("{not}contains \"{text}\""),
        (true, false) => format!("{not}endswith \"{text}\""),
        (false, true) => format!("{not}startswith \"{text}\""),
        (false, false) => format!("{not}{} \"{text}\"", if negated { "~" } else { "=~" }),
    }
}

/// What takes a list in place of an operator that takes one value.
fn over_list(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "==" => "write `in (…)`",
        "=~" => "write `in~ (…)`",
        "!=" | "<>" => "write `!in (…)`",
        "!~" => "write `!in~ (…)`",
        "has" => "write `has_any (…)`, or `has_all (…)` where all must be there",
        "contains" | "contains_cs" | "startswith" | "startswith_cs" | "endswith" | "endswith_cs"
        | "has_cs" | "hasprefix" | "hassuffix" | "!has" | "!contains" | "!startswith" | "!endswith" => {
            "write one comparison for each value, with `or` between"
        }
        _ => return None,
    })
}

/// How KQL writes that a comparison does not hold which others write `not in`, `not contains`.
fn negated(word: &str) -> Option<String> {
    let words =
        ["in", "in~", "has", "contains", "startswith", "endswith", "between", "has_cs", "contains_cs"];
    match word {
        "like" | "LIKE" => Some("!contains".to_owned()),
        _ => words.contains(&word).then(|| format!("!{word}")),
    }
}

pub(super) fn unknown_operator(word: &str, class: Class, span: Span) -> Diagnostic {
    let fault = Diagnostic::error(span, format!("`{word}` is not an operator"))
        .note("each step of a query begins with an operator, and KQL has none of this name");
    let lower = word.to_lowercase();
    let of_other_languages = match lower.as_str() {
        _ if lower != word && class == Class::Identifier && is_operator(&lower) => {
            return fault.help(format!("write `{lower}`: keywords are lower case"));
        }
        "select" | "fields" | "table" | "keep" => "`project`",
        "drop" => "`project-away`",
        "group" => "`summarize … by …`",
        "uniq" | "unique" | "dedup" => {
            "`distinct`, or `summarize arg_max(TimeGenerated, *) by …` for the last of each"
        }
        "head" => "`take`",
        "stats" | "aggregate" | "eventstats" => "`summarize … by …`, the aggregates with brackets: `count()`",
        "timechart" | "bucket" | "bin" => "`summarize … by bin(TimeGenerated, 1h)`",
        "eval" | "let" => "`extend`",
        "rename" => "`project-rename`",
        "rex" => "`extend x = extract(\"…(…)…\", 1, Column)`, or `parse`",
        "regex" => "`where Column matches regex \"…\"`",
        "having" | "and" | "or" | "if" | "when" => "`where`",
        "inner" | "left" | "right" | "outer" | "full" | "cross" => {
            "`join kind=inner (…) on …`, or another kind"
        }
        "flatten" | "unnest" | "explode" | "mvexpand" => "`mv-expand`",
        _ => {
            return match nearest(&lower, OPERATORS) {
                Some(meant) => fault.help(format!("write `{meant}`")),
                None => {
                    fault.help("write one of where, extend, project, summarize, join, or another operator")
                }
            };
        }
    };
    fault.help(format!("write {of_other_languages}"))
}

/// The operator between two values that a word was probably meant for.
fn meant_comparison(word: &str) -> Option<&'static str> {
    const WORDS: [&str; 20] = [
        "and",
        "or",
        "contains",
        "contains_cs",
        "startswith",
        "startswith_cs",
        "endswith",
        "endswith_cs",
        "has",
        "has_cs",
        "hasprefix",
        "hassuffix",
        "has_any",
        "has_all",
        "in",
        "between",
        "matches regex",
        "!has",
        "!contains",
        "!in",
    ];
    match word.to_lowercase().as_str() {
        "equals" | "equal" | "eq" | "is" => Some("=="),
        "iequals" => Some("=~"),
        "ne" | "isnot" => Some("!="),
        "gt" => Some(">"),
        "lt" => Some("<"),
        "like" | "ilike" | "includes" => Some("contains"),
        "matches" | "regex" | "rlike" | "match" => Some("matches regex"),
        "beginswith" | "starts" | "starts_with" => Some("startswith"),
        "ends" | "ends_with" => Some("endswith"),
        // Told apart from what is misspelt: these are only not in small letters.
        "and" | "or" => None,
        lower => nearest(lower, WORDS),
    }
}
