import HTTPTypes
import OData
import Synchronization

/// A request as it reached the transport.
struct ClientFakeRequest: Sendable {
    var method: String
    /// Path and query.
    var target: String
    var authority: String
    var headers: HTTPFields
    var body: [UInt8]?
    var deadline: ContinuousClock.Instant

    var text: String { String(decoding: body ?? [], as: UTF8.self) }

    /// What a test compares at once: `GET /svc/Orders`.
    var line: String { method + " " + target }

    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
}

/// What the fake service says to one request.
enum ClientFakeAnswer: Sendable {
    case answer(Int, HTTPFields, [[UInt8]])
    case failure(TransportError)
    /// The body goes on until it is cancelled.
    case endless(HTTPFields, [UInt8])
    /// No answer before the gate opens.
    case held(ClientFakeGate, Int, HTTPFields, [UInt8])

    static func json(_ text: String, status: Int = 200, _ headers: HTTPFields = [:]) -> ClientFakeAnswer {
        var headers = headers
        if headers[.contentType] == nil { headers[.contentType] = "application/json" }
        return .answer(status, headers, [Array(text.utf8)])
    }

    static func xml(_ text: String, _ headers: HTTPFields = [:]) -> ClientFakeAnswer {
        var headers = headers
        headers[.contentType] = "application/xml"
        return .answer(200, headers, [Array(text.utf8)])
    }

    static func status(_ status: Int, _ headers: HTTPFields = [:]) -> ClientFakeAnswer { .answer(status, headers, []) }
}

/// Opens once.
final class ClientFakeGate: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
        var arrivals: [(count: Int, CheckedContinuation<Void, Never>)] = []
        var arrived = 0
    }

    private let state = Mutex(State())

    func pass() async {
        await withCheckedContinuation { waiter in
            let (isOpen, ready) = state.withLock { state in
                state.arrived += 1
                if !state.isOpen { state.waiters.append(waiter) }
                let arrived = state.arrived
                let ready = state.arrivals.filter { $0.count <= arrived }.map(\.1)
                state.arrivals.removeAll { $0.count <= arrived }
                return (state.isOpen, ready)
            }
            if isOpen { waiter.resume() }
            for arrival in ready { arrival.resume() }
        }
    }

    /// Waits until so many have come to the gate.
    func arrivals(_ count: Int) async {
        await withCheckedContinuation { waiter in
            let isThere = state.withLock { state in
                if state.arrived >= count { return true }
                state.arrivals.append((count, waiter))
                return false
            }
            if isThere { waiter.resume() }
        }
    }

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

/// A service of answers by request, for tests: it records what it was asked and what became of its bodies.
final class ClientFakeTransport: ODataTransport {
    typealias Script = @Sendable (ClientFakeRequest, Int) -> ClientFakeAnswer

    private struct State {
        var requests: [ClientFakeRequest] = []
        /// Chunks that were taken from each answer, by the request's place.
        var taken: [Int: Int] = [:]
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())
    private let script: Script

    /// - Parameter script: the answer to a request, which is the nth from 0.
    init(_ script: @escaping Script) { self.script = script }

    /// Answers in their order; a request behind the last one is 599.
    convenience init(_ answers: [ClientFakeAnswer]) {
        self.init { _, place in answers.indices.contains(place) ? answers[place] : .status(599) }
    }

    var requests: [ClientFakeRequest] { state.withLock { $0.requests } }
    var lines: [String] { requests.map(\.line) }
    func taken(_ place: Int) -> Int { state.withLock { $0.taken[place] ?? 0 } }
    func isCancelled(_ place: Int) -> Bool { state.withLock { $0.cancelled.contains(place) } }

    func send(
        _ head: HTTPRequest, body: [UInt8]?, deadline: ContinuousClock.Instant
    ) async throws(TransportError) -> TransportResponse {
        let request = ClientFakeRequest(
            method: head.method.rawValue, target: head.path ?? "", authority: head.authority ?? "",
            headers: head.headerFields, body: body, deadline: deadline)
        let place = state.withLock { state in
            state.requests.append(request)
            return state.requests.count - 1
        }
        switch script(request, place) {
        case .failure(let error): throw error
        case .answer(let status, let headers, let chunks):
            return response(place, status, headers, chunks, isEndless: false)
        case .endless(let headers, let chunk): return response(place, 200, headers, [chunk], isEndless: true)
        case .held(let gate, let status, let headers, let bytes):
            await gate.pass()
            if Task.isCancelled { throw .cancelled(isSent: true) }
            return response(place, status, headers, [bytes], isEndless: false)
        }
    }

    private func response(
        _ place: Int, _ status: Int, _ headers: HTTPFields, _ chunks: [[UInt8]], isEndless: Bool
    ) -> TransportResponse {
        let chunks = chunks.filter { !$0.isEmpty }
        let body = ResponseBody(
            next: { [self] () throws(TransportError) -> [UInt8]? in
                if Task.isCancelled { throw .cancelled(isSent: true) }
                let next = state.withLock { state in
                    let next = state.taken[place] ?? 0
                    if isEndless || next < chunks.count { state.taken[place] = next + 1 }
                    return next
                }
                if isEndless { return chunks.last }
                return next < chunks.count ? chunks[next] : nil
            },
            cancel: { [self] in _ = state.withLock { $0.cancelled.insert(place) } })
        return TransportResponse(head: HTTPResponse(status: .init(code: status), headerFields: headers), body: body)
    }
}

/// A clock that goes on when somebody sleeps, at once.
final class ClientFakeClock: Sendable {
    private let state = Mutex((now: ContinuousClock.now, slept: [Duration]()))

    var now: ContinuousClock.Instant { state.withLock { $0.now } }
    var slept: [Duration] { state.withLock { $0.slept } }
    func advance(_ duration: Duration) { state.withLock { $0.now += duration } }

    var clock: ODataClock {
        ODataClock(now: { self.now }) { deadline in
            try Task.checkCancellation()
            self.state.withLock { state in
                state.slept.append(deadline - state.now)
                state.now = max(state.now, deadline)
            }
        }
    }
}
