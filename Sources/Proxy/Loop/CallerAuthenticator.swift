package import Domain
package import Identity
package import Sodium
internal import NIOCore

/// Knows callers by their tokens, for one event loop; never used from another thread.
package protocol CallerTokenLookup: AnyObject {
    /// The token of this digest, if it was verified before and holds now.
    func known(_ digest: Digest32, now: Timestamp) -> VerifiedCallerToken?
    /// Checks signature and claims, and remembers a token that holds. Nil for every other: why is of no interest to the
    /// caller (RFC 6750 §3.1).
    func verify(_ token: [UInt8], digest: Digest32, now: Timestamp) -> VerifiedCallerToken?
}

/// Identity's verifier with its cache in front.
package final class CachedCallerTokens: CallerTokenLookup {
    private let verifier: CallerTokenVerifier
    private let cache: VerifiedTokenCache

    package init(verifier: CallerTokenVerifier, capacity: Int) {
        self.verifier = verifier
        cache = VerifiedTokenCache(verifier: verifier, capacity: capacity)
    }

    package func known(_ digest: Digest32, now: Timestamp) -> VerifiedCallerToken? {
        cache.token(digest, now: now)
    }

    package func verify(_ token: [UInt8], digest: Digest32, now: Timestamp) -> VerifiedCallerToken? {
        // All refusals are one to the caller.
        guard let verified = try? verifier.verify(token, now: now) else { return nil }
        cache.insert(verified, for: digest, now: now)
        return verified
    }
}

/// Finds the caller of a request: the signature is checked once, then a look-up by digest answers.
struct CallerAuthenticator {
    private let tokens: any CallerTokenLookup

    init(tokens: any CallerTokenLookup) { self.tokens = tokens }

    private static let bearer = Array("bearer ".utf8)

    /// The caller of a request, or why there is none.
    ///
    /// The token stands in `x-sallyport-token`, or as `Authorization: Bearer` where that is absent. Either given twice is
    /// refused: two readers could take different ones.
    func authenticate(
        _ head: borrowing RequestHead, now: Timestamp, counters: inout LoopCounters
    ) throws(DataPlaneProblem) -> VerifiedCallerToken {
        var own: HeaderField?
        var authorization: HeaderField?
        for field in head.fields {
            if field.name == .sallyportToken {
                guard own == nil else { throw .invalidToken }
                own = field
            } else if field.name == .authorization {
                guard authorization == nil else { throw .invalidToken }
                authorization = field
            }
        }
        let range: Range<Int>
        if let own {
            range = own.valueRange
        } else {
            guard let authorization else { throw .missingToken }
            let value = authorization.valueRange
            let text = head.bytes.readableBytesUInt8Span
            guard value.count > 7, text.matches(Self.bearer, at: value.lowerBound, count: 7) else {
                throw .missingToken
            }
            range = text.trimmed(value.lowerBound + 7..<value.upperBound)
        }
        guard !range.isEmpty, range.count <= CallerTokenFormat.maxBytes else { throw .invalidToken }
        let bytes = head.bytes.readableBytesSpan.extracting(range)
        let digest = BLAKE2b.digest(bytes)
        if let known = tokens.known(digest, now: now) {
            counters.tokenHits += 1
            return known
        }
        counters.tokenMisses += 1
        let copy = bytes.byteOffsets.map { bytes[$0] }
        guard let verified = tokens.verify(copy, digest: digest, now: now) else { throw .invalidToken }
        return verified
    }
}
