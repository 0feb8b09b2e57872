import HTTPTypes
import Testing

@testable import OData

@Suite("What a refusal says")
struct SessionErrorBodyTests {
    private func error(
        _ status: Int, _ body: String, _ fields: [(String, String)] = []
    ) async throws -> ODataError {
        let transport = SessionFakeTransport([answering(status, fields, body)])
        let session = try SessionFixture.session(transport) { $0.retries = .none }
        let error = await sessionError { _ = try await session.send(SessionRequest(.get, "X")) }
        return try #require(error)
    }

    private func refusal(_ status: Int, _ body: String, _ fields: [(String, String)] = []) async throws -> ServiceError
    {
        try #require(try await error(status, body, fields).serviceError)
    }

    private static let version2 = #"""
        {"error":{"code":"F5/702","message":{"lang":"en","value":"Balance in transaction currency"},"innererror":{
        "application":{"component_id":"FI","service_namespace":"/SAP/","service_id":"X","service_version":"0001"},
        "transactionid":"A1B2","timestamp":"20261125100000.1234560","Error_Resolution":{"SAP_Transaction":"/IWFND/ERROR_LOG",
        "SAP_Note":"1797736"},"errordetails":[
        {"code":"F5/702","message":"Balance in transaction currency","propertyref":"","severity":"error","transition":false,
        "target":"Amount"},
        {"ContentID":"2","code":"F5/001","message":"Check the period","severity":"warning","target":"/#TRANSIENT#/Period"},
        {"code":"/IWBEP/CX_MGW_BUSI_EXCEPTION","message":"Balance in transaction currency","severity":"error","target":""}]}}}
        """#

    @Test func `pitfall 13: version 2's message is an object and its details keep severity and target`() async throws {
        let refusal = try await refusal(400, Self.version2)
        #expect(refusal.code == "F5/702")
        #expect(refusal.message?.text == "Balance in transaction currency")
        #expect(refusal.message?.target == "Amount")
        #expect(refusal.details.map(\.code) == ["F5/001"])
        #expect(refusal.details.map(\.severity) == [.warning])
        #expect(refusal.details[0].target == "/Period")
        #expect(refusal.details[0].isTransition)
        #expect(refusal.details[0].contentID == "2")
    }

    @Test func `pitfall 13: what operators need is kept`() async throws {
        let refusal = try await refusal(400, Self.version2)
        #expect(refusal.transactionID == "A1B2")
        #expect(refusal.timestamp == "20261125100000.1234560")
        #expect(refusal.resolution == ["SAP_Transaction": "/IWFND/ERROR_LOG", "SAP_Note": "1797736"])
        #expect(refusal.innerError?["application"]?["component_id"] == .string("FI"))
    }

    @Test func `pitfall 13: the container's repetition is not a detail`() async throws {
        let refusal = try await refusal(400, Self.version2)
        #expect(!refusal.details.contains { $0.code?.hasPrefix("/IWBEP/") == true })
    }

    @Test func `pitfall 13: the target that the container's repetition alone has is the message's`() async throws {
        let body =
            #"{"error":{"code":"/IWBEP/CX_MGW_BUSI_EXCEPTION","message":{"value":"m"},"innererror":{"errordetails":[{"code":"/IWBEP/CX_MGW_BUSI_EXCEPTION","message":"m","severity":"error","target":"Plant"}]}}}"#
        let refusal = try await refusal(400, body)
        #expect(refusal.message?.target == "Plant")
        #expect(refusal.details.isEmpty)
    }

    @Test func `pitfall 13: a container's message that says something else stays`() async throws {
        let body =
            #"{"error":{"code":"A/1","message":{"value":"m"},"innererror":{"errordetails":[{"code":"/IWBEP/CX_MGW_BUSI_EXCEPTION","message":"other"}]}}}"#
        #expect(try await refusal(400, body).details.map(\.text) == ["other"])
    }

    @Test func `pitfall 13: version 4's message is a text, severities are numbers by any alias`() async throws {
        let body = #"""
            {"error":{"code":"SD/123","message":"Not allowed","target":"SalesOrder","@Common.numericSeverity":4,
            "details":[{"code":"SD/2","message":"w","target":"_Item(1)/Qty","@SAP__common.numericSeverity":3,
            "@SAP__core.ContentID":"1","@SAP__common.longtextUrl":"/long('x')"}],
            "innererror":{"ErrorDetails":{"@SAP__common.TransactionId":"T9","@SAP__common.Timestamp":"2026",
            "@SAP__common.ErrorResolution":{"Note":"n"}}}}}
            """#
        let refusal = try await refusal(400, body)
        #expect(refusal.message?.text == "Not allowed")
        #expect(refusal.message?.severity == .error)
        #expect(refusal.details.map(\.severity) == [.warning])
        #expect(refusal.details.first?.contentID == "1")
        #expect(refusal.details.first?.longTextURL == "/long('x')")
        #expect(refusal.transactionID == "T9")
        #expect(refusal.resolution == ["Note": "n"])
    }

    @Test func `pitfall 13: an XML body answers a request for JSON`() async throws {
        let body = """
            <?xml version="1.0" encoding="utf-8"?><error xmlns="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">
            <code>005056A509B11EE1B9A8FEC11C21D78E</code><message xml:lang="en">Resource &lt;X&gt; not found</message>
            <innererror><transactionid>T7</transactionid><timestamp>2026</timestamp><Error_Resolution>
            <SAP_Transaction>/IWFND/ERROR_LOG</SAP_Transaction></Error_Resolution><errordetails><errordetail><code>C/1</code>
            <message>one</message><severity>info</severity></errordetail><errordetail><code>C/2</code><message>two</message>
            <severity>warning</severity><target>P</target></errordetail></errordetails></innererror></error>
            """
        let refusal = try await refusal(404, body, [("content-type", "application/xml")])
        #expect(refusal.code == "005056A509B11EE1B9A8FEC11C21D78E")
        #expect(refusal.message?.text == "Resource <X> not found")
        #expect(refusal.transactionID == "T7")
        #expect(refusal.resolution == ["SAP_Transaction": "/IWFND/ERROR_LOG"])
        #expect(refusal.details.map(\.text) == ["one", "two"])
        #expect(refusal.details.map(\.severity) == [.info, .warning])
    }

    @Test(arguments: [
        "", "   ", "<html><head><title>ICM</title></head><body>Service unavailable</body></html>",
        "<!DOCTYPE html><html><body>500</body></html>", "Internal Server Error", "{", "{\"error\":", "[]", "null",
        "\u{FEFF}",
        "<error", "<error><code>x</error>", "<!DOCTYPE error [<!ENTITY a \"x\">]><error><code>&a;</code></error>",
        "{\"error\":{\"code\":{\"a\":1},\"message\":[]}}", "{\"error\":null}", "{\"error\":{\"innererror\":7}}",
    ])
    func `pitfall 13: HTML, plain text, nothing and nonsense leave the status`(body: String) async throws {
        let refusal = try await refusal(500, body)
        #expect(refusal.status == 500)
        #expect(refusal.message == nil)
    }

    @Test func `a byte order mark in front changes nothing`() async throws {
        #expect(try await refusal(400, "\u{FEFF}{\"error\":{\"code\":\"A\",\"message\":\"m\"}}").code == "A")
    }

    @Test func `gateways in front of a service have shapes of their own`() async throws {
        let fault =
            #"{"fault":{"faultstring":"Spike arrest violation","detail":{"errorcode":"policies.ratelimit.SpikeArrestViolation"}}}"#
        #expect(try await refusal(429, fault).code == "policies.ratelimit.SpikeArrestViolation")
        let oauth = #"{"error":"invalid_token","error_description":"expired"}"#
        #expect(try await refusal(401, oauth).code == "invalid_token")
    }

    @Test func `a body without end is cut off and the status is told`() async throws {
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16)
        let endless = ResponseBody(next: { () async throws(TransportError) -> [UInt8]? in chunk }, cancel: {})
        let transport = SessionFakeTransport([{ _ in .success(SessionFakeTransport.response(500, [], body: endless)) }])
        let session = try SessionFixture.session(transport)
        let error = await sessionError { _ = try await session.send(SessionRequest(.get, "X")) }
        #expect(error?.serviceError?.status == 500)
    }

    @Test func `deep and wide bodies are bounded`() async throws {
        let deep = "{\"error\":{\"innererror\":" + String(repeating: "[", count: 100_000)
        #expect(try await refusal(400, deep).message == nil)
        let xml = String(repeating: "<error>", count: 10_000)
        #expect(try await refusal(400, xml).message == nil)
        let details = (0..<5_000).map { "{\"code\":\"C/\($0)\",\"message\":\"m\($0)\"}" }.joined(separator: ",")
        let wide = try await refusal(400, "{\"error\":{\"message\":\"m\",\"details\":[\(details)]}}")
        #expect(wide.details.count == 500)
    }

    @Test(arguments: [
        (409, ConflictReason.locked), (423, .locked), (412, .stale), (428, .tagRequired),
    ])
    func `pitfall 19: a conflict is told apart from other refusals`(status: Int, reason: ConflictReason) async throws {
        guard case .conflict(reason, let refusal) = try await error(status, Self.version2) else {
            Issue.record("not that conflict")
            return
        }
        #expect(refusal.code == "F5/702")
    }

    @Test func `SAP's lock messages are conflicts though they come as 400`() async throws {
        guard
            case .conflict(.locked, _) = try await error(
                400, #"{"error":{"code":"MC/601","message":{"value":"locked"}}}"#)
        else {
            Issue.record("not a lock")
            return
        }
    }

    @Test(arguments: [
        (410, "", true), (400, #"{"error":{"code":"X/1","message":{"value":"Invalid skiptoken value"}}}"#, true),
        (400, #"{"error":{"code":"/IWBEP/DELTA_TOKEN","message":"m"}}"#, true), (400, Self.version2, false),
        (404, "", false), (403, #"{"error":{"message":"skiptoken"}}"#, false),
    ])
    func `pitfall 50: a token that the service forgot is an expired link`(
        status: Int, body: String, isExpired: Bool
    ) async throws {
        let error = try await error(status, body)
        if case .expiredLink = error.ofContinuation { #expect(isExpired) } else { #expect(!isExpired) }
    }

    @Test func `printing an error shows codes and none of the service's words`() async throws {
        let error = try await error(400, Self.version2)
        for text in [
            "\(error)", String(reflecting: error), String(describing: error.serviceError),
            "\(error.serviceError?.details ?? [])",
        ] {
            #expect(!text.contains("Balance"))
            #expect(!text.contains("period"))
        }
        #expect("\(error)".contains("F5/702"))
    }
}
