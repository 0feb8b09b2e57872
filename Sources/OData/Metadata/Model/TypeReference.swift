/// A primitive type of either version.
public enum PrimitiveType: String, Sendable, Hashable, CaseIterable {
    case binary = "Edm.Binary"
    case boolean = "Edm.Boolean"
    case byte = "Edm.Byte"
    case date = "Edm.Date"
    case dateTime = "Edm.DateTime"
    case dateTimeOffset = "Edm.DateTimeOffset"
    case decimal = "Edm.Decimal"
    case double = "Edm.Double"
    case duration = "Edm.Duration"
    case guid = "Edm.Guid"
    case int16 = "Edm.Int16"
    case int32 = "Edm.Int32"
    case int64 = "Edm.Int64"
    case sbyte = "Edm.SByte"
    case single = "Edm.Single"
    case stream = "Edm.Stream"
    case string = "Edm.String"
    case time = "Edm.Time"
    case timeOfDay = "Edm.TimeOfDay"
    case geography = "Edm.Geography"
    case geographyPoint = "Edm.GeographyPoint"
    case geographyLineString = "Edm.GeographyLineString"
    case geographyPolygon = "Edm.GeographyPolygon"
    case geographyMultiPoint = "Edm.GeographyMultiPoint"
    case geographyMultiLineString = "Edm.GeographyMultiLineString"
    case geographyMultiPolygon = "Edm.GeographyMultiPolygon"
    case geographyCollection = "Edm.GeographyCollection"
    case geometry = "Edm.Geometry"
    case geometryPoint = "Edm.GeometryPoint"
    case geometryLineString = "Edm.GeometryLineString"
    case geometryPolygon = "Edm.GeometryPolygon"
    case geometryMultiPoint = "Edm.GeometryMultiPoint"
    case geometryMultiLineString = "Edm.GeometryMultiLineString"
    case geometryMultiPolygon = "Edm.GeometryMultiPolygon"
    case geometryCollection = "Edm.GeometryCollection"
}

/// The type of a property, parameter or result, with its facets.
public struct TypeReference: Sendable, Hashable {
    public enum Base: Sendable, Hashable {
        case primitive(PrimitiveType)
        /// An entity, complex or enumeration type, or a type definition, of this service or a referenced one.
        case named(QualifiedName)
        /// `Edm.Untyped`, `Edm.PrimitiveType`, `Edm.ComplexType`, `Edm.EntityType` and the abstract paths of vocabularies, by name.
        case abstract(String)
    }

    /// Digits after the point.
    public enum Scale: Sendable, Hashable {
        case fixed(Int)
        case variable
        case floating
    }

    public var base: Base
    public var isCollection: Bool
    /// Whether the value, or for a collection each of its elements, may be null: true where the document says nothing (CSDL
    /// XML 4.01 §7.2.1). A collection itself never is.
    public var isNullable: Bool
    /// In characters or bytes; nil where none is given or `max` is.
    public var maxLength: Int?
    public var precision: Int?
    public var scale: Scale?
    public var srid: String?
    public var isUnicode: Bool?
    public var isFixedLength: Bool?

    public init(_ base: Base, isCollection: Bool = false, isNullable: Bool = true) {
        (self.base, self.isCollection, self.isNullable) = (base, isCollection, isNullable)
    }

    public static func primitive(_ type: PrimitiveType) -> TypeReference { TypeReference(.primitive(type)) }
}
