import HTTPTypes

@testable import OData

/// SplitMix64: the same numbers from the same seed.
struct BatchRandom: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A generator that isn't random at all.
struct BatchConstant: RandomNumberGenerator {
    func next() -> UInt64 { 7 }
}

/// Lines with CRLF between them, as a service sends them.
func batchBytes(_ text: String) -> [UInt8] {
    Array(text.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n").utf8)
}

func batchText(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

func batchName(_ text: String) -> HTTPField.Name { HTTPField.Name(text) ?? .accept }

/// Reads an answer whose boundary is `b`.
func batchAnswer(
    _ text: String, limits: BatchLimits = BatchLimits()
) throws(ODataError) -> BatchResponse {
    try BatchResponse(parsing: batchBytes(text), contentType: "multipart/mixed; boundary=b", limits: limits)
}

extension BatchRequest {
    /// With boundaries that are always the same ones.
    func batchEncoded(
        _ version: ODataVersion = .v4, _ format: BatchFormat = .multipart, contentIDs: ContentIDPlacement? = nil,
        limits: BatchLimits = BatchLimits()
    ) throws(ODataError) -> EncodedBatch {
        var generator = BatchConstant()
        return try encoded(version, format: format, contentIDs: contentIDs, limits: limits, using: &generator)
    }
}

/// From the tests of SAP's Java SDK (Apache-2.0): a version 2 answer with LF alone, and blank lines behind some bodies.
let batchSampleFromSAP = """
    --batchresponse_76ef6b0a-a0e2-4f31-9f70-f5d3f73a6bef
    Content-Type: application/http
    Content-Transfer-Encoding: binary

    HTTP/1.1 200 OK
    Content-Type: application/json

    {"d":{"results":[{"StringValue":"Foo","IntegerValue":42}]}}

    --batchresponse_76ef6b0a-a0e2-4f31-9f70-f5d3f73a6bef
    Content-Type: multipart/mixed; boundary=changesetresponse_e4c6cc48-c59e-42f8-bb00-1250fa2a8cb4

    --changesetresponse_e4c6cc48-c59e-42f8-bb00-1250fa2a8cb4
    Content-Type: application/http
    Content-Transfer-Encoding: binary

    HTTP/1.1 201 Created
    Location: https://localhost/service/TestEntities('new')
    Content-Type: application/json

    {"d":{"IntegerValue":1337}}
    --changesetresponse_e4c6cc48-c59e-42f8-bb00-1250fa2a8cb4--

    --batchresponse_76ef6b0a-a0e2-4f31-9f70-f5d3f73a6bef
    Content-Type: application/http
    Content-Transfer-Encoding: binary

    HTTP/1.1 200 OK
    Content-Type: application/json

    {"d":{"StringValue":"Foo","IntegerValue":9000}}

    --batchresponse_76ef6b0a-a0e2-4f31-9f70-f5d3f73a6bef
    Content-Type: multipart/mixed; boundary=changesetresponse_e4c6cc48-c59e-42f8-bb00-1250fa2a8000

    --changesetresponse_e4c6cc48-c59e-42f8-bb00-1250fa2a8000
    Content-Type: application/http
    Content-Transfer-Encoding: binary

    HTTP/1.1 200 OK
    Content-Type: text/plain

    {"value":42}
    --changesetresponse_e4c6cc48-c59e-42f8-bb00-1250fa2a8000
    Content-Type: application/http
    Content-Transfer-Encoding: binary

    HTTP/1.1 204 No response.
    Content-Type: application/json

    {"value":["Something","here"]}
    --changesetresponse_e4c6cc48-c59e-42f8-bb00-1250fa2a8000
    Content-Type: application/http
    Content-Transfer-Encoding: binary

    HTTP/1.1 201 Created
    Location: https://localhost/service/TestEntities('new')
    Content-Type: application/json

    {"d":{"IntegerValue":1447}}
    --changesetresponse_e4c6cc48-c59e-42f8-bb00-1250fa2a8000--
    --batchresponse_76ef6b0a-a0e2-4f31-9f70-f5d3f73a6bef--
    """

let batchSampleBoundary = "batchresponse_76ef6b0a-a0e2-4f31-9f70-f5d3f73a6bef"
