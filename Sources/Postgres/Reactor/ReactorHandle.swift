internal import Glibc
internal import Logging

/// The reactor as tasks see it: takes their work to its thread and brings the outcome back.
final class ReactorHandle: Sendable {
    private let configuration: PostgresConfiguration
    private let logger: Logger
    let inbox: Inbox

    init(configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        inbox = Inbox(maxQueued: configuration.maxQueued)
    }

    var health: PostgresHealth { inbox.health }

    func beginShutdown() { inbox.stop() }

    func waitUntilStopped() async { await inbox.waitUntilStopped() }

    /// Starts the thread, the first time. It ends after ``beginShutdown()``, whoever still refers to it.
    func start() {
        guard inbox.begin() else { return }
        let box = unsafe Unmanaged.passRetained(self)
        var thread = pthread_t()
        let failure = unsafe pthread_create(
            &thread, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<ReactorHandle>.fromOpaque(argument).takeRetainedValue().runThread()
                }
                return nil
            }, box.toOpaque())
        guard failure == 0 else {
            unsafe box.release()
            return abandon()
        }
        pthread_detach(thread)
    }

    private func runThread() {
        guard let reactor = Reactor(configuration: configuration, logger: logger, handle: self) else {
            return abandon()
        }
        reactor.run()
    }

    /// The process has no descriptor or thread left: nothing can be served.
    private func abandon() {
        let work = inbox.finish()
        for request in work.requests { request.continuation.resume(returning: .failure(.unavailable)) }
        for command in work.commands {
            if case .subscribe(_, _, let continuation) = command { continuation.finish() }
        }
        for job in work.jobs { globalConcurrentExecutor.enqueue(ExecutorJob(job)) }
    }

    // MARK: Requests

    /// Work without a held transaction.
    func perform(
        _ kind: Request.Kind, _ statements: [Statement], context: SessionContext, deadline: Duration?
    ) async throws(PostgresError) -> Answer {
        let now = Instant.now()
        let deadlineAt = now + (deadline ?? configuration.statementTimeout + .seconds(1))
        return try await submit(kind, statements, context: context, now: now, deadlineAt: deadlineAt)
    }

    /// Work within a held transaction.
    func perform(_ statements: [Statement], in lease: Lease) async throws(PostgresError) -> Answer {
        try await submit(.leased(lease), statements, now: .now(), deadlineAt: lease.deadlineAt)
    }

    func script(_ sql: String, lease: Lease?, deadline: Duration?) async throws(PostgresError) -> Answer {
        let now = Instant.now()
        let deadlineAt = lease?.deadlineAt ?? now + (deadline ?? configuration.statementTimeout + .seconds(1))
        return try await submit(.script(sql, lease), [], now: now, deadlineAt: deadlineAt)
    }

    /// Takes a connection and begins a transaction on it.
    func lease(context: SessionContext, deadline: Duration?) async throws(PostgresError) -> Lease {
        let now = Instant.now()
        let deadlineAt = now + (deadline ?? configuration.statementTimeout * 6)
        let lease = Lease(id: inbox.makeID(), deadlineAt: deadlineAt)
        _ = try await submit(.begin(lease), [], context: context, now: now, deadlineAt: deadlineAt)
        return lease
    }

    /// A cancelled task doesn't stop it: the outcome of a commit must be known.
    func commit(_ lease: Lease) async throws(PostgresError) {
        _ = try await submit(.commit(lease), [], now: .now(), deadlineAt: lease.deadlineAt, isCancellable: false)
    }

    /// Never fails: a transaction whose connection is lost is rolled back too.
    func rollBack(_ lease: Lease) async {
        _ = await outcome(.rollBack(lease), [], now: .now(), deadlineAt: lease.deadlineAt, isCancellable: false)
    }

    private func submit(
        _ kind: Request.Kind, _ statements: [Statement], context: SessionContext = .none, now: Instant,
        deadlineAt: Instant, isCancellable: Bool = true
    ) async throws(PostgresError) -> Answer {
        try await outcome(
            kind, statements, context: context, now: now, deadlineAt: deadlineAt, isCancellable: isCancellable
        ).get()
    }

    private func outcome(
        _ kind: Request.Kind, _ statements: [Statement], context: SessionContext = .none, now: Instant,
        deadlineAt: Instant, isCancellable: Bool
    ) async -> Result<Answer, PostgresError> {
        start()
        let id = inbox.makeID()
        let graceEndsAt = min(now + configuration.unavailableGrace, deadlineAt)
        guard isCancellable else {
            return await withCheckedContinuation { continuation in
                inbox.add(
                    Request(
                        id: id, kind: kind, statements: statements, context: context, deadlineAt: deadlineAt,
                        graceEndsAt: graceEndsAt, continuation: continuation),
                    isBounded: false)
            }
        }
        guard !Task.isCancelled else { return .failure(.cancelled) }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                inbox.add(
                    Request(
                        id: id, kind: kind, statements: statements, context: context, deadlineAt: deadlineAt,
                        graceEndsAt: graceEndsAt, continuation: continuation),
                    isBounded: !kind.isWithinTransaction)
                // A cancellation before the line above found nothing to cancel.
                if Task.isCancelled { inbox.add(.cancel(id)) }
            }
        } onCancel: {
            inbox.add(.cancel(id))
        }
    }

    // MARK: Notifications

    func notifications(channel: String) -> AsyncStream<PostgresNotification> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: PostgresNotification.self, bufferingPolicy: .bufferingNewest(1_024))
        guard NotificationHub.isValid(channel) else {
            continuation.finish()
            return stream
        }
        start()
        let id = inbox.makeID()
        let inbox = inbox
        continuation.onTermination = { _ in inbox.add(.unsubscribe(channel: channel, id: id)) }
        if !inbox.add(.subscribe(channel: channel, id: id, continuation)) { continuation.finish() }
        return stream
    }
}

extension Request.Kind {
    /// Whether a held transaction waits for it: the queue's bound doesn't hold for those.
    fileprivate var isWithinTransaction: Bool {
        switch self {
        case .leased, .commit, .rollBack: true
        case .script(_, let lease): lease != nil
        case .read, .write, .begin: false
        }
    }
}

extension ReactorHandle: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        start()
        let job = UnownedJob(job)
        // After the end, what is left of the tasks runs elsewhere.
        if !inbox.add(job) { globalConcurrentExecutor.enqueue(ExecutorJob(job)) }
    }
}
