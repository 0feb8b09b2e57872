import Connections
import StrictJSON

/// Reads a `jsonb` column strictly: what has another type than expected is ``StoreError/corrupt``.
enum JSONColumn {
    static func members(of json: String) throws(StoreError) -> [JSONMember] {
        let value: JSONValue?
        do {
            value = try JSONValue.parse(Array(json.utf8))
        } catch {
            throw .corrupt
        }
        guard let members = value?.members else { throw .corrupt }
        return members
    }

    static func string(_ value: JSONValue) throws(StoreError) -> String {
        guard let string = value.string else { throw .corrupt }
        return string
    }

    static func bool(_ value: JSONValue) throws(StoreError) -> Bool {
        guard let bool = value.bool else { throw .corrupt }
        return bool
    }

    static func strings(_ value: JSONValue) throws(StoreError) -> [String] {
        guard let elements = value.elements else { throw .corrupt }
        var strings: [String] = []
        for element in elements { strings.append(try string(element)) }
        return strings
    }

    /// An object whose members are all strings.
    static func stringMap(of json: String) throws(StoreError) -> [String: String] {
        var map: [String: String] = [:]
        for member in try members(of: json) { map[member.key] = try string(member.value) }
        return map
    }

    /// Members in the order of their names, so that equal maps are equal texts.
    static func text(of map: [String: String]) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        for (key, value) in map.sorted(by: { $0.key < $1.key }) { writer.member(key, value) }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
