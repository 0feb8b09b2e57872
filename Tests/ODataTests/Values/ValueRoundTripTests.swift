import Testing

@testable import OData

@Suite("Values go there and back")
struct ValueRoundTripTests {
    static let types = PrimitiveType.allCases.filter { !$0.isGeo && $0 != .stream }

    @Test(arguments: types, [ODataVersion.v2, .v4])
    func `what is sent as JSON reads as the same value`(type: PrimitiveType, version: ODataVersion) throws {
        var random = ValuesRandom(seed: UInt64(type.rawValue.utf8.count))
        for round in 0..<20_000 {
            guard let value = try random.value(of: type, version) else { return }
            let node = try value.jsonNode(version, ieee754Compatible: round.isMultiple(of: 2))
            let read = try ODataValue.fromJSON(node, as: type, version: version)
            if read != value { Issue.record("\(value) became \(read) by way of \(node)") }
        }
    }

    @Test(arguments: types, [ODataVersion.v2, .v4])
    func `a literal reads as the same value`(type: PrimitiveType, version: ODataVersion) throws {
        var random = ValuesRandom(seed: UInt64(type.rawValue.utf8.count) + 100)
        for _ in 0..<20_000 {
            guard let value = try random.value(of: type, version) else { return }
            let text = try value.literal(version)
            let read = try ODataValue(literal: text, version: version, type: type)
            if read != value { Issue.record("\(value) became \(read) by way of \(text)") }
        }
    }

    /// Whatever is sent, an answer comes, and what is read can be written again.
    @Test(arguments: types, [ODataVersion.v2, .v4])
    func `damaged text is refused or is another value`(type: PrimitiveType, version: ODataVersion) throws {
        var random = ValuesRandom(seed: UInt64(type.rawValue.utf8.count) + 200)
        let spice = Array("0123456789+-.:/()'TZPDHMSeE,= \\\"xX".utf8) + [0, 0x80, 0xC3, 0xFF]
        for _ in 0..<4_000 {
            guard let value = try random.value(of: type, version) else { return }
            var bytes = Array(try value.literal(version).utf8)
            for _ in 0..<random.int(1...3) {
                let place = random.int(0...max(0, bytes.count - 1))
                switch random.int(0...2) {
                case 0 where !bytes.isEmpty: bytes.remove(at: place)
                case 1 where !bytes.isEmpty: bytes[place] = spice[random.int(0...(spice.count - 1))]
                default: bytes.insert(spice[random.int(0...(spice.count - 1))], at: place)
                }
            }
            if let read = try? valuesReadBytes(bytes, string: random.chance(2), as: type, version), type != .string {
                writes(read, version) { value throws(ValueError) in
                    _ = try value.jsonNode(version, ieee754Compatible: true)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            if let read = try? ODataValue(literal: text, version: version, type: nil) {
                writes(read, version) { value throws(ValueError) in _ = try value.literal(version) }
            }
        }
    }

    /// Version 2 has no form for a decimal of many zeros; every other value that was read can be written.
    private func writes(_ value: ODataValue, _ version: ODataVersion, _ write: (ODataValue) throws(ValueError) -> Void)
    {
        do throws(ValueError) {
            try write(value)
        } catch {
            guard case .decimal(let number) = value, number.needsExponent, version == .v2
            else {
                Issue.record("\(value): \(error)")
                return
            }
        }
    }
}
