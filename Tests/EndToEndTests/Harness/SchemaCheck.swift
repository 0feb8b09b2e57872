import StrictJSON

/// Holds a JSON value to a schema of the document: the keywords that the document uses, and no unknown one, so that a
/// keyword that isn't checked can't stand there unnoticed.
struct SchemaCheck {
    let document: OpenAPIDocument
    private(set) var faults: [String] = []

    init(document: OpenAPIDocument) { self.document = document }

    private static let annotations: Set<String> = [
        "description", "example", "examples", "default", "readOnly", "writeOnly", "title", "deprecated", "$ref",
        "contentMediaType", "contentSchema",
    ]

    mutating func check(_ value: JSONValue, _ given: JSONValue, _ place: String) {
        let schema = document.resolved(given)
        for member in schema.members ?? [] where !Self.annotations.contains(member.key) {
            keyword(member.key, member.value, value, schema, place)
        }
    }

    private mutating func keyword(
        _ name: String, _ operand: JSONValue, _ value: JSONValue, _ schema: JSONValue, _ place: String
    ) {
        switch name {
        case "type": expect(Self.isOfType(value, operand), "\(place): not of type \(text(operand))")
        case "enum": expect(operand.elements?.contains(value) ?? false, "\(place): \(text(value)) is not listed")
        case "const": expect(operand == value, "\(place): \(text(value)) is not \(text(operand))")
        case "pattern", "format", "minLength", "maxLength": string(name, operand, value, place)
        case "minimum": if let number = value.int { expect(number >= operand.int ?? .max, "\(place): too small") }
        case "maximum": if let number = value.int { expect(number <= operand.int ?? .min, "\(place): too large") }
        case "minItems":
            if let count = value.elements?.count { expect(count >= operand.int ?? .max, "\(place): too few") }
        case "maxItems":
            if let count = value.elements?.count { expect(count <= operand.int ?? .min, "\(place): too many") }
        case "items":
            for (index, element) in (value.elements ?? []).enumerated() { check(element, operand, "\(place)/\(index)") }
        case "required":
            for key in operand.elements?.compactMap(\.string) ?? [] where value.members != nil {
                expect(value[key] != nil, "\(place): \(key) is missing")
            }
        case "properties":
            for member in operand.members ?? [] {
                if let inner = value[member.key] { check(inner, member.value, "\(place)/\(member.key)") }
            }
        case "additionalProperties": additional(operand, value, schema, place)
        default: faults.append("\(place): the keyword \(name) is not checked by this test")
        }
    }

    private mutating func additional(
        _ operand: JSONValue, _ value: JSONValue, _ schema: JSONValue, _ place: String
    ) {
        let known = Set((schema["properties"]?.members ?? []).map(\.key))
        for member in value.members ?? [] where !known.contains(member.key) {
            if operand.bool == false { faults.append("\(place): \(member.key) is not documented") }
            if operand.members != nil { check(member.value, operand, "\(place)/\(member.key)") }
        }
    }

    private mutating func string(_ name: String, _ operand: JSONValue, _ value: JSONValue, _ place: String) {
        guard let text = value.string else { return }
        let length = Int64(text.unicodeScalars.count)
        switch name {
        case "minLength": expect(length >= operand.int ?? .max, "\(place): too short")
        case "maxLength": expect(length <= operand.int ?? .min, "\(place): too long")
        case "pattern":
            guard let pattern = operand.string, let expression = try? Regex(pattern) else {
                faults.append("\(place): the pattern can't be read")
                return
            }
            expect(text.contains(expression), "\(place): \(text) doesn't match \(pattern)")
        default:
            expect(Self.hasFormat(text, operand.string ?? ""), "\(place): \(text) is no \(operand.string ?? "")")
        }
    }

    private static func hasFormat(_ text: String, _ format: String) -> Bool {
        switch format {
        case "date-time": text.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/#) != nil
        case "uri": text.contains(#/^[a-z][a-z0-9+.-]*:[^\s]+$/#)
        case "uri-reference": !text.isEmpty && !text.contains(" ")
        default: false
        }
    }

    private static func isOfType(_ value: JSONValue, _ operand: JSONValue) -> Bool {
        let names = operand.string.map { [$0] } ?? operand.elements?.map { $0.string ?? "null" } ?? []
        return names.contains { name in
            switch (name, value) {
            case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool), ("null", .null),
                ("integer", .int), ("number", .int), ("number", .double):
                true
            case (_, _): false
            }
        }
    }

    private mutating func expect(_ holds: Bool, _ fault: String) { if !holds { faults.append(fault) } }
    private func text(_ value: JSONValue) -> String { String(decoding: value.encoded, as: UTF8.self) }
}
