//! A rule for people: sections under headings, read from top to bottom.

use super::{Explained, tables, technique_name, words};
use crate::layout::Page;
use rule_model::Text;
use rule_model::metadata::Metadata;
use rule_runtime::Rule;
use rule_runtime::rule::Expectation;
use rule_runtime::sink::table::Style;

/// The whole page.
pub(crate) fn write(explained: Explained<'_>, style: Style) -> String {
    let rule = explained.rule;
    let mut page = Page::new(style);
    head(&mut page, rule);
    techniques(&mut page, rule.metadata);
    plan(&mut page, rule);
    stages(&mut page, rule);
    indicators(&mut page, explained);
    output(&mut page, rule);
    entities(&mut page, rule.metadata);
    about(&mut page, rule.metadata);
    tests(&mut page, rule);
    page.into_text()
}

fn head(page: &mut Page, rule: &Rule) {
    let metadata = &rule.metadata;
    page.bold(&metadata.title);
    let version = Some(format!("version {}", metadata.version)).filter(|_| !metadata.version.is_empty());
    let off = (!metadata.enabled).then(|| "off unless named".to_owned());
    let facts = [
        Some(metadata.id.to_string()),
        Some(metadata.severity.name().to_owned()),
        Some(tables(rule).join(", ")),
        version,
        off,
    ];
    page.prose(&facts.into_iter().flatten().collect::<Vec<_>>().join(" · "), 0);
    if !metadata.description.is_empty() {
        page.line("");
        page.prose(&metadata.description, 0);
    }
}

fn techniques(page: &mut Page, metadata: &Metadata) {
    if metadata.attack.is_empty() {
        return;
    }
    page.heading("Techniques");
    let rows: Vec<[String; 3]> = metadata
        .attack
        .iter()
        .map(|technique| {
            let tactic = technique.tactic.map(|tactic| tactic.name).unwrap_or_default();
            [technique.id.to_string(), technique_name(technique), tactic.to_owned()]
        })
        .collect();
    page.columns(&rows);
}

fn plan(page: &mut Page, rule: &'static Rule) {
    page.heading("How it runs");
    let steps = words::plan(rule);
    let rows: Vec<[String; 2]> =
        steps.into_iter().enumerate().map(|(i, step)| [format!("{}.", i + 1), step]).collect();
    page.columns(&rows);
}

fn stages(page: &mut Page, rule: &Rule) {
    page.heading("Stages");
    let number_width = rule.stages.len().to_string().len();
    let operator_width = rule.stages.iter().map(|stage| stage.operator.len()).max().unwrap_or_default();
    let indent = number_width + operator_width + 6;
    for (i, stage) in rule.stages.iter().enumerate() {
        let text = stage.text.strip_prefix(&stage.operator).unwrap_or(&stage.text).trim_start();
        // Query text keeps its lines: a wrapped string literal would be another one.
        let (first, further) = text.split_once('\n').unwrap_or((text, ""));
        page.line(&format!("  {:>number_width$}  {:<operator_width$}  {first}", i + 1, stage.operator));
        let margin = further.lines().map(leading_blanks).min().unwrap_or_default();
        further.lines().for_each(|line| page.line(&format!("{:indent$}{}", "", &line[margin..])));
    }
}

/// Bytes of white space before the text of a line.
fn leading_blanks(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

fn indicators(page: &mut Page, explained: Explained<'_>) {
    if explained.rule.indicators.is_empty() {
        return;
    }
    page.heading("Indicators");
    let mut rows = vec![["field", "kind", "other rules", "values"].map(str::to_owned)];
    rows.extend(explained.rule.indicators.iter().map(|indicator| {
        let values: Vec<String> = indicator.values.iter().map(|value| format!("{value:?}")).collect();
        let others = match explained.others_with(indicator) {
            0 => "-".to_owned(),
            n => n.to_string(),
        };
        [indicator.field.clone(), indicator.kind.clone(), others, values.join(", ")]
    }));
    page.columns(&rows);
}

fn output(page: &mut Page, rule: &Rule) {
    page.heading("Output fields");
    let mut rows = vec![["column", "type", "made by"].map(str::to_owned)];
    rows.extend(
        rule.columns
            .iter()
            .take(rule.visible)
            .map(|column| [column.name.to_owned(), column.ty.name().to_owned(), column.stage.to_owned()]),
    );
    page.columns(&rows);
}

fn entities(page: &mut Page, metadata: &Metadata) {
    if metadata.entities.is_empty() {
        return;
    }
    page.heading("Entities");
    let rows: Vec<[String; 2]> =
        metadata.entities.iter().map(|entity| [entity.entity.to_string(), pairs(&entity.fields)]).collect();
    page.columns(&rows);
}

fn about(page: &mut Page, metadata: &Metadata) {
    let text = |text: &Text| text.to_string();
    let list = |texts: &[Text]| texts.join(", ");
    let paragraphs = |texts: &[Text]| texts.join("\n");
    let schedule = metadata.schedule.map(|schedule| {
        format!("every {} over the last {}", words::span(schedule.every), words::span(schedule.over))
    });
    let connectors = metadata.connectors.iter().map(|connector| {
        if connector.data_types.is_empty() {
            text(&connector.id)
        } else {
            format!("{} ({})", connector.id, list(&connector.data_types))
        }
    });
    let fields = [
        ("Alert title", words::template(&metadata.alert_title)),
        ("Alert key", list(&metadata.alert_key)),
        ("Shown first", pairs(&metadata.context)),
        ("Schedule", schedule.unwrap_or_default()),
        ("Look-back", metadata.lookback.map(words::span).unwrap_or_default()),
        ("Risk score", metadata.risk_score.map(|score| score.to_string()).unwrap_or_default()),
        ("Kind", text(&metadata.kind)),
        ("Status", text(&metadata.status)),
        ("Author", list(&metadata.author)),
        ("Licence", text(&metadata.licence)),
        ("Source", text(&metadata.source)),
        ("Support", text(&metadata.support)),
        ("Categories", list(&metadata.categories)),
        ("Tags", list(&metadata.tags)),
        ("Connectors", connectors.collect::<Vec<_>>().join(", ")),
        ("Indices", list(&metadata.indices)),
        ("Log types", list(&metadata.log_types)),
        ("Impacted assets", pairs(&metadata.impacted_assets)),
        ("References", paragraphs(&metadata.references)),
        ("False positives", paragraphs(&metadata.false_positives)),
        ("Setup", text(&metadata.setup)),
        ("Runbook", text(&metadata.runbook)),
        ("Investigation", text(&metadata.investigation)),
        ("Remediation", text(&metadata.remediation)),
    ];
    let said = fields.into_iter().filter(|(_, value)| !value.is_empty());
    let rows: Vec<[String; 2]> = said.map(|(name, value)| [name.to_owned(), value]).collect();
    if !rows.is_empty() {
        page.heading("About");
        page.columns(&rows);
    }
}

fn tests(page: &mut Page, rule: &Rule) {
    if rule.tests.is_empty() {
        return;
    }
    page.heading("Tests");
    let rows: Vec<[String; 2]> =
        rule.tests.iter().map(|test| [expectation(test.expect).to_owned(), test.name.to_owned()]).collect();
    page.columns(&rows);
}

/// What a test expects, in the word that rules use for it.
pub(super) const fn expectation(expectation: Expectation) -> &'static str {
    match expectation {
        Expectation::Fires(_) => "fires",
        Expectation::Silent => "silent",
    }
}

/// `name: column, name: column`
fn pairs(pairs: &[(Text, Text)]) -> String {
    pairs.iter().map(|(name, column)| format!("{name}: {column}")).collect::<Vec<_>>().join(", ")
}
