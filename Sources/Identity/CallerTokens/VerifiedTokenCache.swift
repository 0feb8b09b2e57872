package import Domain
package import Sodium

/// Verified caller tokens by the digest of their text, for one event loop: bounded, the least recently used goes first.
///
/// Not safe to share between threads, and needs no lock because of it. A hit costs one look-up and allocates nothing. An
/// entry goes at `exp`, and with the first look-up after its API key or its signing key was withdrawn.
package final class VerifiedTokenCache {
    private struct Slot {
        var digest: Digest32
        var token: VerifiedCallerToken
        /// Towards the most recently used one.
        var newer: Int32
        /// Towards the least recently used one.
        var older: Int32
    }

    private static let none: Int32 = -1

    private let verifier: CallerTokenVerifier
    private let capacity: Int
    private var index: [Digest32: Int32] = [:]
    private var slots: [Slot] = []
    private var free: [Int32] = []
    private var newest = none
    private var oldest = none
    private var epoch: UInt64

    /// - Parameter capacity: most entries kept, at least 1.
    package init(verifier: CallerTokenVerifier, capacity: Int = 8_192) {
        self.verifier = verifier
        self.capacity = min(max(1, capacity), 1 << 20)
        self.epoch = verifier.epoch
        index.reserveCapacity(self.capacity)
        slots.reserveCapacity(min(self.capacity, 1_024))
    }

    package var count: Int { index.count }

    /// The token of this digest, if it was verified before and holds now.
    package func token(_ digest: Digest32, now: Timestamp) -> VerifiedCallerToken? {
        if verifier.epoch != epoch { dropWithdrawn() }
        guard let slot = index[digest] else { return nil }
        let token = slots[Int(slot)].token
        guard now < token.expiresAt else {
            remove(slot)
            return nil
        }
        if slot != newest {
            unlink(slot)
            linkNewest(slot)
        }
        return token
    }

    /// Keeps a token that ``CallerTokenVerifier/verify(_:now:)`` just returned; one past its `exp` isn't kept.
    package func insert(_ token: VerifiedCallerToken, for digest: Digest32, now: Timestamp) {
        guard now < token.expiresAt else { return }
        if let slot = index[digest] { remove(slot) }
        if index.count >= capacity { remove(oldest) }
        let entry = Slot(digest: digest, token: token, newer: Self.none, older: Self.none)
        let slot: Int32
        if let reused = free.popLast() {
            slot = reused
            slots[Int(slot)] = entry
        } else {
            slot = Int32(slots.count)
            slots.append(entry)
        }
        index[digest] = slot
        linkNewest(slot)
    }

    package func removeAll() {
        index.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        free.removeAll(keepingCapacity: true)
        newest = Self.none
        oldest = Self.none
    }

    /// Once for each change of the epoch, not for each look-up.
    private func dropWithdrawn() {
        // Read before the entries are: a change in between shows at the next look-up.
        epoch = verifier.epoch
        for slot in index.values.filter({ !verifier.stillHolds(slots[Int($0)].token) }) { remove(slot) }
    }

    private func remove(_ slot: Int32) {
        unlink(slot)
        index[slots[Int(slot)].digest] = nil
        free.append(slot)
    }

    private func unlink(_ slot: Int32) {
        let newer = slots[Int(slot)].newer
        let older = slots[Int(slot)].older
        if newer == Self.none { newest = older } else { slots[Int(newer)].older = older }
        if older == Self.none { oldest = newer } else { slots[Int(older)].newer = newer }
    }

    private func linkNewest(_ slot: Int32) {
        slots[Int(slot)].newer = Self.none
        slots[Int(slot)].older = newest
        if newest == Self.none { oldest = slot } else { slots[Int(newest)].newer = slot }
        newest = slot
    }
}
