/// A value of a property, a key, a parameter or a literal, in its exact type.
///
/// What is absent from a payload has no value at all (`Entity` answers `nil` for it); what is there and empty is
/// `null`; a navigation that was not expanded is `deferred`.
public enum ODataValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    case byte(UInt8)
    case sbyte(Int8)
    case int16(Int16)
    case int32(Int32)
    case int64(Int64)
    case single(Float)
    case double(Double)
    case decimal(ODataDecimal)
    case string(String)
    case guid(GUID)
    case binary([UInt8])
    /// `Edm.Date` of version 4.
    case date(CalendarDate)
    /// `Edm.DateTime` of version 2: wall time without a zone; never shifted.
    case dateTime(LocalDateTime)
    case dateTimeOffset(OffsetDateTime)
    /// `Edm.Time` of version 2, which is a span on the wire (`PT10H11M12S`).
    case time(ODataDuration)
    case timeOfDay(TimeOfDay)
    case duration(ODataDuration)
    case enumeration(EnumerationValue)
    /// `Edm.Geography…` and `Edm.Geometry…`, kept as they came.
    case geo(GeoValue)
    case stream(StreamReference)
    case complex(ComplexValue)
    case collection([ODataValue])
    /// A single-valued navigation that was expanded.
    case entity(Entity)
    /// A collection-valued navigation that was expanded, as far as the server sent it.
    case entities(EntityCollection)
    /// A navigation that was not expanded, with its link if one was sent.
    case deferred(DeferredLink)
    /// `Edm.Untyped`, or a property that neither metadata nor the payload gives a type.
    case untyped(JSONNode)
}

/// A navigation that was not expanded.
public struct DeferredLink: Sendable, Hashable {
    /// As it came: absolute or relative to the context; resolve it by the client, which keeps to the known host.
    public var url: String?

    public init(url: String? = nil) { self.url = url }
}

/// A named stream, or the media resource of an entity (`Edm.Stream`).
public struct StreamReference: Sendable, Hashable {
    /// Where the content is read, as it came.
    public var readURL: String?
    /// Where it is written, as it came; nil if it is only read.
    public var editURL: String?
    /// `image/png`, if the payload says so.
    public var mediaType: String?
    /// The content's own tag, which isn't that of the entity.
    public var etag: ETag?

    public init(readURL: String? = nil, editURL: String? = nil, mediaType: String? = nil, etag: ETag? = nil) {
        (self.readURL, self.editURL, self.mediaType, self.etag) = (readURL, editURL, mediaType, etag)
    }
}

/// A value of an enumeration: the member's name, several of a flags type separated by commas, or a number without one.
public struct EnumerationValue: Sendable, Hashable {
    /// nil where nobody named it: version 4.01 and JSON do without.
    public var type: QualifiedName?
    /// `Red`, `Red,Blue`, or numbers for values without a name.
    public var members: String

    public init(_ members: String, of type: QualifiedName? = nil) { (self.members, self.type) = (members, type) }
}

/// A spatial value as it came: GeoJSON in version 4, whatever the server sends in version 2.
public struct GeoValue: Sendable, Hashable {
    /// One of the spatial types.
    public var type: PrimitiveType
    /// GeoJSON, or a string with the text of a literal (`SRID=4326;Point(142.1 64.1)`).
    public var json: JSONNode

    public init(_ json: JSONNode, of type: PrimitiveType) { (self.json, self.type) = (json, type) }
}

/// An entity tag exactly as it came (`W/"datetimeoffset'2020…%3A…'"`), to be sent back byte for byte.
public struct ETag: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// With its quotes and its `W/`.
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }

    /// `If-Match: *`: whatever the stored version is; the last writer wins.
    public static let any = ETag("*")

    public var description: String { text }
}
