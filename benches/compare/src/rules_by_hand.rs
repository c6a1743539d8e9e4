//! The five rules as hand-written code over serde_json's values: what everybody must find.

use crate::events::Events;
use serde_json::Value;

/// The rules by their ids, as `--rules` names them.
pub const RULES: [&str; 5] = [
    "Intune.NewDeviceManagementScript",
    "0ed0fe7c-af29-4990-af7f-bb5ccb231198",
    "microsoft-365-exchange-management-group-role-assignment",
    "entra-domain-federation-changed",
    "entra-strong-authentication-disabled",
];

pub const FEDERATION: [&str; 4] = [
    "Set domain authentication",
    "Set federation settings on domain",
    "Add unverified domain",
    "Verify domain",
];
pub const AUTHENTICATION: [&str; 3] =
    ["Disable Strong Authentication", "Admin deleted security info", "User deleted security info"];

/// How many events the rules match.
pub fn count(events: &Events) -> u64 {
    events
        .lines()
        .filter(|line| serde_json::from_slice(line).is_ok_and(|event: Value| matches(&event)))
        .count() as u64
}

/// Whether a rule matches an event.
pub fn matches(event: &Value) -> bool {
    let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
    let nested = |key: &str| event.pointer(key).and_then(Value::as_str).unwrap_or_default();
    let any_case = |value: &str, names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(value));
    let (entra, intune) = (text("OperationName"), text("operationName"));
    let is_web = event
        .pointer("/event/category")
        .and_then(Value::as_array)
        .is_some_and(|all| all.iter().any(|it| it == "web"));
    intune.contains("DeviceManagementScript")
        || intune.contains("DeviceComplianceScript")
        || (any_case(entra, &["Update role setting in PIM"])
            && any_case(text("Category"), &["RoleManagement"]))
        || (any_case(text("Result"), &["success"])
            && (any_case(entra, &FEDERATION) || any_case(entra, &AUTHENTICATION)))
        || (nested("/event/action") == "New-ManagementRoleAssignment"
            && nested("/event/dataset") == "o365.audit"
            && nested("/event/provider") == "Exchange"
            && nested("/event/outcome") == "success"
            && is_web)
}
