package import Domain
internal import Sodium
internal import Synchronization

/// The outside world of a test: answers by a closure, records what was sent, and can hold requests back.
package final class FakeOutbound: OutboundPort {
    package typealias Answer = @Sendable (SentRequest) throws(OutboundError) -> OutboundResponse

    /// A request as the peer would have seen it.
    package struct SentRequest: Sendable {
        package let request: OutboundRequest
        package let headers: [(name: String, value: String)]
        package let body: String

        package var target: String {
            "\(request.url.path.isEmpty ? "/" : request.url.path)\(request.url.query.map { "?\($0)" } ?? "")"
        }
        package func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
    }

    private struct State {
        var answer: Answer
        var sent: [SentRequest] = []
        var isHolding = false
        var held: [CheckedContinuation<Void, Never>] = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state: Mutex<State>

    package init(answer: @escaping Answer = { (_) throws(OutboundError) in throw .unreachable }) {
        state = Mutex(State(answer: answer))
    }

    package var sent: [SentRequest] { state.withLock { $0.sent } }

    package func answer(_ answer: @escaping Answer) { state.withLock { $0.answer = answer } }

    /// From now on requests wait, after they were recorded, until ``release()``.
    package func hold() { state.withLock { $0.isHolding = true } }

    package func release() {
        let held = state.withLock { state in
            state.isHolding = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    /// Returns once so many requests have been sent.
    package func waitForRequests(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isSatisfied = state.withLock { state in
                if state.sent.count >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isSatisfied { continuation.resume() }
        }
    }

    package func send(_ request: OutboundRequest) async throws(OutboundError) -> OutboundResponse {
        let sent = Self.record(request)
        let (answer, ready) = state.withLock { state in
            state.sent.append(sent)
            let count = state.sent.count
            let ready = state.watchers.filter { $0.count <= count }
            state.watchers.removeAll { $0.count <= count }
            return (state.answer, ready.map(\.continuation))
        }
        for continuation in ready { continuation.resume() }
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                if state.isHolding { state.held.append(continuation) }
                return !state.isHolding
            }
            if goesOn { continuation.resume() }
        }
        return try answer(sent)
    }

    private static func record(_ request: OutboundRequest) -> SentRequest {
        let headers = request.headers.map { header -> (name: String, value: String) in
            switch header.value {
            case .plain(let value): (header.name, value)
            case .secret(let value): (header.name, value.revealUTF8(for: .test) ?? "")
            }
        }
        return SentRequest(request: request, headers: headers, body: request.body?.revealUTF8(for: .test) ?? "")
    }
}

extension OutboundResponse {
    /// An answer of a test's peer.
    package static func test(
        _ status: Int, _ body: String = "", headers: [(name: String, value: String)] = []
    ) -> OutboundResponse {
        OutboundResponse(status: status, headers: headers, body: SecretBytes(utf8: body))
    }
}
