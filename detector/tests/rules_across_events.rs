//! The shipped rules that join tables, from files on the command line to alerts.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod process;

use process::{detector, directory, text};
use rule_eval::json;
use rule_model::Value;
use std::path::Path;

/// Runs one rule over these files and gives for each alert its time and the columns of its row.
fn alerts(rule: &str, arguments: &[String], columns: &[&str]) -> Vec<String> {
    let mut all = vec!["run", "--format", "ndjson", "--rules", rule];
    all.extend(arguments.iter().map(String::as_str));
    let output = detector(&all, b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let shown = |line: &str| {
        let alert = json::parse(line).unwrap();
        let of = |value: &Value, name: &str| value.as_bag().and_then(|bag| bag.get(name)).cloned().unwrap();
        let row = of(&alert, "row");
        let mut parts = vec![json::display(&of(&alert, "time"))[..16].to_owned()];
        parts.extend(columns.iter().map(|column| json::display(&of(&row, column)).to_string()));
        parts.join(" ")
    };
    text(&output.stdout).lines().map(shown).collect()
}

fn given(directory: &Path, table: &str, name: &str, lines: &[String]) -> String {
    let path = directory.join(name);
    std::fs::write(&path, lines.join("\n")).unwrap();
    format!("{table}={}", path.display())
}

fn deployment(time: &str, id: &str, who: &str) -> String {
    format!(
        r#"{{"TimeGenerated":"{time}","OperationName":"Create MobileAppAssignment","ResultType":"Success","Identity":"{who}","CorrelationId":"c-{id}","Properties":{{"AuditEventId":"{id}","Actor":{{"ObjectId":"8a5b2d1c-0000-0000-0000-000000000001","IsDelegatedAdmin":false}},"Targets":[{{"Name":"App","ModifiedProperties":[{{"Name":"Intent","New":"Required"}},{{"Name":"Target.Type","New":"AllDevicesAssignmentTarget"}}]}}]}}}}"#
    )
}

fn behavior(time: &str, id: &str, who: &str) -> String {
    format!(
        r#"{{"Timestamp":"{time}","BehaviorId":"{id}","ActionType":"ImpossibleTravelActivity","EntityType":"User","AccountName":"{who}"}}"#
    )
}

#[test]
fn a_deployment_is_alerted_once_for_each_behavior_within_a_day_of_it() {
    let directory = directory("deployments");
    let intune = given(
        &directory,
        "IntuneAuditLogs",
        "intune",
        &[
            deployment("2024-05-01T12:30:00Z", "e-1", "ana@contoso.com"),
            deployment("2024-05-01T12:40:00Z", "e-2", "ben@contoso.com"),
            // A day later, so that the first behavior leaves the window before the deployment does.
            deployment("2024-05-03T00:00:00Z", "e-3", "cleo@contoso.com"),
        ],
    );
    let behaviors = given(
        &directory,
        "BehaviorEntities",
        "behaviors",
        &[
            behavior("2024-05-01T08:10:00Z", "b-1", "ana@contoso.com"),
            behavior("2024-05-01T20:20:00Z", "b-2", "ana@contoso.com"),
            // Too long before ben's deployment for any tick to see both.
            behavior("2024-04-30T12:10:00Z", "b-3", "ben@contoso.com"),
        ],
    );
    let risks = given(
        &directory,
        "IdentityInfo",
        "identities",
        &[r#"{"Timestamp":"2024-05-01T13:05:00Z","AccountUpn":"ben@contoso.com","Type":"User","RiskLevel":"High"}"#
            .to_owned()],
    );
    let expected = [
        "2024-05-01T13:00 e-1 b-1 ",
        // The risk is known five minutes after the tick that saw the deployment first.
        "2024-05-01T14:00 e-2  High",
        "2024-05-01T21:00 e-1 b-2 ",
    ];
    for files in [[&intune, &behaviors, &risks], [&risks, &behaviors, &intune], [&behaviors, &intune, &risks]]
    {
        let files: Vec<String> = files.into_iter().cloned().collect();
        let columns = ["AuditEventId", "BehaviorId", "RiskLevel"];
        assert_eq!(alerts("Intune.RiskyUserMassAppDeployment", &files, &columns), expected, "{files:?}");
    }
}

#[test]
fn what_a_new_administrator_does_is_told_at_the_end_of_the_day() {
    let event = |time: &str, operation: &str, details: &str, actor: &str| {
        format!(
            r#"{{"TimeGenerated":"{time}","OperationName":"{operation}","Details":"{details}","ActorUPN":"{actor}","IpAddress":"203.0.113.9","UserAgent":"script","Data":{{"MemberId":"m-1"}}}}"#
        )
    };
    let directory = directory("administrators");
    let granted = event(
        "2024-05-01T12:10:00Z",
        "Group.UpdateGroupMembership.Add",
        "Added Eve to Project Administrators",
        "ana@contoso.com",
    );
    let made = event("2024-05-01T12:20:00Z", "Token.PatCreateEvent", "", "eve@contoso.com");
    let deleted = event("2024-05-01T12:30:00Z", "Git.RepositoryDeleted", "", "eve@contoso.com");
    let later = event("2024-05-02T12:20:00Z", "Git.RepositoryDeleted", "", "eve@contoso.com");
    let files = [
        given(&directory, "ADOAuditLogs", "one", &[made, later]),
        given(&directory, "AzureDevOpsAuditing", "two", &[granted, deleted]),
    ];
    let expected = [
        r#"2024-05-02T00:00 ana@contoso.com ["Group.UpdateGroupMembership.Add"]"#,
        r#"2024-05-02T00:00 eve@contoso.com ["Token.PatCreateEvent","Git.RepositoryDeleted"]"#,
    ];
    let columns = ["ActorUPN", "ActionsWhenAdded"];
    let mut found = alerts("35ce9aff-1708-45b8-a295-5e9a307f5f17", &files, &columns);
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_first_consent_is_known_as_such_with_history() {
    let consent = |time: &str| {
        format!(
            r#"{{"TimeGenerated":"{time}","OperationName":"Consent to application","Result":"success","InitiatedBy":{{"user":{{"userPrincipalName":"ana@contoso.com"}}}},"TargetResources":[{{"id":"app-1","displayName":"Helper"}}]}}"#
        )
    };
    let directory = directory("consents");
    let rule = "entra-first-seen-application-consent";
    for (past, expected) in [
        // Exactly fourteen days before the tick at which the new consent is seen: no longer in its window.
        ("2024-03-01T10:00:00Z", &["2024-03-15T10:00 app-1"][..]),
        ("2024-03-01T10:00:01Z", &[]),
    ] {
        let past = given(&directory, "AuditLogs", "past", &[consent(past)]);
        let live = given(&directory, "AuditLogs", "live", &[consent("2024-03-15T09:30:00Z")]);
        assert_eq!(alerts(rule, std::slice::from_ref(&live), &["ApplicationId"]).len(), 1);
        let arguments = ["--history".to_owned(), past, live];
        assert_eq!(alerts(rule, &arguments, &["ApplicationId"]), expected);
    }
}

#[test]
fn kept_rows_take_what_the_explanation_estimates() {
    const EVENTS: u64 = 20_000;
    let directory = directory("estimate");
    let failure = |at: u64| {
        format!(
            r#"{{"TimeGenerated":"2024-03-01T10:{:02}:{:02}Z","ResultType":"50126","IPAddress":"198.51.100.{}","UserPrincipalName":"{}@contoso.com"}}"#,
            at * 59 / EVENTS,
            at % 60,
            at % 250,
            (b'a' + (at % 26) as u8) as char
        )
    };
    let lines: Vec<String> = (0..EVENTS).map(failure).collect();
    let signins = given(&directory, "SigninLogs", "signins", &lines);
    let rule = "entra-password-spray";
    let stats = directory.join("stats").display().to_string();
    let output = detector(&["run", "--rules", rule, "--stats", &stats, "--out", "/dev/null", &signins], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let stats = json::parse(&std::fs::read_to_string(stats).unwrap()).unwrap();
    let kept = |name: &str| at(&stats, &["rules", rule, name]);
    let explained =
        json::parse(&text(&detector(&["explain", "--format", "json", rule], b"").stdout)).unwrap();
    let inputs = explained.as_bag().and_then(|bag| bag.get("inputs")).and_then(Value::as_array).unwrap();
    let estimate = at(&inputs[0], &["kept", "bytes_a_row"]);
    let rows = kept("most_rows_kept");
    assert!(rows > EVENTS * 9 / 10, "{rows} rows at a time");
    let bytes = kept("most_bytes_kept") / rows;
    assert!(bytes.abs_diff(estimate) * 5 <= estimate, "{bytes} bytes a row, not {estimate}");
}

/// The number at a path.
fn at(value: &Value, path: &[&str]) -> u64 {
    let step = |value: Value, name: &&str| value.as_bag().and_then(|bag| bag.get(name)).cloned().unwrap();
    match path.iter().fold(value.clone(), step) {
        Value::Long(number) => number as u64,
        other => panic!("{path:?}: {other:?}"),
    }
}
