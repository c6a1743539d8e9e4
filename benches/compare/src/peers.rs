//! Detection engines and languages as libraries, each with the same rules as near as it can.

use crate::Contender;
use crate::report::Kind;
use serde_json::Value;

/// Those that were built in.
pub fn contenders() -> Vec<Contender> {
    let mut contenders = Vec::new();
    #[cfg(feature = "peers")]
    contenders.extend([rsigma(), sigma_rust(), tau(), jaq()]);
    #[cfg(feature = "vrl")]
    contenders.push(vrl());
    contenders
}

/// The rules as Sigma, which compares without regard to case unless told otherwise.
#[cfg(feature = "peers")]
const SIGMA: [&str; 5] = [
    "title: Script\nlogsource: { product: intune }\ndetection:\n  selection:\n    operationName|contains:\n      - DeviceManagementScript\n      - DeviceComplianceScript\n  condition: selection\n",
    "title: Settings\nlogsource: { product: entra }\ndetection:\n  selection:\n    OperationName: Update role setting in PIM\n    Category: RoleManagement\n  condition: selection\n",
    "title: Role\nlogsource: { product: m365 }\ndetection:\n  selection:\n    event.action: New-ManagementRoleAssignment\n    event.dataset: o365.audit\n    event.provider: Exchange\n    event.category: web\n    event.outcome: success\n  condition: selection\n",
    "title: Federation\nlogsource: { product: entra }\ndetection:\n  selection:\n    OperationName:\n      - Set domain authentication\n      - Set federation settings on domain\n      - Add unverified domain\n      - Verify domain\n    Result: success\n  condition: selection\n",
    "title: Authentication\nlogsource: { product: entra }\ndetection:\n  selection:\n    OperationName:\n      - Disable Strong Authentication\n      - Admin deleted security info\n      - User deleted security info\n    Result: success\n  condition: selection\n",
];

/// Counts the lines that a test of their value accepts.
fn over_values(name: &str, test: impl Fn(Value) -> bool + 'static) -> Contender {
    Contender {
        name: name.into(),
        kind: Kind::Peer,
        run: Box::new(move |events| {
            let found =
                events.lines().filter(|line| test(serde_json::from_slice(line).expect("events are JSON")));
            Some(found.count() as u64)
        }),
    }
}

#[cfg(feature = "peers")]
fn rsigma() -> Contender {
    let mut engine = rsigma_eval::Engine::new();
    for rule in SIGMA {
        let collection = rsigma_parser::parse_sigma_yaml(rule).expect("the rule is Sigma");
        engine.add_collection(&collection).expect("the rule compiles");
    }
    over_values("rsigma-eval", move |event| {
        !engine.evaluate(&rsigma_eval::event::JsonEvent::borrow(&event)).is_empty()
    })
}

#[cfg(feature = "peers")]
fn sigma_rust() -> Contender {
    // It does not look into lists, so that the one condition on an item of a list is left out.
    let rules = SIGMA.map(|rule| {
        let rule = rule.replace("    event.category: web\n", "");
        sigma_rust::rule_from_yaml(&rule).expect("the rule is Sigma")
    });
    Contender {
        name: "sigma-rust, without the condition on a list".into(),
        kind: Kind::Peer,
        run: Box::new(move |events| {
            let found = events.lines().filter(|line| {
                let text = std::str::from_utf8(line).expect("events are text");
                let event = sigma_rust::event_from_json(text).expect("events are JSON");
                rules.iter().any(|rule| rule.is_match(&event))
            });
            Some(found.count() as u64)
        }),
    }
}

#[cfg(feature = "peers")]
fn tau() -> Contender {
    const RULES: [&str; 5] = [
        "detection:\n  A:\n    operationName:\n      - '*DeviceManagementScript*'\n      - '*DeviceComplianceScript*'\n  condition: A\ntrue_positives: []\ntrue_negatives: []\n",
        "detection:\n  A:\n    OperationName: iUpdate role setting in PIM\n    Category: iRoleManagement\n  condition: A\ntrue_positives: []\ntrue_negatives: []\n",
        "detection:\n  A:\n    event.action: New-ManagementRoleAssignment\n    event.dataset: o365.audit\n    event.provider: Exchange\n    event.category: web\n    event.outcome: success\n  condition: A\ntrue_positives: []\ntrue_negatives: []\n",
        "detection:\n  A:\n    OperationName:\n      - iSet domain authentication\n      - iSet federation settings on domain\n      - iAdd unverified domain\n      - iVerify domain\n    Result: isuccess\n  condition: A\ntrue_positives: []\ntrue_negatives: []\n",
        "detection:\n  A:\n    OperationName:\n      - iDisable Strong Authentication\n      - iAdmin deleted security info\n      - iUser deleted security info\n    Result: isuccess\n  condition: A\ntrue_positives: []\ntrue_negatives: []\n",
    ];
    let rules = RULES.map(|rule| tau_engine::Rule::from_str(rule).expect("the rule is Tau's"));
    over_values("tau-engine", move |event| rules.iter().any(|rule| rule.matches(&event)))
}

#[cfg(feature = "peers")]
fn jaq() -> Contender {
    use jaq_core::load::{Arena, File, Loader};
    use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
    use jaq_json::{Val, read};

    let code = crate::commands::jq_filter();
    let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let arena = Arena::default();
    let modules =
        Loader::new(defs).load(&arena, File { code: code.as_str(), path: () }).expect("the filter is jq's");
    let filter = Compiler::default().with_funs(functions).compile(modules).expect("the filter compiles");
    Contender {
        name: "jaq".into(),
        kind: Kind::Peer,
        run: Box::new(move |events| {
            let found = events.lines().filter(|line| {
                let event = read::parse_single(line).expect("events are JSON");
                let context = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
                let mut selected = filter.id.run((context, event)).map(unwrap_valr);
                selected.next().is_some_and(|value| value.is_ok())
            });
            Some(found.count() as u64)
        }),
    }
}

#[cfg(feature = "vrl")]
fn vrl() -> Contender {
    use crate::rules_by_hand::{AUTHENTICATION, FEDERATION};
    use vrl::compiler::state::RuntimeState;
    use vrl::compiler::{Context, TargetValue, TimeZone};
    use vrl::value::{Secrets, Value as Vrl};

    let any_of = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| format!("{:?}", name.to_lowercase())).collect();
        format!("includes([{}], n)", names.join(", "))
    };
    let program = format!(
        r#"o = string(.operationName) ?? ""
        n = downcase(string(.OperationName) ?? "")
        contains(o, "DeviceManagementScript") || contains(o, "DeviceComplianceScript") ||
        (n == "update role setting in pim" && downcase(string(.Category) ?? "") == "rolemanagement") ||
        (downcase(string(.Result) ?? "") == "success" && ({} || {})) ||
        (.event.action == "New-ManagementRoleAssignment" && .event.dataset == "o365.audit" &&
            .event.provider == "Exchange" && .event.outcome == "success" &&
            includes(array(.event.category) ?? [], "web"))"#,
        any_of(&FEDERATION),
        any_of(&AUTHENTICATION)
    );
    let program =
        ::vrl::compiler::compile(&program, &::vrl::stdlib::all()).expect("the program compiles").program;
    over_values("vrl", move |event| {
        let mut target = TargetValue {
            value: Vrl::from(event),
            metadata: Vrl::Object(std::collections::BTreeMap::new()),
            secrets: Secrets::default(),
        };
        let mut state = RuntimeState::default();
        let timezone = TimeZone::default();
        let mut context = Context::new(&mut target, &mut state, &timezone);
        program.resolve(&mut context).is_ok_and(|value| value == Vrl::Boolean(true))
    })
}
