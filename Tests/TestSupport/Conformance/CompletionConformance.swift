internal import Connections
internal import Domain

/// What ``RefreshStore/complete(_:)`` writes.
enum CompletionConformance {
    static let all: [(name: String, check: @Sendable (StorePorts) async throws -> Void)] = [
        ("every result in every status", lifecycle), ("the state of refreshes", states),
        ("one that is stale among good ones", staleAmongGood), ("late writes", late),
        ("versions of token sets", versions),
        ("retired keys", retiredKeys), ("linking again", relinking), ("missing scopes", scopes),
        ("announcing refreshes", announcing),
    ]

    private enum Token: CaseIterable { case none, valid, expired, endless }

    private static func make(
        _ ports: StorePorts, _ rows: ConnectionConformance.Rows, status: ConnectionStatus = .active,
        token: Token = .valid, facts: TokenSetFacts? = nil
    ) async throws -> Connection {
        var connection = try ports.draftConnection(rows.scope, rows.integration.id)
        connection.status = status
        connection.statusReason = status == .reauthRequired ? .invalidGrant : nil
        let times: TokenTimes? =
            switch token {
            case .none: nil
            case .valid: ports.times(validFor: .seconds(7_200))
            case .expired: ports.times(validFor: .seconds(-60))
            case .endless: ports.times(validFor: nil)
            }
        try await ports.create(connection, times: times, facts: try facts ?? ports.facts())
        return connection
    }

    private static func lifecycle(_ ports: StorePorts) async throws {
        let rows = try await ConnectionConformance.rows(ports)
        for status in ConnectionStatus.allCases {
            for token in Token.allCases {
                for failures in [0, 1, 2] {
                    for kind in 0..<4 {
                        try await move(from: status, token, failures: failures, kind: kind, ports, rows)
                    }
                }
            }
        }
    }

    private static func move(
        from status: ConnectionStatus, _ token: Token, failures: Int, kind: Int, _ ports: StorePorts,
        _ rows: ConnectionConformance.Rows
    ) async throws {
        let connection = try await make(ports, rows, status: status, token: token)
        for _ in 0..<failures {
            try await ports.write(
                try await ports.lease(connection), .failed(.tokenEndpointUnreachable, retryAfter: .zero))
        }
        let before = try await ports.load(connection).connection
        let told = try await ports.lifecycleEvents(connection.id)
        let hasValidToken = token == .valid || token == .endless
        let (result, event): (RefreshResult, ConnectionLifecycle.Event) =
            switch kind {
            case 0: (try await ports.next(connection), .refreshed)
            case 1: (.ended(.invalidGrant), .grantEnded(.invalidGrant))
            case 2:
                (
                    .failed(.rateLimited, retryAfter: .seconds(9)),
                    .refreshFailed(.rateLimited, hasValidToken: hasValidToken)
                )
            default:
                (
                    try await ports.next(connection, facts: try ports.facts(scopeMissing: true)), .refreshed
                )
            }
        try await ports.write(try await ports.lease(connection), result)
        let what = "\(event) in \(before.status) with \(token), after \(failures) failures"
        let standing = ConnectionLifecycle.Standing(before.status, before.statusReason)
        let expected = ConnectionLifecycle.after(event, standing)
        let after = try await ports.load(connection).connection
        try require(
            after.status == expected.status && after.statusReason == expected.reason, "\(what): \(after.status)")
        // Who edits a connection that has changed meanwhile must notice.
        try require(after.version == before.version + (expected == standing ? 0 : 1), "the version after \(what)")
        let events = ConnectionLifecycle.told(
            of: event, from: standing, failures: failures, scopeMissing: (before: false, after: kind == 3))
        let now = try await ports.lifecycleEvents(connection.id)
        try require(now == told + events, "told of \(what): \(now), not \(told + events)")
    }

    private static func states(_ ports: StorePorts) async throws {
        let rows = try await ConnectionConformance.rows(ports)
        let never = try await ports.state(rows.connection)
        try require(never.lastSuccessAt == nil && never.tokenExpiresAt == nil && never.nextRefreshAt == nil, "none yet")
        let connection = try await make(ports, rows)
        let times = try await ports.load(connection).tokenTimes
        let first = try await ports.state(connection)
        try require(first.lastSuccessAt != nil && first.consecutiveFailures == 0 && first.lastError == nil, "a token")
        try require(first.tokenExpiresAt == times?.expiresAt && first.nextRefreshAt == times?.refreshDueAt, "its times")
        try await ports.elapse(.seconds(3_700))
        for failures in 1...3 {
            try await ports.write(
                try await ports.lease(connection, ignoringBackoff: true),
                .failed(.rateLimited, retryAfter: .seconds(50)))
            let state = try await ports.state(connection)
            try require(state.consecutiveFailures == failures && state.lastError == .rateLimited, "failures count")
        }
        let failed = try await ports.state(connection)
        let wait = (failed.nextRefreshAt ?? Timestamp(seconds: 0)) - (failed.lastSuccessAt ?? Timestamp(seconds: 0))
        try require(wait > .seconds(3_700) && wait < .seconds(3_900), "what was due is due again after the back-off")
        try await ports.write(
            try await ports.lease(connection, ignoringBackoff: true),
            .failed(.tokenEndpointRefused, retryAfter: .seconds(3)))
        try await ports.write(
            try await ports.lease(connection, ignoringBackoff: true), try await ports.next(connection))
        let obtained = try await ports.state(connection)
        try require(obtained.consecutiveFailures == 0 && obtained.lastError == nil, "a success starts anew")
        let passed = (obtained.lastSuccessAt ?? Timestamp(seconds: 0)) - (failed.lastSuccessAt ?? Timestamp(seconds: 0))
        try require(passed >= .seconds(3_600), "and is the last one")
        try await ports.write(try await ports.lease(connection), .ended(.answerLost))
        let ended = try await ports.state(connection)
        try require(ended.nextRefreshAt == nil && ended.lastError == .answerLost, "after an end nothing is due")
        try require(ended.consecutiveFailures == 1 && ended.lastSuccessAt == obtained.lastSuccessAt, "it is a failure")
        let relinked = try await ports.relink(try await ports.load(connection).connection, entered: 2)
        let anew = try await ports.state(relinked)
        try require(anew.consecutiveFailures == 0 && anew.lastError == nil, "a new credential starts anew")
        try require(anew.tokenExpiresAt == nil && anew.nextRefreshAt == nil, "without a token")
        try require(anew.lastSuccessAt == obtained.lastSuccessAt, "the last success was when it was")
    }

    private static func staleAmongGood(_ ports: StorePorts) async throws {
        var connections: [Connection] = []
        for _ in 0..<3 {
            let rows = try await ConnectionConformance.rows(ports)
            connections.append(try await make(ports, rows))
            connections.append(try await make(ports, rows, token: .none))
            connections.append(try await ports.makeConnection(rows.foreignTenants[0], rows.integration.id))
        }
        var leases: [Lease] = []
        for connection in connections { leases.append(try await ports.lease(connection)) }
        try await ports.refreshes.release(leases[3])
        let stale = try await ports.load(connections[3])
        try await ports.elapse(.seconds(41))
        let newer = try await ports.lease(connections[6])
        var completions: [RefreshCompletion] = []
        for (index, lease) in leases.enumerated() {
            let result: RefreshResult =
                switch index % 3 {
                case 0: try await ports.next(connections[index])
                case 1: .failed(.rateLimited, retryAfter: .seconds(5))
                default: .ended(.invalidGrant)
                }
            completions.append(ports.completion(lease, result))
        }
        completions.reverse()
        let answers = Array(try await ports.refreshes.complete(completions).reversed())
        for index in leases.indices {
            let expected: CompletionAnswer = index == 3 || index == 6 ? .stale : .written
            try require(answers[index] == expected, "the answer of \(index) of \(leases.count): \(answers[index])")
        }
        let kept = try await ports.load(connections[3])
        try require(kept.tokenSet == stale.tokenSet && kept.connection == stale.connection, "it wrote nothing")
        try require(try await ports.lifecycleEvents(connections[3].id) == [.linked], "and told nothing")
        try await ports.write(newer, try await ports.next(connections[6]))
        try require(try await ports.refreshes.complete([]).isEmpty, "none for none")
        let again = try await ports.refreshes.complete(
            zip(completions.reversed(), connections).map { completion, _ in
                ports.completion(completion.lease, completion.result)
            })
        try require(again.allSatisfy { $0 == .stale }, "what was written is not written again")
    }

    private static func late(_ ports: StorePorts) async throws {
        let rows = try await ConnectionConformance.rows(ports)
        for spending in [false, true] {
            let connection = try await make(ports, rows, facts: try ports.facts(spending: spending))
            let lease = try await ports.lease(connection)
            try await ports.elapse(.seconds(100_000))
            let result = try await ports.next(connection)
            try await ports.write(lease, result)
            try require(try await ports.load(connection).tokenSetVersion == 2, "one that nobody took over still writes")
        }
    }

    private static func versions(_ ports: StorePorts) async throws {
        let rows = try await ConnectionConformance.rows(ports)
        var connection = try await make(ports, rows, token: .none)
        func obtained(_ version: Int64) async throws -> RefreshResult {
            .obtained(try await ports.tokenSet(connection, version), ports.times(validFor: nil), try ports.facts())
        }
        func expectOnly(_ version: Int64) async throws {
            let lease = try await ports.lease(connection)
            for other in [1, version - 1, version + 1, version + 4] where other > 0 && other != version {
                try require(try await ports.complete(lease, try await obtained(other)) == .stale, "version \(other)")
            }
            try await ports.write(lease, try await obtained(version))
            let stored = try await ports.load(connection)
            try require(
                stored.tokenSetVersion == version && stored.tokenSet?.recordVersion == version, "stored as \(version)")
        }
        try await expectOnly(1)
        try await expectOnly(2)
        connection = try await ports.relink(connection, entered: 2)
        let bare = try await ports.load(connection)
        try require(bare.tokenSet == nil && bare.tokenSetVersion == 2, "linking again removes it and counts on")
        try await expectOnly(3)
        for version: Int64 in [1, 3, 5] {
            try await expect(.stale, "a token set with version \(version)") { () async throws(StoreError) in
                _ = try await ports.relink(
                    connection, entered: 3, times: ports.times(validFor: nil), tokenSetVersion: version)
            }
        }
        connection = try await ports.relink(
            connection, entered: 3, times: ports.times(validFor: nil), tokenSetVersion: 4)
        connection = try await ports.relink(connection, entered: 4)
        connection = try await ports.relink(
            connection, entered: 5, times: ports.times(validFor: nil), tokenSetVersion: 5)
        try await expectOnly(6)
    }

    private static func retiredKeys(_ ports: StorePorts) async throws {
        let rows = try await ConnectionConformance.rows(ports)
        let (connection, good) = (try await make(ports, rows), try await make(ports, rows))
        let (lease, other) = (try await ports.lease(connection), try await ports.lease(good))
        let sealed = try await ports.tokenSet(connection, 2)
        let retired = SealedSecret(envelope: sealed.envelope, keyVersion: 99, recordVersion: 2)
        let result = RefreshResult.obtained(retired, ports.times(validFor: nil), try ports.facts())
        let answers = try await ports.refreshes.complete([
            ports.completion(lease, result), ports.completion(other, try await ports.next(good)),
        ])
        try require(
            answers == [.keyRetired, .written], "a key that is gone is told, its neighbour is written: \(answers)")
        try require(try await ports.complete(lease, result) == .keyRetired, "so it is alone")
        try await ports.write(lease, try await ports.next(connection))
    }

    private static func relinking(_ ports: StorePorts) async throws {
        let rows = try await ConnectionConformance.rows(ports)
        let connection = try await make(ports, rows, facts: try ports.facts(spending: true))
        let lease = try await ports.lease(connection)
        let late = try await ports.next(connection)
        var changed = try await ports.relink(connection, entered: 2)
        try require(try await ports.complete(lease, late) == .stale, "a flight of the old credential writes nothing")
        let stored = try await ports.load(connection)
        try require(stored.entered?.recordVersion == 2 && stored.tokenSet == nil, "the new credential stands alone")
        let next = try await ports.lease(connection)
        try require(next.fence > lease.fence + 1 && next.attempt == 1, "and outdates the old lease")
        changed.version += 1
        changed.status = .suspended
        let suspended = changed
        try await ports.connections.update(
            suspended, entered: nil, tokenSet: nil, facts: nil,
            audit: ports.event(.connectionUpdated, rows.scope.environmentID, tenant: rows.scope.tenantID))
        try await ports.write(next, late)
        try require(
            try await ports.load(connection).connection.status == .suspended,
            "an edit leaves the lease, and a refresh doesn't wake a suspended connection")
        try await expect(.stale, "an entered credential that is older") { () async throws(StoreError) in
            _ = try await ports.relink(suspended, entered: 2)
        }
    }

    private static func scopes(_ ports: StorePorts) async throws {
        let rows = try await ConnectionConformance.rows(ports)
        let missing = try ports.facts(scopeMissing: true)
        let first = try await make(ports, rows, facts: missing)
        try require(try await ports.lifecycleEvents(first.id) == [.linked, .scopeMissing], "told with the first token")
        try await ports.write(try await ports.lease(first), try await ports.next(first, facts: missing))
        try require(try await ports.state(first).isScopeMissing, "known")
        let told = try await ports.lifecycleEvents(first.id)
        try require(told == [.linked, .scopeMissing, .refreshed], "and told once: \(told)")
        try await ports.write(try await ports.lease(first), try await ports.next(first))
        try require(try await !ports.state(first).isScopeMissing, "granted now")
        let relinked = try await ports.relink(
            first, entered: 2, times: ports.times(validFor: nil), tokenSetVersion: 4, facts: missing)
        try require(try await ports.lifecycleEvents(first.id).last == .scopeMissing, "missing again, told again")
        let bare = try await ports.relink(relinked, entered: 3, facts: missing)
        try require(try await !ports.state(bare).isScopeMissing, "what wasn't granted yet misses nothing")
        try await ports.write(try await ports.lease(bare), try await ports.next(bare, facts: missing))
        let last = try await ports.lifecycleEvents(first.id).suffix(2)
        try require(last == [.refreshed, .scopeMissing], "told with the token: \(last)")
    }

    private static func announcing(_ ports: StorePorts) async throws {
        let rows = try await ConnectionConformance.rows(ports)
        let connection = rows.connection
        for kind in 0..<4 {
            var announcements = ports.announcements.announcements().makeAsyncIterator()
            func change() async throws {
                let lease = try await ports.lease(connection)
                switch kind {
                case 0: try await ports.write(lease, try await ports.next(connection))
                case 1: try await ports.write(lease, .failed(.rateLimited, retryAfter: .zero))
                case 2: try await ports.write(lease, .ended(.invalidGrant))
                default: try await ports.refreshes.release(lease)
                }
            }
            try await change()
            var isHeard = false
            while !isHeard, let announcement = await announcements.next() {
                isHeard = announcement == .connectionChanged(connection.id)
                // What came before a gap may be missed; what comes after it may not.
                if announcement == .gap { try await change() }
            }
            try require(isHeard, "result \(kind) is announced")
        }
    }
}
