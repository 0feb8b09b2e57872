extension GeoValue {
    /// How many geometry collections may lie in each other.
    private static let maxDepth = 16

    /// `geography'SRID=4326;Point(142.1 64.1)'`, of the text that came in a literal or of GeoJSON.
    ///
    /// - Throws: `.malformed` for JSON that is no geometry.
    func literal() throws(ValueError) -> String {
        let word = type.rawValue.hasPrefix("Edm.Geometry") ? "geometry'" : "geography'"
        if case .string(let text) = json {
            guard !text.utf8.contains(UInt8(ascii: "'")) else { throw .malformed(type) }
            return word + text + "'"
        }
        var text = word + "SRID=\(reference ?? defaultReference);"
        try write(json, to: &text, depth: 0)
        return text + "'"
    }

    /// WGS 84 of geography, none of geometry (OData 4.01 CSDL §7.2.6).
    private var defaultReference: String { type.rawValue.hasPrefix("Edm.Geometry") ? "0" : "4326" }

    /// Of `"crs":{"type":"name","properties":{"name":"EPSG:4326"}}` (OData JSON §7.1).
    private var reference: String? {
        guard case .string(let name) = json["crs"]?["properties"]?["name"], name.hasPrefix("EPSG:") else { return nil }
        let digits = name.dropFirst(5)
        guard (1...5).contains(digits.utf8.count), digits.unicodeScalars.allSatisfy(\.isASCIIDigit) else { return nil }
        return String(digits)
    }

    private func write(_ node: JSONNode, to text: inout String, depth: Int) throws(ValueError) {
        guard depth < Self.maxDepth, case .string(let kind) = node["type"] else { throw .malformed(type) }
        if kind == "GeometryCollection" {
            guard case .array(let members) = node["geometries"] else { throw .malformed(type) }
            text += "GeometryCollection("
            for (place, member) in members.enumerated() {
                if place > 0 { text += "," }
                try write(member, to: &text, depth: depth + 1)
            }
            text += ")"
            return
        }
        guard let levels = Self.levels[kind], let coordinates = node["coordinates"] else { throw .malformed(type) }
        text += kind
        if levels == 0 { text += "(" }
        try writeCoordinates(coordinates, levels: levels, points: kind == "MultiPoint", to: &text)
        if levels == 0 { text += ")" }
    }

    /// How many arrays lie around the positions.
    private static let levels = [
        "Point": 0, "LineString": 1, "MultiPoint": 1, "Polygon": 2, "MultiLineString": 2, "MultiPolygon": 3,
    ]

    private func writeCoordinates(
        _ node: JSONNode, levels: Int, points: Bool, to text: inout String
    ) throws(ValueError) {
        guard case .array(let members) = node else { throw .malformed(type) }
        if levels > 0 { text += "(" }
        for (place, member) in members.enumerated() {
            if levels > 0 {
                if place > 0 { text += "," }
                if points { text += "(" }
                try writeCoordinates(member, levels: levels - 1, points: false, to: &text)
                if points { text += ")" }
            } else {
                guard case .number(let number) = member else { throw .malformed(type) }
                text += place > 0 ? " " + number : number
            }
        }
        if levels > 0 {
            text += ")"
        } else if members.count < 2 || members.count > 4 {
            throw .malformed(type)
        }
    }

    /// - Parameters:
    ///   - word: `geography` or `geometry` in any case.
    ///   - content: kept as it is, `SRID=…;Point(…)`.
    static func parse(_ word: Span<UInt8>, _ content: Span<UInt8>) throws(ValueError) -> ODataValue {
        let family = word.count == 8 ? "Edm.Geometry" : "Edm.Geography"
        guard let text = content.string(), !text.utf8.contains(UInt8(ascii: "'")),
            let separator = text.utf8.firstIndex(of: UInt8(ascii: ";")), text.lowercased().hasPrefix("srid="),
            let parenthesis = text.utf8.firstIndex(of: UInt8(ascii: "(")), separator < parenthesis
        else { throw .malformed(PrimitiveType(rawValue: family)) }
        let kind = text[text.index(after: separator)..<parenthesis].lowercased()
        let name = kind == "geometrycollection" ? "collection" : kind
        guard
            let type = PrimitiveType.allCases.first(where: { $0.rawValue.lowercased() == family.lowercased() + name }),
            !name.isEmpty
        else { throw .malformed(PrimitiveType(rawValue: family)) }
        return .geo(GeoValue(.string(text), of: type))
    }
}
