import OData
import Testing

/// The error that an operation ends with; an operation that ends well is a failure of the test.
func failure(
    sourceLocation: SourceLocation = #_sourceLocation, _ operation: () async throws -> Void
) async throws -> ODataError {
    let error = await #expect(throws: ODataError.self, sourceLocation: sourceLocation) { try await operation() }
    return try #require(error, sourceLocation: sourceLocation)
}

extension Entity {
    /// Text of a property; nil for anything else.
    func text(_ name: String) -> String? {
        guard case .string(let text) = self[name] else { return nil }
        return text
    }

    func number(_ name: String) -> ODataDecimal? {
        guard case .decimal(let number) = self[name] else { return nil }
        return number
    }

    func whole(_ name: String) -> Int? { self[name].flatMap { try? Int(odataValue: $0) } }

    /// The entities of an expanded navigation; nil for anything else.
    func expanded(_ name: String) -> [Entity]? {
        guard case .entities(let entities) = self[name] else { return nil }
        return entities.entities
    }
}

extension ODataValue {
    /// - Parameter text: as `ODataDecimal` reads it.
    static func decimal(_ text: String) throws -> ODataValue { .decimal(try #require(ODataDecimal(text))) }
    static func dateTime(_ text: String) throws -> ODataValue { .dateTime(try #require(LocalDateTime(text))) }
    static func offset(_ text: String) throws -> ODataValue { .dateTimeOffset(try #require(OffsetDateTime(text))) }
}
