internal import Connections
internal import Domain
internal import Sodium
internal import StrictJSON

/// Reads the members of a JSON object by name and type, and collects everything that is wrong.
///
/// Read every member first, then call ``finish()``, which throws if anything was wrong or a member was left over. Until
/// then a wrong member gives a stand-in value, never used.
struct ObjectReader {
    private let members: [(key: String, value: JSONNode)]
    private let base: String
    private var known: Set<String> = []
    private(set) var errors: [InvalidMember] = []

    init(_ node: JSONNode, at base: String = "") throws(Problem) {
        guard let members = node.members else { throw .invalid(base, .wrongType) }
        self.members = members
        self.base = base
    }

    /// - Throws: `invalid_request` with every error found, unknown members among them.
    func finish() throws(Problem) {
        let unknown = members.filter { !known.contains($0.key) }
            .map { InvalidMember(.pointer("\(base)/\($0.key.pointerEscaped)"), .unknownField) }
        guard errors.isEmpty, unknown.isEmpty else { throw .invalid(errors + unknown) }
    }

    mutating func fail(_ name: String, _ code: InvalidMember.Code) {
        errors.append(InvalidMember(.pointer("\(base)/\(name)"), code))
    }

    /// The member; nil where it is absent.
    private mutating func node(_ name: String) -> JSONNode? {
        known.insert(name)
        return members.first { $0.key == name }?.value
    }

    /// The member read by `read`, which gives nil for another type. Absent and `null` are nil.
    private mutating func read<Value>(_ name: String, _ read: (JSONNode) -> Value?) -> Value? {
        guard let node = node(name), !node.isNull else { return nil }
        guard let value = read(node) else {
            fail(name, .wrongType)
            return nil
        }
        return value
    }

    private mutating func require<Value>(_ name: String, _ value: Value?, else standIn: Value) -> Value {
        if value == nil, !errors.contains(where: { $0.place == .pointer("\(base)/\(name)") }) { fail(name, .missing) }
        return value ?? standIn
    }

    // MARK: Text

    mutating func optionalString(_ name: String, maxBytes: Int = 4_096) -> String? {
        guard let text = read(name, { $0.string }) else { return nil }
        guard text.utf8.count <= maxBytes else {
            fail(name, .tooLong)
            return nil
        }
        return text
    }

    mutating func string(_ name: String, maxBytes: Int = 4_096) -> String {
        let value = optionalString(name, maxBytes: maxBytes)
        return require(name, value, else: "")
    }

    /// `null` removes, absent keeps.
    mutating func change(_ name: String, maxBytes: Int = 4_096) -> Change<String?> {
        guard let node = node(name) else { return .keep }
        return node.isNull ? .set(nil) : .set(optionalString(name, maxBytes: maxBytes))
    }

    /// As ``change(_:maxBytes:)`` for what can't be removed: `null` is a wrong type.
    mutating func requiredChange(_ name: String, maxBytes: Int = 4_096) -> Change<String> {
        guard let node = node(name) else { return .keep }
        if node.isNull { fail(name, .wrongType) }
        return .set(optionalString(name, maxBytes: maxBytes) ?? "")
    }

    // MARK: Secrets

    /// Straight from the body's secret memory into its own.
    mutating func optionalSecret(_ name: String, maxBytes: Int = 65_536) -> SecretBytes? {
        guard let secret = read(name, { $0.secret }) else { return nil }
        guard secret.count > 0 else {
            fail(name, .missing)
            return nil
        }
        guard secret.count <= maxBytes else {
            fail(name, .tooLong)
            return nil
        }
        return secret
    }

    /// An object whose values are secrets; absent is empty.
    mutating func secrets(_ name: String) -> [String: SecretBytes] {
        dictionary(name) { $0.secret }
    }

    // MARK: Other types

    mutating func optionalBool(_ name: String) -> Bool? { read(name) { $0.bool } }

    /// An object whose values are strings; absent is empty.
    mutating func strings(_ name: String) -> [String: String] {
        dictionary(name) { $0.string }
    }

    /// An object whose values are strings or `null`; absent is empty.
    mutating func optionalStrings(_ name: String) -> [String: String?] {
        dictionary(name) { $0.isNull ? .some(nil) : $0.string.map { .some($0) } }
    }

    private mutating func dictionary<Value>(_ name: String, _ readValue: (JSONNode) -> Value?) -> [String: Value] {
        guard let members = read(name, { $0.members }) else { return [:] }
        guard members.count <= 64 else {
            fail(name, .tooMany)
            return [:]
        }
        var values: [String: Value] = [:]
        for (key, node) in members {
            guard let value = readValue(node) else {
                fail("\(name)/\(key.pointerEscaped)", .wrongType)
                continue
            }
            values[key] = value
        }
        return values
    }

    /// A list of strings, nil where it is absent; each read by `read`, which gives nil for what is none of its values.
    mutating func optionalList<Value>(
        _ name: String, maxCount: Int = 100, wrong: InvalidMember.Code = .malformed, _ readValue: (String) -> Value?
    ) -> [Value]? {
        guard let elements = read(name, { $0.elements }) else { return nil }
        guard elements.count <= maxCount else {
            fail(name, .tooMany)
            return nil
        }
        var values: [Value] = []
        for (index, element) in elements.enumerated() {
            guard let text = element.string else {
                fail("\(name)/\(index)", .wrongType)
                continue
            }
            guard text.utf8.count <= 1_024, let value = readValue(text) else {
                fail("\(name)/\(index)", text.utf8.count > 1_024 ? .tooLong : wrong)
                continue
            }
            values.append(value)
        }
        return values
    }

    // MARK: Types of ours

    /// A string in the form that `read` knows; `malformed` in any other.
    mutating func optional<Value>(_ name: String, maxBytes: Int = 256, _ readValue: (String) -> Value?) -> Value? {
        guard let text = optionalString(name, maxBytes: maxBytes) else { return nil }
        guard let value = readValue(text) else {
            fail(name, .malformed)
            return nil
        }
        return value
    }

    /// As ``optional(_:maxBytes:_:)``, and `missing` where it is absent; nil only if ``finish()`` throws.
    mutating func required<Value>(_ name: String, _ readValue: (String) -> Value?) -> Value? {
        let value = optional(name, readValue)
        return require(name, value.map { .some($0) }, else: nil)
    }

    mutating func id<Kind: EntityKind>(_ name: String, _: Kind.Type = Kind.self) -> EntityID<Kind> {
        required(name) { EntityID<Kind>($0) } ?? EntityID(high: 0, low: 0)
    }

    mutating func requireList<Value>(_ name: String, _ value: [Value]?) -> [Value] { require(name, value, else: []) }
}

extension String {
    /// A member's name inside a JSON pointer (RFC 6901 §3).
    var pointerEscaped: String {
        var escaped = ""
        for character in unicodeScalars {
            switch character {
            case "~": escaped += "~0"
            case "/": escaped += "~1"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
