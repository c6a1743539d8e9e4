//! MITRE ATT&CK tactics and techniques as data.

/// A tactic of the Enterprise matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tactic {
    /// `TA0003`
    pub id: &'static str,
}
