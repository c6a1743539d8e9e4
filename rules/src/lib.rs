//! The rules that the detector ships, one a file.
#![forbid(unsafe_code)]

use rule_macros::ruleset;

ruleset! {
    mod azure_devops {
        mod privileged_group_member_added;
    }
    mod entra {
        mod application_consent;
        mod application_credential_added;
        mod conditional_access_policy_changed;
        mod domain_federation_changed;
        mod failures_then_success;
        mod first_seen_application_consent;
        mod impossible_travel;
        mod password_spray;
        mod pim_settings_changed;
        mod strong_authentication_disabled;
    }
    mod intune {
        mod device_management_script_changed;
        mod risky_user_mass_app_deployment;
    }
    mod m365 {
        mod anonymous_link_created;
        mod app_role_assigned;
        mod application_consent;
        mod application_credential_added;
        mod application_owner_added;
        mod audit_logging_disabled;
        mod inbox_rule_forwards_mail;
        mod inbox_rule_hides_mail;
        mod mail_purged;
        mod mail_read_throttled;
        mod mailbox_forwarding;
        mod mailbox_full_access;
        mod mass_file_activity;
        mod management_group_role_assignment;
        mod password_reset_by_administrator;
        mod privileged_role_assigned;
        mod send_as_granted;
        mod site_collection_admin_added;
        mod transport_rule_changed;
    }
}
