//! `explain RULE EVENT`: what events come to under a rule, as a process.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod process;

use process::{detector, directory, output, text};
use rule_eval::json;
use rule_model::Value;

const PIM: &str = "0ed0fe7c-af29-4990-af7f-bb5ccb231198";
const MASS_DEPLOYMENT: &str = "Intune.RiskyUserMassAppDeployment";
const KIBANA: &str = "microsoft-365-exchange-management-group-role-assignment";

const ANOTHER_OPERATION: &str = r#"{"TimeGenerated":"2024-05-01T12:00:00Z","Category":"rolemanagement","OperationName":"Add member to role"}"#;
const THE_CHANGE: &str = r#"{"TimeGenerated":"2024-05-01T12:00:00Z","Category":"RoleManagement",
 "OperationName":"Update role setting in PIM","InitiatedBy":{"user":{"userPrincipalName":"ana@contoso.com"}}}"#;

fn explained(rule: &str, event: &str) -> String {
    output(&["explain", rule, "-"], event.as_bytes())
}

fn assert_shows(shown: &str, parts: &[&str]) {
    for part in parts {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
}

#[test]
fn an_event_that_is_passed_over_shows_the_condition_that_decided() {
    let shown = explained(PIM, ANOTHER_OPERATION);
    assert_shows(
        &shown,
        &[
            "Record 1 of - · AuditLogs\n  No row: OperationName =~ \"Update role setting in PIM\" is false.\n",
            "\n  true   where Category =~ \"RoleManagement\"\n             Category is \"rolemanagement\"\n",
            "\n  false  where OperationName =~ \"Update role setting in PIM\"   <- decides\n             OperationName is \"Add member to role\"\n",
            "(not reached)",
        ],
    );
    assert_eq!(shown.matches("<- decides").count(), 1);
}

#[test]
fn an_event_that_alerts_shows_its_row_however_it_is_laid_out() {
    let shown = explained(PIM, THE_CHANGE);
    assert_shows(&shown, &["  1 row:\n", "InitiatingAccountName: \"ana\"", "  true   where OperationName"]);
    assert!(!shown.contains("<- decides"));
}

#[test]
fn a_laxer_operator_that_would_hold_is_named() {
    let event = r#"{"Operation":"new-inboxrule"}"#;
    let shown = explained("m365-inbox-rule-hides-mail", event);
    assert_shows(
        &shown,
        &["taken for one of UnifiedAuditLog", "Operation is \"new-inboxrule\"", "help: `in~` ignores case"],
    );
}

#[test]
fn each_record_is_judged_and_one_of_another_table_or_a_broken_one_says_so() {
    let mail = r#"{"CreationTime":"2024-05-01T12:00:00","Id":"1","Operation":"X","OrganizationId":"o","RecordType":1,"UserId":"a","UserType":0,"Workload":"Exchange"}"#;
    let events = format!("{ANOTHER_OPERATION}\n{mail}\n{{\"cut\n");
    let report = detector(&["explain", PIM, "-"], events.as_bytes());
    assert_eq!(report.status.code(), Some(2));
    assert_shows(
        &text(&report.stdout),
        &[
            "Record 1 of - · AuditLogs",
            "Not looked at: it is a record of UnifiedAuditLog, and this rule reads AuditLogs.",
            "Record 3 of -\n  Cannot be read: ",
        ],
    );
}

#[test]
fn a_query_of_kibana_is_told_in_its_own_words() {
    let event = r#"{"event":{"dataset":"o365.audit","provider":"Exchange","category":"web","action":"Other","outcome":"success"}}"#;
    let shown = output(&["explain", KIBANA, "O365Audit=-"], event.as_bytes());
    assert_shows(
        &shown,
        &["  false  all of\n", "    event.dataset:o365.audit\n", "<- decides", "event.action is \"Other\""],
    );
}

#[test]
fn a_rule_across_events_says_which_inputs_keep_an_event_and_what_the_rest_gives() {
    let directory = directory("explain-across");
    let [deployments, people] = ["deployments.json", "people.json"].map(|name| directory.join(name));
    std::fs::write(
        &deployments,
        r#"{"TimeGenerated":"2024-05-01T12:00:00Z","OperationName":"Create MobileAppAssignment","ResultType":"Success",
            "Identity":"ana@contoso.com","Properties":{"AuditEventId":"e-1","Actor":{"IsDelegatedAdmin":false},"Targets":[
            {"ModifiedProperties":[{"Name":"Intent","New":"Required"},{"Name":"Target.Type","New":"AllDevicesAssignmentTarget"}]}]}}"#,
    )
    .unwrap();
    std::fs::write(&people, r#"{"Timestamp":"2024-05-01T08:00:00Z","AccountUpn":"ana@contoso.com","Type":"User","RiskLevel":"Low"}"#).unwrap();
    let deployments = format!("IntuneAuditLogs={}", deployments.display());
    let people = format!("IdentityInfo={}", people.display());
    let shown = output(&["explain", MASS_DEPLOYMENT, &deployments, &people], b"");
    assert_shows(
        &shown,
        &[
            "  Input 1: kept for the rest of the query\n",
            "ResultType is \"Success\"",
            "All records together",
            "RiskLevel is \"Low\"",
            "A run evaluates the query every 1 hour over the events of the last 1 day",
        ],
    );
    let risky = r#"{"Timestamp":"2024-05-01T08:00:00Z","AccountUpn":"ana@contoso.com","Type":"User","RiskLevel":"High"}"#;
    std::fs::write(directory.join("people.json"), risky).unwrap();
    assert_shows(&output(&["explain", MASS_DEPLOYMENT, &deployments, &people], b""), &["  1 row:\n"]);
}

#[test]
fn an_operator_with_a_query_within_tells_what_decided_there() {
    let event = r#"{"TimeGenerated":"2024-05-01T12:00:00Z","OperationName":"Create MobileAppAssignment","ResultType":"Success",
        "Properties":{"AuditEventId":"e-1","Targets":[{"ModifiedProperties":[{"Name":"Intent","New":"Available"},
        {"Name":"Target.Type","New":"AllDevicesAssignmentTarget"}]}]}}"#;
    let shown = explained(MASS_DEPLOYMENT, event);
    assert_shows(
        &shown,
        &[
            "  No row:\n    `intentRequiredCount > 0` is false: intentRequiredCount is 0\n",
            "mv-apply T = props.Targets on ( mv-expand MP = T.ModifiedProperties | summarize",
            "…   (1 row -> 0)\n",
        ],
    );
    assert!(!shown.contains("// "), "comments are left out: {shown}");
}

#[test]
fn the_same_is_json() {
    let report = output(&["explain", "--format", "json", PIM, "-"], ANOTHER_OPERATION.as_bytes());
    let report = json::parse(&report).unwrap();
    let get = |value: &Value, name: &str| value.as_bag().unwrap().get(name).cloned().unwrap();
    let record = get(&report, "records").as_array().unwrap()[0].clone();
    assert_eq!(get(&record, "outcome"), Value::literal("no_row"));
    let query = get(&record, "query");
    assert_eq!(get(&query, "decided_by"), Value::literal("OperationName =~ \"Update role setting in PIM\""));
    let steps = get(&query, "steps");
    let condition = get(&steps.as_array().unwrap()[1], "conditions").as_array().unwrap()[0].clone();
    assert_eq!(get(&condition, "value"), Value::Bool(false));
    assert_eq!(
        json::write(&get(&condition, "operands")),
        r#"[{"name":"OperationName","value":"Add member to role"}]"#
    );
}
