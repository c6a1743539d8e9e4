mod first {
    rule_macros::rule! { <AuditLogs>
        /// A title
        ///
        /// A description.
        id: "the-same", severity: Low, attack: none,

        | where OperationName == "x"
    }
}

mod second {
    rule_macros::rule! { <AuditLogs>
        /// Another title
        ///
        /// A description.
        id: "the-same", severity: Low, attack: none,

        | where OperationName == "y"
    }
}

const _: () = rule_runtime::generated::assert_unique_ids(&[&first::RULE, &second::RULE]);

fn main() {}
