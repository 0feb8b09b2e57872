internal import Logging

extension Reactor {
    /// Times a call is queued again before its caller hears of the failure.
    private static let retryLimit = 2

    /// Acts on what happened to a connection.
    func handle(_ events: [Connection.Event], of connection: Connection, now: Instant) {
        for event in events {
            switch event {
            case .opened: opened(connection, now: now)
            case .finished(let unit): finished(unit, on: connection, now: now)
            case .notified(let channel, let payload): hub.notify(channel: channel, payload: payload)
            case .lost(let failure, let wasUp, let units):
                lost(connection, failure: failure, wasUp: wasUp, units: units, now: now)
            }
        }
    }

    private func opened(_ connection: Connection, now: Instant) {
        if connection === listener {
            let channels = hub.channels
            guard !channels.isEmpty else { return }
            return handle(listener.sendListen(channels, command: "LISTEN", now: now), of: listener, now: now)
        }
        if connections.lazy.filter(\.isUp).count == 1 { logger.notice("database is reachable") }
        health.opened += 1
    }

    private func lost(
        _ connection: Connection, failure: PostgresHealth.ConnectionFailure, wasUp: Bool, units: [Unit], now: Instant
    ) {
        health.lastFailure = failure
        if connection === listener { return hub.loseAll() }
        // Back to the front of the queue, so the oldest must be put there last.
        for unit in units.reversed() { settleLost(unit, now: now, canRepeat: !isStopping) }
        for call in connection.takeWaiting() { settleLost(call, hasLeft: false, now: now, canRepeat: false) }
        guard wasUp, !connections.contains(where: \.isUp) else { return }
        // Those that wait have a grace period from now on.
        callTimerAt = now
        logger.warning("database is unreachable", metadata: ["code": "\(failure.code)"])
    }

    private func finished(_ unit: Unit, on connection: Connection, now: Instant) {
        switch unit.purpose {
        case .reads: finishReads(unit)
        case .single: finishSingle(unit, on: connection, now: now)
        case .ping: break
        case .listen:
            if unit.failure == nil { hub.establish(unit.channels) }
        }
        guard case .server(let state, _) = unit.failure?.error else { return }
        if state == .unknownPreparedStatement { connection.prepared.forgetAll() }
        let isUseless = state.endsSession || unit.purpose == .listen
        if isUseless { handle(connection.lose(.server(state), now: now), of: connection, now: now) }
    }

    // MARK: Answers

    private func finishReads(_ unit: Unit) {
        guard let failure = unit.failure else {
            for (index, call) in unit.calls.enumerated() { call.answer(.success(Answer(tables: unit.tables[index]))) }
            return
        }
        var again: [Call] = []
        for (index, call) in unit.calls.enumerated() {
            let isCulprit = failure.call == index || (failure.call == nil && unit.calls.count == 1)
            if let culprit = failure.call, index < culprit, unit.isComplete(index) {
                call.answer(.success(Answer(tables: unit.tables[index])))
            } else if isCulprit, !mayRepeat(call, after: failure.error) {
                call.answer(.failure(failure.error))
            } else if isCulprit || !call.runsAlone {
                if isCulprit { call.retries += 1 }
                call.runsAlone = true
                again.append(call)
            }
        }
        reads.prepend(again)
        if !again.isEmpty { callTimerAt = Instant(nanoseconds: 0) }
    }

    private func finishSingle(_ unit: Unit, on connection: Connection, now: Instant) {
        guard let call = unit.calls.first else { return }
        if let failure = unit.failure?.error {
            return finishFailed(call, failure, on: connection, now: now)
        }
        switch call.request.kind {
        case .begin where call.isAnswered:
            // Its caller gave up meanwhile; closing is the simplest way to roll back.
            handle(connection.lose(.timeout, now: now), of: connection, now: now)
        case .commit:
            connection.lease = nil
            // The server answers the commit of a failed transaction so, without an error.
            let isRolledBack = unit.lastTag == "ROLLBACK"
            call.answer(
                isRolledBack
                    ? .failure(.server(.inFailedTransaction, constraint: nil)) : .success(Answer()))
        case .rollBack:
            connection.lease = nil
            call.answer(.success(Answer()))
        case .read, .write, .begin, .leased, .script:
            call.answer(.success(Answer(tables: unit.tables[0])))
        }
    }

    private func finishFailed(_ call: Call, _ error: PostgresError, on connection: Connection, now: Instant) {
        switch call.request.kind {
        case .commit:
            connection.lease = nil
            call.answer(.failure(error))
        case .begin, .rollBack:
            // Part of it may stand; a new session is certain.
            let canRepeat = mayRepeat(call, after: error)
            if canRepeat { repeatLater(call) } else { call.answer(.failure(error)) }
            handle(connection.lose(.network, now: now), of: connection, now: now)
        case .read, .write:
            if mayRepeat(call, after: error) { repeatLater(call) } else { call.answer(.failure(error)) }
        case .leased, .script:
            call.answer(.failure(error))
        }
    }

    /// Whether the server refused before it did anything, for a reason that another session does not have.
    private func mayRepeat(_ call: Call, after error: PostgresError) -> Bool {
        guard case .server(let state, _) = error, call.retries < Self.retryLimit, !call.isAnswered else {
            return false
        }
        return state.endsSession || state == .unknownPreparedStatement
    }

    private func repeatLater(_ call: Call) {
        call.retries += 1
        requeue(call)
    }

    /// Puts a call back to where it came from, ahead of all others.
    func requeue(_ call: Call) {
        callTimerAt = min(callTimerAt, call.request.deadlineAt)
        switch call.request.kind {
        case .read: reads.prepend([call])
        case .begin: begins.prepend([call])
        case .write, .script, .leased, .commit, .rollBack: writes.prepend([call])
        }
    }

    // MARK: Losses

    func settleLost(_ unit: Unit, now: Instant, canRepeat: Bool) {
        for call in unit.calls.reversed() {
            if unit.purpose == .reads, unit.calls.count > 1 {
                // Skipped before: its second try is under way elsewhere.
                guard !call.runsAlone || !canRepeat else { continue }
                call.runsAlone = true
            }
            settleLost(call, hasLeft: unit.hasLeft, now: now, canRepeat: canRepeat)
        }
    }

    /// Answers a call whose connection is gone, or sends it again if that can do no harm.
    func settleLost(_ call: Call, hasLeft: Bool, now: Instant, canRepeat: Bool) {
        guard !call.isAnswered else { return }
        if case .rollBack = call.request.kind { return call.answer(.success(Answer())) }
        if call.request.deadlineAt <= now {
            return call.answer(.failure(.deadlineExceeded(sent: hasLeft)))
        }
        if call.leavesDoubt, hasLeft { return call.answer(.failure(.outcomeUnknown)) }
        guard canRepeat, call.isRepeatable, call.retries < Self.retryLimit else {
            return call.answer(.failure(.unavailable))
        }
        call.retries += 1
        requeue(call)
    }
}
