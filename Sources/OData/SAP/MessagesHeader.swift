public import HTTPTypes

extension ServiceMessage {
    /// The messages of an answer's header: `sap-message` of version 2 (one object, with details), `sap-messages` of
    /// version 4 (an array). A success can bring errors. What can't be read is no message.
    public static func messages(in headers: HTTPFields) -> [ServiceMessage] {
        var messages: [ServiceMessage] = []
        for value in headers[values: HTTPField.Name.sapMessage] { messages += read(value, isTransition: false) }
        // Of an operation, not of a state: a state's messages are in the body.
        for value in headers[values: HTTPField.Name.sapMessages] { messages += read(value, isTransition: true) }
        return Array(messages.prefix(maxMessages))
    }

    private static func read(_ value: String, isTransition: Bool) -> [ServiceMessage] {
        guard value.utf8.count <= maxHeaderBytes, let node = node(value) else { return [] }
        let nodes: [JSONNode]
        switch node {
        case .array(let items): nodes = items
        case .object: nodes = [node] + node.items("details")
        case .null, .boolean, .number, .string: nodes = []
        }
        return nodes.prefix(maxMessages).compactMap { node in
            guard var message = ServiceMessage(node, severity: .info) else { return nil }
            if isTransition { message.isTransition = true }
            return message
        }
    }

    private static let maxHeaderBytes = 1 << 20

    /// Some services percent-encode the whole value, as a header holds ASCII alone.
    private static func node(_ value: String) -> JSONNode? {
        // The reason why it can't be read is of no interest: another reading follows, and then none.
        if let node = try? JSONNode(parsing: Array(value.utf8), maxDepth: 16) { return node }
        guard let decoded = percentDecoded(value.utf8) else { return nil }
        return try? JSONNode(parsing: decoded, maxDepth: 16)
    }

    /// nil where nothing is encoded, or something is so badly.
    private static func percentDecoded(_ text: String.UTF8View) -> [UInt8]? {
        guard text.contains(UInt8(ascii: "%")) else { return nil }
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}

extension JSONNode {
    /// The items of an array member, or the one object that stands in its place (as it does where XML was turned into
    /// JSON).
    func items(_ name: String) -> [JSONNode] {
        switch self[name] {
        case .array(let items)?: items
        case .object? where self[name]?["errordetail"] != nil: self[name]?.items("errordetail") ?? []
        case .object(let members)? where !members.isEmpty: self[name].map { [$0] } ?? []
        case _: []
        }
    }
}
