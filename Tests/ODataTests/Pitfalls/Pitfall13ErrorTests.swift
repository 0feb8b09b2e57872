import OData
import Testing

@Suite("Pitfalls 13 and 14: errors and messages")
struct Pitfall13ErrorTests {
    /// What reading an order throws when the service answers this.
    private func refusal(
        _ version: ODataVersion, _ type: String, _ body: String, status: Int = 400
    ) async throws -> ServiceError? {
        let service = try PitfallService(version, [.sap(status, [("Content-Type", type)], body)])
        let error = await clientError { () async throws(ODataError) in
            _ = try await service.client.entity(Query("Orders").key("1"))
        }
        guard case .service(let refusal)? = error else { return nil }
        return refusal
    }

    private static let version2 = #"""
        {"error":{"code":"SLS_LO/040","message":{"lang":"en","value":"Sold-to party 17 not maintained"},"innererror":{
        "application":{"component_id":"SD-SLS","service_namespace":"/SAP/","service_id":"ZORDER_SRV","service_version":"0001"},
        "transactionid":"6052A1B2C3","timestamp":"20261124100000.1234560","Error_Resolution":{
        "SAP_Transaction":"Run transaction /IWFND/ERROR_LOG","SAP_Note":"See SAP Note 1797736"},"errordetails":[
        {"ContentID":"","code":"SLS_LO/041","message":"Check the sales area","propertyref":"","severity":"warning",
        "transition":false,"target":"SalesOrganization"},
        {"code":"/IWBEP/CX_MGW_BUSI_EXCEPTION","message":"Sold-to party 17 not maintained","propertyref":"",
        "severity":"error","target":""}]}}}
        """#

    private static let xml = """
        <?xml version="1.0" encoding="utf-8"?><error xmlns="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">\
        <code>/IWFND/CM_MGW_RT/021</code><message xml:lang="en">Property 'Nome' not found</message><innererror>\
        <transactionid>6052A1B2C4</transactionid></innererror></error>
        """

    @Test func `pitfall 13: an error is understood as JSON of both versions, as XML, as HTML and as nothing`()
        async throws
    {
        let json = try #require(try await refusal(.v2, "application/json", Self.version2))
        #expect(json.code == "SLS_LO/040")
        #expect(json.message?.text == "Sold-to party 17 not maintained")
        // The container's repetition is no detail.
        #expect(json.details.map(\.code) == ["SLS_LO/041"])
        #expect(json.details.map(\.severity) == [.warning])
        #expect(json.details.map(\.target) == ["SalesOrganization"])
        #expect((json.transactionID, json.timestamp) == ("6052A1B2C3", "20261124100000.1234560"))
        #expect(json.resolution["SAP_Note"] == "See SAP Note 1797736")
        let four =
            #"{"error":{"code":"SD/123","message":"Not allowed","target":"Note","details":["#
            + #"{"code":"SD/2","message":"w","@SAP__common.numericSeverity":3}]}}"#
        let text = try #require(try await refusal(.v4, "application/json", four))
        #expect((text.code, text.message?.text, text.message?.target) == ("SD/123", "Not allowed", "Note"))
        #expect(text.details.map(\.severity) == [.warning])
        let xml = try #require(try await refusal(.v2, "application/xml", Self.xml))
        #expect((xml.code, xml.message?.text) == ("/IWFND/CM_MGW_RT/021", "Property 'Nome' not found"))
        #expect(xml.transactionID == "6052A1B2C4")
        for (type, body) in [("text/html", "<html><body>ICM: Connection Broken</body></html>"), ("text/plain", "")] {
            let bare = try #require(try await refusal(.v2, type, body, status: 500))
            #expect((bare.status, bare.code, bare.message) == (500, nil, nil))
        }
    }

    @Test func `pitfall 14: messages of a success are told from header and body, errors among them`() async throws {
        let header =
            #"{"code":"V1/311","message":"Order saved","severity":"error","target":"/#TRANSIENT#/NetAmount","#
            + #""details":[{"code":"V1/260","message":"No price","severity":"warning","target":"Note","ContentID":"2"}]}"#
        let reported = ClientTestBox<[ServiceMessage]>([])
        let saved = ClientFakeAnswer.sap(
            201, [("Content-Type", "application/json"), ("sap-message", header)],
            #"{"d":\#(PitfallService.order("4711"))}"#)
        let report: @Sendable ([ServiceMessage]) -> Void = { found in reported.update { $0 = found } }
        let two = try PitfallService(.v2, [saved], options: { $0.onMessages = report })
        let answer = try await two.client.answer(to: .create(Entity(), in: Query("Orders")))
        #expect(answer.value.pitfallOrder == "4711")
        #expect(answer.messages.map(\.severity) == [.error, .warning])
        #expect(answer.messages.map(\.target) == ["/NetAmount", "Note"])
        #expect(answer.messages.map(\.isTransition) == [true, false])
        #expect(answer.messages.map(\.contentID) == [nil, "2"])
        #expect(reported.value == answer.messages)
        let encoded = "%5B%7B%22message%22%3A%22Pr%C3%BCfung%22%2C%22numericSeverity%22%3A2%7D%5D"
        let body =
            #"{"SalesOrder":"1","SAP__Messages":[{"code":"A/2","message":"Pr\u00fcfen","target":"Note","#
            + #""transition":false,"numericSeverity":3,"additionalTargets":[],"longtextUrl":""}]}"#
        let four = try PitfallService(
            .v4, [.sap(200, [("Content-Type", "application/json"), ("sap-messages", encoded)], body)])
        let found = try await four.client.answer(to: .entity(Query("Orders").key("1"))).messages
        #expect(found.map(\.text) == ["Prüfung", "Prüfen"])
        #expect(found.map(\.severity) == [.info, .warning])
        #expect(found.map(\.target) == [nil, "Note"])
        #expect(found.map(\.isTransition) == [true, false])
    }
}
