import HTTPTypes
import OData
import ODataCurl
import ODataPeerSupport

/// The independent services on the other side, each started with its first use and kept for the whole run.
///
/// `mock-sap` and `python3` (with odatapy) are looked up in PATH; without them the tests fail.
enum Peers {
    /// mock-sap as it comes. Tests write below keys of their own; rows that it begins with stay as they are.
    static let sap = Task { try await mockSAP() }
    /// Whose next answers tests decide on: of one serialized suite.
    static let faultySAP = Task { try await mockSAP() }
    /// Changes want a tag.
    static let strictSAP = Task { try await mockSAP("--require-if-match") }
    static let basicSAP = Task { try await mockSAP("--auth", "demo:\(password)") }
    static let oauthSAP = Task { try await mockSAP("--oauth", "demo-client:\(clientSecret)", "--token-ttl", "600") }

    /// odatapy's shop, whose products nobody changes.
    static let shop = Task { try await odatapy() }
    /// The same, which tests write to below keys of their own.
    static let writtenShop = Task { try await odatapy() }
    /// Changed as a whole by tests.
    static let repricedShop = Task { try await odatapy() }
    /// Whose pages have seven rows.
    static let pagedShop = Task { try await odatapy("7") }

    static let password = "pw-\(UInt64.random(in: 0 ... .max))"
    static let clientSecret = "cs-\(UInt64.random(in: 0 ... .max))"

    private static func mockSAP(_ arguments: String...) async throws -> PeerProcess {
        try await PeerProcess.supervised(
            ["mock-sap", "--port", "0", "-q"] + arguments, portAfter: "listening on http://127.0.0.1:")
    }

    private static func odatapy(_ arguments: String...) async throws -> PeerProcess {
        let directory = #filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.startIndex)
        return try await PeerProcess.start(
            ["python3", "-u", "\(directory)/odatapy_service.py", "0"] + arguments, portAfter: "ready ")
    }

    static let transport = Result { () throws(CurlSetupError) in try CurlTransport() }

    /// - Parameter service: its path, without the slash at the end.
    static func client(
        _ peer: Task<PeerProcess, any Error>, _ service: String = "", options: ClientOptions = ClientOptions(),
        session: SessionOptions = SessionOptions()
    ) async throws -> ODataClient {
        let root = try ServiceRoot("http://127.0.0.1:\(try await peer.value.port)\(service)/")
        return ODataClient(root: root, transport: try transport.get(), options: options, session: session)
    }
}

/// Services of mock-sap.
enum SAPService {
    static let salesOrders = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
    static let partners = "/sap/opu/odata/sap/API_BUSINESS_PARTNER_SRV"
    static let openItems = "/sap/opu/odata/sap/API_OPLACCTGDOCITEMCUBE_SRV"
    static let sample = "/sap/opu/odata/IWBEP/GWSAMPLE_BASIC"
    static let salesOrders4 = "/sap/opu/odata4/sap/api_salesorder/srvd_a2x/sap/api_salesorder/0001"
    static let partners4 = "/sap/opu/odata4/sap/api_businesspartner/srvd_a2x/sap/api_businesspartner/0001"
    static let products4 = "/sap/opu/odata4/sap/api_product/srvd_a2x/sap/api_product/0001"
}
