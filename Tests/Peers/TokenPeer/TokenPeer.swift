import ArgumentParser
import Domain
import NIOCore
import NIOPosix
import StrictJSON
import SystemPackage
import UnixSignals

/// A token endpoint that rotates refresh tokens, finds their reuse and counts, for tests and benchmarks alone.
@main
struct TokenPeer: AsyncParsableCommand {
    enum Rotation: String, ExpressibleByArgument, CaseIterable {
        case always, never
    }

    static let configuration = CommandConfiguration(
        abstract:
            "A token endpoint with rotating refresh tokens, reuse detection and faults on demand; a fake, for tests.",
        discussion: """
            Refresh tokens are rt.<family>.<generation>.<mac>; any family begins at any generation without registration. The \
            mac is the first 16 hexadecimal digits of BLAKE2b-256 over '<family>.<generation>', keyed with BLAKE2b-256 of \
            'token peer/1 <seed>'. Access tokens are at.<family>.<generation>.<expiry in Unix milliseconds>. A token is spent \
            when its request arrives, whatever becomes of the answer; one that comes again revokes its family.

            Main port: POST (any path) with grant_type refresh_token or client_credentials; GET (any path) answers 200 or 401 \
            to an access token in ?token= or Authorization.
            Admin port: GET /account, GET /family/NAME, GET and PUT /faults, PUT /lifetime {"seconds":N}, POST /reset.
            PUT /faults takes {"mode":"none"}, {"mode":"down"} (refused), {"mode":"reset"}, or {"mode":"mix"} with probabilities \
            of server_error, rate_limited, redirect, empty_400, html_500, invalid_client, malformed (token stays good), \
            drop_after_processing, cut, malformed_after_processing, drip (token is spent), and latency_ms, jitter_ms, \
            latency_probability, retry_after, retry_after_form (seconds or date), drip_ms.
            The first line of standard output is {"port":N,"admin_port":M}.
            """)

    @Option(help: "Port of the token endpoint on loopback; 0 takes any free one.")
    var port = 0
    @Option(help: "Port for counts and faults on loopback; 0 takes any free one.")
    var adminPort = 0
    @Option(help: "Decides which tokens are good, and the lots of faults.")
    var seed: String
    @Option(help: "Lifetime of access tokens in seconds.")
    var lifetime = 300
    @Option(help: "Whether a refresh gives another refresh token.")
    var rotate = Rotation.always
    @Option(help: "Delay of every answer in milliseconds, after the token was spent.")
    var latency = 0
    @Option(help: "How many seconds the peer's clock is ahead.")
    var clockOffset = 0
    @Option(help: "File for one JSON line a request; made anew.")
    var log: String?

    func validate() throws {
        guard (1...31_536_000).contains(lifetime), (0...600_000).contains(latency) else {
            throw ValidationError("lifetime or latency is out of range")
        }
    }

    func run() async throws {
        let clock = SystemWallClock()
        var settings = PeerSettings(seed: seed)
        settings.lifetime = .seconds(lifetime)
        settings.rotates = rotate == .always
        settings.latency = .milliseconds(latency)
        settings.clockOffset = .seconds(clockOffset)
        let log = try RequestLog(path: log)
        let tokens = try TokenService(settings, log: log) { clock.now().microseconds }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let main = PeerListener(tokens, port: port, on: loop) { tokens.countConnection() }
        let admin = PeerListener(AdminService(tokens) { plan in Self.follow(plan, main) }, port: adminPort, on: loop)
        try await main.open().get()
        try await admin.open().get()
        // Ends with the loop, below.
        loop.scheduleRepeatedTask(initialDelay: .milliseconds(50), delay: .milliseconds(50)) { _ in log.flush() }
        let ready: JSONValue = ["port": .int(Int64(main.port)), "admin_port": .int(Int64(admin.port))]
        try FileDescriptor.standardOutput.writeAll(ready.encoded + [UInt8(ascii: "\n")])
        for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) { break }
        main.close()
        admin.close()
        try await group.shutdownGracefully()
        log.flush()
    }

    private static func follow(_ plan: FaultPlan, _ listener: PeerListener) -> EventLoopFuture<Void> {
        switch plan.mode {
        case .down: listener.close()
        // A port that somebody took meanwhile shows as a peer that stays down.
        case .none, .reset, .mix: listener.open()
        }
    }
}
