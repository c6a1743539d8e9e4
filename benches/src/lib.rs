//! Events to measure with: a mix of audit records as they arrive, the same for the same seed.
#![forbid(unsafe_code)]

mod rules;

pub use rules::{MEASURED, rules};

use serde_json::{Value, json};

/// Lines of newline-delimited JSON, `count` of them, of which one in `every` meets a shipped rule on single events.
///
/// The mix is two of five records of Intune, two of Entra and one of Exchange in the Elastic Common Schema; a record has
/// about 1 KB.
pub fn events(count: usize, every: usize) -> Vec<u8> {
    events_of(count, every, 0)
}

/// The same, but the operations that no rule looks for have `names` different names; 0 is as sources have them, a few
/// dozen.
pub fn events_of(count: usize, every: usize, names: u64) -> Vec<u8> {
    let mut random = Random(7);
    let mut lines = Vec::new();
    for index in 0..count {
        let hit = index % every == every - 1;
        let mut event = match random.below(5) {
            0 | 1 => intune(&mut random, hit),
            2 | 3 => entra(&mut random, hit),
            _ => exchange(&mut random, hit),
        };
        if names > 0 && !hit {
            let number = random.below(names);
            for place in ["/operationName", "/OperationName", "/event/action"] {
                if let Some(name) = event.pointer_mut(place) {
                    *name = format!("Operation number {number}").into();
                }
            }
        }
        push(&mut lines, &event);
    }
    lines
}

/// Records of Entra and Exchange, each of an operation that a measured rule looks for, and none that meets one: what
/// looking for a rule in vain costs.
pub fn candidates(count: usize) -> Vec<u8> {
    let mut random = Random(7);
    let mut lines = Vec::new();
    for _ in 0..count {
        let mut event =
            if random.below(3) == 0 { exchange(&mut random, true) } else { entra(&mut random, true) };
        for (place, other) in
            [("/Result", "failure"), ("/Category", "UserManagement"), ("/event/outcome", "failure")]
        {
            if let Some(value) = event.pointer_mut(place) {
                *value = other.into();
            }
        }
        push(&mut lines, &event);
    }
    lines
}

fn push(lines: &mut Vec<u8>, event: &Value) {
    lines.extend_from_slice(event.to_string().as_bytes());
    lines.push(b'\n');
}

/// Knuth's linear congruential generator: the events need variety, not chance.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        let index = self.below(texts.len() as u64) as usize;
        texts[index]
    }

    fn id(&mut self) -> String {
        let mut digits = || self.below(1 << 16);
        format!(
            "{:04x}{:04x}-{:04x}-4{:03x}-8000-{:012x}",
            digits(),
            digits(),
            digits(),
            digits() >> 4,
            digits()
        )
    }

    fn person(&mut self) -> String {
        let name = self.one_of(&["ana", "bob", "carol.smith", "svc-intune", "müller"]);
        format!("{name}{}@contoso.com", self.below(500))
    }
}

fn intune(random: &mut Random, hit: bool) -> Value {
    let verb = random.one_of(&["Create", "Patch", "Delete", "Get", "Assign"]);
    let noun = random.one_of(&["DeviceConfiguration", "MobileApp", "ManagedDevice", "RoleAssignment"]);
    let operation = if hit { "Create DeviceManagementScript".to_owned() } else { format!("{verb} {noun}") };
    let properties: Vec<Value> = (0..random.below(8))
        .map(|_| json!({"Name": random.one_of(&["DisplayName", "Intent", "Version"]), "New": random.id()}))
        .collect();
    json!({
        "category": "AuditLogs", "correlationId": random.id(), "identity": random.person(), "operationName": operation,
        "properties": {
            "ActivityDate": "3/1/2024 10:15:00 AM", "ActivityResultStatus": 1, "AuditEventId": random.id(),
            "Actor": {"ObjectId": random.id(), "UPN": random.person(), "UserPermissions": ["*"], "IsDelegatedAdmin": false},
            "TargetObjectIds": [random.id()], "Targets": [{"Name": "baseline \"v2\"", "ModifiedProperties": properties}],
        },
        "resultType": "Success", "tenantId": random.id(), "time": "2024-03-01T10:15:00.000Z",
    })
}

fn entra(random: &mut Random, hit: bool) -> Value {
    let other =
        random.one_of(&["Update user", "Add member to group", "Register device", "Reset user password"]);
    let sought = random.below(3);
    let (operation, category) = match sought {
        _ if !hit => (other, "UserManagement"),
        0 => ("Update role setting in PIM", "RoleManagement"),
        1 => ("Set federation settings on domain", "DirectoryManagement"),
        _ => ("Disable Strong Authentication", "UserManagement"),
    };
    let initiator = json!({"user": {"id": random.id(), "userPrincipalName": random.person(), "roles": []}});
    json!({
        "TenantId": random.id(), "SourceSystem": "Azure AD", "TimeGenerated": "2024-03-01T10:15:00Z",
        "OperationName": operation, "Category": category, "ResultSignature": "None", "CorrelationId": random.id(),
        "Id": random.id(), "InitiatedBy": initiator.to_string(), "LoggedByService": "Core Directory", "Result": "success",
        "TargetResources": json!([{"id": random.id(), "displayName": random.person(), "modifiedProperties": []}]).to_string(),
        "ActivityDisplayName": operation, "Type": "AuditLogs",
    })
}

fn exchange(random: &mut Random, hit: bool) -> Value {
    let other = random.one_of(&["Set-User", "Set-TransportConfig", "New-Mailbox"]);
    json!({
        "@timestamp": "2024-03-01T10:15:00Z",
        "event": {
            "action": if hit { "New-ManagementRoleAssignment" } else { other }, "category": ["web"], "dataset": "o365.audit",
            "outcome": "success", "provider": "Exchange", "id": random.id(),
        },
        "o365": {"audit": {"ObjectId": random.id(), "RecordType": "1", "UserId": random.person(), "UserType": "3"}},
        "organization": {"id": random.id(), "name": "contoso.com"}, "user": {"id": random.person()},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_model::DateTime;
    use rule_runtime::dispatch::MemoryLimits;
    use rule_runtime::engine::{Engine, Settings, Validate, Work};
    use rule_runtime::framing::{Framer, Framing, Limits};
    use rule_runtime::parse::DEFAULT_MAX_DEPTH;

    /// How many of these records have a candidate, and how many are matched.
    fn found(lines: &[u8]) -> (u64, usize) {
        let settings = Settings {
            max_depth: DEFAULT_MAX_DEPTH,
            validate: Validate::Structure,
            memory: MemoryLimits::default(),
            now: DateTime::UNIX_EPOCH,
        };
        let engine = Engine::new(&::rules::RULES, &rules(5), settings);
        let (mut work, mut found) = (Work::default(), (0, 0));
        let mut framer = Framer::new(lines, Framing::Ndjson, Limits::default());
        while framer.fill(&mut work.batch).unwrap() {
            let outcome = engine.worker().run(std::mem::take(&mut work));
            found = (found.0 + outcome.candidates, found.1 + outcome.matches.len());
            work = outcome.work;
        }
        found
    }

    #[test]
    fn rules_look_at_as_many_records_as_are_said_to_be_candidates() {
        assert_eq!(found(&candidates(100)), (100, 0));
        assert_eq!(found(&events(100, 10)), (10, 10));
    }

    #[test]
    fn every_line_is_a_record_and_the_same_seed_gives_the_same_lines() {
        let lines = events(200, 20);
        assert_eq!(lines, events(200, 20));
        let records = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        assert_eq!(records.filter(|line| serde_json::from_slice::<Value>(line).is_ok()).count(), 200);
    }
}
