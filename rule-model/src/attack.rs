//! MITRE ATT&CK tactics and techniques (Enterprise) as data.
//!
//! Tactics are constants. Techniques are the lines of `attack/data/techniques.tsv`, read on first use: the macro asks
//! for a handful while it expands, the binary for `explain`.
//!
//! Source of the facts: MITRE's published STIX collections, © The MITRE Corporation, reproduced with its permission.
//! Release 19 split the tactic Defense Evasion into Stealth and Defense Impairment. The split is recorded for the
//! techniques that came with that release; any older technique of Defense Evasion is taken to serve both halves, so
//! that no correct rule is refused.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::sync::OnceLock;

/// Release of ATT&CK that the data follows.
pub const VERSION: &str = "19.1";

/// A tactic of the Enterprise matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tactic {
    /// `TA0004`
    pub id: &'static str,
    /// `Privilege Escalation`
    pub name: &'static str,
    /// `PrivilegeEscalation`: the name as one word, as rules write it.
    pub identifier: &'static str,
    /// Names that it had in earlier releases.
    pub former: &'static [&'static str],
}

/// A technique or sub-technique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Technique {
    /// `T1078` or `T1078.004`
    pub id: &'static str,
    /// `Cloud Accounts`; a sub-technique's name does not repeat its technique's.
    pub name: &'static str,
    /// Whether it is current.
    pub status: Status,
    /// Ids of its tactics with blanks between.
    tactics: &'static str,
}

/// Whether a technique is current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is.
    Current,
    /// Replaced by the technique of this id.
    Revoked(&'static str),
    /// Withdrawn without replacement.
    Deprecated,
}

macro_rules! tactics {
    ($($constant:ident $id:literal $name:literal $identifier:literal $former:expr;)*) => {
        impl Tactic {
            $(
                #[doc = concat!($id, ", ", $name, ".")]
                pub const $constant: Tactic =
                    Tactic { id: $id, name: $name, identifier: $identifier, former: &$former };
            )*

            /// All tactics, in the order of the matrix.
            pub const ALL: &'static [Tactic] = &[$(Tactic::$constant),*];
        }
    };
}

tactics! {
    RECONNAISSANCE "TA0043" "Reconnaissance" "Reconnaissance" [];
    RESOURCE_DEVELOPMENT "TA0042" "Resource Development" "ResourceDevelopment" [];
    INITIAL_ACCESS "TA0001" "Initial Access" "InitialAccess" [];
    EXECUTION "TA0002" "Execution" "Execution" [];
    PERSISTENCE "TA0003" "Persistence" "Persistence" [];
    PRIVILEGE_ESCALATION "TA0004" "Privilege Escalation" "PrivilegeEscalation" [];
    STEALTH "TA0005" "Stealth" "Stealth" ["Defense Evasion"];
    DEFENSE_IMPAIRMENT "TA0112" "Defense Impairment" "DefenseImpairment" [];
    CREDENTIAL_ACCESS "TA0006" "Credential Access" "CredentialAccess" [];
    DISCOVERY "TA0007" "Discovery" "Discovery" [];
    LATERAL_MOVEMENT "TA0008" "Lateral Movement" "LateralMovement" [];
    COLLECTION "TA0009" "Collection" "Collection" [];
    COMMAND_AND_CONTROL "TA0011" "Command and Control" "CommandAndControl" [];
    EXFILTRATION "TA0010" "Exfiltration" "Exfiltration" [];
    IMPACT "TA0040" "Impact" "Impact" [];
}

impl Tactic {
    /// The tactic of a number (`TA0004`) or of a present or former name, whatever its case, blanks and hyphens.
    pub fn find(text: &str) -> Option<Tactic> {
        let wanted = letters(text);
        let is_called = |name: &str| letters(name) == wanted;
        let is_wanted =
            |t: &&Tactic| is_called(t.id) || is_called(t.name) || t.former.iter().any(|n| is_called(n));
        Tactic::ALL.iter().find(is_wanted).copied()
    }
}

/// By its number.
impl Serialize for Tactic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id)
    }
}

impl<'de> Deserialize<'de> for Tactic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tactic, D::Error> {
        let id = String::deserialize(deserializer)?;
        let tactic = Tactic::ALL.iter().find(|tactic| tactic.id == id);
        tactic.copied().ok_or_else(|| de::Error::custom(format_args!("no tactic {id}")))
    }
}

impl Technique {
    /// The technique of an id, as ATT&CK writes it.
    pub fn find(id: &str) -> Option<Technique> {
        let all = Technique::all();
        all.binary_search_by(|technique| technique.id.cmp(id)).ok().and_then(|i| all.get(i)).copied()
    }

    /// All techniques, ordered by id.
    pub fn all() -> &'static [Technique] {
        static TECHNIQUES: OnceLock<Vec<Technique>> = OnceLock::new();
        TECHNIQUES.get_or_init(|| include_str!("attack/data/techniques.tsv").lines().map(read).collect())
    }

    /// The tactics that it serves, in the order of the matrix.
    pub fn tactics(&self) -> impl Iterator<Item = Tactic> {
        self.tactics.split_whitespace().filter_map(Tactic::find)
    }

    /// Whether it serves the tactic.
    pub fn serves(&self, tactic: Tactic) -> bool {
        self.tactics.split_whitespace().any(|id| id == tactic.id)
    }

    /// The technique that this is a sub-technique of.
    pub fn parent(&self) -> Option<Technique> {
        self.id.split_once('.').and_then(|(parent, _)| Technique::find(parent))
    }
}

/// A line of the data: id, name, tactics, and nothing or `>` and the replacement or `deprecated`.
fn read(line: &'static str) -> Technique {
    let mut cells = line.split('\t');
    let mut cell = || cells.next().unwrap_or_default();
    let (id, name, tactics) = (cell(), cell(), cell());
    let status = match cell() {
        "" => Status::Current,
        "deprecated" => Status::Deprecated,
        replacement => Status::Revoked(replacement.trim_start_matches('>')),
    };
    Technique { id, name, status, tactics }
}

fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tactic_is_found_in_any_spelling() {
        for (text, id) in [
            ("PrivilegeEscalation", Some("TA0004")),
            ("privilege-escalation", Some("TA0004")),
            ("Privilege Escalation", Some("TA0004")),
            ("ta0004", Some("TA0004")),
            ("CommandandControl", Some("TA0011")),
            ("Stealth", Some("TA0005")),
            ("DefenseEvasion", Some("TA0005")),
            ("Defence", None),
            ("", None),
        ] {
            assert_eq!(Tactic::find(text).map(|tactic| tactic.id), id, "{text}");
        }
    }

    #[test]
    fn a_tactics_identifier_is_its_name() {
        for tactic in Tactic::ALL {
            assert_eq!(tactic.identifier.to_lowercase(), letters(tactic.name));
        }
    }

    #[test]
    fn techniques_say_which_tactics_they_serve() {
        for (id, tactic, serves) in [
            ("T1078.004", "PrivilegeEscalation", true),
            ("T1078.004", "Exfiltration", false),
            ("T1072", "Execution", true),
            ("T1072", "LateralMovement", true),
            ("T1202", "DefenseEvasion", true),
            ("T1021.007", "LateralMovement", true),
            ("T1685.002", "DefenseImpairment", true),
            ("T1685.002", "Stealth", false),
        ] {
            let technique = Technique::find(id).unwrap();
            assert_eq!(technique.serves(Tactic::find(tactic).unwrap()), serves, "{id} {tactic}");
        }
    }

    #[test]
    fn ids_that_do_not_exist_are_not_found() {
        for id in ["T9999", "T1078.999", "t1078", "T1078 ", "", "T"] {
            assert_eq!(Technique::find(id), None, "{id}");
        }
    }

    #[test]
    fn every_line_of_the_data_is_whole() {
        let all = Technique::all();
        assert!(all.is_sorted_by(|a, b| a.id < b.id));
        let current = all.iter().filter(|technique| technique.status == Status::Current);
        let (subs, techniques): (Vec<&Technique>, Vec<&Technique>) =
            current.partition(|technique| technique.parent().is_some());
        assert_eq!((techniques.len(), subs.len()), (222, 475), "as MITRE counts release 19");
        for technique in all {
            assert!(!technique.name.is_empty() && technique.tactics().count() > 0, "{}", technique.id);
            if let Status::Revoked(id) = technique.status {
                assert!(Technique::find(id).is_some(), "{} -> {id}", technique.id);
            }
        }
    }
}
