import StrictJSON

/// What one check of `doctor` found, and how to mend it.
struct Finding: Sendable {
    enum Outcome: String, Sendable { case ok, warning, failed }

    let check: String
    let outcome: Outcome
    let detail: String
    /// What to do; nil where nothing is wrong.
    let mend: String?

    static func ok(_ check: String, _ detail: String) -> Self {
        Self(check: check, outcome: .ok, detail: detail, mend: nil)
    }

    static func warning(_ check: String, _ detail: String, mend: String) -> Self {
        Self(check: check, outcome: .warning, detail: detail, mend: mend)
    }

    static func failed(_ check: String, _ detail: String, mend: String) -> Self {
        Self(check: check, outcome: .failed, detail: detail, mend: mend)
    }

    var record: JSONValue {
        [
            "check": .string(check), "outcome": .string(outcome.rawValue), "detail": .string(detail),
            "mend": JSONValue(mend),
        ]
    }
}
