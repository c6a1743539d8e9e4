//! Which of the built-in tables a record is of, by records with few keys and by records that look alike.

use rule_eval::json;
use rule_model::schema::recognition::Recognizer;
use rule_model::{Value, tables};

/// The name of the table that a record written as JSON is of.
fn table(record: &str) -> Option<&'static str> {
    let Ok(Value::Bag(record)) = json::parse(record) else { panic!("{record} is no object") };
    let index = Recognizer::new(tables::ALL.iter().copied()).recognize(record.as_ref())?;
    Some(tables::ALL[index].name.as_ref())
}

fn check(expected: &[(&str, Option<&str>)]) {
    for (record, name) in expected {
        assert_eq!(table(record), *name, "{record}");
    }
}

#[test]
fn records_in_table_form_are_recognized_by_what_only_their_table_has() {
    check(&[
        (
            r#"{"TimeGenerated":"2024-03-01","OperationName":"x","Category":"y","InitiatedBy":{}}"#,
            Some("AuditLogs"),
        ),
        (r#"{"OperationName":"Update role setting in PIM","Category":"RoleManagement"}"#, Some("AuditLogs")),
        (
            r#"{"OperationName":"Update role setting in PIM","Category":"RoleManagement","ResultType":"Success","Identity":"x"}"#,
            Some("AuditLogs"),
        ),
        (r#"{"Category":"RoleManagement","InitiatedBy":"{}","TargetResources":"[]"}"#, Some("AuditLogs")),
        (
            r#"{"OperationName":"Create MobileAppAssignment","ResultType":"Success","Properties":"{}"}"#,
            Some("IntuneAuditLogs"),
        ),
        (
            r#"{"OperationName":"Create MobileAppAssignment","Category":"AuditLogs","Identity":"x"}"#,
            Some("IntuneAuditLogs"),
        ),
        (
            r#"{"OperationName":"x","ResultType":"Success","Properties":{},"TimeGenerated":"2024-03-01","Identity":"a@b","CorrelationId":"c"}"#,
            Some("IntuneAuditLogs"),
        ),
        (
            r#"{"OperationName":"Group.UpdateGroupMembership.Add","Details":"x","ActorUPN":"a@b"}"#,
            Some("ADOAuditLogs"),
        ),
        (
            r#"{"OperationName":"Group.UpdateGroupMembership.Add","Details":"x","Category":"Modify"}"#,
            Some("ADOAuditLogs"),
        ),
        (r#"{"OperationName":null,"Data":{"MemberId":"x"},"ActorUPN":"a@b"}"#, Some("ADOAuditLogs")),
        (
            r#"{"OfficeWorkload":"Exchange","Operation":"New-InboxRule","TimeGenerated":"2024-03-01"}"#,
            Some("OfficeActivity"),
        ),
        (
            r#"{"Operation":"New-InboxRule","TimeGenerated":"2024-03-01","UserId":"a@b"}"#,
            Some("OfficeActivity"),
        ),
        (
            r#"{"UserPrincipalName":"a@b","AppDisplayName":"x","ResultType":"0","IPAddress":"1.2.3.4","OperationName":"Sign-in activity"}"#,
            Some("SigninLogs"),
        ),
        (
            r#"{"OperationNameValue":"Microsoft.Compute/x/write","Caller":"a@b","Properties":"{}"}"#,
            Some("AzureActivity"),
        ),
        (
            r#"{"OperationName":"Delete x","Caller":"a@b","CallerIpAddress":"1.2.3.4","Properties":"{}","Category":"Administrative"}"#,
            Some("AzureActivity"),
        ),
        (
            r#"{"ActionType":"ImpossibleTravelActivity","EntityType":"User","AccountName":"a@b","BehaviorId":"1"}"#,
            Some("BehaviorEntities"),
        ),
        (r#"{"AccountUpn":"a@b","Type":"User","RiskLevel":"High"}"#, Some("IdentityInfo")),
        (
            r#"{"ClientRequestId":"c","RequestUri":"https://graph.microsoft.com/v1.0/me","RequestMethod":"GET"}"#,
            Some("GraphAPIAuditEvents"),
        ),
        (
            r#"{"ActionType":"New-InboxRule","Application":"Microsoft Exchange Online","RawEventData":{}}"#,
            Some("CloudAppEvents"),
        ),
        (
            r#"{"EventName":"ConsoleLogin","EventSource":"signin.amazonaws.com","TimeGenerated":"2024-03-01"}"#,
            Some("AWSCloudTrail"),
        ),
    ]);
}

#[test]
fn records_in_export_form_are_recognized() {
    check(&[
        (
            r#"{"category":"AuditLogs","operationName":"x","properties":{"initiatedBy":{"user":{}}}}"#,
            Some("AuditLogs"),
        ),
        (
            r#"{"category":"AuditLogs","operationName":"x","properties":{"activityDisplayName":"x"}}"#,
            Some("AuditLogs"),
        ),
        (
            r#"{"category":"AuditLogs","operationName":"Update role setting in PIM","properties":{"category":"RoleManagement"}}"#,
            Some("AuditLogs"),
        ),
        (r#"{"category":"AuditLogs","operationName":"x","properties":{}}"#, Some("AuditLogs")),
        (
            r#"{"category":"AuditLogs","operationName":"x","identity":"a","resourceId":"/tenants/x"}"#,
            Some("AuditLogs"),
        ),
        (
            r#"{"category":"AuditLogs","operationName":"createDeviceManagementScript DeviceManagementScript","identity":"a@b","properties":{"AuditEventId":"1"}}"#,
            Some("IntuneAuditLogs"),
        ),
        (
            r#"{"category":"AuditLogs","operationName":"x","properties":{"Actor":{"UPN":"a@b"}}}"#,
            Some("IntuneAuditLogs"),
        ),
        (
            r#"{"category":"AuditLogs","operationName":"x","identity":"a@b","tenantId":"t","resultType":"Success"}"#,
            Some("IntuneAuditLogs"),
        ),
        (r#"{"category":"AuditLogs","properties":{"Actor":{},"AuditEventId":"1"}}"#, Some("IntuneAuditLogs")),
        (
            r#"{"category":"AuditLogs","identity":"a@b","properties":{"initiatedBy":{},"Actor":{}}}"#,
            Some("AuditLogs"),
        ),
        (
            r#"{"category":"SignInLogs","operationName":"Sign-in activity","properties":{}}"#,
            Some("SigninLogs"),
        ),
        (
            r#"{"category":"Administrative","operationName":"MICROSOFT.X/WRITE","resourceId":"/x","properties":{}}"#,
            Some("AzureActivity"),
        ),
        (r#"{"actionId":"Git.RepoCreated","scopeType":"enterprise","actorUPN":"a@b"}"#, Some("ADOAuditLogs")),
        (
            r#"{"CreationTime":"2021-05-18T21:13:33","Operation":"Set-Mailbox","RecordType":1,"Workload":"Exchange"}"#,
            Some("UnifiedAuditLog"),
        ),
        (r#"{"Operation":"Set-Mailbox","Workload":"Exchange"}"#, Some("UnifiedAuditLog")),
        (
            r#"{"CreationTime":"2021-05-18T21:13:33","RecordType":15,"Workload":"AzureActiveDirectory","Actor":[]}"#,
            Some("UnifiedAuditLog"),
        ),
        (
            r#"{"eventVersion":"1.08","eventName":"CreateUser","eventSource":"iam.amazonaws.com","userIdentity":{}}"#,
            Some("AWSCloudTrail"),
        ),
    ]);
}

#[test]
fn elastic_records_are_recognized_nested_and_flat() {
    check(&[
        (r#"{"event":{"dataset":"o365.audit","action":"x"}}"#, Some("O365Audit")),
        (r#"{"event.dataset":"o365.audit","event.action":"x"}"#, Some("O365Audit")),
        (
            r#"{"@timestamp":"2024-03-01","event":{"dataset":"o365.audit"},"o365":{"audit":{}}}"#,
            Some("O365Audit"),
        ),
        (r#"{"@timestamp":"2024-03-01","event.provider":"Exchange"}"#, Some("O365Audit")),
        (r#"{"event":"login","user":"a"}"#, None),
    ]);
}

#[test]
fn type_decides_where_it_names_a_table_and_only_there() {
    check(&[
        (r#"{"Type":"AzureDevOpsAuditing","OperationName":"x","Category":"y"}"#, Some("ADOAuditLogs")),
        (r#"{"Type":"IntuneAuditLogs"}"#, Some("IntuneAuditLogs")),
        (r#"{"Type":"User","OperationName":"x","InitiatedBy":{}}"#, Some("AuditLogs")),
        (r#"{"Type":["AuditLogs"],"foo":1}"#, None),
    ]);
}

#[test]
fn other_records_are_of_no_table() {
    check(&[
        (r"{}", None),
        (r#"{"foo":1}"#, None),
        (r#"{"message":"x","level":"info","time":"2024-03-01"}"#, None),
        (r#"{"operationName":"x","category":"NetworkSecurityGroupEvent","properties":{}}"#, None),
        (r#"{"Operation":"x"}"#, None),
        (r#"{"OperationName":"x"}"#, None),
        (r#"{"EventID":4624,"Computer":"x","Account":"y"}"#, None),
        (r#"{"nested":{"OperationName":"x","Category":"y","InitiatedBy":{}}}"#, None),
    ]);
}
