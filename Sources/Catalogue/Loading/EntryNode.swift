internal import Yams

/// A place in an entry's YAML that is read strictly: what isn't asked for is an error, with its line.
struct EntryNode {
    /// Dotted path from the top, as findings name it; empty at the top itself.
    let path: String
    private let node: Node

    init(_ node: Node, path: String = "") {
        self.node = node
        self.path = path
    }

    var line: Int? { node.mark?.line }

    func finding(_ reason: LintFinding.Reason) -> LintFinding {
        LintFinding(line: line, subject: path.isEmpty ? "entry" : path, reason: reason)
    }

    /// The members of a mapping, each known, none twice.
    func members(_ known: Set<String>) throws(LintFinding) -> [String: EntryNode] {
        var members: [String: EntryNode] = [:]
        for (key, value) in try pairs() {
            guard known.contains(key) else { throw value.finding(.unknownKey) }
            members[key] = value
        }
        return members
    }

    /// The members of a mapping with free keys, in order.
    func pairs() throws(LintFinding) -> [(key: String, value: EntryNode)] {
        guard case .mapping(let mapping) = node else { throw finding(.wrongType) }
        var pairs: [(key: String, value: EntryNode)] = []
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else { throw finding(.wrongType) }
            let child = EntryNode(value, path: path.isEmpty ? scalar.string : path + "." + scalar.string)
            if pairs.contains(where: { $0.key == scalar.string }) { throw child.finding(.duplicateKey) }
            pairs.append((scalar.string, child))
        }
        return pairs
    }

    /// The elements of a sequence.
    func elements() throws(LintFinding) -> [EntryNode] {
        guard case .sequence(let sequence) = node else { throw finding(.wrongType) }
        return sequence.map { EntryNode($0, path: path) }
    }

    /// A scalar's text, not empty and without control characters.
    func text(maxLength: Int = 2_048) throws(LintFinding) -> String {
        guard case .scalar(let scalar) = node else { throw finding(.wrongType) }
        let text = scalar.string
        guard !text.isEmpty, text.utf8.count <= maxLength, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw finding(.invalidValue)
        }
        return text
    }

    /// `true` or `false`, and none of YAML's other spellings.
    func flag() throws(LintFinding) -> Bool {
        switch try text() {
        case "true": return true
        case "false": return false
        default: throw finding(.wrongType)
        }
    }

    func integer(in range: ClosedRange<Int>) throws(LintFinding) -> Int {
        guard let number = Int(try text()) else { throw finding(.wrongType) }
        guard range.contains(number) else { throw finding(.invalidValue) }
        return number
    }

    func template() throws(LintFinding) -> Template {
        guard let template = Template(try text()) else { throw finding(.invalidValue) }
        return template
    }
}

extension [String: EntryNode] {
    /// A member that must be there.
    func required(_ key: String, of parent: EntryNode) throws(LintFinding) -> EntryNode {
        guard let node = self[key] else {
            let path = parent.path.isEmpty ? key : parent.path + "." + key
            throw LintFinding(line: parent.line, subject: path, reason: .missingKey)
        }
        return node
    }
}
