import HTTPTypes
import Testing

@testable import OData

@Suite("Reading the answer to a batch")
struct BatchAnswerTests {
    private static func body(_ part: BatchResponse.Part?) -> String? {
        guard case .response(let response) = part else { return nil }
        return batchText(response.body)
    }

    @Test(arguments: [false, true])
    func `pitfall 26: SAP's sample with LF alone reads like one with CRLF`(_ isCRLF: Bool) throws {
        let bytes = isCRLF ? batchBytes(batchSampleFromSAP) : Array(batchSampleFromSAP.utf8)
        let answer = try BatchResponse(
            parsing: bytes, contentType: "multipart/mixed; boundary=" + batchSampleBoundary)
        #expect(answer.format == .multipart)
        #expect(answer.parts.count == 4)
        guard case .response(let read) = answer.parts[0], case .changeSet(let one) = answer.parts[1],
            case .changeSet(let three) = answer.parts[3]
        else {
            Issue.record("parts of other kinds")
            return
        }
        #expect(read.status == 200)
        #expect(batchText(read.body).trimmed == #"{"d":{"results":[{"StringValue":"Foo","IntegerValue":42}]}}"#)
        #expect(one.map(\.status) == [201])
        #expect(one[0].headers[.location] == "https://localhost/service/TestEntities('new')")
        #expect(three.map(\.status) == [200, 204, 201])
        #expect(batchText(three[2].body) == #"{"d":{"IntegerValue":1447}}"#)
    }

    @Test func `pitfall 26: preamble, epilogue, blanks behind delimiters and a quoted boundary are no obstacle`() throws
    {
        let text = """
            This is a message of several parts.
            --no boundary
            --a "b;c"  \t
            Content-Type: application/http

            HTTP/1.1 200 OK

            x
            --a "b;c"--\("  ")
            Nobody reads this.
            --a "b;c"
            """
        let answer = try BatchResponse(
            parsing: batchBytes(text), contentType: #"Multipart/Mixed; charset=x; Boundary="a \"b;c\"""#)
        #expect(answer.parts.count == 1)
        #expect(Self.body(answer.parts.first) == "x")
    }

    @Test func `pitfall 26: lengths that are missing or wrong don't move a body's end`() throws {
        for length in [
            "", "Content-Length: 3\n", "Content-Length: 4000\n", "Content-Length: -1\n", "Content-Length: x\n",
        ] {
            let answer = try batchAnswer(
                """
                --b
                Content-Type: application/http
                Content-Length: 7

                HTTP/1.1 200 OK
                \(length)Content-Type: application/json

                {"a":"ü"}
                --b--
                """)
            #expect(Self.body(answer.parts.first) == #"{"a":"ü"}"#, "\(length)")
        }
    }

    @Test func `a length that is right but for line ends cuts them off`() throws {
        let answer = try batchAnswer("--b\n\nHTTP/1.1 200 OK\nContent-Length: 2\n\n{}\n\n\n--b--")
        #expect(Self.body(answer.parts.first) == "{}")
    }

    @Test func `pitfall 26: header names in any case, folded lines, no blank after the colon, no reason, no headers`()
        throws
    {
        let answer = try batchAnswer(
            """
            --b
            CONTENT-TYPE:application/HTTP; msgtype=response
            content-transfer-encoding: BINARY
            content-id: <7>


            HTTP/1.0 204
            x-folded: a
              b
            \tc
            --b

            HTTP/1.1 404 Not Found

            --b--
            """)
        #expect(answer.parts.count == 2)
        guard case .response(let first) = answer.parts[0], case .response(let second) = answer.parts[1] else {
            Issue.record("parts of other kinds")
            return
        }
        #expect(first.status == 204)
        #expect(first.contentID == "7")
        #expect(first.headers[batchName("X-Folded")] == "a b c")
        #expect(second.status == 404)
        #expect(second.body.isEmpty)
    }

    @Test func `a boundary that begins another one doesn't end it`() throws {
        let answer = try batchAnswer(
            """
            --b
            Content-Type: multipart/mixed; boundary=bb

            --bb
            Content-Type: application/http

            HTTP/1.1 200 OK

            --b is text, --b-- is too
            --bb--

            --b--
            """)
        guard case .changeSet(let responses) = answer.parts.first else {
            Issue.record("no change set")
            return
        }
        #expect(responses.map { batchText($0.body) } == ["--b is text, --b-- is too"])
    }

    @Test func `the JSON format reads answers in any order, with bodies of all kinds`() throws {
        let answer = try BatchResponse(
            parsing: Array(
                #"""
                {"responses":[
                  {"id":"b","status":200,"headers":{"content-type":"application/json;odata.metadata=minimal"},
                   "body":{"Amount":1.10,"Name":"\u00fc"}},
                  {"id":3,"status":204},
                  {"id":"c","status":200,"headers":{"content-type":"text/plain"},"body":"a\"b"},
                  {"id":"d","status":200,"headers":{"content-type":"image/png"},"body":"__79_A"},
                  {"id":"e","status":200,"headers":{"content-type":"image/png"},"body":"//79/A=="},
                  {"id":"f","status":200,"body":"text"}
                ]}
                """#.utf8), contentType: "application/json; charset=utf-8")
        let responses = answer.parts.compactMap { part -> BatchItemResponse? in
            guard case .response(let response) = part else { return nil }
            return response
        }
        #expect(answer.format == .json)
        #expect(responses.map(\.contentID) == ["b", "3", "c", "d", "e", "f"])
        #expect(batchText(responses[0].body) == #"{"Amount":1.10,"Name":"ü"}"#)
        #expect(responses[1].body.isEmpty)
        #expect(batchText(responses[2].body) == #"a"b"#)
        #expect(responses[3].body == [0xFF, 0xFE, 0xFD, 0xFC])
        #expect(responses[4].body == responses[3].body)
        #expect(batchText(responses[5].body) == #""text""#)
    }

    @Test(arguments: [
        "text/html", "", "multipart/mixed", "multipart/mixed; boundary=", #"multipart/mixed; boundary="""#,
        "application/jsonx",
    ])
    func `an answer of another type is none`(_ type: String) {
        #expect(throws: ODataError.malformed(PayloadError(.contentType))) {
            try BatchResponse(parsing: batchBytes("--b\n\nHTTP/1.1 200 OK\n\n--b--"), contentType: type)
        }
    }
}

extension String {
    fileprivate var trimmed: String { String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()) }
}
