/// A request inside the reactor: how often it was tried and whether its caller still waits.
final class Call {
    let request: Request
    /// Times it was queued again because its connection was lost or the session refused.
    var retries = 0
    /// It was skipped or lost in company, and is queued once more: it gets a synchronisation point of its own now.
    var runsAlone = false
    private(set) var isAnswered = false
    /// It doesn't count as queued any more, even if it waits to be sent again.
    var isSettled = false

    init(_ request: Request) {
        self.request = request
    }

    /// Resumes the caller; later answers are dropped.
    func answer(_ result: Result<Answer, PostgresError>) {
        guard !isAnswered else { return }
        isAnswered = true
        request.continuation.resume(returning: result)
    }

    /// Whether sending it again cannot do its work twice, whatever became of the first time.
    var isRepeatable: Bool {
        switch request.kind {
        case .read, .begin: true
        case .write, .leased, .commit, .rollBack, .script: false
        }
    }

    /// Whether losing the connection leaves its effect in doubt. What runs inside a held transaction is undone.
    var leavesDoubt: Bool {
        switch request.kind {
        case .write, .commit: true
        case .script(_, let lease): lease == nil
        case .read, .begin, .leased, .rollBack: false
        }
    }
}

/// First in, first out, with room to put back what was taken.
struct CallQueue {
    private var calls: [Call?] = []
    private var head = 0

    var isEmpty: Bool { head == calls.count }
    var count: Int { calls.count - head }
    var first: Call? { isEmpty ? nil : calls[head] }

    mutating func append(_ call: Call) {
        calls.append(call)
    }

    mutating func prepend(_ returned: [Call]) {
        guard !returned.isEmpty else { return }
        calls.replaceSubrange(0..<head, with: returned)
        head = 0
    }

    mutating func popFirst() -> Call? {
        guard !isEmpty else { return nil }
        let call = calls[head]
        calls[head] = nil
        head += 1
        if head == calls.count {
            calls.removeAll(keepingCapacity: true)
            head = 0
        }
        return call
    }

    func forEach(_ body: (Call) -> Void) {
        for case let call? in calls[head...] { body(call) }
    }

    /// Removes and returns the calls that match.
    mutating func remove(where matches: (Call) -> Bool) -> [Call] {
        var removed: [Call] = []
        var kept: [Call?] = []
        for call in calls[head...] {
            guard let call else { continue }
            if matches(call) { removed.append(call) } else { kept.append(call) }
        }
        calls = kept
        head = 0
        return removed
    }
}
