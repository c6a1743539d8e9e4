//! `parse` and `parse-where`: the pattern becomes one regular expression with a group a column.
//!
//! The documentation gives the translation for regex mode: `*` is `.*?`, a text is `.*`, a whole number its digits.
//! Simple and relaxed mode are the same with escaped literals, the shortest text before a literal, and `.` that
//! matches line breaks. The pattern starts at the start of the text; what follows a last literal is ignored.

use super::expression::Scope;
use super::query::{Bound, Operate};
use super::rows::place;
use super::window::{self, Window};
use super::{Binder, Env, Expression, error};
use crate::context::EvalError;
use crate::convert::convert;
use crate::{Table, json, pattern};
use regex::Regex;
use rule_model::plan::{Field, Parse, ParseMode, ParsePart};
use rule_model::{Type, Value};

/// `parse`, `parse-where`
pub(super) fn parse(parse: &Parse, input: &[Field], binder: &mut Binder) -> Bound {
    let mut scope = Scope::new(input, binder);
    let value = scope.bind(&parse.value)?;
    let regex = pattern::compile(&translated(parse))
        .map_err(|failure| error(format!("the parse pattern is not valid: {failure}")))?;
    let mut columns = input.to_vec();
    let fields = parse.pattern.iter().filter_map(|part| match part {
        ParsePart::Column(field) => Some(field),
        _ => None,
    });
    let targets = fields.map(|field| (place(&mut columns, &field.name, field.ty), field.ty)).collect();
    Ok(Box::new(BoundParse {
        value,
        regex,
        targets,
        relaxed: parse.mode == ParseMode::Relaxed,
        filter: parse.filter,
        windows: scope.windows,
        columns,
    }))
}

/// The regular expression of a pattern. Groups are named by number, because literals may have groups of their own.
fn translated(parse: &Parse) -> String {
    let regex_mode = parse.mode == ParseMode::Regex;
    let mut pattern = match (regex_mode, parse.flags.as_str()) {
        (false, _) => "(?s)^".to_owned(),
        (true, "") => "^".to_owned(),
        (true, flags) => format!("(?{flags})^"),
    };
    let mut group = 0;
    for (at, part) in parse.pattern.iter().enumerate() {
        match part {
            ParsePart::Literal(literal) if regex_mode => pattern.push_str(literal),
            ParsePart::Literal(literal) => pattern.push_str(&regex::escape(literal)),
            ParsePart::Skip => pattern.push_str(".*?"),
            ParsePart::Column(field) => {
                let next = parse.pattern.get(at + 1);
                let text = column_pattern(field.ty, parse.mode, next);
                pattern.push_str(&format!(r"\s*(?P<c{group}>{text})").replacen(r"\s*", space(field.ty), 1));
                group += 1;
                if next.is_none() && !regex_mode {
                    pattern.push('$');
                }
            }
        }
    }
    pattern
}

/// White space is skipped before numbers, which do not contain any.
fn space(ty: Type) -> &'static str {
    if ty.is_number() { r"\s*" } else { "" }
}

fn column_pattern(ty: Type, mode: ParseMode, next: Option<&ParsePart>) -> &'static str {
    // Relaxed mode takes whatever stands before a literal, and finds out afterwards whether it is of the type.
    let delimited = matches!(next, Some(ParsePart::Literal(_)) | None);
    match ty {
        Type::Int | Type::Long if mode != ParseMode::Relaxed || !delimited => r"[-+]?\d+",
        Type::Real | Type::Decimal if mode != ParseMode::Relaxed || !delimited => {
            r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
        }
        _ if mode == ParseMode::Regex || next.is_none() => ".*",
        _ => ".*?",
    }
}

#[derive(Debug)]
struct BoundParse {
    value: Expression,
    regex: Regex,
    targets: Vec<(usize, Type)>,
    relaxed: bool,
    filter: bool,
    windows: Vec<Window>,
    columns: Vec<Field>,
}

impl BoundParse {
    /// The values of the columns; `None` where the text does not match.
    fn values(&self, text: &str) -> Option<Vec<Value>> {
        let found = self.regex.captures(text)?;
        let values = self.targets.iter().enumerate().map(|(group, (_, ty))| {
            let text = found.name(&format!("c{group}")).map_or("", |text| text.as_str());
            let value = convert(&Value::string(text), *ty);
            (self.relaxed || !value.is_null()).then_some(value)
        });
        values.collect()
    }
}

impl Operate for BoundParse {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn takes_parts(&self) -> bool {
        self.windows.is_empty()
    }

    fn run(&self, env: &mut Env<'_>, mut input: Table) -> Result<Table, EvalError> {
        window::append(&self.windows, env, &mut input.rows);
        let mut rows = Vec::with_capacity(input.rows.len());
        for mut row in input.rows {
            let text = json::display(&self.value.value(env, &row));
            let values = self.values(&text);
            if values.is_none() && self.filter {
                continue;
            }
            let values =
                values.unwrap_or_else(|| self.targets.iter().map(|(_, ty)| Value::absent(*ty)).collect());
            row.resize(self.columns.len(), Value::Null);
            self.targets.iter().zip(values).for_each(|((place, _), value)| row[*place] = value);
            rows.push(row);
        }
        Ok(Table { columns: self.columns.clone(), rows })
    }
}
