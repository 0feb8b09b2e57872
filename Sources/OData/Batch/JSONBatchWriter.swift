internal import HTTPTypes

/// Writes a batch as JSON (OData JSON 4.01 §19.1).
struct JSONBatchWriter {
    let limits: BatchLimits

    /// - Parameter batch: with IDs and names.
    /// - Throws: `.malformed` for a body that its `Content-Type` calls JSON or text and that is none.
    func write(_ batch: BatchRequest) throws(ODataError) -> [UInt8] {
        var bytes = Array(#"{"requests":["#.utf8)
        var isFirst = true
        for part in batch.parts {
            for item in part.items {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                try write(item, group: part.name, into: &bytes)
            }
        }
        bytes.append(contentsOf: "]}".utf8)
        return bytes
    }

    private func write(_ item: BatchItem, group: String?, into bytes: inout [UInt8]) throws(ODataError) {
        var members: [JSONNode.Member] = [
            .init("id", .string(item.id ?? "")), .init("method", .string(item.method.rawValue)),
            .init("url", .string(item.url)),
        ]
        if let group { members.append(.init("atomicityGroup", .string(group))) }
        let conditions = conditions(of: item)
        if !conditions.isEmpty { members.append(.init("dependsOn", .array(conditions.map { .string($0) }))) }
        let headers = headers(of: item)
        if !headers.isEmpty { members.append(.init("headers", .object(headers))) }
        bytes.append(contentsOf: JSONNode.object(members).serialized())
        guard let body = item.body else { return }
        bytes.removeLast()
        bytes.append(contentsOf: #","body":"#.utf8)
        bytes.append(contentsOf: try jsonBody(body, type: item.headers[.contentType]))
        bytes.append(UInt8(ascii: "}"))
    }

    /// What its URL refers to has to be among what it depends on.
    private func conditions(of item: BatchItem) -> [String] {
        guard let reference = BatchURL.reference(in: item.url), !item.dependsOn.contains(reference) else {
            return item.dependsOn
        }
        return item.dependsOn + [reference]
    }

    /// Lines of one name are one member, for which JSON has one place.
    private func headers(of item: BatchItem) -> [JSONNode.Member] {
        var places: [HTTPField.Name: Int] = [:]
        var members: [(name: String, value: String)] = []
        for field in item.headers where !BatchHeaders.areCodecs(field.name) {
            if let place = places[field.name] {
                members[place].value += ", " + field.value
            } else {
                places[field.name] = members.count
                members.append((field.name.rawName, field.value))
            }
        }
        return members.map { .init($0.name, .string($0.value)) }
    }

    private func jsonBody(_ body: [UInt8], type: String?) throws(ODataError) -> [UInt8] {
        let type = BatchMediaType(type ?? "application/json")
        if type.isJSON {
            do {
                _ = try JSONNode(parsing: body, maxDepth: limits.maxDepth)
            } catch {
                throw .malformed(error)
            }
            return body
        }
        guard type.type.hasPrefix("text/") else { return JSONNode.string(BatchBase64.encode(body)).serialized() }
        guard let text = String(validating: body, as: UTF8.self) else {
            throw .malformed(PayloadError(.invalidUTF8))
        }
        return JSONNode.string(text).serialized()
    }
}

/// Base64url without padding (RFC 4648 §5), in which the JSON format carries bodies that are neither JSON nor text.
enum BatchBase64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 4 / 3 + 4)
        var (buffer, bits) = (0, 0)
        for byte in bytes {
            buffer = buffer << 8 | Int(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[buffer >> bits & 63])
            }
            buffer &= (1 << bits) - 1
        }
        if bits > 0 { text.append(alphabet[buffer << (6 - bits) & 63]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// The other alphabet and padding are taken too. nil for anything else.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (buffer, bits) = (0, 0)
        for character in text.utf8.reversed().drop(while: { $0 == UInt8(ascii: "=") }).reversed() {
            guard let value = value(of: character) else { return nil }
            buffer = buffer << 6 | value
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
            buffer &= (1 << bits) - 1
        }
        return bits < 6 ? bytes : nil
    }

    private static func value(of character: UInt8) -> Int? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(character) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(character) - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(character) + 4
        case UInt8(ascii: "-"), UInt8(ascii: "+"): 62
        case UInt8(ascii: "_"), UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
