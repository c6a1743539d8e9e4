//! What a rule says of itself, apart from its query: the union of what Microsoft Sentinel, Defender XDR, Panther and
//! Elastic rules carry.
//!
//! Every type here is both what the compiler fills in (owned) and what a compiled rule holds (static): see
//! [`Text`] and [`List`].

use crate::attack::Tactic;
use crate::entity::EntityMapping;
use crate::{List, Text, Timespan};
use serde::{Deserialize, Serialize};

/// Everything about a rule but its query.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// Unique within a rule set; what `--rules` selects by.
    pub id: Text,
    /// One line that names the rule: the first line of its documentation.
    pub title: Text,
    /// What it detects and why that matters: the documentation after the title.
    pub description: Text,
    /// How bad a true alert is.
    pub severity: Severity,
    /// Version of the rule, part of every alert id.
    pub version: Text,
    /// ATT&CK techniques with the tactic each serves here; empty means `attack: none`.
    pub attack: List<Technique>,
    /// Whether the rule runs unless asked for by name.
    pub enabled: bool,
    /// `Scheduled`, `NRT`, `query`, … as its platform calls it.
    pub kind: Text,
    /// Where it is in its life: `Available`, `production`, `experimental`, …
    pub status: Text,
    /// Who wrote it.
    pub author: List<Text>,
    /// Licence of the rule's text.
    pub licence: Text,
    /// Free labels.
    pub tags: List<Text>,
    /// Links to read.
    pub references: List<Text>,
    /// Known innocent causes.
    pub false_positives: List<Text>,
    /// What to do about an alert.
    pub runbook: Text,
    /// What must be set up for the data to arrive.
    pub setup: Text,
    /// How to investigate an alert.
    pub investigation: Text,
    /// What to do once an alert proved true.
    pub remediation: Text,
    /// Sentinel's data connectors.
    pub connectors: List<Connector>,
    /// Elastic's indices.
    pub indices: List<Text>,
    /// Panther's log types.
    pub log_types: List<Text>,
    /// Defender XDR's impacted assets and related evidence: identifier and column.
    pub impacted_assets: List<(Text, Text)>,
    /// Sentinel's content categories (domains).
    pub categories: List<Text>,
    /// Where the rule comes from: `Community`, `Microsoft`, …
    pub source: Text,
    /// Who supports it.
    pub support: Text,
    /// 0 to 100, Elastic's; `None` when unsaid.
    pub risk_score: Option<u8>,
    /// When it is evaluated and over which span of event time.
    pub schedule: Option<Schedule>,
    /// Further look-back of a row-local rule's platform, for the record (Elastic's `from`).
    pub lookback: Option<Timespan>,
    /// The number of rows that makes an evaluation alert.
    pub trigger: Trigger,
    /// Matches of one key within the dedup period that make an alert; 1 alerts on each.
    pub threshold: u64,
    /// How repeats are collapsed; `None` collapses nothing.
    pub dedup: Option<Dedup>,
    /// How long a rule is silent after an alert.
    pub suppress: Option<Timespan>,
    /// Whether each row alerts or an evaluation's rows make one alert.
    pub grouping: Grouping,
    /// Alerts at the most in an evaluation; the surplus is counted.
    pub max_alerts: Option<u64>,
    /// Output columns that identify an alert in place of the whole row.
    pub alert_key: List<Text>,
    /// The alert's title; the rule's own when empty.
    pub alert_title: List<TemplatePart>,
    /// What to show first: a label and the output column it stands for.
    pub context: List<(Text, Text)>,
    /// Sentinel's entity mappings.
    pub entities: List<EntityMapping>,
}

/// How bad a true alert is. Sentinel's four, and Elastic's and Panther's `Critical`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// For the record.
    #[default]
    Informational,
    /// Minor.
    Low,
    /// Look at it today.
    Medium,
    /// Look at it now.
    High,
    /// Wake somebody.
    Critical,
}

/// A technique and the tactic it serves in this rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Technique {
    /// The tactic; `None` where the rule names a technique only.
    pub tactic: Option<Tactic>,
    /// `T1078` or `T1078.004`.
    pub id: Text,
}

/// Evaluated at multiples of `every` over the `over` before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Time between evaluations. Sentinel's queryFrequency.
    pub every: Timespan,
    /// Span of event time that an evaluation sees. Sentinel's queryPeriod.
    pub over: Timespan,
}

/// A comparison with the number of rows of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// The comparison.
    pub comparison: Comparison,
    /// The number.
    pub rows: u64,
}

/// A comparison of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

/// How repeats of an alert are collapsed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dedup {
    /// Span of event time from the first alert, not extended by repeats.
    pub period: Timespan,
    /// Columns whose values make two alerts the same; the alert's title when empty.
    pub key: List<Text>,
}

/// Whether each row alerts or an evaluation's rows make one alert. Sentinel's event grouping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grouping {
    /// Each row is an alert.
    #[default]
    Each,
    /// All rows of an evaluation are one alert.
    Single,
}

/// A data connector of Sentinel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connector {
    /// `AzureActiveDirectory`, …
    pub id: Text,
    /// The tables it fills.
    pub data_types: List<Text>,
}

/// A part of a title template `"… {Column} …"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TemplatePart {
    /// Text as it is.
    Text(Text),
    /// The value of a column.
    Column(Text),
}

impl Severity {
    /// All severities, from the mildest.
    pub const ALL: [Severity; 5] =
        [Severity::Informational, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    /// The name as rules write it.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Informational => "Informational",
            Severity::Low => "Low",
            Severity::Medium => "Medium",
            Severity::High => "High",
            Severity::Critical => "Critical",
        }
    }

    /// The severity called `name`, in any case; `info` is Panther's word for informational.
    pub fn named(name: &str) -> Option<Severity> {
        if name.eq_ignore_ascii_case("info") {
            return Some(Severity::Informational);
        }
        Severity::ALL.into_iter().find(|severity| severity.name().eq_ignore_ascii_case(name))
    }
}

impl Default for Trigger {
    /// More than no rows.
    fn default() -> Trigger {
        Trigger { comparison: Comparison::Greater, rows: 0 }
    }
}

impl Trigger {
    /// Whether an evaluation with so many rows alerts.
    pub const fn fires(self, rows: u64) -> bool {
        match self.comparison {
            Comparison::Greater => rows > self.rows,
            Comparison::GreaterOrEqual => rows >= self.rows,
            Comparison::Less => rows < self.rows,
            Comparison::LessOrEqual => rows <= self.rows,
            Comparison::Equal => rows == self.rows,
            Comparison::NotEqual => rows != self.rows,
        }
    }
}

impl Comparison {
    /// The operator as rules write it.
    pub const fn symbol(self) -> &'static str {
        match self {
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
        }
    }
}

impl Metadata {
    /// Whether alerts come event by event as far as shaping is concerned: nothing here needs several rows at once.
    pub fn alerts_each_row(&self) -> bool {
        self.trigger == Trigger::default() && self.threshold <= 1 && self.grouping == Grouping::Each
    }
}
