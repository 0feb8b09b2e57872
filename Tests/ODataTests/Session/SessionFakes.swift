import HTTPTypes
import Synchronization

@testable import OData

/// Answers requests by a script, in order, and keeps what was asked.
final class SessionFakeTransport: ODataTransport {
    struct Asked: Sendable {
        let head: HTTPRequest
        let body: [UInt8]?
        let deadline: ContinuousClock.Instant

        var method: String { head.method.rawValue }
        var path: String { head.path ?? "" }
        var token: String? { self["x-csrf-token"] }
        var cookies: Set<String> {
            Set((self["cookie"] ?? "").split(separator: ";").map { $0.trimmingPrefix(" ") }.map(String.init))
        }
        subscript(_ name: String) -> String? { HTTPField.Name(name).flatMap { head.headerFields[$0] } }
    }

    typealias Step = @Sendable (Asked) async -> Result<TransportResponse, TransportError>

    private struct State {
        var steps: [Step]
        var asked: [Asked] = []
    }

    let keepsSession: Bool
    private let state: Mutex<State>
    /// What answers when the script has ended.
    private let otherwise: Step

    init(_ steps: [Step] = [], keepsSession: Bool = false, otherwise: @escaping Step = SessionFakeTransport.empty) {
        state = Mutex(State(steps: steps))
        (self.keepsSession, self.otherwise) = (keepsSession, otherwise)
    }

    static let empty: Step = { _ in .success(SessionFakeTransport.response(204)) }

    var asked: [Asked] { state.withLock { $0.asked } }

    func send(
        _ head: HTTPRequest, body: [UInt8]?, deadline: ContinuousClock.Instant
    ) async throws(TransportError) -> TransportResponse {
        let asked = Asked(head: head, body: body, deadline: deadline)
        let step = state.withLock { state in
            state.asked.append(asked)
            return state.steps.isEmpty ? otherwise : state.steps.removeFirst()
        }
        return try await step(asked).get()
    }

    /// - Parameter fields: names and values; a name may come twice.
    static func response(_ status: Int, _ fields: [(String, String)] = [], _ body: String = "") -> TransportResponse {
        response(status, fields, body: ResponseBody(Array(body.utf8)))
    }

    static func response(_ status: Int, _ fields: [(String, String)], body: ResponseBody) -> TransportResponse {
        var headers = HTTPFields()
        for (name, value) in fields {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        return TransportResponse(head: HTTPResponse(status: .init(code: status), headerFields: headers), body: body)
    }
}

func answering(_ status: Int, _ fields: [(String, String)] = [], _ body: String = "") -> SessionFakeTransport.Step {
    { _ in .success(SessionFakeTransport.response(status, fields, body)) }
}

func failing(_ error: TransportError) -> SessionFakeTransport.Step { { _ in .failure(error) } }

/// Time that passes by itself when somebody waits, or by hand alone.
final class SessionFakeClock: Sendable {
    private struct State {
        var now = ContinuousClock.now
        var waits: [Duration] = []
        var sleepers: [(until: ContinuousClock.Instant, number: Int, wake: CheckedContinuation<Bool, Never>)] = []
        var lastNumber = 0
        var gone: Set<Int> = []
    }

    private let isAutomatic: Bool
    private let state = Mutex(State())

    init(isAutomatic: Bool = true) { self.isAutomatic = isAutomatic }

    var now: ContinuousClock.Instant { state.withLock { $0.now } }
    /// How long was waited each time.
    var waits: [Duration] { state.withLock { $0.waits } }
    var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    var clock: ODataClock {
        ODataClock(now: { self.now }, sleep: { until in try await self.sleep(until) })
    }

    func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.now += duration
            let woken = state.sleepers.filter { $0.until <= state.now }
            state.sleepers.removeAll { $0.until <= state.now }
            return woken
        }
        for sleeper in woken { sleeper.wake.resume(returning: true) }
    }

    private func sleep(_ until: ContinuousClock.Instant) async throws {
        try Task.checkCancellation()
        if isAutomatic {
            state.withLock { state in
                state.waits.append(until - state.now)
                state.now = max(state.now, until)
            }
            return
        }
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let isOver = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let result = state.withLock { state -> Bool? in
                    if state.gone.contains(number) { return false }
                    if until <= state.now { return true }
                    state.sleepers.append((until, number, continuation))
                    return nil
                }
                if let result { continuation.resume(returning: result) }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                state.gone.insert(number)
                guard let place = state.sleepers.firstIndex(where: { $0.number == number }) else { return nil }
                return state.sleepers.remove(at: place).wake
            }
            sleeper?.resume(returning: false)
        }
        if !isOver { throw CancellationError() }
    }
}

/// Opens once; whoever waits goes on then.
final class SessionDoor: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func open() {
        let waiters = state.withLock { state in
            defer { state = State(isOpen: true) }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

enum SessionFixture {
    static let sapURL = "https://erp.example/sap/opu/odata/sap/API_BUSINESS_PARTNER/?sap-client=100"
    static let plainURL = "https://odata.example/service/"

    static func session(
        _ transport: SessionFakeTransport, url: String = sapURL, clock: SessionFakeClock = SessionFakeClock(),
        _ change: (inout SessionOptions) -> Void = { _ in }
    ) throws -> ODataSession {
        var options = SessionOptions()
        options.clock = clock.clock
        options.random = { 0.5 }
        change(&options)
        return ODataSession(root: try ServiceRoot(url), transport: transport, options: options)
    }

    static let write = SessionRequest(.post, "A_BusinessPartner", body: Array("{}".utf8))

    /// Waits until it holds; other tasks run meanwhile.
    static func eventually(_ holds: @Sendable () -> Bool) async -> Bool {
        for _ in 0..<200_000 {
            if holds() { return true }
            await Task.yield()
        }
        return false
    }
}

/// The error that an operation ends with; nil where it succeeds.
func sessionError(_ operation: () async throws -> Void) async -> ODataError? {
    do {
        try await operation()
        return nil
    } catch {
        return error as? ODataError
    }
}
