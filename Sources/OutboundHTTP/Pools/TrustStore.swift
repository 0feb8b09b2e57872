internal import CCurl
internal import Domain

/// Certificates that a peer's chain may end at.
// Safe: the store is freed with its one owner; OpenSSL counts the references of contexts that use it.
@safe
final class TrustStore {
    let store: OpaquePointer

    private init?() {
        guard let store = unsafe sp_trust_create() else { return nil }
        unsafe self.store = store
    }

    deinit { unsafe sp_trust_free(store) }

    /// The system's certificates; none where the file can't be read, and every handshake fails then.
    static func system(path: String) -> TrustStore? {
        let trust = TrustStore()
        if let trust { _ = unsafe sp_trust_add_file(trust.store, path) }
        return trust
    }

    /// The system's certificates and others besides; nil where the text holds none or a broken one.
    static func system(_ system: TrustStore, adding pem: String) -> TrustStore? {
        guard let trust = TrustStore(), unsafe sp_trust_add_all(trust.store, system.store) == 1 else { return nil }
        var text = pem
        let count = text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                guard let length = Int32(exactly: characters.count) else { return Int32(-1) }
                return unsafe sp_trust_add_pem(trust.store, characters.baseAddress, length)
            }
        }
        return count > 0 ? trust : nil
    }
}

/// Trust stores by the certificates that they add to the system's: parsed once, not once a connection.
///
/// Additional certificates are trusted *besides* the system's. Each store is made anew after an hour, so that a change
/// of the system's file is seen without a restart. For the loop alone.
final class TrustStores {
    private struct Entry {
        let trust: TrustStore
        let madeAt: ContinuousClock.Instant
        var usedAt: ContinuousClock.Instant
    }

    private static let lifetime = Duration.seconds(3600)
    /// A PEM text longer than this is refused.
    private static let maxPEMBytes = 1 << 20

    private let systemPath: String
    private let capacity: Int
    private var system: Entry?
    private var entries: [String: Entry] = [:]

    init(systemPath: String, capacity: Int) {
        self.systemPath = systemPath
        self.capacity = capacity
    }

    /// - Throws: `.invalidRequest` where the certificates can't be read.
    func trust(adding pem: String?, now: ContinuousClock.Instant) throws(OutboundError) -> TrustStore {
        guard let pem else { return try systemTrust(now) }
        if var entry = entries[pem], now - entry.madeAt < Self.lifetime {
            entry.usedAt = now
            entries[pem] = entry
            return entry.trust
        }
        guard pem.utf8.count <= Self.maxPEMBytes,
            let trust = TrustStore.system(try systemTrust(now), adding: pem)
        else { throw .invalidRequest }
        entries[pem] = Entry(trust: trust, madeAt: now, usedAt: now)
        if entries.count > capacity, let oldest = entries.min(by: { $0.value.usedAt < $1.value.usedAt }) {
            entries[oldest.key] = nil
        }
        return trust
    }

    private func systemTrust(_ now: ContinuousClock.Instant) throws(OutboundError) -> TrustStore {
        if let system, now - system.madeAt < Self.lifetime { return system.trust }
        guard let trust = TrustStore.system(path: systemPath) else { throw .overloaded }
        system = Entry(trust: trust, madeAt: now, usedAt: now)
        return trust
    }
}
