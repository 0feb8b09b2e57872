extension ServiceMessage {
    /// A message of an entity's body (`SAP__Messages` and what else `Common.Messages` names).
    ///
    /// - Returns: nil where there is no text.
    public init?(sapMessage node: JSONNode) {
        self.init(node, severity: .info)
    }

    /// A message in any of the notations that SAP's services have: v2 header and error details, v4 header, body and
    /// error.
    ///
    /// - Parameter severity: where the message has none of its own.
    init?(_ node: JSONNode, severity: Severity) {
        guard let text = Self.text(node["message"]) else { return nil }
        self.init(code: node["code"]?.scalarText, text: text, severity: Self.severity(node) ?? severity)
        let flags = [node["transition"], node["transient"], node["persistent"]]
        isTransition = flags.contains { $0?.scalarText == "true" }
        takeTarget(Self.nonEmpty(node["target"]) ?? Self.nonEmpty(node["propertyref"]))
        if case .array(let targets)? = node["additionalTargets"] {
            additionalTargets = targets.prefix(Self.maxMessages).compactMap(\.scalarText)
        }
        longTextURL =
            Self.nonEmpty(node["longtextUrl"]) ?? Self.nonEmpty(node["longtext_url"])
            ?? Self.nonEmpty(node.annotation("longtextUrl"))
        contentID = Self.nonEmpty(node["ContentID"]) ?? Self.nonEmpty(node.annotation("ContentID"))
    }

    /// No service means more than this by one answer.
    static let maxMessages = 500

    /// A string of version 4, an object with language and value of version 2.
    static func text(_ node: JSONNode?) -> String? { nonEmpty(node) ?? nonEmpty(node?["value"]) }

    private static func nonEmpty(_ node: JSONNode?) -> String? { node?.scalarText.flatMap { $0.isEmpty ? nil : $0 } }

    private static func severity(_ node: JSONNode) -> Severity? {
        let number = node["numericSeverity"] ?? node.annotation("numericSeverity") ?? node["@numericSeverity"]
        if let number = number?.scalarText, let value = Int(number) { return Severity(rawValue: value) }
        return node["severity"]?.scalarText.flatMap { Severity(word: $0) }
    }

    /// `/#TRANSIENT#` in front of a target is how version 2 says that a message is about the operation.
    private mutating func takeTarget(_ text: String?) {
        guard var text else { return }
        if text.hasPrefix(Self.transientMark) {
            isTransition = true
            text.removeFirst(Self.transientMark.count)
        }
        target = text.isEmpty ? nil : text
    }

    private static let transientMark = "/#TRANSIENT#"
}

extension ServiceMessage.Severity {
    /// Version 2's words, and the letters of ABAP's message types. Letter case doesn't count.
    public init?(word: String) {
        switch word.lowercased() {
        case "success", "s": self = .success
        case "info", "information", "i": self = .info
        case "warning", "w": self = .warning
        case "error", "e", "abort", "a", "x": self = .error
        default: return nil
        }
    }

    /// As version 2 has it: `success`, `info`, `warning`, `error`.
    public var word: String {
        switch self {
        case .success: "success"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }
}

extension JSONNode {
    /// A string, number or boolean as text.
    var scalarText: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .boolean(let value): value ? "true" : "false"
        case .null, .array, .object: nil
        }
    }

    /// The value of an annotation by the last part of its name, whatever its vocabulary's alias is
    /// (`@Common.numericSeverity`, `@SAP__common.numericSeverity`).
    func annotation(_ term: String) -> JSONNode? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name.hasPrefix("@") && $0.name.hasSuffix("." + term) }?.value
    }
}
