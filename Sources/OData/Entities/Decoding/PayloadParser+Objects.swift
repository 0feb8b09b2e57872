/// What an object of a payload says, before it is known whether it is an entity, a complex value or a mark of a delta.
struct ParsedObject {
    /// The number of its type, which the payload may change.
    var type: Int32
    var properties = PropertyValues()
    var details = EntityDetails()
    /// Whether it says more than its properties and its type.
    var hasDetails = false
    var removal: Removal?

    struct Removal { var reason: RemovedEntity.Reason? }
}

/// What is gathered while an object is read, besides its properties.
struct OpenObject {
    var type: Int32
    /// How many members stood before the type that the payload names; 0 if it stands first, as it should.
    var membersBeforeType = 0
    var values: [ODataValue?] = []
    var details = EntityDetails()
    var hasDetails = false
    var removal: ParsedObject.Removal?
    /// Types of properties that the payload names, by the properties' numbers.
    var declared: [Int32: ValuePlan] = [:]
    /// How many members stood before each of those.
    var membersBeforeDeclared: [Int32: Int] = [:]
    /// Control information for properties.
    var controls: [(subject: Int32, control: PropertyControl, value: JSONNode)] = []

    init(type: Int32) { self.type = type }
}

extension PayloadParser {
    /// An object with its members in whatever order.
    ///
    /// - Parameter type: the number of its declared type; 0 for none.
    mutating func object(_ type: Int32, _ text: Span<UInt8>) throws(PayloadError) -> ParsedObject {
        var object = OpenObject(type: type)
        guard try reader.open(UInt8(ascii: "{"), text) else { return ParsedObject(type: type) }
        let base = uses.count
        object.values.reserveCapacity(expectedCount(of: type))
        var previous: Int32 = 0
        repeat {
            let member = try member(after: previous, in: object.type, text)
            reader.skipSpace(text)
            uses.append(MemberUse(member: member, offset: reader.position))
            if names.meanings[Int(member)] == .property {
                object.values.append(try propertyValue(member, &object, text))
            } else {
                try other(member, &object, before: uses.count - base, text)
            }
            previous = member
        } while try reader.next(in: UInt8(ascii: "{"), text)
        return try close(&object, base, text)
    }

    @inline(__always)
    private mutating func propertyValue(
        _ member: Int32, _ object: inout OpenObject, _ text: Span<UInt8>
    ) throws(PayloadError) -> ODataValue {
        if object.declared.isEmpty { return try value(plan(of: member, in: object.type), member, text) }
        return try value(declaredPlan(member, object), member, text)
    }

    /// The type that the payload names, unless it names none that is known: the metadata's then.
    private mutating func declaredPlan(_ member: Int32, _ object: OpenObject) -> ValuePlan {
        let plan = plan(of: member, in: object.type)
        guard let declared = object.declared[member], declared.kind != .guess else { return plan }
        // `#NS.Derived` says that it is an entity where the metadata speaks of a navigation, and is one name for both.
        if declared.kind == .complex || declared.kind == .entity, plan.kind == .complex || plan.kind == .entity {
            return ValuePlan(kind: plan.kind, isCollection: plan.isCollection, type: declared.type)
        }
        // The metadata knows better than a payload that says `String` of everything that stands in quotes.
        return plan.kind == .guess || plan.kind == .untyped ? declared : plan
    }

    /// A member that is no property.
    ///
    /// - Parameter before: how many members the object has, with this one.
    private mutating func other(
        _ member: Int32, _ object: inout OpenObject, before: Int, _ text: Span<UInt8>
    ) throws(PayloadError) {
        switch names.meanings[Int(member)] {
        case .property: break
        case .control(let control): try take(control, &object, before: before, text)
        case .propertyControl(.type):
            try takeType(of: names.subjects[Int(member)], &object, before: before, text)
        case .propertyControl(let control):
            object.controls.append((names.subjects[Int(member)], control, try reader.node(text)))
        case .annotation:
            object.hasDetails = true
            object.details.annotations[names.names[Int(member)]] = try reader.node(text)
        case .operation:
            object.hasDetails = true
            object.details.operations += AdvertisedOperation.all(
                names.names[Int(member)].drop { $0 == "#" }, try reader.node(text))
        case .metadata: try takeMetadata(&object, before: before, text)
        case .ignored: try reader.skip(text)
        }
    }

    private mutating func takeType(
        of subject: Int32, _ object: inout OpenObject, before: Int, _ text: Span<UInt8>
    ) throws(PayloadError) {
        guard let name = try reader.node(text).text else { throw reader.failure(.unexpectedShape) }
        object.declared[subject] = types.plan(text: name)
        object.membersBeforeDeclared[subject] = before
    }

    private mutating func close(
        _ object: inout OpenObject, _ base: Int, _ text: Span<UInt8>
    ) throws(PayloadError) -> ParsedObject {
        let shape = try shape(of: object.type, base)
        if object.membersBeforeType > 0 || !object.declared.isEmpty { try rereadLate(base, &object, text) }
        if !object.controls.isEmpty { try apply(shape, &object) }
        uses.removeLast(uses.count - base)
        var result = ParsedObject(type: object.type)
        result.properties = PropertyValues(layout: shape.layout, slots: object.values)
        (result.details, result.hasDetails, result.removal) = (object.details, object.hasDetails, object.removal)
        return result
    }

    private mutating func shape(of type: Int32, _ base: Int) throws(PayloadError) -> MemberShape {
        let members = uses[base...]
        if let known = withExperience(of: type, { $0.shape(members) }) { return known }
        var double = 0
        guard let shape = MemberShape(members, names, double: &double) else {
            throw PayloadError(.duplicateName, offset: uses[base + double].offset)
        }
        withExperience(of: type) { $0.learn(shape) }
        return shape
    }

    /// Reads scalars again whose type the payload named behind them. Each is read twice at most, and recurs into nothing.
    private mutating func rereadLate(
        _ base: Int, _ object: inout OpenObject, _ text: Span<UInt8>
    ) throws(PayloadError) {
        let end = reader
        var place = 0
        for index in base..<uses.count where names.meanings[Int(uses[index].member)] == .property {
            defer { place += 1 }
            let known = max(object.membersBeforeType, object.membersBeforeDeclared[uses[index].member] ?? 0)
            guard index - base < known else { continue }
            let plan = declaredPlan(uses[index].member, object)
            guard plan.isScalar, object.values[place]?.isPlainGuess == true else { continue }
            reader = JSONReader(maxDepth: limits.maxDepth, position: uses[index].offset, depth: end.depth)
            object.values[place] = try value(plan, uses[index].member, text)
        }
        reader = end
    }
}

extension ODataValue {
    /// Whether it may be what the reader made of a scalar, or of an array of scalars, without knowing its type.
    fileprivate var isPlainGuess: Bool {
        switch self {
        case .boolean, .int64, .decimal, .string, .dateTime, .dateTimeOffset: true
        case .untyped(.number): true
        case .collection(let elements): elements.allSatisfy { $0 == .null || $0.isPlainScalar }
        default: false
        }
    }

    private var isPlainScalar: Bool {
        if case .collection = self { return false }
        return isPlainGuess
    }
}

extension AdvertisedOperation {
    /// `{"title":…,"target":…}`, or several of them.
    static func all(_ name: Substring, _ node: JSONNode) -> [AdvertisedOperation] {
        (node.elements ?? [node]).map {
            AdvertisedOperation(name: String(name), title: $0["title"]?.text, target: $0["target"]?.text)
        }
    }
}
