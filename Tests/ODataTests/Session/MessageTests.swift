import HTTPTypes
import Testing

@testable import OData

@Suite("A service's messages")
struct SessionMessageTests {
    private func messages(_ fields: [(String, String)]) async throws -> [ServiceMessage] {
        let transport = SessionFakeTransport([answering(200, fields)])
        return try await SessionFixture.session(transport).send(SessionRequest(.get, "X")).messages
    }

    @Test func `pitfall 14: version 2's header is one object with details, and a success may bring an error`()
        async throws
    {
        let value =
            #"{"code":"A/001","message":"Saved with errors","severity":"error","target":"/#TRANSIENT#/Set('1')/P","details":[{"code":"A/002","message":"hint","severity":"info","target":"Q","ContentID":"3"}]}"#
        let found = try await messages([("sap-message", value)])
        #expect(found.map(\.code) == ["A/001", "A/002"])
        #expect(found.map(\.severity) == [.error, .info])
        #expect(found.map(\.target) == ["/Set('1')/P", "Q"])
        #expect(found.map(\.isTransition) == [true, false])
        #expect(found.map(\.contentID) == [nil, "3"])
    }

    @Test func `pitfall 14: version 4's header is an array with severities as numbers`() async throws {
        let value =
            #"[{"code":"B/1","message":"ok","numericSeverity":1,"target":"P","longtextUrl":"/l"},{"code":"B/2","message":"warn","numericSeverity":3,"additionalTargets":["R","S"]}]"#
        let found = try await messages([("sap-messages", value)])
        #expect(found.map(\.severity) == [.success, .warning])
        #expect(found.allSatisfy { $0.isTransition })
        #expect(found[0].longTextURL == "/l")
        #expect(found[1].additionalTargets == ["R", "S"])
    }

    @Test func `pitfall 14: a value may be percent-encoded or escaped as ASCII`() async throws {
        let escaped = try await messages([
            ("sap-message", #"{"code":"A","message":"Pr\u00fcfung","severity":"warning"}"#)
        ])
        #expect(escaped.map(\.text) == ["Prüfung"])
        let encoded = try await messages([
            ("sap-messages", "%5B%7B%22message%22%3A%22Pr%C3%BCfung%22%2C%22numericSeverity%22%3A4%7D%5D")
        ])
        #expect(encoded.map(\.text) == ["Prüfung"])
        #expect(encoded.map(\.severity) == [.error])
    }

    @Test(arguments: [
        "", "{", "[", "null", "7", "\"text\"", "[1,2]", "{\"code\":\"A\"}", "%", "%zz", "{\"message\":{}}",
        "[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]",
    ])
    func `a header that is no message brings none and fails nothing`(value: String) async throws {
        #expect(try await messages([("sap-message", value), ("sap-messages", value)]).isEmpty)
    }

    @Test func `a flood of messages is bounded`() async throws {
        let many = "[" + (0..<2_000).map { "{\"message\":\"m\($0)\"}" }.joined(separator: ",") + "]"
        #expect(try await messages([("sap-messages", many)]).count == 500)
    }

    @Test func `messages of an entity's body keep state and transition apart`() throws {
        let state = try JSONNode(
            parsing: Array(#"{"code":"C/1","message":"m","numericSeverity":3,"target":"P","transition":false}"#.utf8))
        let transition = try JSONNode(parsing: Array(#"{"message":"m","numericSeverity":2,"transition":true}"#.utf8))
        #expect(ServiceMessage(sapMessage: state)?.isTransition == false)
        #expect(ServiceMessage(sapMessage: transition)?.isTransition == true)
        #expect(ServiceMessage(sapMessage: .null) == nil)
        var entity = Entity()
        entity["SAP__Messages"] = .collection([.untyped(state), .untyped(transition)])
        #expect(entity.messages.map(\.severity) == [.warning, .info])
        #expect(Entity().messages.isEmpty)
    }

    @Test func `messages of a typed body are the same`() {
        var message = ComplexValue()
        message["code"] = .string("C/2")
        message["message"] = .string("m")
        message["numericSeverity"] = .byte(4)
        message["target"] = .string("Amount")
        message["transition"] = .boolean(true)
        message["additionalTargets"] = .collection([.string("Q")])
        var entity = Entity()
        entity["SAP__Messages"] = .collection([.complex(message)])
        let found = entity.messages.first
        #expect(found?.code == "C/2")
        #expect(found?.severity == .error)
        #expect(found?.target == "Amount")
        #expect(found?.isTransition == true)
        #expect(found?.additionalTargets == ["Q"])
    }

    @Test(arguments: [ServiceMessage.Severity.success, .info, .warning, .error])
    func `a severity's word and number lead back to it`(severity: ServiceMessage.Severity) {
        #expect(ServiceMessage.Severity(word: severity.word) == severity)
        #expect(ServiceMessage.Severity(rawValue: severity.rawValue) == severity)
    }

    @Test func `unknown severities are of no harm`() async throws {
        let value = #"[{"message":"a","numericSeverity":9},{"message":"b","numericSeverity":"x"},{"message":"c"}]"#
        #expect(try await messages([("sap-messages", value)]).map(\.severity) == [.info, .info, .info])
    }
}
