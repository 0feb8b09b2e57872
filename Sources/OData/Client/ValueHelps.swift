import Synchronization

/// A field's value help with the service that its list is asked from.
public struct ValueHelpList: Sendable {
    /// Which columns there are and what they mean for the entity.
    public let help: ValueHelp
    /// Of the list's service: the client itself, or one beside it with the same transport and options.
    public let client: ODataClient

    /// The rows to pick from.
    ///
    /// - Parameters:
    ///   - values: the entity's, by property: some restrict the list.
    ///   - search: what the user typed.
    ///   - day: for lists with periods of validity; nil is all of them.
    ///   - language: of descriptions in several languages, two letters as SAP has them; nil is all of them.
    ///   - top: no more rows than this.
    public func rows(
        for values: [String: ODataValue] = [:], search: String? = nil, on day: CalendarDate? = nil,
        language: String? = nil, top: Int = 50, _ options: RequestOptions = RequestOptions()
    ) -> EntitySequence<Entity> {
        client.entities(help.query(values: values, search: search, on: day, language: language, top: top), options)
    }
}

extension ODataClient {
    /// How many other documents are read for one field.
    private static let maxReferences = 8

    /// The lists that a field's value can be picked from: those of the metadata, else those of the documents that it refers to
    /// (`ValueListReferences`), which are fetched and kept.
    ///
    /// - Parameters:
    ///   - property: a name, or a path through complex properties and navigations.
    ///   - type: of the entity.
    ///   - includesKnown: adds lists of SAP's published services by the field's name where nothing else is found.
    /// - Returns: empty for a field without value help.
    /// - Throws: what reading a document throws; `.foreignLink` for one on another host.
    public func valueHelps(
        for property: String, in type: QualifiedName, includesKnown: Bool = false,
        _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> [ValueHelpList] {
        let metadata = try await metadata(maxAge: nil, options)
        let own = metadata.valueHelps(for: property, in: type)
        if !own.isEmpty { return try lists(own) }
        var found: [ValueHelpList] = []
        for reference in metadata.valueHelpReferences(for: property, in: type).prefix(Self.maxReferences) {
            let document = try await document(reference.url, options)
            let helps = metadata.valueHelps(for: property, in: type, from: document.metadata, at: reference)
            found += try lists(helps, document)
        }
        if found.isEmpty, includesKnown {
            return try lists(metadata.valueHelps(for: property, in: type, includesKnown: true))
        }
        return found
    }

    /// As for a type, of a set's entities.
    ///
    /// - Throws: `.query(.unknownEntitySet)` besides.
    public func valueHelps(
        for property: String, ofSet set: String, includesKnown: Bool = false,
        _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> [ValueHelpList] {
        let metadata = try await metadata(maxAge: nil, options)
        guard let found = metadata.entitySet(set) else { throw .query(.unknownEntitySet(set)) }
        let own = metadata.valueHelps(for: property, in: found)
        if !own.isEmpty { return try lists(own) }
        return try await valueHelps(for: property, in: found.type, includesKnown: includesKnown, options)
    }

    private func lists(_ helps: [ValueHelp], _ document: RelatedDocument? = nil) throws(ODataError) -> [ValueHelpList] {
        var lists: [ValueHelpList] = []
        for help in helps { lists.append(ValueHelpList(help: help, client: try sibling(help, document))) }
        return lists
    }

    /// The service that a help's list is of.
    private func sibling(_ help: ValueHelp, _ document: RelatedDocument?) throws(ODataError) -> ODataClient {
        guard let service = help.service else { return self }
        let url = try root.resolve(reference: service, from: root.url + "$metadata")
        let siblingRoot = try ServiceRoot(url)
        if siblingRoot.url == root.url { return self }
        let metadata = document.flatMap { $0.isMetadata(of: siblingRoot) ? $0.metadata : nil }
        return related.client(of: siblingRoot) { [self] in
            var options = self.options
            options.metadata = metadata.map { .given($0) } ?? .service
            options.version = .detect
            return ODataClient(
                root: siblingRoot, transport: session.transport, options: options, session: session.options)
        }
    }

    private func document(_ reference: String, _ options: RequestOptions) async throws(ODataError) -> RelatedDocument {
        let url = try root.resolve(reference: reference, from: root.url + "$metadata")
        if let known = related.document(url) { return known }
        guard case .document(let metadata, _, _) = try await fetchMetadata(url, deadline: options.deadline) else {
            throw .malformed(PayloadError(.unexpectedShape))
        }
        let document = RelatedDocument(url: url, metadata: metadata)
        related.keep(document)
        return document
    }
}

/// Another service's metadata.
struct RelatedDocument: Sendable {
    let url: String
    let metadata: Metadata

    func isMetadata(of root: ServiceRoot) -> Bool { url.prefix { $0 != "?" } == root.url + "$metadata" }
}

/// Other services of the same host that a client's metadata refers to: as long-lived as the client.
final class RelatedServices: Sendable {
    private struct State {
        var documents: [RelatedDocument] = []
        var clients: [ODataClient] = []
    }

    /// The oldest makes room.
    private static let maxServices = 32

    private let state = Mutex(State())

    func document(_ url: String) -> RelatedDocument? { state.withLock { $0.documents.first { $0.url == url } } }

    func keep(_ document: RelatedDocument) {
        state.withLock { state in
            guard !state.documents.contains(where: { $0.url == document.url }) else { return }
            state.documents = state.documents.suffix(Self.maxServices - 1) + [document]
        }
    }

    func client(of root: ServiceRoot, _ make: () -> ODataClient) -> ODataClient {
        state.withLock { state in
            if let known = state.clients.first(where: { $0.root == root }) { return known }
            let client = make()
            state.clients = state.clients.suffix(Self.maxServices - 1) + [client]
            return client
        }
    }
}
