import HTTPTypes
import OData

/// A service with orders in the shapes of SAP's gateway, of either version, behind a transport that answers by a script.
struct PitfallService {
    static let host = "s4.example.com"
    /// What the gateway takes for its own name.
    static let internalURL = "http://vhcals4hci.dummy.nodomain:50000"
    static let v2Path = "/sap/opu/odata/sap/ZORDER_SRV/"
    static let v4Path = "/sap/opu/odata4/sap/zorder/srvd_a2x/sap/zorder/0001/"

    let client: ODataClient
    let transport: ClientFakeTransport

    /// A client that has its metadata, asks for no token and repeats nothing, unless told otherwise.
    init(
        _ version: ODataVersion, _ transport: ClientFakeTransport, query: String = "",
        session changeSession: (inout SessionOptions) -> Void = { _ in },
        options changeOptions: (inout ClientOptions) -> Void = { _ in }
    ) throws {
        var options = ClientOptions()
        options.metadata = .given(try Self.metadata(version))
        changeOptions(&options)
        var session = SessionOptions()
        session.antiForgery = .never
        session.retries = .none
        session.random = { 0.5 }
        changeSession(&session)
        let root = try ServiceRoot("https://" + Self.host + Self.path(version) + query)
        client = ODataClient(root: root, transport: transport, options: options, session: session)
        self.transport = transport
    }

    init(
        _ version: ODataVersion, _ answers: [ClientFakeAnswer], query: String = "",
        session: (inout SessionOptions) -> Void = { _ in }, options: (inout ClientOptions) -> Void = { _ in }
    ) throws {
        try self.init(version, ClientFakeTransport(answers), query: query, session: session, options: options)
    }

    var requests: [ClientFakeRequest] { transport.requests }
    var lines: [String] { transport.lines }

    static func path(_ version: ODataVersion) -> String { version.isV4 ? v4Path : v2Path }

    static func metadata(_ version: ODataVersion) throws -> Metadata {
        try Metadata(xml: Array(PitfallDocument.text(version).utf8))
    }

    /// One order of version 2 as the gateway writes it, its own host in the links.
    /// - Parameter more: further members, each with a comma in front.
    static func order(_ id: String, _ more: String = "", etag: String? = nil) -> String {
        let uri = internalURL + v2Path + "Orders('\(id)')"
        let tag = etag.map { #","etag":"\#($0)""# } ?? ""
        return #"{"__metadata":{"id":"\#(uri)","uri":"\#(uri)","type":"ZORDER_SRV.OrderType"\#(tag)},"#
            + #""SalesOrder":"\#(id)"\#(more)}"#
    }

    /// The entity of an answer of version 2 that has these members.
    static func read(_ members: String) async throws -> Entity {
        let service = try PitfallService(.v2, [.json(#"{"d":\#(order("1", "," + members))}"#)])
        return try await service.client.entity(Query("Orders").key("1"))
    }

    /// The body that creating an entity of version 2 sends.
    static func sent(_ entity: Entity, options: (inout ClientOptions) -> Void = { _ in }) async throws -> String {
        let service = try PitfallService(.v2, [.status(204)], options: options)
        try await service.client.create(entity, in: Query("Orders"))
        return service.requests.first?.text ?? ""
    }

    /// The query of the URL that a filter on orders of version 2 makes.
    static func filtered(_ condition: QueryExpression) async throws -> String {
        let service = try PitfallService(.v2, [.json(#"{"d":{"results":[]}}"#)])
        _ = try await service.client.entities(Query("Orders").filter(condition)).collect()
        return service.requests.first.map { String($0.target.dropFirst((v2Path + "Orders?$filter=").count)) } ?? ""
    }
}

extension ClientFakeAnswer {
    /// - Parameter fields: names and values; a name may come twice, as `Set-Cookie` does.
    static func sap(_ status: Int, _ fields: [(String, String)] = [], _ body: String = "") -> ClientFakeAnswer {
        var headers = HTTPFields()
        for (name, value) in fields {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        return .answer(status, headers, [Array(body.utf8)])
    }
}

extension ClientFakeRequest {
    var cookies: Set<String> {
        let values = headers.filter { $0.name == .cookie }.map(\.value).joined(separator: "; ")
        return Set(values.split(separator: ";").map { String($0.drop { $0 == " " }) })
    }
}

extension Entity {
    /// The order's number.
    var pitfallOrder: String? {
        guard case .string(let text)? = self["SalesOrder"] else { return nil }
        return text
    }
}
