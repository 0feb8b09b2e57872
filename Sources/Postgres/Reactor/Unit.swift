/// What goes to the server up to one synchronisation point, and what has come back of it.
///
/// The server runs it as one transaction (the extended protocol's implicit one, unless a transaction was begun) and
/// skips the rest after the first failure.
final class Unit {
    enum Purpose {
        /// Reads of several callers.
        case reads
        /// Everything else that a single caller waits for.
        case single
        /// A sign of life.
        case ping
        /// `LISTEN` and `UNLISTEN`.
        case listen
    }

    /// One message pair of the pipeline.
    enum Step {
        /// Preparing the statement of that key.
        case prepare(PreparedStatements.Key)
        /// A setting, `BEGIN` and the like: only its failure matters.
        case control
        /// The next statement of a call.
        case statement(call: Int)
    }

    /// Which call a failure belongs to; `nil` means the unit as a whole.
    struct Failure {
        let call: Int?
        let error: PostgresError
    }

    let purpose: Purpose
    let calls: [Call]
    /// When the connection is given up; the latest deadline of its callers.
    let deadlineAt: Instant
    let sentAt: Instant
    /// Uses the simple protocol, which has no synchronisation points.
    let isScript: Bool
    /// What is listened to once it is finished.
    let channels: [String]

    /// What is expected back, in order.
    private(set) var steps: [Step] = []
    /// Whose failure each step is; `nil` for one that serves all.
    private(set) var owners: [Int?] = []
    private var cursor = 0
    private(set) var tables: [[ResultTable]]
    private(set) var failure: Failure?
    /// Preparations that did not come about.
    private(set) var unprepared: [PreparedStatements.Key] = []
    /// Tag of the last command, to tell a commit from a rollback.
    private(set) var lastTag = ""
    /// Everything up to the synchronisation point has left for the kernel: the server may have acted on it.
    var hasLeft = false
    /// Its calls were queued once more because the unit before it is slow.
    var isOvertaken = false
    private var emptyReads = 0

    init(
        purpose: Purpose, calls: [Call], deadlineAt: Instant, sentAt: Instant, isScript: Bool = false,
        channels: [String] = []
    ) {
        self.purpose = purpose
        self.calls = calls
        self.deadlineAt = deadlineAt
        self.sentAt = sentAt
        self.isScript = isScript
        self.channels = channels
        tables = calls.map { _ in [] }
    }

    /// Adds what will be answered next. `call`: whose failure a failing step is.
    func expect(_ step: Step, call: Int?) {
        steps.append(step)
        owners.append(call)
    }

    /// What the connection does after an outcome.
    enum Advance {
        case goOn
        /// Nothing more to read for now.
        case wait
        case finished
        case broken
    }

    func take(_ outcome: PQOutcome) -> Advance {
        switch outcome {
        case .endOfStatement: return endStatement()
        case .synchronised: return cursor == steps.count ? .finished : .broken
        case .rows(let table): record(table)
        case .command(let tag):
            lastTag = tag
            record(ResultTable(types: [], rowCount: 0, starts: [], lengths: [], bytes: []))
        case .failed(let state, let constraint): record(.server(state, constraint: constraint))
        case .skipped: noteUnprepared()
        case .broken: return .broken
        }
        return .goOn
    }

    private func endStatement() -> Advance {
        if isScript { return .finished }
        guard cursor == steps.count else {
            cursor += 1
            return .goOn
        }
        // Between an error at the commit and the synchronisation point libpq ends a statement that never was.
        emptyReads += 1
        return emptyReads > 4 ? .wait : .goOn
    }

    private func record(_ table: ResultTable) {
        guard cursor < steps.count, case .statement(let call) = steps[cursor] else { return }
        tables[call].append(table)
    }

    private func record(_ error: PostgresError) {
        noteUnprepared()
        guard failure == nil else { return }
        failure = Failure(call: cursor < steps.count ? owners[cursor] : nil, error: error)
    }

    private func noteUnprepared() {
        guard cursor < steps.count, case .prepare(let key) = steps[cursor] else { return }
        unprepared.append(key)
    }

    /// Whether a call has all its results and nothing can undo them: true for reads before the one that failed.
    func isComplete(_ call: Int) -> Bool {
        tables[call].count == calls[call].request.statements.count
    }
}
