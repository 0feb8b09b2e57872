/// Finds the value in the wrappers that the versions put around it. It walks over the whole text, so that what is found
/// stands in valid JSON.
struct PayloadLocator {
    /// Where a value begins, and how many objects and arrays are around it.
    struct Place {
        var offset: Int
        var depth: Int
        /// `@odata.context` beside it.
        var context: String?
    }

    private struct Member {
        var name: String
        var kind: JSONReader.Kind
        var offset: Int
    }

    private let version: ODataVersion
    private let limits: PayloadLimits
    /// Whether the expected type has a property of that name, which is no wrapper then.
    private let knows: (String) -> Bool

    init(_ version: ODataVersion, _ limits: PayloadLimits, knows: @escaping (String) -> Bool) {
        (self.version, self.limits, self.knows) = (version, limits, knows)
    }

    private func reader(_ place: Place) -> JSONReader {
        JSONReader(maxDepth: limits.maxDepth, position: place.offset, depth: place.depth)
    }

    /// The outermost value; checks all of the text.
    private func root(_ text: Span<UInt8>) throws(PayloadError) -> Place {
        var reader = JSONReader(maxDepth: limits.maxDepth)
        _ = try reader.kind(text)
        let place = Place(offset: reader.position, depth: 0)
        try reader.skip(text)
        try reader.end(text)
        return place
    }

    private func kind(_ place: Place, _ text: Span<UInt8>) throws(PayloadError) -> JSONReader.Kind {
        var reader = reader(place)
        return try reader.kind(text)
    }

    private func members(_ place: Place, _ text: Span<UInt8>) throws(PayloadError) -> [Member] {
        var reader = reader(place)
        var members: [Member] = []
        var seen: Set<String> = []
        guard try reader.open(UInt8(ascii: "{"), text) else { return members }
        repeat {
            let name = try JSONText.string(try reader.name(text), text)
            let kind = try reader.kind(text)
            guard seen.insert(name).inserted else { throw reader.failure(.duplicateName) }
            members.append(Member(name: name, kind: kind, offset: reader.position))
            try reader.skip(text)
        } while try reader.next(in: UInt8(ascii: "{"), text)
        return members
    }

    private func failure(_ place: Place) -> PayloadError { PayloadError(.unexpectedShape, offset: place.offset) }

    // MARK: Entities

    func entity(_ text: Span<UInt8>) throws(PayloadError) -> Place {
        let root = try root(text)
        if version.isV4 { return try version4Entity(root, text) }
        let inner = try withoutD(root, text)
        return try version2Entity(inner, text)
    }

    private func version4Entity(_ root: Place, _ text: Span<UInt8>) throws(PayloadError) -> Place {
        guard try kind(root, text) == .object else { throw failure(root) }
        let members = try members(root, text)
        guard let value = members.first(where: { $0.name == "value" }), isWrapper(members, "value") else { return root }
        // A page where one entity was expected.
        guard value.kind == .object else { throw failure(root) }
        return Place(offset: value.offset, depth: root.depth + 1)
    }

    /// Whether an object holds nothing but this member and what version 4 says about it.
    private func isWrapper(_ members: [Member], _ name: String) -> Bool {
        !knows(name) && members.allSatisfy { $0.name == name || $0.name.utf8.first == UInt8(ascii: "@") }
    }

    /// The value of `d`, or the root where there is none.
    private func withoutD(_ root: Place, _ text: Span<UInt8>) throws(PayloadError) -> Place {
        guard try kind(root, text) == .object else { return root }
        let members = try members(root, text)
        guard let wrapped = members.first(where: { $0.name == "d" }), members.count == 1 || !knows("d") else {
            return root
        }
        return Place(offset: wrapped.offset, depth: root.depth + 1)
    }

    private func version2Entity(_ place: Place, _ text: Span<UInt8>) throws(PayloadError) -> Place {
        switch try kind(place, text) {
        case .array: return try onlyElement(place, text)
        case .object: break
        default: throw failure(place)
        }
        let members = try members(place, text)
        guard !members.contains(where: { $0.name == "__metadata" }) else { return place }
        if let results = members.first(where: { $0.name == "results" }), !knows("results") {
            let inner = Place(offset: results.offset, depth: place.depth + 1)
            switch results.kind {
            case .object: return inner
            case .array: return try onlyElement(inner, text)
            default: throw failure(inner)
            }
        }
        // The result of a function import stands under its name.
        guard members.count == 1, members[0].kind == .object, !knows(members[0].name) else { return place }
        return Place(offset: members[0].offset, depth: place.depth + 1)
    }

    /// The only element of an array, an object.
    private func onlyElement(_ place: Place, _ text: Span<UInt8>) throws(PayloadError) -> Place {
        var reader = reader(place)
        guard try reader.open(UInt8(ascii: "["), text) else { throw failure(place) }
        let found = Place(offset: reader.position, depth: reader.depth)
        guard try reader.kind(text) == .object else { throw failure(found) }
        try reader.skip(text)
        guard try !reader.next(in: UInt8(ascii: "["), text) else { throw failure(place) }
        return found
    }

    // MARK: Values

    /// - Parameter isStructured: whether an object is expected.
    func value(_ text: Span<UInt8>, isStructured: Bool) throws(PayloadError) -> Place {
        let root = try root(text)
        if version.isV4 { return try version4Value(root, text) }
        let inner = try withoutD(root, text)
        guard try kind(inner, text) == .object else { return inner }
        return try version2Value(inner, isStructured, text)
    }

    private func version4Value(_ root: Place, _ text: Span<UInt8>) throws(PayloadError) -> Place {
        guard try kind(root, text) == .object else { return root }
        let members = try members(root, text)
        var place = root
        if let value = members.first(where: { $0.name == "value" }), isWrapper(members, "value") {
            place = Place(offset: value.offset, depth: root.depth + 1)
        }
        let context = members.first { $0.name == "@odata.context" || $0.name == "@context" }
        if let context, context.kind == .string {
            var reader = reader(Place(offset: context.offset, depth: 1))
            place.context = try JSONText.string(try reader.string(text), text)
        }
        return place
    }

    private func version2Value(
        _ place: Place, _ isStructured: Bool, _ text: Span<UInt8>
    ) throws(PayloadError) -> Place {
        let members = try members(place, text)
        if let results = members.first(where: { $0.name == "results" }), !knows("results") {
            // Beside the array stand a count and a link, which a collection of entities keeps.
            let isPage = ["results", "__count", "__next"].contains(members[0].name)
            return isPage ? place : Place(offset: results.offset, depth: place.depth + 1)
        }
        let properties = members.filter { $0.name != "__metadata" }
        guard properties.count == 1, !knows(properties[0].name) else { return place }
        // An entity or complex value that says what it is: it is no wrapper.
        guard members.count == 1 || !isStructured, !Self.isValue(properties[0].name) else { return place }
        return Place(offset: properties[0].offset, depth: place.depth + 1)
    }

    /// Names of members that make an object a value of version 2.
    private static func isValue(_ name: String) -> Bool { name == "__deferred" || name == "__mediaresource" }
}
