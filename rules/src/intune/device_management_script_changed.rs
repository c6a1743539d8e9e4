//! A script that Intune runs on devices is made, changed, assigned or deleted.

use rule_macros::rule;

rule! { <IntuneAuditLogs>
    /// Intune New Device Management Script
    ///
    /// Intune hands scripts to devices, where they may run as the local system account. Whoever controls the tenant can so
    /// run code on every managed endpoint, and step from a stolen cloud account onto the machines behind it. The rule
    /// reports every change to device management and compliance scripts: making, changing, assigning and deleting them.
    id: "Intune.NewDeviceManagementScript",
    version: "1.0.0",
    severity: Medium,
    enabled: true,
    kind: "rule",
    log_types: ["MicrosoftIntune.AuditLogs"],
    attack: { Execution: [T1072], LateralMovement: [T1021.007, T1072], Stealth: [T1202] },
    tags: ["InTune"],
    references: ["https://cloud.google.com/blog/topics/threat-intelligence/abusing-intune-permissions-entra-id-environments"],
    runbook: "Find out whether an administrator made the change on purpose. The record names neither the actor's address nor the script: ObjectIds are the ids of the scripts, and the target group ids in Properties the groups of devices they go to; the Intune portal shows the rest, unless the script was deleted. On a device, the management extension's own log under ProgramData\\Microsoft\\IntuneManagementExtension\\Logs tells what ran.",
    dedup: 60m,
    threshold: 1,
    title: "Intune: {ScriptKind} {Action} by {Actor}",

    | where OperationName contains_cs "DeviceManagementScript" or OperationName contains_cs "DeviceComplianceScript"
    | extend SecondWord = tostring(split(OperationName, " ")[1])
    | extend ScriptKind = iff(isempty(SecondWord), "Unknown", SecondWord)
    | extend Action = case(
        OperationName startswith "create", "created",
        OperationName startswith "assign", "assigned",
        OperationName startswith "delete", "deleted",
        OperationName startswith "patch", "patched",
        "modified")
    | project Actor = Identity, Operation = OperationName, ObjectIds = parse_json(Properties).TargetObjectIds

    context: { "Object IDs": ObjectIds, "identity": Actor },
    entities: { Account { FullName: Actor } },

    test "Add Device Management Script" fires {
        "category": "AuditLogs",
        "correlationId": "74631aa2-a9ea-4b5d-8d48-3e008d092325",
        "identity": "testuser@testdomain.com",
        "operationName": "assignDeviceManagementScript DeviceManagementScript",
        "properties": {
            "ActivityDate": "4/1/2025 6:42:09 PM",
            "ActivityResultStatus": 1,
            "ActivityType": 3,
            "Actor": {
                "ActorType": 1,
                "Application": "5926fc8e-304e-4f59-8bed-58ca97cc39a4",
                "ApplicationName": "Microsoft Intune portal extension",
                "IsDelegatedAdmin": false,
                "ObjectId": "5774e54b-f2ad-41f8-a2d5-4bc356342fa6",
                "PartnerTenantId": "00000000-0000-0000-0000-000000000000",
                "UPN": "testuser@testdomain.com",
                "UserPermissions": ["*"],
            },
            "AdditionalDetails": "Key = TargetGroupIDsValue = 36ca05af-f92e-48b6-8f7a-5bf3924a4926\r\nKey = TargetGroupIDsValue = 36ca05af-f92e-48b6-8f7a-5bf3924a4926\r\n",
            "AuditEventId": "88abb00c-2752-4c2f-b690-00c6c4f2931b",
            "Category": 3,
            "TargetDisplayNames": ["<null>"],
            "TargetObjectIds": ["914232cd-e64b-4ecd-9fe2-ecfc5f1aef89"],
            "Targets": [
                {
                    "ModifiedProperties": [
                        { "Name": "TargetGroupIDs", "New": "36ca05af-f92e-48b6-8f7a-5bf3924a4926" },
                        { "Name": "DeviceManagementAPIVersion", "New": "5025-02-18" },
                    ],
                },
            ],
        },
        "resultDescription": "None",
        "resultType": "Success",
        "tenantId": "11111111-2222-3333-4444-555555555555",
        "time": "2025-04-01T18:42:09.5769000Z",
    } -> {
        Actor: "testuser@testdomain.com",
        Operation: "assignDeviceManagementScript DeviceManagementScript",
        ObjectIds: ["914232cd-e64b-4ecd-9fe2-ecfc5f1aef89"],
    }
    test "Add Device Compliance Script" fires {
        "category": "AuditLogs",
        "correlationId": "04ee6f15-684f-4d5b-9cb3-9680cf38c4d6",
        "identity": "testuser@testdomain.com",
        "operationName": "createDeviceComplianceScript DeviceComplianceScript",
        "properties": {
            "ActivityDate": "4/1/2025 7:39:45 PM",
            "ActivityResultStatus": 1,
            "ActivityType": 0,
            "Actor": {
                "ActorType": 1,
                "Application": "5926fc8e-304e-4f59-8bed-58ca97cc39a4",
                "ApplicationName": "Microsoft Intune portal extension",
                "IsDelegatedAdmin": false,
                "ObjectId": "5774e54b-f2ad-41f8-a2d5-4bc356342fa6",
                "PartnerTenantId": "00000000-0000-0000-0000-000000000000",
                "UPN": "testuser@testdomain.com",
                "UserPermissions": ["*"],
            },
            "AdditionalDetails": "",
            "AuditEventId": "d66801a7-0893-4ae0-8407-dd871b4e6cfd",
            "Category": 3,
            "TargetDisplayNames": ["<null>"],
            "TargetObjectIds": ["a0cbb43a-211f-45a0-bb42-6ace6857e914"],
            "Targets": [
                { "ModifiedProperties": [{ "Name": "DeviceManagementAPIVersion", "New": "5025-02-18" }] },
            ],
        },
        "resultDescription": "None",
        "resultType": "Success",
        "tenantId": "11111111-2222-3333-4444-555555555555",
        "time": "2025-04-01T19:39:45.0755000Z",
    }
    test "the substring in another case" silent {
        "category": "AuditLogs", "identity": "ana@contoso.com", "operationName": "Create devicemanagementscript",
        "properties": { "AuditEventId": "1" }, "time": "2025-04-01T19:39:45Z"
    }
    test "another kind of object" silent {
        "category": "AuditLogs", "identity": "ana@contoso.com", "operationName": "Create MobileApp",
        "properties": { "AuditEventId": "1", "TargetDisplayNames": ["DeviceManagementScript"] }, "time": "2025-04-01T19:39:45Z"
    }
}
