package import Sodium

/// One value of a document. Each accessor is nil for a value of another kind; nothing is converted.
package struct JSONNode: Sendable {
    private let document: JSONDocument
    private let index: Int

    init(document: JSONDocument, index: Int) {
        self.document = document
        self.index = index
    }

    private var entry: JSONEntry { document.entries[index] }

    package var kind: JSONKind { entry.kind }

    package var isNull: Bool { entry.kind == .null }

    package var bool: Bool? {
        guard entry.kind == .bool else { return nil }
        // `true` has four bytes, `false` five.
        return entry.range.count == 4
    }

    /// The text in ordinary memory; take `secret` where it may be one.
    package var string: String? {
        guard entry.kind == .string else { return nil }
        return Self.text(of: entry, in: document)
    }

    /// A string's UTF-8, escapes resolved, straight from the source into secret memory.
    package var secret: SecretBytes? {
        guard entry.kind == .string else { return nil }
        let entry = entry
        return document.withText { text in
            guard entry.hasEscapes else { return SecretBytes(copying: text.extracting(entry.range)) }
            // An escape is never shorter than what it stands for.
            return SecretBytes(capacity: entry.range.count) { output in
                var cursor = JSONStringCursor(entry)
                var count = 0
                while let byte = cursor.next(in: text) {
                    output[count] = byte
                    count += 1
                }
                return count
            }
        }
    }

    /// A number written without fraction and exponent that fits; nil for `1.0` and `1e2` too.
    package var int: Int64? {
        guard entry.kind == .number else { return nil }
        let range = entry.range
        return document.withText { text in
            var value: Int64 = 0
            let isNegative = text[range.lowerBound] == UInt8(ascii: "-")
            for offset in range.dropFirst(isNegative ? 1 : 0) {
                let byte = text[offset]
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                let digit = Int64(byte - UInt8(ascii: "0"))
                let (shifted, overflowed) = value.multipliedReportingOverflow(by: 10)
                // Collected below zero for a negative number, so that the least Int64 fits.
                let (sum, exceeded) =
                    isNegative ? shifted.subtractingReportingOverflow(digit) : shifted.addingReportingOverflow(digit)
                guard !overflowed, !exceeded else { return nil }
                value = sum
            }
            return value
        }
    }

    /// The nearest double; nil if that is infinite.
    package var double: Double? {
        guard let text = numberText, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// A number as it is written, for decimals that a double would change.
    package var numberText: String? {
        guard entry.kind == .number else { return nil }
        return Self.text(of: entry, in: document)
    }

    package var elements: [JSONNode]? {
        guard entry.kind == .array else { return nil }
        var nodes: [JSONNode] = []
        nodes.reserveCapacity(Int(entry.count))
        var index = index + 1
        for _ in 0..<entry.count {
            nodes.append(JSONNode(document: document, index: index))
            index = Int(document.entries[index].next)
        }
        return nodes
    }

    /// Members in the order of the text.
    package var members: [(key: String, value: JSONNode)]? {
        guard entry.kind == .object else { return nil }
        var members: [(key: String, value: JSONNode)] = []
        members.reserveCapacity(Int(entry.count))
        forEachMember { name, value in
            members.append((Self.text(of: name, in: document), value))
            return true
        }
        return members
    }

    /// The member of that name; nil also if this is no object. A member that is `null` is a node.
    package subscript(_ key: String) -> JSONNode? {
        guard entry.kind == .object else { return nil }
        var found: JSONNode?
        forEachMember { name, value in
            guard Self.equals(name, key, in: document) else { return true }
            found = value
            return false
        }
        return found
    }

    /// Whether this is a string with exactly these code units, without making a copy. Not in constant time.
    package func stringEquals(_ other: String) -> Bool {
        entry.kind == .string && Self.equals(entry, other, in: document)
    }

    private func forEachMember(_ body: (JSONEntry, JSONNode) -> Bool) {
        var index = index + 1
        for _ in 0..<entry.count {
            guard body(document.entries[index], JSONNode(document: document, index: index + 1)) else { return }
            index = Int(document.entries[index + 1].next)
        }
    }

    private static func equals(_ entry: JSONEntry, _ other: String, in document: JSONDocument) -> Bool {
        document.withText { text in
            var cursor = JSONStringCursor(entry)
            for byte in other.utf8 where cursor.next(in: text) != byte { return false }
            return cursor.next(in: text) == nil
        }
    }

    private static func text(of entry: JSONEntry, in document: JSONDocument) -> String {
        document.withText { text in
            if !entry.hasEscapes, let string = text.extracting(entry.range).utf8String { return string }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(entry.range.count)
            var cursor = JSONStringCursor(entry)
            while let byte = cursor.next(in: text) { bytes.append(byte) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
