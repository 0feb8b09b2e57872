@testable import OData

/// A seeded generator (SplitMix64) of models and of entities that fit them.
struct EntityRandom: RandomNumberGenerator {
    private var state: UInt64
    let version: ODataVersion

    init(seed: UInt64, version: ODataVersion) { (state, self.version) = (seed, version) }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
    mutating func chance(_ percent: Int) -> Bool { int(1...100) <= percent }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[int(0...elements.count - 1)] }

    mutating func text() -> String {
        let alphabet: [Character] = ["a", "B", "7", " ", "\"", "\\", "/", "\n", "\u{0}", "é", "€", "😀", "'", "@", "#"]
        return String((0..<int(0...20)).map { _ in pick(alphabet) })
    }

    // MARK: Models

    private static let common: [PrimitiveType] = [
        .binary, .boolean, .byte, .dateTimeOffset, .decimal, .double, .guid, .int16, .int32, .int64, .sbyte, .single,
        .string,
    ]

    private var primitives: [PrimitiveType] {
        Self.common + (version.isV4 ? [.date, .timeOfDay, .duration] : [.dateTime, .time])
    }

    private static func name(_ kind: String, _ number: Int) -> QualifiedName {
        QualifiedName("R.S", "\(kind)\(number)")
    }

    /// Four entity types, three complex ones, an enumeration; `E1` derives from `E0` and is open.
    mutating func metadata() -> Metadata {
        var parts = MetadataParts()
        parts.version = version
        var color = EnumerationType(name: Self.name("Color", 0))
        color.members = [.init(name: "Red", value: 0), .init(name: "Green", value: 1)]
        if version.isV4 { parts.enumerationTypes[color.name] = color }
        for number in 0..<3 {
            var type = StructuredType(kind: .complex, name: Self.name("C", number))
            // A complex type holds those of higher numbers alone, so that values end.
            type.properties = properties("c\(number)", complexFrom: number + 1)
            parts.structuredTypes[type.name] = type
        }
        for number in 0..<4 {
            var type = StructuredType(kind: .entity, name: Self.name("E", number))
            type.key = [KeyProperty("e\(number)p0")]
            type.properties = properties("e\(number)", complexFrom: 0)
            type.navigationProperties = (0..<int(0...3)).map {
                NavigationProperty(
                    name: "e\(number)n\($0)", target: Self.name("E", int(0...3)), isCollection: chance(50))
            }
            if number == 1 { (type.baseType, type.isOpen, type.key) = (Self.name("E", 0), true, []) }
            parts.structuredTypes[type.name] = type
        }
        return Metadata(parts)
    }

    private mutating func properties(_ prefix: String, complexFrom: Int) -> [Property] {
        (0..<int(1...14)).map { number in
            var base = TypeReference.Base.primitive(pick(primitives))
            if chance(15), complexFrom < 3 { base = .named(Self.name("C", int(complexFrom...2))) }
            if chance(10), version.isV4 { base = .named(Self.name("Color", 0)) }
            return Property(name: "\(prefix)p\(number)", type: TypeReference(base, isCollection: chance(15)))
        }
    }

    // MARK: Values

    mutating func entity(_ type: QualifiedName, in metadata: Metadata, depth: Int = 3) throws -> Entity {
        var entity = Entity(of: type)
        entity.properties = try properties(of: type, in: metadata)
        for navigation in metadata.navigationProperties(of: type) where depth > 0 && chance(40) {
            entity.properties[navigation.name] = try target(of: navigation, in: metadata, depth: depth - 1)
        }
        if metadata.isOpenType(type), version.isV4 {
            for number in 0..<int(0...4) { entity.properties["x\(number)"] = try primitive(pick(primitives)) }
        }
        return entity
    }

    private mutating func target(
        of navigation: NavigationProperty, in metadata: Metadata, depth: Int
    ) throws -> ODataValue {
        func type(_ random: inout EntityRandom) -> QualifiedName {
            let isBase = navigation.target == Self.name("E", 0)
            return isBase && random.chance(40) ? Self.name("E", 1) : navigation.target
        }
        if !navigation.isCollection {
            return chance(10) ? .null : .entity(try entity(type(&self), in: metadata, depth: depth))
        }
        var entities: [Entity] = []
        for _ in 0..<int(0...3) { entities.append(try entity(type(&self), in: metadata, depth: depth)) }
        return .entities(EntityCollection(entities))
    }

    private mutating func properties(of type: QualifiedName, in metadata: Metadata) throws -> PropertyValues {
        var values = PropertyValues()
        for property in metadata.properties(of: type) where chance(80) {
            values[property.name] = try value(of: property.type, in: metadata)
        }
        return values
    }

    private mutating func value(of type: TypeReference, in metadata: Metadata) throws -> ODataValue {
        if type.isCollection {
            var elements: [ODataValue] = []
            for _ in 0..<int(0...4) { elements.append(try single(type.base, in: metadata)) }
            return .collection(elements)
        }
        return chance(10) ? .null : try single(type.base, in: metadata)
    }

    private mutating func single(_ base: TypeReference.Base, in metadata: Metadata) throws -> ODataValue {
        switch base {
        case .primitive(let type): return try primitive(type)
        case .named(let name):
            guard metadata.structuredType(name) != nil else {
                return .enumeration(EnumerationValue(pick(["Red", "Green"]), of: name))
            }
            return .complex(ComplexValue(try properties(of: name, in: metadata), of: name))
        case .abstract: return .null
        }
    }

    private mutating func primitive(_ type: PrimitiveType) throws -> ODataValue {
        func made(_ text: String, isString: Bool = true) throws -> ODataValue {
            try ODataValue.fromJSON(Array(text.utf8).span, isString: isString, as: type, version: version)
        }
        func two(_ range: ClosedRange<Int>) -> String {
            let number = int(range)
            return number < 10 ? "0\(number)" : "\(number)"
        }
        switch type {
        case .boolean: return .boolean(chance(50))
        case .binary: return .binary((0..<int(0...9)).map { _ in UInt8(int(0...255)) })
        case .byte: return .byte(UInt8(int(0...255)))
        case .sbyte: return .sbyte(Int8(int(-128...127)))
        case .int16: return .int16(Int16(int(-32_768...32_767)))
        case .int32: return .int32(Int32(truncatingIfNeeded: next()))
        case .int64: return .int64(Int64(truncatingIfNeeded: next()))
        case .double: return .double(Double(int(-1_000_000...1_000_000)) / Double(int(1...999)))
        case .single: return .single(Float(int(-1_000_000...1_000_000)) / Float(int(1...999)))
        case .decimal: return try made("\(chance(30) ? "-" : "")\(next()).\(two(0...99))")
        case .guid: return .guid(GUID(high: next(), low: next()))
        case .dateTime, .dateTimeOffset:
            let offset = type == .dateTimeOffset ? pick(["Z", "+01:00", "-09:30"]) : ""
            return try made(
                "\(int(1900...2099))-\(two(1...12))-\(two(1...28))T\(two(0...23)):\(two(0...59)):\(two(0...59))\(offset)"
            )
        case .date: return try made("\(int(1900...2099))-\(two(1...12))-\(two(1...28))")
        case .timeOfDay: return try made("\(two(0...23)):\(two(0...59)):\(two(0...59))")
        case .time: return try made("PT\(two(0...23))H\(two(0...59))M\(two(0...59))S")
        case .duration: return try made("P\(int(0...9))DT\(int(0...23))H\(int(1...59))M")
        default: return .string(text())
        }
    }
}
