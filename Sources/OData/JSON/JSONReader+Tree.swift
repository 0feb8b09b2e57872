extension JSONReader {
    /// The next value as a tree. Recurs as deep as the reader allows.
    mutating func node(_ text: Span<UInt8>) throws(PayloadError) -> JSONNode {
        switch try kind(text) {
        case .null:
            try literal("null", text)
            return .null
        case .boolean: return .boolean(try boolean(text))
        case .number: return .number(try JSONText.copy(text.extracting(try number(text))))
        case .string: return .string(try JSONText.string(try string(text), text))
        case .array: return .array(try elements(text))
        case .object: return .object(try members(text))
        }
    }

    private mutating func elements(_ text: Span<UInt8>) throws(PayloadError) -> [JSONNode] {
        var elements: [JSONNode] = []
        guard try open(UInt8(ascii: "["), text) else { return elements }
        // The names that objects of one array share; see `members`.
        var names: [String] = []
        repeat {
            if try kind(text) == .object {
                elements.append(.object(try members(text, like: &names)))
            } else {
                elements.append(try node(text))
            }
        } while try next(in: UInt8(ascii: "["), text)
        return elements
    }

    private mutating func members(_ text: Span<UInt8>) throws(PayloadError) -> [JSONNode.Member] {
        var names: [String] = []
        return try members(text, like: &names)
    }

    /// - Parameter names: those of the object before, which are different from each other. An object with the same names in
    ///   the same order shares their strings and needs no search for doubles; what they are is left here for the next.
    private mutating func members(
        _ text: Span<UInt8>, like names: inout [String]
    ) throws(PayloadError) -> [JSONNode.Member] {
        var members: [JSONNode.Member] = []
        guard try open(UInt8(ascii: "{"), text) else { return members }
        members.reserveCapacity(names.count)
        var shared = 0
        var starts: [Int] = []
        repeat {
            if shared == members.count, shared < names.count, try takeName(names[shared], text) {
                members.append(JSONNode.Member(names[shared], try node(text)))
                shared += 1
            } else {
                skipSpace(text)
                starts.append(position)
                let name = try JSONText.string(try name(text), text)
                members.append(JSONNode.Member(name, try node(text)))
            }
        } while try next(in: UInt8(ascii: "{"), text)
        if shared < members.count { try refuseDoubles(members, shared: shared, starts: starts) }
        // Of a short object too, although all its names were shared: no object gets room for more than the one before has.
        if shared < members.count || members.count < names.count { names = members.map(\.name) }
        return members
    }

    /// Past a name and its colon if it is this one, written without escapes.
    private mutating func takeName(_ name: String, _ text: Span<UInt8>) throws(PayloadError) -> Bool {
        skipSpace(text)
        let name = name.utf8.span
        let end = position + 1 + name.count
        guard end < text.count, text[position] == UInt8(ascii: "\""), text[end] == UInt8(ascii: "\"") else {
            return false
        }
        for offset in name.indices where text[position + 1 + offset] != name[offset] { return false }
        // A name with a quote or backslash is written otherwise than it reads.
        for offset in name.indices where name[offset] == UInt8(ascii: "\"") || name[offset] == UInt8(ascii: "\\") {
            return false
        }
        position = end + 1
        try expect(UInt8(ascii: ":"), text)
        return true
    }

    /// - Parameters:
    ///   - shared: so many in front are known to be different.
    ///   - starts: where the other names begin.
    private func refuseDoubles(_ members: [JSONNode.Member], shared: Int, starts: [Int]) throws(PayloadError) {
        guard members.count > 8 else {
            for later in members.indices.dropFirst(shared) {
                for earlier in members[..<later] where earlier.name == members[later].name {
                    throw PayloadError(.duplicateName, offset: starts[later - shared])
                }
            }
            return
        }
        var seen = Set<String>(minimumCapacity: members.count)
        for (place, member) in members.enumerated() where !seen.insert(member.name).inserted {
            throw PayloadError(.duplicateName, offset: place < shared ? nil : starts[place - shared])
        }
    }
}
