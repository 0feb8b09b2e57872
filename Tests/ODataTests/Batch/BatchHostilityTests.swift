import HTTPTypes
import Testing

@testable import OData

@Suite("Answers to batches that mean no good")
struct BatchHostilityTests {
    private static let part = "Content-Type: application/http\n\nHTTP/1.1 200 OK\n\n{}\n"

    @Test func `no truncation of SAP's sample reads as a whole`() throws {
        let bytes = batchBytes(batchSampleFromSAP)
        for count in 0..<bytes.count {
            #expect(throws: ODataError.self, "\(count)") {
                try BatchResponse(
                    parsing: Array(bytes[..<count]), contentType: "multipart/mixed; boundary=" + batchSampleBoundary)
            }
        }
    }

    @Test func `no truncation of a JSON answer reads as a whole`() throws {
        let bytes = Array(#"{"responses":[{"id":"1","status":200,"headers":{"a":"b"},"body":{"x":[1,"y"]}}]}"#.utf8)
        #expect(try BatchResponse(parsing: bytes, contentType: "application/json").parts.count == 1)
        for count in 0..<bytes.count {
            #expect(throws: ODataError.self, "\(count)") {
                try BatchResponse(parsing: Array(bytes[..<count]), contentType: "application/json")
            }
        }
    }

    @Test func `a change set that isn't closed takes nothing of what follows`() {
        let text = """
            --b
            Content-Type: multipart/mixed; boundary=c

            --c
            \(Self.part)
            --b
            \(Self.part)
            --b--
            """
        #expect(throws: ODataError.self) { try batchAnswer(text) }
    }

    @Test func `parts beyond the bound are refused, outside and inside of change sets, and in sum`() throws {
        var limits = BatchLimits()
        limits.maxParts = 100
        let flat = String(repeating: "--b\n" + Self.part, count: 101) + "--b--"
        let nested = "--b\nContent-Type: multipart/mixed; boundary=c\n\n"
        let inner = String(repeating: "--c\n" + Self.part, count: 60) + "--c--\n"
        for text in [
            flat, nested + String(repeating: "--c\n" + Self.part, count: 101) + "--c--\n--b--",
            nested + inner + nested + inner + "--b--",
        ] {
            #expect(throws: ODataError.limit(.batchParts(100))) { try batchAnswer(text, limits: limits) }
        }
        let enough = String(repeating: "--b\n" + Self.part, count: 100) + "--b--"
        #expect(try batchAnswer(enough, limits: limits).parts.count == 100)
    }

    @Test func `empty parts without end are refused by their number`() {
        var limits = BatchLimits()
        limits.maxParts = 1_000
        #expect(throws: ODataError.limit(.batchParts(1_000))) {
            try batchAnswer(String(repeating: "--b\n", count: 100_000), limits: limits)
        }
    }

    @Test func `a body beyond the bound is refused`() {
        var limits = BatchLimits()
        limits.maxBodyBytes = 10
        #expect(throws: ODataError.limit(.bodyBytes(10))) {
            try batchAnswer("--b\n" + Self.part + "--b--", limits: limits)
        }
        #expect(throws: ODataError.limit(.bodyBytes(10))) {
            try BatchResponse(
                parsing: Array(#"{"responses":[]}"#.utf8), contentType: "application/json", limits: limits)
        }
    }

    @Test func `floods of headers are refused, by bytes and by lines, folded ones too`() {
        var limits = BatchLimits()
        limits.maxHeaderBytes = 4_096
        let long = "x: " + String(repeating: "y", count: 5_000) + "\n"
        for lines in [long, String(repeating: "x: y\n", count: 300), "x: y\n" + String(repeating: " z\n", count: 300)] {
            for text in [
                "--b\n\(lines)\nHTTP/1.1 200 OK\n\n--b--", "--b\n\nHTTP/1.1 200 OK\n\(lines)\n--b--",
            ] {
                #expect(throws: ODataError.limit(.bodyBytes(4_096))) { try batchAnswer(text, limits: limits) }
            }
        }
        let first = "--b\n\nHTTP/1.1 200 " + String(repeating: "O", count: 5_000) + "\n\n--b--"
        #expect(throws: ODataError.limit(.bodyBytes(4_096))) { try batchAnswer(first, limits: limits) }
    }

    @Test func `change sets in change sets are refused`() {
        var text = "HTTP/1.1 200 OK\n\n"
        for level in stride(from: 200, through: 1, by: -1) {
            text = "--b\(level)\nContent-Type: multipart/mixed; boundary=b\(level + 1)\n\n\(text)\n--b\(level)--\n"
        }
        #expect(throws: ODataError.self) {
            try BatchResponse(parsing: batchBytes(text), contentType: "multipart/mixed; boundary=b1")
        }
        let two = """
            --b
            Content-Type: multipart/mixed; boundary=c

            --c
            Content-Type: multipart/mixed; boundary=d

            --d
            \(Self.part)
            --d--
            --c--
            --b--
            """
        #expect { try batchAnswer(two) } throws: { error in
            guard case .malformed(let payload) = error as? ODataError else { return false }
            return payload.reason == .tooDeep
        }
    }

    @Test func `a change set with the boundary of its batch is no change set`() {
        let text = """
            --b
            Content-Type: multipart/mixed; boundary=b

            --b
            \(Self.part)
            --b--
            --b--
            """
        #expect(throws: ODataError.self) { try batchAnswer(text) }
    }

    @Test(arguments: [
        "HTTP/1.1 99 X", "HTTP/1.1 100 Continue", "HTTP/1.1 600 X", "HTTP/1.1 2xx X", "HTTP/1.1", "GET / HTTP/1.1",
        "200 OK",
        "HTTP/1.1 200 OK\nno header", "HTTP/1.1 200 OK\n: x", "HTTP/1.1 200 OK\nbad name: x",
        "HTTP/1.1 99999999999999999999 X", "",
    ])
    func `what is no answer is an error`(_ text: String) {
        #expect(throws: ODataError.self) {
            try batchAnswer("--b\nContent-Type: application/http\n\n\(text)\n\n--b--")
        }
    }

    @Test(arguments: ["text/plain", "application/json", "multipart/mixed"])
    func `a part of another type is an error`(_ type: String) {
        #expect(throws: ODataError.self) { try batchAnswer("--b\nContent-Type: \(type)\n\nHTTP/1.1 200 OK\n\n--b--") }
    }

    @Test func `encodings that would change bytes are not taken for none`() {
        #expect(throws: ODataError.self) {
            try batchAnswer(
                "--b\nContent-Type: application/http\nContent-Transfer-Encoding: base64\n\nHTTP/1.1 200 OK\n\n--b--")
        }
    }

    @Test(arguments: [
        "[]", "{}", #"{"responses":{}}"#, #"{"responses":[1]}"#, #"{"responses":[{"status":200}]}"#,
        #"{"responses":[{"id":"1"}]}"#, #"{"responses":[{"id":"1","status":"200"}]}"#,
        #"{"responses":[{"id":"1","status":2e2}]}"#,
        #"{"responses":[{"id":"1","status":100}]}"#, #"{"responses":[{"id":[],"status":200}]}"#,
        #"{"responses":[{"id":"1","status":200,"headers":[]}]}"#,
        #"{"responses":[{"id":"1","status":200,"headers":{"a b":"c"}}]}"#,
        #"{"responses":[{"id":"1","status":200,"headers":{"a":1}}]}"#,
        #"{"responses":[{"id":"1","status":200,"headers":{"content-type":"image/png"},"body":"%"}]}"#,
        #"{"responses":[{"id":"1","status":200,"headers":{"content-type":"image/png"},"body":"A"}]}"#,
        #"{"responses":[{"id":"1","id":"2","status":200}]}"#,
    ])
    func `JSON of another shape is an error`(_ text: String) {
        #expect(throws: ODataError.self) {
            try BatchResponse(parsing: Array(text.utf8), contentType: "application/json")
        }
    }

    @Test func `JSON bodies nest as deep as allowed`() throws {
        func answer(_ depth: Int) throws -> BatchResponse {
            let body = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            let text = #"{"responses":[{"id":"1","status":200,"body":\#(body)}]}"#
            return try BatchResponse(parsing: Array(text.utf8), contentType: "application/json")
        }
        #expect(try answer(64).parts.count == 1)
        for depth in [65, 100_000] {
            #expect {
                try answer(depth)
            } throws: { error in
                guard case .malformed(let payload) = error as? ODataError else { return false }
                return payload.reason == .tooDeep
            }
        }
    }

    @Test func `a line end in a JSON header's value begins no header`() throws {
        let text = #"{"responses":[{"id":"1","status":200,"headers":{"a":"b\r\nc: d"}}]}"#
        let answer = try BatchResponse(parsing: Array(text.utf8), contentType: "application/json")
        guard case .response(let response) = answer.parts.first else { return }
        #expect(response.headers.count == 1)
        #expect(response.headers[batchName("a")]?.utf8.contains(0x0A) == false)
    }

    @Test func `random bytes and random damage never do more than throw`() throws {
        var random = BatchRandom(99)
        let sample = batchBytes(batchSampleFromSAP)
        for _ in 0..<3_000 {
            var bytes = sample
            for _ in 0...Int.random(in: 0...8, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 60)], at: place)
                }
            }
            _ = try? BatchResponse(parsing: bytes, contentType: "multipart/mixed; boundary=" + batchSampleBoundary)
            _ = try? BatchRequest(parsing: bytes, contentType: "multipart/mixed; boundary=" + batchSampleBoundary)
            _ = try? BatchResponse(parsing: bytes, contentType: "application/json")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a megabyte of almost-delimiters is read once, not again and again`() throws {
        let lines = String(repeating: "--b-\r\n--bb\r\n--b x\r\n", count: 50_000)
        let answer = try BatchResponse(
            parsing: Array(("--b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + lines + "--b--").utf8),
            contentType: "multipart/mixed; boundary=b")
        #expect(answer.parts.count == 1)
    }
}
