//! Calls of scalar functions.

use super::overload::{self, Argument, Chosen, Dynamic, Mismatch};
use super::scope::Entity;
use super::{Checker, fault, is_fault, known, meant, types};
use crate::nearest::nearest;
use crate::syntax::{self, ExprKind as Syntax};
use crate::{Diagnostic, Span, walk};
use rule_eval::function::{Arity, Function, Implementation, Stability};
use rule_model::plan::{Expr, ExprKind, Field, Name, Query, Source};
use rule_model::{Type, Value};

/// Items in a folded array past which the call stays a call, so that a plan does not grow with `range(1, 100000)`.
const FOLDED_ITEMS: usize = 256;
/// Bytes in a folded text past which the call stays a call.
const FOLDED_BYTES: usize = 4096;

impl<'a> Checker<'a> {
    /// Checks a call in the place of a value.
    pub(super) fn call(&mut self, name: &'a syntax::Name, args: &'a [syntax::Argument], span: Span) -> Expr {
        match self.scope.get(&name.text).cloned() {
            Some(Entity::Function(closure)) if closure.tabular => return self.table_for_scalar(span),
            Some(Entity::Function(closure)) => return self.call_closure(&closure, &name.text, args, span),
            Some(Entity::Table(_)) if args.is_empty() => return self.table_for_scalar(span),
            // A variable called like a function does not hide it.
            _ => {}
        }
        if let Some(value) = self.special(name, args, span) {
            return value;
        }
        if let Some(function) = rule_eval::function(&name.text) {
            return self.call_function(function, name, args, span);
        }
        if rule_eval::aggregate(&name.text).is_some() {
            return self.aggregate_call(name, args, span);
        }
        let fault = self.unknown_function(name);
        // What stands in an aggregate is of the rows, and the function may be a misspelt aggregate.
        let calls = self.aggregates.take();
        let columns = calls.as_ref().map_or(self.columns.clone(), |calls| calls.rows().clone());
        self.over(&columns, |checker| {
            for arg in args {
                let is_value = !matches!(arg.value.kind, Syntax::TypeOf(_) | Syntax::Star);
                if is_value && !checker.is_tabular(&arg.value) {
                    checker.expr(&arg.value);
                }
            }
        });
        self.aggregates = calls;
        fault
    }

    /// Reports a function that is not there.
    pub(super) fn unknown_function(&mut self, name: &syntax::Name) -> Expr {
        let text = name.text.as_str();
        if known::is_function(text) {
            let message = format!("{text}() is a function of KQL that is not supported here");
            return self.report(
                Diagnostic::error(name.span, message)
                    .note("a rule runs on its own engine, which does not have it")
                    .help("write the query without it"),
            );
        }
        let diagnostic = Diagnostic::error(name.span, format!("there is no function `{text}`"))
            .note("KQL has none of this name, and no `let` defines it");
        let own = self.scope.names().map(Name::as_str);
        let scalar = rule_eval::functions().map(|f| f.name).filter(|n| n.starts_with(char::is_alphabetic));
        let aggregates = || rule_eval::aggregates().map(|a| a.name);
        let within_summarize = self.aggregates.as_ref().and_then(|_| nearest(text, aggregates()));
        let help = match within_summarize.or_else(|| nearest(text, own.chain(scalar).chain(aggregates()))) {
            _ if meant::of_others(text).is_some() => {
                format!("write {}", meant::of_others(text).unwrap_or_default())
            }
            Some(meant) => format!("write `{meant}`"),
            None => format!("write one that there is, or define it: `let {text} = (x: string) {{ … }};`"),
        };
        self.report(diagnostic.help(help))
    }

    /// Functions whose meaning is the checker's: they look at the query, not at values.
    fn special(&mut self, name: &'a syntax::Name, args: &'a [syntax::Argument], span: Span) -> Option<Expr> {
        Some(match (name.text.as_str(), args) {
            ("toscalar", [table]) => self.scalar_of(&table.value, span),
            ("column_ifexists" | "columnifexists", [column, default]) => {
                self.column_if_exists(column, default, span)
            }
            ("ingestion_time", []) => match self.columns.time.clone() {
                Some(time) if self.columns.contains(&time) => Expr::column(time, Type::DateTime, span),
                _ => Expr::literal(Value::Null, Type::DateTime, span),
            },
            ("pack_all", []) => {
                Expr { kind: ExprKind::WholeRow { ignore_empty: false }, ty: Type::Dynamic, span }
            }
            ("pack_all", [ignore]) => {
                let ignore = self.expr(&ignore.value);
                let ignore_empty = types::literal(&ignore).and_then(Value::as_bool).unwrap_or(false);
                Expr { kind: ExprKind::WholeRow { ignore_empty }, ty: Type::Dynamic, span }
            }
            ("bag_pack_columns", columns) if !columns.is_empty() => self.pack_columns(columns, span),
            ("column_names_of", [table]) => {
                let columns = self.subquery(&table.value).columns;
                if columns.open {
                    return Some(self.error(
                        span,
                        "the columns of this table are known only from its data",
                        "project the columns of interest first",
                    ));
                }
                let names = columns.visible().map(|column| Value::string(&column.name));
                Expr::literal(Value::array(names), Type::Dynamic, span)
            }
            ("bin_auto", [value]) => self.bin_auto(&value.value, span, name.span),
            ("materialize" | "table", _) => self.table_for_scalar(span),
            ("not", [operand]) => {
                let operand = self.predicate(&operand.value);
                if is_fault(&operand) {
                    fault(span)
                } else {
                    self.apply("not", vec![operand], span, name.span)
                }
            }
            _ => return None,
        })
    }

    /// `bin_auto(x)` is `bin_at(x, size, at)` with what `set query_bin_auto_size=…` and `…_at=…` say.
    fn bin_auto(&mut self, value: &'a syntax::Expr, span: Span, name_span: Span) -> Expr {
        let value = self.expr(value);
        let Some(size) = self.properties.get("query_bin_auto_size").cloned() else {
            let message = "bin_auto() needs the size of a bin";
            let help = "begin the query with `set query_bin_auto_size=1h;`";
            return self.report(Diagnostic::error(span, message).help(help));
        };
        match self.properties.get("query_bin_auto_at").cloned() {
            Some(at) => self.apply("bin_at", vec![value, size, at], span, name_span),
            None => self.apply("bin", vec![value, size], span, name_span),
        }
    }

    /// What `toscalar()` gives: the same for all rows, though its argument may differ from call to call.
    fn scalar_of(&mut self, e: &'a syntax::Expr, span: Span) -> Expr {
        if self.is_tabular(e) {
            return self.first_cell(e, span);
        }
        let mut value = self.expr(e);
        value.span = span;
        if types::is_constant(&value) && is_volatile(&value) { computed_once(value) } else { value }
    }

    fn column_if_exists(
        &mut self,
        column: &'a syntax::Argument,
        default: &'a syntax::Argument,
        span: Span,
    ) -> Expr {
        let value = self.expr(&column.value);
        if is_fault(&value) || super::is_stand_in(&value) {
            return fault(span);
        }
        let Some(named) = types::literal_text(&value).map(Name::new) else {
            let message = "the name of the column must be a constant text";
            return self.report(
                Diagnostic::error(column.value.span, message)
                    .help("put the name in quotes, as in \"Operation\""),
            );
        };
        let default = self.expr(&default.value);
        if let Some(column) = self.columns.get(&named) {
            return Expr::column(named, column.ty, span);
        }
        if self.columns.open {
            // Whether it is there is known only from the data; what is not there is null.
            let column = Expr::column(named, Type::Dynamic, span);
            return if is_fault(&default) {
                column
            } else {
                self.apply("coalesce", vec![column, default], span, span)
            };
        }
        Expr { span, ..default }
    }

    /// `bag_pack_columns(a, b)` is `bag_pack("a", a, "b", b)`.
    fn pack_columns(&mut self, columns: &'a [syntax::Argument], span: Span) -> Expr {
        let mut operands = Vec::new();
        for column in columns {
            let value = self.expr(&column.value);
            let name = super::naming::implied(&column.value).unwrap_or_default();
            operands.push(Expr::literal(Value::string(&name), Type::String, column.value.span));
            operands.push(value);
        }
        if operands.iter().any(is_fault) { fault(span) } else { self.apply("bag_pack", operands, span, span) }
    }

    fn call_function(
        &mut self,
        function: &'static Function,
        name: &'a syntax::Name,
        args: &'a [syntax::Argument],
        span: Span,
    ) -> Expr {
        let mut values = Vec::new();
        let mut literals = Vec::new();
        for arg in args {
            if function.name == "estimate_data_size" && matches!(arg.value.kind, Syntax::Star) {
                let columns = self.columns.visible();
                let columns: Vec<Expr> =
                    columns.map(|c| Expr::column(c.name.clone(), c.ty, arg.value.span)).collect();
                literals.extend(columns.iter().map(|_| None));
                values.extend(columns);
                continue;
            }
            let literal = self.type_literal(&arg.value);
            values.push(match literal {
                Some(ty) => Expr::literal(Value::literal(ty.name()), Type::String, arg.value.span),
                None => self.expr(&arg.value),
            });
            literals.push(literal);
        }
        if values.iter().any(is_fault) {
            return fault(span);
        }
        self.resolve(function, &name.text, values, Some(&literals), span, name.span)
    }

    /// The type that an argument `typeof(…)` names.
    fn type_literal(&mut self, e: &'a syntax::Expr) -> Option<Type> {
        let Syntax::TypeOf(names) = &e.kind else { return None };
        let [name] = names.as_slice() else {
            self.error(e.span, "one type is expected here, such as typeof(long)", "write one type");
            return Some(Type::Dynamic);
        };
        Some(self.type_named(name))
    }

    /// The type of a name where a type must be.
    pub(super) fn type_named(&mut self, name: &syntax::Name) -> Type {
        Type::named(&name.text).unwrap_or_else(|| {
            let names = Type::ALL.iter().map(|ty| ty.name());
            self.unknown_name("type", &name.text, name.span, names);
            Type::Dynamic
        })
    }

    /// Applies an operator or function by its canonical name.
    pub(super) fn apply(&mut self, name: &str, args: Vec<Expr>, span: Span, name_span: Span) -> Expr {
        if args.iter().any(is_fault) {
            return fault(span);
        }
        if let Some(function) = rule_eval::function(name) {
            return self.resolve(function, name, args, None, span, name_span);
        }
        let help = match name {
            "like" | "notlike" => meant::like_help(&args, name == "notlike"),
            _ => "write the query without it".to_owned(),
        };
        self.error(name_span, format!("`{name}` is not supported here"), help)
    }

    /// `literals` are the types that arguments name, where the call is written as one; an operator has none.
    fn resolve(
        &mut self,
        function: &'static Function,
        written: &str,
        args: Vec<Expr>,
        literals: Option<&[Option<Type>]>,
        span: Span,
        name_span: Span,
    ) -> Expr {
        // What is dynamic already is taken as it is: a text within it is not read as JSON.
        if let ("parse_json", [arg]) = (function.name, args.as_slice())
            && arg.ty == Type::Dynamic
            && !self.is_unknown(arg)
        {
            return Expr { span, ..arg.clone() };
        }
        let described = self.describe(&args, literals.unwrap_or_default());
        let dynamic = if literals.is_some() { Dynamic::AsText } else { Dynamic::Converted };
        let chosen = match overload::choose(function.signatures, &described, dynamic) {
            Ok(chosen) => chosen,
            Err(mismatch) => return self.mismatch(written, &mismatch, &args, name_span),
        };
        if !self.accepts_values(function.name, &args) {
            return fault(span);
        }
        let Some(args) = self.arguments(written, chosen.params.as_slice(), &chosen, args) else {
            return fault(span);
        };
        if !self.patterns_are_valid(function.name, &args) {
            return fault(span);
        }
        self.folded(function, Expr::call(function.name, args, chosen.ty, span))
    }

    /// Refuses what a function's types admit and its meaning does not.
    fn accepts_values(&mut self, function: &'static str, args: &[Expr]) -> bool {
        match function {
            "coalesce" | "max_of" | "min_of" => self.has_common_type(function, args),
            "datetime_add" | "datetime_diff" | "datetime_part" => self.period_is_valid(args),
            _ => true,
        }
    }

    fn has_common_type(&mut self, function: &str, args: &[Expr]) -> bool {
        let mut types = args.iter().map(|arg| arg.ty);
        let first = types.next().unwrap_or(Type::Dynamic);
        let mut common = Some(first);
        for (ty, arg) in types.zip(args.iter().skip(1)) {
            let Some(together) = common.and_then(|common| types::common(common, ty)) else {
                let message = format!("the arguments of {function}() have no common type, this is {ty}");
                self.report(
                    Diagnostic::error(arg.span, message)
                        .help(format!("convert it to {first}, or the others to {ty}")),
                );
                return false;
            };
            common = Some(together);
        }
        true
    }

    /// Whether the period that a function of dates is given exists, where it is constant.
    fn period_is_valid(&mut self, args: &[Expr]) -> bool {
        let Some((period, text)) = args.first().and_then(|arg| Some((arg, types::literal(arg)?))) else {
            return true;
        };
        let Some(part) = rule_eval::function("datetime_part") else { return true };
        let date = Value::DateTime(rule_model::DateTime::UNIX_EPOCH);
        let _part = rule_eval::call(part, &mut self.folding, &[text.clone(), date]);
        match self.folding.take_failure() {
            Some(failure) => {
                self.error(
                    period.span,
                    failure.message,
                    "write one of the periods in quotes, such as \"hour\" or \"day\"",
                );
                false
            }
            None => true,
        }
    }

    pub(super) fn describe(&self, args: &[Expr], literals: &[Option<Type>]) -> Vec<Argument> {
        args.iter()
            .enumerate()
            .map(|(at, arg)| Argument {
                ty: arg.ty,
                unknown: self.is_unknown(arg),
                type_literal: literals.get(at).copied().flatten(),
            })
            .collect()
    }

    /// Converts the arguments as the chosen form wants them; `None` after an error.
    pub(super) fn arguments(
        &mut self,
        function: &str,
        params: &[&'static rule_eval::function::Param],
        chosen: &Chosen,
        args: Vec<Expr>,
    ) -> Option<Vec<Expr>> {
        let mut converted = Vec::new();
        for ((arg, param), to) in args.into_iter().zip(params).zip(&chosen.conversions) {
            if param.constant && !types::is_constant(&arg) {
                let message = format!("the argument `{}` of {function}() must be constant", param.name);
                self.error(arg.span, message, "write a literal, or a `let` of one");
                return None;
            }
            converted.push(match to {
                Some(ty) => self.convert(arg, *ty),
                None => arg,
            });
        }
        Some(converted)
    }

    /// An explicit conversion; dynamic needs none, because a value says itself what it is.
    pub(super) fn convert(&mut self, value: Expr, to: Type) -> Expr {
        let Some(function) = types::conversion(to).filter(|_| value.ty != to).and_then(rule_eval::function)
        else {
            return value;
        };
        let span = value.span;
        self.folded(function, Expr::call(function.name, vec![value], to, span))
    }

    /// Says why a call suits no form of its function.
    pub(super) fn mismatch(
        &mut self,
        function: &str,
        mismatch: &Mismatch,
        args: &[Expr],
        span: Span,
    ) -> Expr {
        let is_operator =
            !function.starts_with(|c: char| c.is_alphabetic() || c == '_') || known::is_infix(function);
        let types = args.iter().map(|arg| arg.ty.name()).collect::<Vec<_>>();
        match mismatch {
            _ if is_operator || function == "neg" => {
                let symbol = if function == "neg" { "-" } else { function };
                self.error(
                    span,
                    format!("`{symbol}` is not defined for {}", types.join(" and ")),
                    meant::operator_help(args),
                )
            }
            Mismatch::Count(least, None) if args.len() >= *least => {
                let message = format!("{function}() cannot take {} arguments", args.len());
                let help = format!("add the one that is missing to {}", form(function));
                self.error(span, message, help)
            }
            Mismatch::Count(least, most) => {
                let expected = match most {
                    Some(most) if most == least => format!("{least}"),
                    Some(most) => format!("{least} to {most}"),
                    None => format!("{least} or more"),
                };
                let plural = if expected == "1" { "" } else { "s" };
                let message =
                    format!("{function}() takes {expected} argument{plural}, here it has {}", args.len());
                let help = format!("give {function}() {expected} argument{plural}");
                self.report(with_form(Diagnostic::error(span, message), function).help(help))
            }
            Mismatch::Argument(at, param, accepted) => {
                let ty = args[*at].ty;
                let message =
                    format!("the argument `{param}` of {function}() must be {accepted}, this is {ty}");
                let in_quotes = Type::named(accepted).and_then(|ty| meant::without_quotes(&args[*at], ty));
                let help = match Type::named(accepted) {
                    _ if in_quotes.is_some() => in_quotes.unwrap_or_default(),
                    Some(Type::Dynamic) => "read it as JSON first, with parse_json(…)".to_owned(),
                    wanted => match wanted.and_then(types::conversion) {
                        Some(conversion) => format!("convert it with {conversion}(…)"),
                        None => format!("give it {accepted}"),
                    },
                };
                self.report(with_form(Diagnostic::error(args[*at].span, message), function).help(help))
            }
            Mismatch::Types => {
                let message = format!("{function}() is not defined for ({})", types.join(", "));
                let help = "convert an argument, with tostring(…), tolong(…) or another conversion";
                self.report(with_form(Diagnostic::error(span, message), function).help(help))
            }
        }
    }

    /// The value of a call whose arguments are all constant, else the call.
    pub(super) fn folded(&mut self, function: &'static Function, call: Expr) -> Expr {
        let ExprKind::Call(_, args) = &call.kind else { return call };
        let pure =
            function.stability == Stability::Pure && matches!(function.call, Implementation::Scalar(_));
        let Some(values) = args.iter().map(|arg| types::literal(arg).cloned()).collect::<Option<Vec<_>>>()
        else {
            return call;
        };
        if !pure {
            return call;
        }
        let value = rule_eval::call(function, &mut self.folding, &values);
        if let Some(failure) = self.folding.take_failure() {
            return self.error(call.span, failure.message, "mend the arguments, which are constant");
        }
        let fits = match &value {
            Value::Array(items) => items.len() <= FOLDED_ITEMS,
            Value::String(text) => text.len() <= FOLDED_BYTES,
            _ => true,
        };
        if fits { Expr::literal(value, call.ty, call.span) } else { call }
    }
}

fn is_volatile(e: &Expr) -> bool {
    let mut volatile = false;
    walk::expressions(e, &mut |e| {
        if let ExprKind::Call(name, _) = &e.kind {
            volatile |= rule_eval::function(name).is_some_and(|f| f.stability == Stability::Volatile);
        }
    });
    volatile
}

/// The value as that of a query, which is computed once a run.
fn computed_once(value: Expr) -> Expr {
    let (ty, span) = (value.ty, value.span);
    let columns = vec![Field::new("print_0", ty)];
    let query = Query { source: Source::Print(vec![value]), columns, stages: Vec::new() };
    Expr { kind: ExprKind::ToScalar(Box::new(query)), ty, span }
}

/// The diagnostic with the form in which a function is called.
fn with_form(diagnostic: Diagnostic, function: &str) -> Diagnostic {
    diagnostic.note(format!("it is called as {}", form(function)))
}

/// `case(condition, then, …, else)`
fn form(function: &str) -> String {
    let signatures = rule_eval::function(function)
        .map(|entry| entry.signatures)
        .or_else(|| rule_eval::aggregate(function).map(|entry| entry.signatures))
        .unwrap_or_default();
    let params = signatures.first().map(|signature| signature.params).unwrap_or_default();
    let mut written: Vec<String> = Vec::new();
    for (index, param) in params.iter().enumerate() {
        written.push(match param.arity {
            Arity::Optional => format!("[{}]", param.name),
            Arity::One | Arity::Repeated => param.name.to_owned(),
        });
        let goes_on = params.get(index + 1).is_some_and(|next| next.arity == Arity::Repeated);
        if param.arity == Arity::Repeated && !goes_on {
            written.push("…".to_owned());
        }
    }
    format!("{function}({})", written.join(", "))
}
