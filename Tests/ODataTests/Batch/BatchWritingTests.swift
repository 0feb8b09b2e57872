import HTTPTypes
import Testing

@testable import OData

@Suite("Writing a batch (OData 4.01 Protocol §11.7, JSON §19, v2 Batch Processing)")
struct BatchWritingTests {
    @Test func `a version 2 batch has its ids in both places, and every line ends with CRLF`() throws {
        var batch = BatchRequest()
        batch.read("A_Partner('1')?$select=Name")
        batch.changeSet { set in
            let order = set.create("A_Order", body: Array(#"{"a":1}"#.utf8))
            set.update("A_Partner('2')", body: Array("{}".utf8), etag: #"W/"x'%3A'""#, method: .merge)
            set.delete(order.path("to_Item"))
        }
        let encoded = try batch.batchEncoded(.v2)
        let suffix = "00000000000000070000000000000007"
        #expect(encoded.headers[.contentType] == "multipart/mixed; boundary=batch_\(suffix)")
        #expect(encoded.headers[.accept] == "multipart/mixed")
        let expected = """
            --batch_\(suffix)
            Content-Type: application/http
            Content-Transfer-Encoding: binary

            GET A_Partner('1')?$select=Name HTTP/1.1
            Accept: application/json


            --batch_\(suffix)
            Content-Type: multipart/mixed; boundary=changeset_\(suffix)

            --changeset_\(suffix)
            Content-Type: application/http
            Content-Transfer-Encoding: binary
            Content-ID: 2

            POST A_Order HTTP/1.1
            Accept: application/json
            Content-Type: application/json
            Content-ID: 2
            Content-Length: 7

            {"a":1}
            --changeset_\(suffix)
            Content-Type: application/http
            Content-Transfer-Encoding: binary
            Content-ID: 3

            MERGE A_Partner('2') HTTP/1.1
            If-Match: W/"x'%3A'"
            Accept: application/json
            Content-Type: application/json
            Content-ID: 3
            Content-Length: 2

            {}
            --changeset_\(suffix)
            Content-Type: application/http
            Content-Transfer-Encoding: binary
            Content-ID: 4

            DELETE $2/to_Item HTTP/1.1
            Accept: application/json
            Content-ID: 4


            --changeset_\(suffix)--

            --batch_\(suffix)--

            """
        #expect(batchText(encoded.body) == batchText(batchBytes(expected)))
    }

    @Test func `version 4 wants the id in the part, and outside of change sets from 4_01 on`() throws {
        var batch = BatchRequest()
        batch.read("Orders")
        batch.changeSet { set in set.create("Orders", body: Array("{}".utf8)) }
        func ids(_ version: ODataVersion) throws -> [Substring] {
            batchText(try batch.batchEncoded(version).body).split(separator: "\r\n").filter {
                $0.hasPrefix("Content-ID")
            }
        }
        #expect(try ids(.v4) == ["Content-ID: 2"])
        #expect(try ids(.v401) == ["Content-ID: 1", "Content-ID: 2"])
    }

    @Test func `ids stand where the caller wants them, or nowhere`() throws {
        var batch = BatchRequest()
        batch.changeSet { set in set.delete("Orders(1)") }
        let none = batchText(try batch.batchEncoded(.v2, contentIDs: ContentIDPlacement.none).body)
        #expect(!none.contains("Content-ID"))
        let inner = batchText(try batch.batchEncoded(.v2, contentIDs: .request).body)
        #expect(inner.contains("Accept: application/json\r\nContent-ID: 1\r\n"))
        #expect(!inner.contains("binary\r\nContent-ID"))
    }

    @Test func `the service is asked to go on after failures, in version 4 alone`() throws {
        var batch = BatchRequest()
        batch.read("Orders")
        batch.continuesOnError = true
        let prefer = batchName("Prefer")
        #expect(try batch.batchEncoded(.v4).headers[prefer] == "odata.continue-on-error")
        #expect(try batch.batchEncoded(.v2).headers[prefer] == nil)
    }

    @Test func `the JSON format names what a url refers to, and carries bodies as they are`() throws {
        var batch = BatchRequest()
        batch.changeSet(named: "whole") { set in
            let order = set.create("Orders", body: Array(#"{"Amount":1.50}"#.utf8))
            set.create(order.path("Items"), body: [0xFF, 0xFE, 0xFD, 0xFC], headers: [.contentType: "image/png"])
            set.create(order.path("Notes"), body: Array(#"a"b"#.utf8), headers: [.contentType: "text/plain"])
        }
        batch.add(BatchItem(.get, "Orders", dependsOn: ["whole"]))
        let encoded = try batch.batchEncoded(.v401, .json)
        #expect(encoded.headers[.contentType] == "application/json")
        let json = #"{"Accept":"application/json","Content-Type":"#
        #expect(
            batchText(encoded.body)
                == #"{"requests":[{"id":"1","method":"POST","url":"Orders","atomicityGroup":"whole","#
                + #""headers":\#(json)"application/json"},"body":{"Amount":1.50}},"#
                + #"{"id":"2","method":"POST","url":"$1/Items","atomicityGroup":"whole","dependsOn":["1"],"#
                + #""headers":{"Content-Type":"image/png","Accept":"application/json"},"body":"__79_A"},"#
                + #"{"id":"3","method":"POST","url":"$1/Notes","atomicityGroup":"whole","dependsOn":["1"],"#
                + #""headers":{"Content-Type":"text/plain","Accept":"application/json"},"body":"a\"b"},"#
                + #"{"id":"4","method":"GET","url":"Orders","dependsOn":["whole"]}]}"#)
    }

    @Test func `the JSON format refuses a body that only says it is JSON`() {
        var batch = BatchRequest()
        batch.write(.post, "Orders", body: Array(#"{"a":1},"x":{"#.utf8))
        #expect(throws: ODataError.self) { try batch.batchEncoded(.v401, .json) }
        var text = BatchRequest()
        text.write(.post, "Orders", body: [0xFF], headers: [.contentType: "text/plain"])
        #expect(throws: ODataError.malformed(PayloadError(.invalidUTF8))) { try text.batchEncoded(.v401, .json) }
    }

    @Test func `pitfall 27: sap-client stands on the outer URL alone`() throws {
        #expect(BatchItem(.get, "Orders?sap-client=100").url == "Orders")
        #expect(BatchItem(.get, "Orders?$top=1&sap-client=100&x=%20").url == "Orders?$top=1&x=%20")
        #expect(
            BatchItem(.get, "Orders?sap-client=1&$filter=a%20eq%20'sap-client=2'").url
                == "Orders?$filter=a%20eq%20'sap-client=2'")
        #expect(BatchItem(.get, "Orders('sap-client=1')").url == "Orders('sap-client=1')")
    }

    @Test func `a boundary that a body contains is not used`() throws {
        var generator = BatchRandom(1)
        var twin = BatchRandom(1)
        var batch = BatchRequest()
        batch.read("Orders")
        let first = try #require(
            try batch.encoded(.v401, using: &twin).headers[.contentType]?.split(separator: "=").last)
        batch.write(.post, "Orders", body: Array("\r\n--\(first)--\r\n".utf8), headers: [.contentType: "text/plain"])
        let encoded = try batch.encoded(.v401, using: &generator)
        let type = try #require(encoded.headers[.contentType])
        #expect(!type.contains(first))
        #expect(try BatchRequest(parsing: encoded.body, contentType: type) == batch)
    }

    @Test func `a generator that always gives the same number ends in an error, not in a loop`() {
        var batch = BatchRequest()
        let prefix = "00000000000000070000000000000007"
        let body = (0..<64).map { prefix + ($0 == 0 ? "" : "_\($0)") }.joined(separator: " ")
        batch.write(.post, "Orders", body: Array(body.utf8), headers: [.contentType: "text/plain"])
        #expect(throws: ODataError.query(.misplaced("boundary"))) { try batch.batchEncoded() }
    }

    @Test func `header values can't begin a line of their own`() throws {
        var batch = BatchRequest()
        batch.read("Orders", headers: [.acceptLanguage: "de\r\nX-Evil: 1\r\n\r\nDELETE Orders HTTP/1.1"])
        let lines = batchText(try batch.batchEncoded().body).split(separator: "\r\n")
        #expect(!lines.contains { $0.hasPrefix("X-Evil") || $0.hasPrefix("DELETE") })
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let version: ODataVersion
        let format: BatchFormat
        let parts: [BatchRequest.Part]

        init(
            _ what: String, _ version: ODataVersion = .v4, _ format: BatchFormat = .multipart,
            _ parts: BatchRequest.Part...
        ) {
            (testDescription, self.version, self.format, self.parts) = (what, version, format, parts)
        }
    }

    private static let order = BatchItem(.post, "Orders", body: [0x7B, 0x7D], id: "1")

    @Test(arguments: [
        Refused("nothing"),
        Refused("an empty change set", .v4, .multipart, .changeSet(BatchChangeSet([]))),
        Refused("a read in a change set", .v2, .multipart, .changeSet(BatchChangeSet([BatchItem(.get, "Orders")]))),
        Refused("a write of version 2 without change set", .v2, .multipart, .request(order)),
        Refused("the JSON format in version 2", .v2, .json, .request(BatchItem(.get, "Orders"))),
        Refused("MERGE in the JSON format", .v401, .json, .request(BatchItem(.merge, "Orders(1)"))),
        Refused("one id twice", .v4, .multipart, .request(order), .request(order)),
        Refused("a name that is an id", .v401, .json, .request(order), .changeSet(BatchChangeSet([order], name: "1"))),
        Refused("an id with a line end", .v401, .multipart, .request(BatchItem(.get, "Orders", id: "1\r\nX: y"))),
        Refused("an id that is a system resource", .v401, .multipart, .request(BatchItem(.get, "Orders", id: "batch"))),
        Refused("a read with a body", .v4, .multipart, .request(BatchItem(.get, "Orders", body: [1]))),
        Refused("an unknown reference", .v401, .multipart, .request(BatchItem(.get, "$9/Items"))),
        Refused("a reference to itself", .v401, .multipart, .request(BatchItem(.post, "$1/Items", id: "1"))),
        Refused(
            "a dependency that comes later", .v401, .json,
            .request(BatchItem(.get, "Orders", id: "a", dependsOn: ["b"])), .request(BatchItem(.get, "Orders", id: "b"))
        ),
        Refused(
            "a reference out of a change set before 4.01", .v4, .multipart,
            .changeSet(BatchChangeSet([order])), .request(BatchItem(.get, "$1/Items"))),
    ])
    func `what a service would refuse is refused before it is sent`(_ refused: Refused) {
        #expect(throws: ODataError.self) {
            try BatchRequest(refused.parts).batchEncoded(refused.version, refused.format)
        }
    }

    @Test func `4_01 refers to requests of the batch before, and out of change sets`() throws {
        var batch = BatchRequest()
        let order = batch.changeSet { set in set.create("Orders", body: Array("{}".utf8)) }
        batch.read(order.path("Items"))
        #expect(batchText(try batch.batchEncoded(.v401).body).contains("GET $1/Items HTTP/1.1"))
    }

    @Test(arguments: [
        "", "http://evil.example/Orders", "//evil.example/Orders", "Orders HTTP/1.1\r\nX: y", "Orders\u{0}", "Örders",
        "Orders#x", "../OTHER_SRV/Set", "a/%2e%2E/b", "./Orders", "$batch", "/sap/opu/odata/sap/S/$batch", "a\\b",
        "Orders ",
        "javascript:x",
    ])
    func `a URL that leaves the service or its line is refused`(_ url: String) {
        #expect(throws: ODataError.query(.misplaced("URL"))) {
            try BatchRequest([.request(BatchItem(.get, url))]).batchEncoded()
        }
    }

    @Test(arguments: [
        "/sap/opu/odata/sap/S/Orders", "Orders(datetime'2020-01-01T00:00:00')", "Orders?$filter=a%20eq%20'http://x/..'",
    ])
    func `a URL of the service is taken`(_ url: String) throws {
        #expect(batchText(try BatchRequest([.request(BatchItem(.get, url))]).batchEncoded().body).contains(" \(url) "))
    }

    @Test func `bounds hold for what is sent too`() {
        var limits = BatchLimits()
        limits.maxParts = 3
        let batch = BatchRequest(Array(repeating: .request(BatchItem(.get, "Orders")), count: 4))
        #expect(throws: ODataError.limit(.batchParts(3))) { try batch.batchEncoded(limits: limits) }
        limits = BatchLimits()
        limits.maxBodyBytes = 100
        #expect(throws: ODataError.limit(.bodyBytes(100))) { try batch.batchEncoded(limits: limits) }
    }
}

extension HTTPRequest.Method {
    fileprivate static let merge = HTTPRequest.Method("MERGE") ?? .patch
}
