import HTTPTypes
import Testing

@testable import OData

@Suite("What a batch is printed as reads as the same batch")
struct BatchRoundTripTests {
    private static let rounds = 3_000

    @Test func `multipart: parse(print(batch)) is the batch, in all versions`() throws {
        var random = BatchRandom(26)
        for _ in 0..<Self.rounds {
            let version = [ODataVersion.v2, .v4, .v401].randomElement(using: &random) ?? .v4
            let batch = Self.batch(version, .multipart, &random)
            let encoded = try batch.encoded(version, using: &random)
            let read = try BatchRequest(
                parsing: encoded.body, contentType: encoded.headers[.contentType] ?? "",
                preferences: encoded.headers[values: batchName("Prefer")])
            #expect(read == batch, "\(version)")
            if read != batch { return }
        }
    }

    @Test func `JSON: parse(print(batch)) is the batch`() throws {
        var random = BatchRandom(27)
        for _ in 0..<Self.rounds {
            let batch = Self.batch(.v401, .json, &random)
            let encoded = try batch.encoded(.v401, format: .json, using: &random)
            let read = try BatchRequest(
                parsing: encoded.body, contentType: "application/json",
                preferences: encoded.headers[values: batchName("Prefer")])
            #expect(read == batch)
            if read != batch { return }
        }
    }

    // MARK: Random batches

    private static func batch(
        _ version: ODataVersion, _ format: BatchFormat, _ random: inout BatchRandom
    ) -> BatchRequest {
        var number = 0
        var parts: [BatchRequest.Part] = []
        for _ in 0...Int.random(in: 0...4, using: &random) {
            if version == .v2 ? Bool.random(using: &random) : Int.random(in: 0...2, using: &random) > 0 {
                let isRead = version == .v2 || Bool.random(using: &random)
                number += 1
                // An ID outside of change sets is written from 4.01 on.
                let id = version < .v401 ? nil : "i\(number)"
                parts.append(.request(item(isRead, format, id: id, below: nil, &random)))
                continue
            }
            var items: [BatchItem] = []
            for _ in 0...Int.random(in: 0...3, using: &random) {
                number += 1
                let parent = Bool.random(using: &random) ? items.last?.id : nil
                items.append(item(false, format, id: "i\(number)", below: parent, &random))
            }
            parts.append(.changeSet(BatchChangeSet(items, name: format == .json ? "set\(parts.count)" : nil)))
        }
        var batch = BatchRequest(parts)
        batch.continuesOnError = version.isV4 && Bool.random(using: &random)
        return batch
    }

    private static func item(
        _ isRead: Bool, _ format: BatchFormat, id: String?, below parent: String?, _ random: inout BatchRandom
    ) -> BatchItem {
        let method: HTTPRequest.Method =
            isRead ? .get : [.post, .patch, .put, .delete].randomElement(using: &random) ?? .post
        let body = isRead ? nil : body(format, &random)
        var headers: HTTPFields = [:]
        if let body { headers[.contentType] = body.type }
        for name in ["Accept", "If-Match", "x-Custom", "Accept-Language"] where Bool.random(using: &random) {
            headers[batchName(name)] = ["", "a", #"W/"x'%3A'""#, "de;q=0.5, en"].randomElement(using: &random) ?? ""
        }
        return BatchItem(method, url(below: parent, &random), headers: headers, body: body?.bytes, id: id)
    }

    private static func url(below parent: String?, _ random: inout BatchRandom) -> String {
        let path =
            ["Orders", "Orders(1)", "Orders('a%20b''c')", "/sap/opu/x/Orders"].randomElement(using: &random) ?? "A"
        let query = ["", "?$top=1", "?$filter=A%20eq%20'x:y'&b=%2B"].randomElement(using: &random) ?? ""
        return parent.map { "$" + $0 + "/Items" + query } ?? path + query
    }

    private static func body(_ format: BatchFormat, _ random: inout BatchRandom) -> (type: String, bytes: [UInt8])? {
        switch Int.random(in: 0...3, using: &random) {
        case 0: return nil
        case 1: return ("application/json", Array(#"{"a":[1.50,"ü\n",null,{"b":-0.0E+10}]}"#.utf8))
        case 2: return ("text/plain;charset=utf-8", Array("\r\n--batch\r\n\tü\u{0}".utf8))
        default:
            let count = Int.random(in: 1...40, using: &random)
            // Bytes of which delimiters are made, among others.
            let bytes = (0..<count).map { _ in
                Bool.random(using: &random)
                    ? UInt8.random(in: 0...255, using: &random)
                    : [0x0D, 0x0A, 0x2D, 0x20].randomElement(using: &random) ?? 0
            }
            return ("application/octet-stream", bytes)
        }
    }
}
