extension Connection {
    /// Sends reads of several callers up to one synchronisation point.
    ///
    /// - Precondition: every two contexts overwrite one another.
    /// - Returns: what happened; a loss leaves every call unanswered in the lost units.
    func sendReads(_ calls: [Call], now: Instant) -> [Event] {
        let deadlineAt = calls.lazy.map(\.request.deadlineAt).max() ?? now
        let unit = Unit(purpose: .reads, calls: calls, deadlineAt: deadlineAt, sentAt: now)
        return launch(unit, now: now) {
            guard sendSettings(options.transactionSettings, call: nil, in: unit) else { return false }
            var context = SessionContext.none
            for (index, call) in calls.enumerated() {
                if call.request.context != context {
                    context = call.request.context
                    guard sendSettings(context.settings, call: index, in: unit) else { return false }
                }
                guard sendStatements(of: index, in: unit) else { return false }
            }
            return true
        }
    }

    /// Sends the work of one caller.
    func sendSingle(_ call: Call, now: Instant) -> [Event] {
        let request = call.request
        if case .script(let sql, _) = request.kind { return sendScript(sql, call: call, now: now) }
        let unit = Unit(purpose: .single, calls: [call], deadlineAt: request.deadlineAt, sentAt: now)
        return launch(unit, now: now) {
            switch request.kind {
            case .read, .write:
                return sendSettings(options.transactionSettings + request.context.settings, call: 0, in: unit)
                    && sendStatements(of: 0, in: unit)
            case .begin(let lease):
                self.lease = lease
                return send(Statement("BEGIN"), as: .control, call: 0, in: unit)
                    && sendSettings(options.transactionSettings + request.context.settings, call: 0, in: unit)
            case .leased: return sendStatements(of: 0, in: unit)
            case .commit: return send(Statement("COMMIT"), as: .control, call: 0, in: unit)
            case .rollBack: return send(Statement("ROLLBACK"), as: .control, call: 0, in: unit)
            case .script: return false
            }
        }
    }

    /// Asks the server for a sign of life: a synchronisation point and nothing before it.
    func sendPing(now: Instant) -> [Event] {
        let unit = Unit(purpose: .ping, calls: [], deadlineAt: now + options.connectTimeout, sentAt: now)
        return launch(unit, now: now) { true }
    }

    /// Sends `LISTEN` or `UNLISTEN` for channels whose names need no quoting.
    func sendListen(_ channels: [String], command: String, now: Instant) -> [Event] {
        let unit = Unit(
            purpose: .listen, calls: [], deadlineAt: now + options.connectTimeout, sentAt: now,
            channels: command == "LISTEN" ? channels : [])
        return launch(unit, now: now) {
            channels.allSatisfy { channel in
                unit.expect(.control, call: nil)
                return handle?.execute(text: "\(command) \"\(channel)\"") ?? false
            }
        }
    }

    /// Sends what waits for its turn in the held transaction. A script uses the simple protocol and shares the
    /// connection with nothing.
    func sendWaiting(now: Instant) -> [Event] {
        var events: [Event] = []
        while isUp, let call = waiting.first, units.count < 8, units.last?.isScript != true {
            if case .script = call.request.kind, !units.isEmpty { break }
            waiting.removeFirst()
            guard !call.isAnswered else { continue }
            events += sendSingle(call, now: now)
        }
        return events
    }

    private func sendScript(_ sql: String, call: Call, now: Instant) -> [Event] {
        let unit = Unit(
            purpose: .single, calls: [call], deadlineAt: call.request.deadlineAt, sentAt: now, isScript: true)
        units.append(unit)
        guard let handle, handle.exitPipelineMode(), handle.runScript(sql) else { return lose(.network, now: now) }
        return flush(now)
    }

    private func launch(_ unit: Unit, now: Instant, _ send: () -> Bool) -> [Event] {
        units.append(unit)
        // Without its synchronisation point a unit takes no effect, so a loss before this one leaves no doubt.
        guard send(), handle?.sync() == true else { return lose(.network, now: now) }
        return flush(now)
    }

    private func sendStatements(of index: Int, in unit: Unit) -> Bool {
        unit.calls[index].request.statements.allSatisfy {
            send($0, as: .statement(call: index), call: index, in: unit)
        }
    }

    private func sendSettings(_ settings: [SessionContext.Setting], call: Int?, in unit: Unit) -> Bool {
        var rest = settings[...]
        while let first = rest.popFirst() {
            let second = rest.popFirst()
            let texts = [first.name, first.value] + (second.map { [$0.name, $0.value] } ?? [])
            let sql: StaticString =
                second == nil
                ? "SELECT set_config($1, $2, true)" : "SELECT set_config($1, $2, true), set_config($3, $4, true)"
            guard send(Statement(sql, texts.map { .text($0) }), as: .control, call: call, in: unit) else {
                return false
            }
        }
        return true
    }

    private func send(_ statement: Statement, as step: Unit.Step, call: Int?, in unit: Unit) -> Bool {
        guard let handle else { return false }
        encoder.encode(statement.parameters)
        guard options.usesPreparedStatements else {
            unit.expect(step, call: call)
            return handle.execute(statement.sql, encoder)
        }
        let key = PreparedStatements.Key(address: statement.sql.address, types: encoder.types)
        switch prepared.lookUp(key) {
        case .known(let name):
            unit.expect(step, call: call)
            return handle.execute(prepared: name, encoder)
        case .new(let name):
            unit.expect(.prepare(key), call: call)
            unit.expect(step, call: call)
            return handle.prepare(statement.sql, name: name, types: encoder.types)
                && handle.execute(prepared: name, encoder)
        case .full:
            unit.expect(step, call: call)
            return handle.execute(statement.sql, encoder)
        }
    }
}

extension StaticString {
    /// Where the literal lies; a single character has no address, and its number is none that a literal could have.
    fileprivate var address: UInt {
        hasPointerRepresentation ? unsafe UInt(bitPattern: utf8Start) : UInt(unicodeScalar.value)
    }
}
