//! What is kept of an input: columns of its events, or what the first stages of its query make of them.
//!
//! ```text
//! T | extend Target = TargetResources[0] | project Id = tostring(Target.id) | where isnotempty(Id) | summarize … by Id
//!     └──────────────────────── once, as the event passes: Id is kept ───────────────────────────┘   └ at each tick ┘
//! ```
//!
//! A row is seen by many ticks. What looks at one row alone and gives the same whenever it is asked is computed once, of as
//! many of the first stages as leave the least to be kept; where that is the same for several, of most of them.

use super::compiled::{Input, Made, RowBuilder};
use super::hoisted;
use super::pruning::needed;
use super::reads::Reads;
use super::translated::Translation;
use super::{across, is_generated, is_row_local};
use rule_eval::timeless::is_query_timeless;
use rule_model::parting::Parting;
use rule_model::plan::{
    Assignment, Expr, ExprKind, Field, Name, Operator, ParseMode, Plan, Query, Source, Span, Stage,
};
use rule_model::{Type, Value};

/// Finds it for the inputs that `tail` calls `$` and their position, and takes those stages out of `tail`. How the tail is parted
/// is then told in terms of what is kept; where it cannot be, the columns stay.
pub(super) fn find(inputs: &mut [Input], tail: &mut Plan, mut parting: Option<&mut Parting>) {
    for (position, input) in inputs.iter_mut().enumerate() {
        let name = Name::from(format!("${position}"));
        let mut stages = Vec::new();
        of_input(tail, &name, &mut |query| stages.clone_from(&query.stages));
        let most = stages.iter().take_while(|stage| is_timeless(stage)).count();
        let cuts: Vec<Cut> = cuts(&input.fields, &stages, most).collect();
        let texts = cuts.last().map(|cut| parsed(&cut.stages)).unwrap_or_default();
        let kept = input.columns.iter().filter_map(|column| input.fields.get(*column));
        let mut least = weight(kept, &[], &texts);
        let mut best = None;
        for cut in cuts {
            let mut rest = tail.clone();
            of_input(&mut rest, &name, &mut |query| cut.give(query));
            let needed = needed(&rest);
            let is_read = |field: &&Field| needed.get(&name).is_some_and(|wanted| wanted.has(&field.name));
            let fields: Vec<Field> = cut.output().iter().filter(is_read).cloned().collect();
            let weight = weight(fields.iter(), &cut.stages, &texts);
            if weight > least || cut.stages.iter().all(|stage| only_names(&stage.operator)) {
                continue;
            }
            let parted = match &parting {
                Some(parting) => match parted(parting, position, root(tail, &name), &cut, &fields) {
                    Some(parting) => Some(parting),
                    None => continue,
                },
                None => None,
            };
            least = weight;
            best = Some((cut, rest, fields, parted));
        }
        if let Some((cut, rest, fields, parted)) = best {
            if let (Some(parting), Some(parted)) = (&mut parting, parted) {
                **parting = parted;
            }
            *tail = rest;
            make(input, cut, fields);
        }
    }
}

/// A place to which the query that reads an input may be computed as events pass.
struct Cut {
    /// How many of its stages are.
    taken: usize,
    /// What computes them, and what the summary behind them asks of a row alone.
    stages: Vec<Stage>,
    /// The summary over that, in place of the one behind the stages that are taken.
    summary: Option<Stage>,
}

/// The places in a query over columns of which the first `most` stages may be taken.
fn cuts<'s>(columns: &'s [Field], stages: &'s [Stage], most: usize) -> impl Iterator<Item = Cut> + 's {
    let plain = |taken| Cut { taken, stages: stages[..taken].to_vec(), summary: None };
    let columns = most.checked_sub(1).map_or(columns, |last| &stages[last].output);
    let hoisted = stages.get(most).and_then(|summary| hoisted::of_summary(summary, columns, is_pure));
    let with_summary = hoisted.map(|(computing, summary)| {
        let stages = stages[..most].iter().cloned().chain([computing]).collect();
        Cut { taken: most, stages, summary: Some(summary) }
    });
    (1..=most).map(plain).chain(with_summary)
}

impl Cut {
    /// The columns of what the stages give.
    fn output(&self) -> &[Field] {
        self.stages.last().map_or(&[], |last| &last.output)
    }

    /// Has a query begin behind what is taken of it.
    fn give(&self, query: &mut Query) {
        query.stages.drain(..self.taken);
        query.columns = self.output().to_vec();
        if let (Some(first), Some(summary)) = (query.stages.first_mut(), &self.summary) {
            *first = summary.clone();
        }
    }
}

/// Whether the root of a plan itself begins with an input.
fn root(plan: &Plan, name: &Name) -> bool {
    matches!(&plan.root.source, Source::Table(table) if table == name)
}

/// A parting where the query that reads an input, which may be the root, begins at this cut, of which these columns are kept. Rows that share all keys share any of them: those that cannot be told are done without.
fn parted(parting: &Parting, input: usize, is_root: bool, cut: &Cut, fields: &[Field]) -> Option<Parting> {
    if parting.keys.get(input)?.is_empty() {
        return Some(parting.clone());
    }
    let translation = Translation::new(&cut.stages, fields);
    let translated: Vec<Option<Expr>> =
        parting.keys.get(input)?.iter().map(|key| translation.of(key)).collect();
    let mut keys: Vec<Vec<Expr>> = parting.keys.iter().map(|keys| known(keys, &translated)).collect();
    let columns = known(&parting.columns, &translated);
    *keys.get_mut(input)? = translated.into_iter().flatten().collect();
    keys[input].first()?;
    let taken = if is_root { cut.taken } else { 0 };
    Some(Parting { stages: parting.stages.checked_sub(taken)?, keys, columns, ..*parting })
}

/// Those beside which there is a translation.
fn known<T: Clone>(all: &[T], translated: &[Option<Expr>]) -> Vec<T> {
    all.iter()
        .zip(translated)
        .filter(|(_, translated)| translated.is_some())
        .map(|(one, _)| one.clone())
        .collect()
}

/// Has the queries that read inputs name no more columns than are kept or named by their operators, where their output does
/// not show it: their rows are then as short as they can be.
pub(super) fn narrow(inputs: &[Input], tail: &mut Plan) {
    for (position, input) in inputs.iter().enumerate() {
        let kept = input.kept();
        of_input(tail, &format!("${position}").into(), &mut |query| {
            let Some(stages) = until_columns_are_named(&query.stages) else { return };
            let named = stages.iter().flat_map(|stage| stage.operator.exprs()).map(Reads::of);
            let named: Vec<Reads<'_>> = named.collect();
            let is_named = |field: &Field| {
                named.iter().any(|reads| reads.whole_row || reads.columns.contains(field.name.as_str()))
            };
            query.columns.retain(|field| is_named(field) || kept.contains(field));
        });
    }
}

/// Has an input be kept as what the stages of a cut give, and of that as these columns.
fn make(input: &mut Input, cut: Cut, fields: Vec<Field>) {
    let Cut { taken, mut stages, .. } = cut;
    let column = |field: &Field| Assignment {
        name: field.name.clone(),
        value: Expr::column(field.name.clone(), field.ty, Span::default()),
    };
    let operator = Operator::Project(fields.iter().map(column).collect());
    stages.push(Stage { operator, output: fields.clone(), open: false, span: Span::default() });
    let are_generated = stages.iter().all(|stage| is_generated(&stage.operator));
    let root = Query { source: Source::Table("$0".into()), columns: input.fields.clone(), stages };
    let plan = Plan { bindings: Vec::new(), visible: fields.len(), root };
    super::prune(std::slice::from_mut(input), &plan);
    let row = if are_generated { RowBuilder::Stages(plan.root.stages) } else { RowBuilder::Plan(plan) };
    input.made = Some(Box::new(Made { row, fields, stages: taken }));
}

/// The stages up to the one that names the columns that come out of it, whatever those before have.
fn until_columns_are_named(stages: &[Stage]) -> Option<&[Stage]> {
    let passes_on = |stage: &Stage| {
        matches!(
            stage.operator,
            Operator::Where(_)
                | Operator::Extend(_)
                | Operator::Serialize(_)
                | Operator::Sort(_)
                | Operator::MvExpand(_)
        )
    };
    let end = stages.iter().position(|stage| !passes_on(stage))?;
    let names = matches!(stages[end].operator, Operator::Project(_) | Operator::Summarize { .. });
    names.then(|| &stages[..=end])
}

/// Calls `with` on the query that reads an input.
fn of_input(plan: &mut Plan, name: &Name, with: &mut dyn FnMut(&mut Query)) {
    for query in plan.bindings.iter_mut().chain([&mut plan.root]) {
        across::visit(query, &mut |query| {
            if matches!(&query.source, Source::Table(table) if table == name) {
                with(query);
            }
        });
    }
}

/// Whether a stage gives the same of a row whenever it is asked, and cannot fail.
fn is_timeless(stage: &Stage) -> bool {
    let operator = &stage.operator;
    let is_plain = match operator {
        Operator::MvApply(apply) => is_query_timeless(&apply.body) && all_exprs(&apply.body, &is_pure),
        Operator::Parse(parse) => parse.mode != ParseMode::Regex,
        Operator::ParseKv(parse) => parse.regex.is_none(),
        Operator::Evaluate(_) | Operator::ProjectOpen(_) => false,
        _ => true,
    };
    is_plain && !stage.open && is_row_local(operator) && operator.exprs().into_iter().all(is_pure)
}

/// Whether an expression over a row gives the same whenever it is asked, and cannot fail.
fn is_pure(expr: &Expr) -> bool {
    let reads = Reads::of(expr);
    reads.is_row_local() && !reads.unstable && !may_fail(expr)
}

/// Whether an operator computes nothing.
fn only_names(operator: &Operator) -> bool {
    let is_column = |assignment: &Assignment| matches!(assignment.value.kind, ExprKind::Column(_));
    matches!(operator, Operator::Project(assignments) if assignments.iter().all(is_column))
}

/// Whether something holds of all expressions of a query and of those within.
fn all_exprs(query: &Query, holds: &dyn Fn(&Expr) -> bool) -> bool {
    let mut all = true;
    across::visit(&mut query.clone(), &mut |query| {
        all &= query.stages.iter().flat_map(|stage| stage.operator.exprs()).all(holds);
    });
    all
}

/// Whether a function in an expression may report an error, which is the tick's: one of those that take a name or a pattern,
/// unless that is written out, when it has been checked.
fn may_fail(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Property(inner, _) => may_fail(inner),
        ExprKind::Element(inner, index) => may_fail(inner) || may_fail(index),
        ExprKind::Call(function, args) => {
            let is_literal = |at: usize| {
                matches!(args.get(at), Some(Expr { kind: ExprKind::Literal(Value::String(_)), .. }))
            };
            let fails = match function.as_str() {
                "assert"
                | "datetime_local_to_utc"
                | "datetime_utc_to_local"
                | "parse_command_line"
                | "datetime_add"
                | "datetime_diff"
                | "datetime_part"
                | "replace"
                | "countof"
                | "indexof_regex" => true,
                "extract" | "extract_all" | "trim" | "trim_start" | "trim_end" => !is_literal(0),
                "matches regex" | "replace_regex" => !is_literal(1),
                _ => false,
            };
            fails || args.iter().any(may_fail)
        }
        ExprKind::Literal(_)
        | ExprKind::Column(_)
        | ExprKind::ToScalar(_)
        | ExprKind::FirstColumn(_)
        | ExprKind::WholeRow { .. } => false,
    }
}

/// The texts that functions take apart: they hold JSON and the like, and are long.
fn parsed(stages: &[Stage]) -> Vec<Name> {
    let mut texts = Vec::new();
    let exprs = stages.iter().flat_map(|stage| stage.operator.exprs());
    exprs.for_each(|expr| add_parsed(expr, &mut texts));
    texts
}

fn add_parsed(expr: &Expr, texts: &mut Vec<Name>) {
    match &expr.kind {
        ExprKind::Property(inner, _) => add_parsed(inner, texts),
        ExprKind::Element(inner, index) => {
            add_parsed(inner, texts);
            add_parsed(index, texts);
        }
        ExprKind::Call(function, args) => {
            for arg in args {
                match &arg.kind {
                    ExprKind::Column(name) if PARSERS.contains(&function.as_str()) => {
                        texts.push(name.clone());
                    }
                    _ => add_parsed(arg, texts),
                }
            }
        }
        _ => {}
    }
}

const PARSERS: [&str; 4] = ["parse_json", "extract_json", "parse_xml", "parse_csv"];

/// What the rows that stages make of one row take, roughly: `texts` are long, an expansion gives three rows, and a condition
/// half of them.
fn weight<'f>(fields: impl Iterator<Item = &'f Field>, stages: &[Stage], texts: &[Name]) -> u64 {
    const PLACE: u64 = 10;
    let of_field = |field: &Field| match field.ty {
        Type::String if texts.contains(&field.name) => 200,
        ty => ty.typical_bytes(),
    };
    let row = PLACE + fields.map(of_field).sum::<u64>();
    stages.iter().fold(row * 1024, |weight, stage| match &stage.operator {
        Operator::Where(_) => weight / 2,
        Operator::MvExpand(_) => weight * 3,
        Operator::MvApply(apply) if !gives_few(&apply.body) => weight * 3,
        _ => weight,
    })
}

/// Whether a query gives few rows of many.
fn gives_few(query: &Query) -> bool {
    query.stages.iter().any(|stage| {
        matches!(stage.operator, Operator::Summarize { .. } | Operator::Top { .. } | Operator::Take(_))
    })
}
