import Domain
import Testing

@Suite("The life of a connection")
struct ConnectionLifecycleTests {
    typealias Event = ConnectionLifecycle.Event
    typealias Standing = ConnectionLifecycle.Standing

    static let refreshes: [Event] = [
        .refreshed, .refreshFailed(.rateLimited, hasValidToken: false),
        .refreshFailed(.rateLimited, hasValidToken: true),
        .grantEnded(.invalidGrant),
    ]

    static let events: [Event] =
        refreshes + [
            .verified, .linkedUnverified, .credentialRefused, .suspendedByOperator,
            .resumedByOperator(wasVerified: true), .resumedByOperator(wasVerified: false),
        ]

    static let standings: [Standing] = [
        Standing(.pending), Standing(.active), Standing(.backingOff, .rateLimited),
        Standing(.reauthRequired, .invalidGrant), Standing(.suspended, .byOperator),
        Standing(.suspended, .invalidGrant),
    ]

    struct Move: Sendable, CustomTestStringConvertible {
        let before: Standing
        let event: Event
        let after: Standing
        var testDescription: String { "\(before.status.rawValue) -\(event)-> \(after.status.rawValue)" }
    }

    static let moves = [
        Move(before: Standing(.pending), event: .verified, after: Standing(.active)),
        Move(before: Standing(.pending), event: .credentialRefused, after: Standing(.pending)),
        Move(before: Standing(.active), event: .linkedUnverified, after: Standing(.pending)),
        Move(
            before: Standing(.active), event: .refreshFailed(.rateLimited, hasValidToken: true),
            after: Standing(.active)),
        Move(
            before: Standing(.active), event: .refreshFailed(.rateLimited, hasValidToken: false),
            after: Standing(.backingOff, .rateLimited)),
        Move(
            before: Standing(.backingOff, .rateLimited), event: .refreshFailed(.outcomeUnknown, hasValidToken: false),
            after: Standing(.backingOff, .outcomeUnknown)),
        Move(before: Standing(.backingOff, .rateLimited), event: .refreshed, after: Standing(.active)),
        Move(
            before: Standing(.backingOff, .rateLimited), event: .grantEnded(.answerLost),
            after: Standing(.reauthRequired, .answerLost)),
        Move(before: Standing(.reauthRequired, .invalidGrant), event: .verified, after: Standing(.active)),
        Move(
            before: Standing(.reauthRequired, .invalidGrant), event: .refreshFailed(.rateLimited, hasValidToken: false),
            after: Standing(.reauthRequired, .invalidGrant)),
        Move(
            before: Standing(.active), event: .credentialRefused, after: Standing(.reauthRequired, .credentialRefused)),
        Move(before: Standing(.active), event: .suspendedByOperator, after: Standing(.suspended, .byOperator)),
    ]

    @Test(arguments: moves)
    func `moves as its diagram says`(_ move: Move) {
        #expect(ConnectionLifecycle.after(move.event, move.before) == move.after)
    }

    @Test(arguments: refreshes)
    func `no refresh moves what was never verified, or what an operator switched off`(_ event: Event) {
        for before in [
            Standing(.pending), Standing(.suspended, .byOperator), Standing(.suspended, .invalidGrant),
        ] {
            #expect(ConnectionLifecycle.after(event, before) == before)
        }
    }

    @Test(arguments: standings)
    func `only resuming leaves suspension, and only suspending enters it`(_ before: Standing) {
        for event in Self.events {
            let after = ConnectionLifecycle.after(event, before)
            switch event {
            case .resumedByOperator: #expect(after.status != .suspended)
            case .suspendedByOperator: #expect(after.status == .suspended)
            case .verified, .linkedUnverified, .credentialRefused, .refreshed, .refreshFailed, .grantEnded:
                #expect((after.status == .suspended) == (before.status == .suspended))
            }
        }
    }

    @Test func `switching off and on again hides no grant that has ended`() {
        let ended = Standing(.reauthRequired, .invalidGrant)
        let off = ConnectionLifecycle.after(.suspendedByOperator, ended)
        #expect(off == Standing(.suspended, .invalidGrant))
        #expect(ConnectionLifecycle.after(.suspendedByOperator, off) == off)
        #expect(ConnectionLifecycle.after(.resumedByOperator(wasVerified: true), off) == ended)
        let mended = ConnectionLifecycle.after(.verified, off)
        #expect(mended == Standing(.suspended, .byOperator))
        #expect(ConnectionLifecycle.after(.resumedByOperator(wasVerified: true), mended) == Standing(.active))
        let refused = ConnectionLifecycle.after(.credentialRefused, Standing(.suspended, .byOperator))
        #expect(
            ConnectionLifecycle.after(.resumedByOperator(wasVerified: true), refused)
                == Standing(.reauthRequired, .credentialRefused))
    }

    @Test(arguments: standings)
    func `what was never verified is pending when it is resumed`(_ before: Standing) {
        let off = ConnectionLifecycle.after(.suspendedByOperator, before)
        #expect(ConnectionLifecycle.after(.resumedByOperator(wasVerified: false), off) == Standing(.pending))
    }

    @Test func `an active or pending connection has no reason, every other one has`() {
        for before in Self.standings {
            for event in Self.events {
                let after = ConnectionLifecycle.after(event, before)
                #expect((after.reason == nil) == (after.status == .active || after.status == .pending))
            }
        }
    }

    // MARK: What is told

    @Test func `tells of back-off once for a row of failures, and of recovery at its end`() {
        let failed = Event.refreshFailed(.rateLimited, hasValidToken: true)
        #expect(ConnectionLifecycle.told(of: failed, from: Standing(.active), failures: 0) == [.backingOff])
        #expect(ConnectionLifecycle.told(of: failed, from: Standing(.active), failures: 1).isEmpty)
        let worse = Event.refreshFailed(.rateLimited, hasValidToken: false)
        #expect(
            ConnectionLifecycle.told(of: worse, from: Standing(.active), failures: 3) == [.backingOff],
            "callers feel it from here on")
        #expect(ConnectionLifecycle.told(of: worse, from: Standing(.backingOff, .rateLimited), failures: 4).isEmpty)
        #expect(
            ConnectionLifecycle.told(of: .refreshed, from: Standing(.active), failures: 4) == [.refreshed, .recovered])
        #expect(ConnectionLifecycle.told(of: .refreshed, from: Standing(.active), failures: 0) == [.refreshed])
    }

    @Test func `tells once that only the owner can mend it`() {
        let ended = Event.grantEnded(.invalidGrant)
        #expect(ConnectionLifecycle.told(of: ended, from: Standing(.active), failures: 2) == [.reauthRequired])
        #expect(
            ConnectionLifecycle.told(of: ended, from: Standing(.reauthRequired, .invalidGrant), failures: 2).isEmpty)
        for quiet in [Standing(.pending), Standing(.suspended, .byOperator)] {
            #expect(ConnectionLifecycle.told(of: ended, from: quiet, failures: 0).isEmpty)
        }
    }

    @Test func `tells once that a scope is missing`() {
        func told(_ before: Bool, _ after: Bool) -> [LifecycleEvent] {
            ConnectionLifecycle.told(
                of: .refreshed, from: Standing(.active), failures: 0, scopeMissing: (before, after))
        }
        #expect(told(false, true) == [.refreshed, .scopeMissing])
        #expect(told(true, true) == [.refreshed])
        #expect(told(true, false) == [.refreshed])
    }

    @Test func `a first verification links, a later one recovers`() {
        #expect(ConnectionLifecycle.told(of: .verified, from: Standing(.pending), failures: 0) == [.linked])
        #expect(
            ConnectionLifecycle.told(of: .verified, from: Standing(.reauthRequired, .invalidGrant), failures: 0)
                == [.recovered])
        #expect(ConnectionLifecycle.told(of: .verified, from: Standing(.active), failures: 0).isEmpty)
    }
}
