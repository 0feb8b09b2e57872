import Domain
import OutboundHTTP
import Testing

@Suite("Choosing where to connect")
struct DestinationTests {
    private static let publicOnly = DestinationPolicy(allowedNetworks: [], allowsPlainHTTP: true)

    @Test(arguments: ["127.0.0.1", "localhost", "LOCALHOST", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "[::]"])
    func `refuses loopback under any name`(host: String) async throws {
        let server = try RawServer { $0.answer() }
        let request = try OutboundRequest.to("http://\(host):\(server.port)/", destination: Self.publicOnly)
        #expect(try await withClient { await failure($0, request) } == .destinationRefused)
        #expect(server.connectionCount == 0)
    }

    @Test(arguments: ["10.0.0.1", "192.168.0.1", "172.16.0.1", "169.254.1.1", "100.64.0.1", "[fd00::1]", "[fe80::1]"])
    func `refuses private addresses`(host: String) async throws {
        let request = try OutboundRequest.to("http://\(host)/", destination: Self.publicOnly, timeout: .seconds(3))
        #expect(try await withClient { await failure($0, request) } == .destinationRefused)
    }

    @Test(arguments: ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
    func `reaches an address that a CIDR opens, whatever name leads there`(host: String) async throws {
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.answer()
        }
        let request = try OutboundRequest.to("http://\(host):\(server.port)/")
        #expect(try await withClient { try await $0.send(request) }.status == 200)
    }

    @Test func `refuses what the opened CIDR doesn't hold`() async throws {
        let server = try RawServer { $0.answer() }
        let policy = DestinationPolicy(allowedNetworks: ["127.0.0.2/32"].compactMap { CIDR($0) }, allowsPlainHTTP: true)
        let request = try OutboundRequest.to(server.url(), destination: policy)
        #expect(try await withClient { await failure($0, request) } == .destinationRefused)
        #expect(server.connectionCount == 0)
    }

    @Test(arguments: [
        "169.254.169.254", "169.254.170.2", "100.100.100.200", "[::ffff:169.254.169.254]", "[fd00:ec2::254]",
    ])
    func `never reaches a metadata service, even with every network open`(host: String) async throws {
        let everything = DestinationPolicy(
            allowedNetworks: ["0.0.0.0/0", "::/0"].compactMap { CIDR($0) }, allowsPlainHTTP: true)
        let request = try OutboundRequest.to("http://\(host)/latest/", destination: everything, timeout: .seconds(3))
        #expect(try await withClient { await failure($0, request) } == .destinationRefused)
    }

    @Test func `doesn't let a kept connection stand in for a stricter policy`() async throws {
        let server = try RawServer { connection in
            while connection.readHead() != nil { connection.answer() }
        }
        try await withClient { client async throws in
            #expect(try await client.send(.to(server.url())).status == 200)
            #expect(try await failure(client, .to(server.url(), destination: Self.publicOnly)) == .destinationRefused)
        }
        #expect(server.connectionCount == 1)
    }

    @Test func `tells a name that doesn't exist from a host that doesn't answer`() async throws {
        let closed = try freePort()
        try await withClient { client async throws in
            #expect(try await failure(client, .to("http://127.0.0.1:\(closed)/")) == .unreachable)
            let unknown = try await failure(client, .to("http://nobody.invalid/", timeout: .seconds(8)))
            #expect(unknown == .unresolvable || unknown == .timedOutBeforeSending)
            #expect(unknown?.isSafeToRetry == true)
        }
    }
}
