import Sodium
import Synchronization

@testable import Proxy

/// A token endpoint that answers what the test has told it, and remembers what it was asked.
final class FakeTokenEndpoint: CallerTokenEndpoint {
    struct Question: Hashable, Sendable {
        let form: String
        let authorization: String?
        let requestID: String
    }

    private struct State {
        var questions: [Question] = []
        var isHeld = false
        var gates: [CheckedContinuation<Void, Never>] = []
        var cancelled = 0
        var answered = 0
        var answer = CallerTokenAnswer(
            status: 200, headers: [("content-type", "application/json"), ("cache-control", "no-store")],
            body: Array(#"{"access_token":"issued"}"#.utf8))
    }

    private let state = Mutex(State())

    var questions: [Question] { state.withLock { $0.questions } }
    var cancelled: Int { state.withLock { $0.cancelled } }
    /// Calls that have come to their end.
    var answered: Int { state.withLock { $0.answered } }

    func setAnswer(_ answer: CallerTokenAnswer) { state.withLock { $0.answer = answer } }

    /// Holds every answer until ``release()``.
    func hold() { state.withLock { $0.isHeld = true } }

    func release() {
        let gates = state.withLock { state in
            state.isHeld = false
            defer { state.gates = [] }
            return state.gates
        }
        for gate in gates { gate.resume() }
    }

    func answer(form: SecretBytes, authorization: SecretBytes?, requestID: String) async -> CallerTokenAnswer {
        let question = Question(
            form: form.revealUTF8(for: .test) ?? "", authorization: authorization?.revealUTF8(for: .test),
            requestID: requestID)
        state.withLock { $0.questions.append(question) }
        await withCheckedContinuation { continuation in
            let isHeld = state.withLock { state in
                if state.isHeld { state.gates.append(continuation) }
                return state.isHeld
            }
            if !isHeld { continuation.resume() }
        }
        return state.withLock { state in
            if Task.isCancelled { state.cancelled += 1 }
            state.answered += 1
            return state.answer
        }
    }
}
