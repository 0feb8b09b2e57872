internal import OData

/// What a type of the metadata is in Swift.
struct SwiftType: Equatable {
    enum Kind: Equatable {
        /// Conforms to `ODataConvertible`.
        case convertible
        /// `ODataValue` itself, which takes anything.
        case anything
        /// Conforms to `ODataEntity`.
        case entity
        /// `OData.Entity`, of a type that isn't generated.
        case untypedEntity
        case stream
    }

    /// Of one element.
    let element: String
    let kind: Kind
    let isCollection: Bool

    var text: String { isCollection ? "[" + element + "]" : element }
}

extension ServicePlan {
    func swiftType(_ type: TypeReference) -> SwiftType {
        let resolved = metadata.resolved(type)
        switch resolved.base {
        case .primitive(.stream): return SwiftType(element: "StreamReference", kind: .stream, isCollection: false)
        case .primitive(let primitive):
            return SwiftType(
                element: Self.swiftName(primitive), kind: .convertible, isCollection: resolved.isCollection)
        case .abstract("Edm.EntityType"):
            return SwiftType(element: "Entity", kind: .untypedEntity, isCollection: resolved.isCollection)
        case .abstract: return Self.anything(isCollection: resolved.isCollection)
        case .named(let name):
            let isEntity = metadata.structuredType(name)?.kind == .entity
            if isEntity { return entityType(name, isCollection: resolved.isCollection) }
            guard let swiftName = swiftNames[name] else { return Self.anything(isCollection: resolved.isCollection) }
            return SwiftType(element: swiftName, kind: .convertible, isCollection: resolved.isCollection)
        }
    }

    /// Of a type that nothing is known of.
    private static func anything(isCollection: Bool) -> SwiftType {
        SwiftType(element: "ODataValue", kind: isCollection ? .convertible : .anything, isCollection: isCollection)
    }

    func entityType(_ name: QualifiedName, isCollection: Bool) -> SwiftType {
        guard let swiftName = swiftNames[name] else {
            return SwiftType(element: "Entity", kind: .untypedEntity, isCollection: isCollection)
        }
        return SwiftType(element: swiftName, kind: .entity, isCollection: isCollection)
    }

    /// Exact types: no integer is wider than the service's, no decimal a binary float, no date with a time that it hasn't.
    private static func swiftName(_ type: PrimitiveType) -> String {
        switch type {
        case .binary: "[UInt8]"
        case .boolean: "Bool"
        case .byte: "UInt8"
        case .sbyte: "Int8"
        case .int16: "Int16"
        case .int32: "Int32"
        case .int64: "Int64"
        case .single: "Float"
        case .double: "Double"
        case .decimal: "ODataDecimal"
        case .string: "String"
        case .guid: "GUID"
        case .date: "CalendarDate"
        case .dateTime: "LocalDateTime"
        case .dateTimeOffset: "OffsetDateTime"
        case .timeOfDay: "TimeOfDay"
        case .time, .duration: "ODataDuration"
        case .stream: "StreamReference"
        default: "GeoValue"
        }
    }
}
