import HTTPTypes
import Synchronization

/// A client's metadata: of one service, as one user of one tenant may see it.
///
/// It is fetched once for all who ask meanwhile, and again only when the service says that it changed or the caller wants it
/// younger than it is; a failure is forgotten with those who waited for it.
final class MetadataCache: Sendable {
    private struct State {
        var metadata: Metadata?
        var etag: String?
        /// When the service last said that it is current.
        var validatedAt: ContinuousClock.Instant?
        /// Values of `sap-metadata-last-modified` that go with it: servers of one system may name different ones.
        var markers: [String] = []
        /// A value that doesn't: there is a newer document.
        var foreignMarker: String?
    }

    private static let maxMarkers = 4

    private let state = Mutex(State())
    private let flight = SharedFlight<Metadata>()

    init(_ metadata: Metadata? = nil) {
        if let metadata { state.withLock { $0.metadata = metadata } }
    }

    /// - Parameters:
    ///   - maxAge: the age at which the service is asked whether it changed; nil is any.
    ///   - fetch: asks the service, with the tag of what is known.
    func metadata(
        maxAge: Duration?, clock: ODataClock, fetch: @escaping @Sendable (String?) async -> Result<Fetched, ODataError>
    ) async throws(ODataError) -> Metadata {
        if let known = known(maxAge: maxAge, at: clock.now()) { return known }
        let outcome = await flight.join {
            let etag = self.state.withLock { $0.metadata == nil ? nil : $0.etag }
            return await fetch(etag).flatMap { self.keep($0, at: clock.now()) }
        }
        return try outcome.get()
    }

    /// How many wait for a fetch.
    var waiterCount: Int { flight.waiterCount }

    /// What needs no question to the service.
    func known(maxAge: Duration?, at now: ContinuousClock.Instant) -> Metadata? {
        state.withLock { state in
            state.foreignMarker == nil && Self.isYoung(state, maxAge, now) ? state.metadata : nil
        }
    }

    /// What an answer says about the metadata that goes with it.
    func note(_ headers: HTTPFields) {
        guard let marker = headers[.sapMetadataLastModified] else { return }
        state.withLock { state in
            guard state.metadata != nil, !state.markers.contains(marker) else { return }
            if state.markers.isEmpty { state.markers = [marker] } else { state.foreignMarker = marker }
        }
    }

    /// The document, or that the known one is current.
    enum Fetched: Sendable {
        case document(Metadata, etag: String?, marker: String?)
        case unchanged(marker: String?)
    }

    private func keep(_ fetched: Fetched, at now: ContinuousClock.Instant) -> Result<Metadata, ODataError> {
        state.withLock { state in
            let marker: String?
            switch fetched {
            case .document(let metadata, let etag, let sent):
                (state.metadata, state.etag, marker) = (metadata, etag, sent)
            case .unchanged(let sent): marker = sent
            }
            // What made us ask goes with the answer too, else each request would ask again.
            for marker in [marker, state.foreignMarker].compactMap(\.self) where !state.markers.contains(marker) {
                state.markers.append(marker)
            }
            state.markers = Array(state.markers.suffix(Self.maxMarkers))
            (state.foreignMarker, state.validatedAt) = (nil, now)
            // Unchanged against nothing known: the server answered a question that wasn't asked.
            return state.metadata.map { .success($0) } ?? .failure(.malformed(PayloadError(.unexpectedShape)))
        }
    }

    private static func isYoung(_ state: State, _ maxAge: Duration?, _ now: ContinuousClock.Instant) -> Bool {
        guard let maxAge else { return true }
        return state.validatedAt.map { now - $0 <= maxAge } ?? false
    }
}
