internal import Connections
internal import Domain
internal import Sodium

/// A signing key whose seed opened and fits.
struct TrustedSigningKey: Sendable {
    let kid: String
    let environmentID: EnvironmentID
    let state: StoredSigningKey.State
    let notBefore: Timestamp
    let publicKey: [UInt8]
    let privateKey: Ed25519.PrivateKey
    private let envelope: [UInt8]
    /// First part of every token that it signs, with the dot behind it.
    let encodedHeader: [UInt8]

    init(stored: StoredSigningKey, privateKey: Ed25519.PrivateKey) {
        kid = stored.kid
        environmentID = stored.environmentID
        state = stored.state
        notBefore = stored.notBefore
        publicKey = stored.publicKey
        envelope = stored.seed.envelope
        self.privateKey = privateKey
        encodedHeader = Array((Base64URL.encode(CallerTokenHeader.json(kid: stored.kid)) + ".").utf8)
    }

    /// A key in `next` is published, and signs and verifies nothing.
    var verifies: Bool {
        switch state {
        case .next: false
        case .active, .verify: true
        }
    }

    /// Whether the row is the one that was opened before, its state aside.
    func isSameKey(as stored: StoredSigningKey) -> Bool {
        kid == stored.kid && environmentID == stored.environmentID && notBefore == stored.notBefore
            && publicKey == stored.publicKey && envelope == stored.seed.envelope
    }
}

/// All keys at one moment, ready to be asked.
struct SigningKeySnapshot: Sendable {
    private(set) var keys: [String: TrustedSigningKey] = [:]
    private(set) var signers: [EnvironmentID: TrustedSigningKey] = [:]
    private(set) var jwks: [UInt8] = JWKSet.json([])
    /// How many readings have begun, and which of them is in force.
    private var begun: UInt64 = 0
    private var applied: UInt64 = 0
    /// Keys made here, with the number of readings that had begun by then: those may not have seen them.
    private var made: [String: UInt64] = [:]

    /// A number for a reading of the store; later ones see what earlier ones saw, or more.
    mutating func beginReading() -> UInt64 {
        begun += 1
        return begun
    }

    /// Puts what a reading found into force, unless a later one is already. Keys made since it began stay.
    ///
    /// - Returns: whether a key that verified no longer does.
    mutating func apply(_ found: [String: TrustedSigningKey], reading: UInt64) -> Bool {
        guard reading > applied else { return false }
        applied = reading
        made = made.filter { $0.value >= reading }
        let before = keys.values.filter(\.verifies).map(\.kid)
        let unseen = keys.filter { made[$0.key] != nil }
        keys = found.merging(unseen) { found, _ in found }
        derive()
        return before.contains { keys[$0]?.verifies != true }
    }

    /// A key that was just stored, by this instance or by one that was faster.
    mutating func insert(_ key: TrustedSigningKey) {
        keys[key.kid] = key
        made[key.kid] = begun
        derive()
    }

    private mutating func derive() {
        signers = [:]
        for key in keys.values where key.state == .active { signers[key.environmentID] = key }
        jwks = JWKSet.json(keys.values.sorted { $0.kid < $1.kid })
    }
}
