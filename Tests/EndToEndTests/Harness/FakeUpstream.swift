import StrictJSON
import Synchronization
import TestSupport

/// A fake: an API with a token endpoint that counts, delays and refuses as a test says. Where the answer itself matters,
/// tests use mock-sap and nanoidp.
///
/// - `POST /token`: a new access token, after ``Script/tokenDelay``.
/// - `GET /stream/N`: N blocks of 4 KiB, 20 milliseconds apart.
/// - `GET /hang`: the answer's head and no body until ``stop()``.
/// - anything else: 200 with method, path and what authorised the request, when it is authorised; else 401.
final class FakeUpstream: Sendable {
    struct Script: Sendable {
        var expiresIn = 3_600
        var tokenDelay = Duration.zero
        /// `authorization` values that are taken; empty for all.
        var accepted: Set<String> = []
        /// What every request but the token endpoint's is answered with; 0 for an answer of its own.
        var status = 0
        fileprivate(set) var tokenRequests = 0
        fileprivate(set) var requests = 0
        fileprivate(set) var streamsBegun = 0
        /// What authorised requests so far, the token endpoint's included.
        fileprivate(set) var authorizations: Set<String> = []
        fileprivate var isStopped = false
    }

    let script: ScriptBox
    private let server: ThreadedServer

    final class ScriptBox: Sendable {
        private let value = Mutex(Script())
        func withLock<R: Sendable>(_ body: (inout sending Script) -> sending R) -> R { value.withLock(body) }
        var now: Script { value.withLock { $0 } }
    }

    var port: Int { server.port }
    var base: String { "http://127.0.0.1:\(port)" }

    init() throws {
        let script = ScriptBox()
        self.script = script
        server = try ThreadedServer { request, answering in Self.answer(request, answering, script) }
    }

    func stop() {
        script.withLock { $0.isStopped = true }
        server.stop()
    }

    static func with<R>(_ body: (FakeUpstream) async throws -> R) async throws -> R {
        let upstream = try FakeUpstream()
        defer { upstream.stop() }
        return try await body(upstream)
    }

    private static func answer(
        _ request: ThreadedServer.Request, _ answering: ThreadedServer.Answering, _ script: ScriptBox
    ) {
        let authorization = request.header("authorization") ?? request.header("x-api-key") ?? ""
        script.withLock { _ = $0.authorizations.insert(authorization) }
        if request.path == "/token" { return token(answering, script) }
        script.withLock { $0.requests += 1 }
        let now = script.now
        guard now.status == 0 else {
            answering.send(now.status)
            return
        }
        guard now.accepted.isEmpty || now.accepted.contains(authorization) else {
            answering.send(401)
            return
        }
        if let count = request.path.wholeMatch(of: #/\/stream\/(\d+)/#).flatMap({ Int($0.output.1) }) {
            return stream(count, answering, script)
        }
        if request.path == "/hang" { return hang(answering, script) }
        let body: JSONValue = [
            "method": .string(request.method), "target": .string(request.target),
            "body_bytes": .int(Int64(request.body.count)),
            "is_authorized": .bool(!authorization.isEmpty),
        ]
        answering.send(200, headers: ["content-type: application/json"], body: body.encoded)
    }

    private static func token(_ answering: ThreadedServer.Answering, _ script: ScriptBox) {
        let number = script.withLock { script in
            script.tokenRequests += 1
            return script.tokenRequests
        }
        let now = script.now
        Pause.thread(now.tokenDelay)
        let body: JSONValue = [
            "access_token": .string("fake-token-\(number)"), "token_type": "Bearer",
            "expires_in": .int(Int64(now.expiresIn)),
        ]
        answering.send(200, headers: ["content-type: application/json"], body: body.encoded)
    }

    private static func stream(_ count: Int, _ answering: ThreadedServer.Answering, _ script: ScriptBox) {
        guard answering.begin(200, headers: ["content-type: application/octet-stream"], length: count * 4_096) else {
            return
        }
        script.withLock { $0.streamsBegun += 1 }
        for _ in 0..<count {
            guard answering.write([UInt8](repeating: 0x61, count: 4_096)) else { return }
            Pause.thread(.milliseconds(20))
        }
    }

    private static func hang(_ answering: ThreadedServer.Answering, _ script: ScriptBox) {
        guard answering.begin(200, headers: [], length: 10) else { return }
        script.withLock { $0.streamsBegun += 1 }
        while !script.now.isStopped { Pause.thread(.milliseconds(20)) }
    }
}
