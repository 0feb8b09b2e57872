import Testing

@testable import OData

@Suite("Entities go there and back")
struct EntityRoundTripTests {
    private static let base = QualifiedName("R.S", "E0")

    @Test(arguments: [ODataVersion.v2, .v4, .v401])
    func `an entity reads as what was written, for any model`(version: ODataVersion) throws {
        for seed in 0..<60 as Range<UInt64> {
            var random = EntityRandom(seed: seed, version: version)
            let metadata = random.metadata()
            let decoder = EntityDecoder(metadata: metadata, type: Self.base, version: version)
            for round in 0..<12 {
                let type = QualifiedName("R.S", random.chance(30) ? "E1" : "E0")
                let entity = try random.entity(type, in: metadata)
                let encoder = EntityEncoder(
                    metadata: metadata, version: version, ieee754Compatible: round.isMultiple(of: 2),
                    declaredType: Self.base, wrapsResults: round.isMultiple(of: 3))
                let bytes = try encoder.entity(entity)
                let read = try decoder.entity(bytes)
                if read != entity { Issue.record("seed \(seed): \(String(decoding: bytes, as: UTF8.self))") }
                #expect(try encoder.entity(read) == bytes)
            }
        }
    }

    @Test(arguments: [ODataVersion.v2, .v4])
    func `a feed reads as its entities, whole and in pieces`(version: ODataVersion) throws {
        for seed in 100..<130 as Range<UInt64> {
            var random = EntityRandom(seed: seed, version: version)
            let metadata = random.metadata()
            let encoder = EntityEncoder(metadata: metadata, version: version, declaredType: Self.base)
            let decoder = EntityDecoder(metadata: metadata, type: Self.base, version: version)
            var entities: [Entity] = []
            var bytes = Array((version.isV4 ? #"{"value":["# : #"{"d":{"results":["#).utf8)
            for number in 0..<20 {
                entities.append(try random.entity(QualifiedName("R.S", random.chance(50) ? "E1" : "E0"), in: metadata))
                if number > 0 { bytes += Array(" ,\n".utf8) }
                bytes += try encoder.entity(entities[number])
            }
            bytes += Array((version.isV4 ? "]}" : "]}}").utf8)
            #expect(try decoder.collection(bytes).entities == entities)
            #expect(try decoder.streamed(bytes, by: 1).entities == entities)
            #expect(try decoder.streamed(bytes, by: random.int(2...500)).entities == entities)
        }
    }

    @Test(arguments: [ODataVersion.v2, .v4])
    func `a damaged feed is refused, or read the same whole and in pieces`(version: ODataVersion) throws {
        var random = EntityRandom(seed: 7, version: version)
        let metadata = random.metadata()
        let encoder = EntityEncoder(metadata: metadata, version: version, declaredType: Self.base)
        let decoder = EntityDecoder(metadata: metadata, type: Self.base, version: version)
        for _ in 0..<1_500 {
            var bytes = Array(
                (version.isV4 ? #"{"@odata.count":1,"value":["# : #"{"d":{"__count":"1","results":["#).utf8)
            bytes += try encoder.entity(try random.entity(Self.base, in: metadata, depth: 1))
            bytes += Array((version.isV4 ? "]}" : "]}}").utf8)
            for _ in 0..<random.int(1...2) {
                let place = random.int(0...bytes.count - 1)
                switch random.int(0...2) {
                case 0: bytes[place] = UInt8(random.int(0...255))
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8(random.pick([34, 92, 44, 58, 91, 93, 123, 125, 48, 0xC3])), at: place)
                }
            }
            let whole = try? decoder.collection(bytes)
            #expect(whole == (try? decoder.streamed(bytes, by: random.int(1...64))))
        }
    }
}
