import Foundation
import Testing

/// The layers of docs/architecture.md as data. A target may import the ones in its row, of ours and of others', and nothing else.
private let allowed: [String: Set<String>] = [
    "EmbeddedFiles": ["CEmbedded"],
    "Sodium": ["CSodium"],
    "OpenSSLCrypto": ["COpenSSL", "Sodium"],
    "Domain": ["Sodium"],
    "StrictJSON": ["Sodium"],
    "Observability": ["Domain", "Logging"],
    "Postgres": ["CLibPQ", "CLinux", "Observability", "Logging"],
    "PostgresCluster": ["CLinux"],
    "OutboundHTTP": ["CCurl", "CLinux", "Domain", "Sodium", "Observability", "Logging"],
    "Vault": ["Domain", "Sodium"],
    "Grants": ["Domain", "Sodium", "StrictJSON"],
    "Catalogue": ["Domain", "Sodium", "Grants", "EmbeddedFiles", "Yams"],
    "Connections": ["Domain", "Sodium", "StrictJSON", "Vault", "Grants", "Catalogue", "Observability", "Logging"],
    "Store": [
        "Domain", "Sodium", "StrictJSON", "Postgres", "Vault", "Connections", "EmbeddedFiles", "Observability",
        "Logging",
    ],
    "Identity": ["Domain", "Sodium", "StrictJSON", "Vault", "Connections", "Observability", "Logging"],
    "Refresh": [
        "Domain", "Sodium", "StrictJSON", "Vault", "Grants", "Catalogue", "Connections", "Observability", "Logging",
    ],
    "Proxy": [
        "Domain", "Sodium", "Identity", "Connections", "Observability", "NIOCore", "NIOPosix", "NIOSSL", "NIOTLS",
        "Logging",
        "ServiceLifecycle",
    ],
    "Edge": [
        "Domain", "Sodium", "StrictJSON", "Identity", "Connections", "Catalogue", "EmbeddedFiles", "Observability",
        "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOSSL", "Logging", "ServiceLifecycle",
    ],
    // The OData client knows nothing of the service, and the service nothing of it.
    "LibXML": ["CXML2"],
    "OData": ["LibXML", "HTTPTypes"],
    "ODataCurl": ["OData", "CCurl", "CLinux", "HTTPTypes"],
    "ODataGenerator": ["OData"],
]

/// Modules of the toolchain; full Foundation is not among them, because nothing in a layer needs it.
private let toolchain: Set<String> = [
    "Swift", "Glibc", "Synchronization", "FoundationEssentials", "RegexBuilder", "Dispatch",
]

@Suite("Data flows one way: each target imports only its layer's row")
struct LayeringTests {
    private static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources")

    @Test(arguments: allowed.keys.sorted())
    func `imports nothing beyond its row`(target: String) throws {
        let row = try #require(allowed[target])
        for (file, module) in try Self.imports(of: target) where !toolchain.contains(module) {
            #expect(row.contains(module), "\(target)/\(file) imports \(module)")
        }
    }

    @Test func `every library target has a row`() throws {
        let targets = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path)
            .filter { !$0.hasPrefix("C") || $0 == "Catalogue" || $0 == "Connections" }
            .filter { !["sallyport", "ODataCommand", "Plugins"].contains($0) }
        #expect(Set(targets) == Set(allowed.keys))
    }

    @Test func `a wrapper alone imports its C library`() throws {
        // libcurl has two: the service's way out, with its policy, and the OData client's transport, which has none of it.
        let owners: [String: Set<String>] = [
            "CLibPQ": ["Postgres"], "CSodium": ["Sodium"], "COpenSSL": ["OpenSSLCrypto"],
            "CCurl": ["OutboundHTTP", "ODataCurl"], "CEmbedded": ["EmbeddedFiles"], "CXML2": ["LibXML"],
        ]
        for target in allowed.keys.sorted() + ["sallyport", "ODataCommand"] {
            for (file, module) in try Self.imports(of: target) {
                if let owners = owners[module] {
                    #expect(owners.contains(target), "\(target)/\(file) imports \(module), which is another's")
                }
            }
        }
    }

    @Test func `the rows form no cycle`() {
        func reaches(_ from: String, _ target: String, _ seen: Set<String> = []) -> Bool {
            guard let row = allowed[from], !seen.contains(from) else { return false }
            return row.contains(target) || row.contains { reaches($0, target, seen.union([from])) }
        }
        for target in allowed.keys { #expect(!reaches(target, target), "\(target) reaches itself") }
    }

    @Test func `an import is found however it is written`() {
        let text = """
            import A
            package import struct B.C
            @_exported public import D
            // import E
            internal import F.G
            """
        #expect(Self.modules(in: text) == ["A", "B", "D", "F"])
    }

    private static func imports(of target: String) throws -> [(file: String, module: String)] {
        let root = sources.appending(path: target)
        let files = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }
        return try files.flatMap { file in
            let text = try String(contentsOf: root.appending(path: file), encoding: .utf8)
            return modules(in: text).map { (file, $0) }
        }
    }

    private static func modules(in text: String) -> [String] {
        let pattern =
            #/^\s*(?:@\w+\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(\w+)/#
            .anchorsMatchLineEndings()
        return text.matches(of: pattern).map { String($0.output.1) }
    }
}
