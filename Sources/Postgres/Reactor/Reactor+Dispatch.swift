extension Reactor {
    /// Most reads that share one synchronisation point.
    private static let batchLimit = 64
    /// Connections that answer reads at a time: few make large batches, and those are what makes reads cheap.
    private static let laneLimit = 2
    /// Units in flight on a connection that answers reads.
    private static let laneDepth = 2
    /// A batch that takes longer than this blocks its lane; reads that wait may then take another connection.
    private static let laneBlockedAfter = Duration.milliseconds(10)

    // MARK: What comes in

    func accept(_ request: Request) {
        let call = Call(request)
        callTimerAt = min(callTimerAt, request.deadlineAt)
        if !connections.contains(where: \.isUp) { callTimerAt = min(callTimerAt, request.graceEndsAt) }
        switch request.kind {
        case .read: reads.append(call)
        case .write, .script(_, nil): writes.append(call)
        case .begin: begins.append(call)
        case .leased(let lease), .commit(let lease), .rollBack(let lease), .script(_, let lease?):
            settled += 1
            guard let connection = connections.first(where: { $0.lease?.id == lease.id && $0.isUp }) else {
                return settleLost(call, hasLeft: false, now: .now(), canRepeat: false)
            }
            connection.waiting.append(call)
        }
    }

    func obey(_ commands: [Inbox.Command]) {
        var cancelled: Set<UInt64> = []
        for command in commands {
            switch command {
            case .cancel(let id): cancelled.insert(id)
            case .subscribe(let channel, let id, let continuation):
                guard hub.add(continuation, id: id, channel: channel), listener.isUp else { continue }
                let now = Instant.now()
                handle(listener.sendListen([channel], command: "LISTEN", now: now), of: listener, now: now)
            case .unsubscribe(let channel, let id):
                guard hub.remove(id: id, channel: channel), listener.isUp else { continue }
                let now = Instant.now()
                handle(listener.sendListen([channel], command: "UNLISTEN", now: now), of: listener, now: now)
            }
        }
        if !cancelled.isEmpty { cancel(cancelled) }
    }

    /// What waits is dropped. What was sent goes on: a read's caller need not wait for it, all others learn the
    /// outcome.
    private func cancel(_ ids: Set<UInt64>) {
        removeQueued { ids.contains($0.request.id) ? .cancelled : nil }
        for connection in connections {
            for call in connection.waiting where ids.contains(call.request.id) { call.answer(.failure(.cancelled)) }
            for unit in connection.units where unit.purpose == .reads {
                for call in unit.calls where ids.contains(call.request.id) { call.answer(.failure(.cancelled)) }
            }
        }
    }

    private func removeQueued(_ reason: (Call) -> PostgresError?) {
        let matches = { (call: Call) in call.isAnswered || reason(call) != nil }
        for call in reads.remove(where: matches) + writes.remove(where: matches) + begins.remove(where: matches) {
            settle(call)
            if let error = reason(call) { call.answer(.failure(error)) }
        }
    }

    /// Counts a call out of the queue, once.
    func settle(_ call: Call) {
        guard !call.isSettled else { return }
        call.isSettled = true
        settled += 1
    }

    // MARK: What time asks for

    func expire(_ now: Instant) {
        let hasWork = !reads.isEmpty || !writes.isEmpty || !begins.isEmpty
        for connection in connections {
            if callTimerAt <= now { expireCalls(of: connection, now: now) }
            handle(connection.tick(now, isWanted: !isStopping || hasWork), of: connection, now: now)
            if connection.isIdle, connection.lastHeardAt + configuration.healthCheckInterval <= now {
                handle(connection.sendPing(now: now), of: connection, now: now)
            }
        }
        expireListener(now)
        if callTimerAt <= now { expireQueued(now) }
    }

    private func expireListener(_ now: Instant) {
        guard !hub.isEmpty else { return listener.isUp && listener.units.isEmpty ? listener.retire() : () }
        handle(listener.tick(now, isWanted: !isStopping), of: listener, now: now)
        if listener.isIdle, listener.lastHeardAt + configuration.healthCheckInterval <= now {
            handle(listener.sendPing(now: now), of: listener, now: now)
        }
    }

    private func expireCalls(of connection: Connection, now: Instant) {
        for call in connection.waiting where call.request.deadlineAt <= now {
            call.answer(.failure(.deadlineExceeded(sent: false)))
        }
        for unit in connection.units {
            for call in unit.calls where call.request.deadlineAt <= now {
                call.answer(.failure(.deadlineExceeded(sent: unit.hasLeft)))
            }
        }
    }

    private func expireQueued(_ now: Instant) {
        let isUp = connections.contains(where: \.isUp)
        removeQueued { call in
            if call.request.deadlineAt <= now { return .deadlineExceeded(sent: false) }
            return !isUp && call.request.graceEndsAt <= now ? .unavailable : nil
        }
        var next = Instant.distantFuture
        for queue in [reads, writes, begins] {
            queue.forEach { call in
                next = min(next, isUp ? call.request.deadlineAt : call.request.graceEndsAt)
            }
        }
        for connection in connections {
            for call in connection.waiting where !call.isAnswered { next = min(next, call.request.deadlineAt) }
            for unit in connection.units {
                for call in unit.calls where !call.isAnswered { next = min(next, call.request.deadlineAt) }
            }
        }
        callTimerAt = next
    }

    // MARK: What goes out

    /// Sends as much as the connections take. Work that needs a connection to itself gets an idle one in the order of
    /// arrival; reads share few connections, and queue behind each other there while nothing else waits.
    func dispatch(_ now: Instant) {
        for connection in connections where !connection.waiting.isEmpty {
            handle(connection.sendWaiting(now: now), of: connection, now: now)
        }
        overtakeSlowReads(now)
        while dispatchOne(now) {}
    }

    private func dispatchOne(_ now: Instant) -> Bool {
        let exclusive = nextExclusive()
        if let read = reads.first, exclusive.map({ read.request.id < $0.request.id }) ?? true,
            let connection = laneForReads(now, exclusiveWaits: exclusive != nil)
        {
            return sendBatch(on: connection, now: now)
        }
        guard let exclusive, let connection = connections.first(where: \.isIdle) else { return false }
        if case .begin = exclusive.request.kind { _ = begins.popFirst() } else { _ = writes.popFirst() }
        settle(exclusive)
        guard !exclusive.isAnswered else { return true }
        guard connection.handle?.isHungUp == false else {
            // Not sent, so not tried: it takes the next connection.
            requeue(exclusive)
            handle(connection.lose(.network, now: now), of: connection, now: now)
            return true
        }
        handle(connection.sendSingle(exclusive, now: now), of: connection, now: now)
        return true
    }

    /// The oldest call that wants a connection to itself and may have one.
    private func nextExclusive() -> Call? {
        let held = connections.lazy.filter { $0.lease != nil }.count
        let begin = held < max(1, connections.count - 1) ? begins.first : nil
        guard let write = writes.first else { return begin }
        guard let begin else { return write }
        return begin.request.id < write.request.id ? begin : write
    }

    /// A connection for the reads that wait; `nil`: they wait for answers to come back.
    private func laneForReads(_ now: Instant, exclusiveWaits: Bool) -> Connection? {
        var lanes = 0
        var behind: Connection?
        for connection in connections where connection.isUp && connection.lease == nil {
            guard let oldest = connection.units.first, oldest.purpose == .reads else { continue }
            guard now < oldest.sentAt + Self.laneBlockedAfter else { continue }
            lanes += 1
            if connection.units.count < Self.laneDepth, connection.units.count < behind?.units.count ?? .max {
                behind = connection
            }
        }
        if lanes < Self.laneLimit, let idle = connections.first(where: \.isIdle) { return idle }
        return exclusiveWaits ? nil : behind
    }

    /// When a lane counts as blocked, if reads wait for it or behind it.
    func laneTimer(_ now: Instant) -> Instant? {
        connections.lazy
            .filter { [waits = !reads.isEmpty] in waits || $0.units.count > 1 }
            .compactMap { $0.units.first.map { $0.sentAt + Self.laneBlockedAfter } }
            .filter { $0 > now }.min()
    }

    /// Queues reads that are stuck behind a slow batch once more if some connection has nothing to do; whichever
    /// answer comes first counts.
    private func overtakeSlowReads(_ now: Instant) {
        guard connections.contains(where: \.isIdle) else { return }
        var again: [Call] = []
        for connection in connections {
            guard let slow = connection.units.first, slow.purpose == .reads, slow.sentAt + Self.laneBlockedAfter <= now
            else { continue }
            for unit in connection.units.dropFirst() where unit.purpose == .reads && !unit.isOvertaken {
                unit.isOvertaken = true
                again += unit.calls.filter { !$0.isAnswered }
            }
        }
        reads.prepend(again)
    }

    private func sendBatch(on connection: Connection, now: Instant) -> Bool {
        var batch: [Call] = []
        var kept: [Call] = []
        while batch.count < Self.batchLimit, kept.count < Self.batchLimit, let call = reads.popFirst() {
            guard !call.isAnswered else {
                settle(call)
                continue
            }
            guard let first = batch.first else {
                batch.append(call)
                if call.runsAlone { break }
                continue
            }
            let fits = !call.runsAlone && call.request.context.overwrites(first.request.context)
            if fits { batch.append(call) } else { kept.append(call) }
        }
        reads.prepend(kept)
        guard !batch.isEmpty else { return true }
        for call in batch { settle(call) }
        handle(connection.sendReads(batch, now: now), of: connection, now: now)
        return true
    }
}
