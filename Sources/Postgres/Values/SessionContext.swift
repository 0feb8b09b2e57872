/// Settings that hold for one transaction alone, applied with `set_config(name, value, true)` in the same pipeline
/// ahead of the statements; row-level security policies read them.
///
/// Nothing of it outlives the transaction, so it is safe behind a pooler in transaction mode.
package struct SessionContext: Sendable, Equatable {
    /// One setting; the name has a prefix with a dot (`sallyport.tenant`) or is a server setting of the role.
    package struct Setting: Sendable, Equatable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package let settings: [Setting]

    package init(_ settings: [Setting]) {
        self.settings = settings
    }

    /// No setting: what row-level security guards is not visible.
    package static let none = SessionContext([])

    /// Whether both set the same names in the same order, so that one after the other in a transaction leaves
    /// nothing of the first behind.
    func overwrites(_ other: SessionContext) -> Bool {
        settings.count == other.settings.count
            && zip(settings, other.settings).allSatisfy { $0.name == $1.name }
    }
}

extension SessionContext: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.map { Setting(name: $0.0, value: $0.1) })
    }
}
