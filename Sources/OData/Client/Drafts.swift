import HTTPTypes

/// Drafts of an entity set (SAP's draft handling): changes that are kept by the service before they count.
///
///     let drafts = try await client.drafts(of: "SalesOrder")
///     var draft = try await drafts.edit(key)
///     draft["Note"] = "…"
///     draft = try await drafts.change(draft)
///     let order = try await drafts.activate(key)
///
/// A draft stands under its active entity's key with `IsActiveEntity=false` there, which the functions here add: keys are
/// given without it.
public struct Drafts: Sendable {
    /// The entity set's name.
    public let set: String
    /// Names of actions and properties.
    public let info: DraftInfo
    let client: ODataClient
    let metadata: Metadata
    let type: QualifiedName

    /// All active entities; `filter`, `select` and so on follow.
    public var activeEntities: Query { Query(set).filter(.property(isActive) == true) }

    /// The caller's drafts, and those of others that the service lets be seen.
    public var draftEntities: Query { Query(set).filter(.property(isActive) == false) }

    /// The active entity of a key.
    public func active(_ key: EntityKey) -> Query { Query(set).key(self.key(key, isActive: true)) }

    /// The draft of a key.
    public func draft(_ key: EntityKey) -> Query { Query(set).key(self.key(key, isActive: false)) }

    /// The key of an entity or draft, as the functions here take it.
    public func key(of entity: Entity) -> EntityKey? {
        guard let key = entity.key(in: metadata) else { return nil }
        return EntityKey(key.parts.filter { $0.name != isActive })
    }

    /// Whether a draft changes an active entity; false for one that would create it. nil where the entity doesn't say.
    public func hasActive(_ draft: Entity) -> Bool? { flag(info.hasActiveProperty ?? "HasActiveEntity", of: draft) }

    /// Whether an active entity has a draft.
    public func hasDraft(_ active: Entity) -> Bool? { flag(info.hasDraftProperty ?? "HasDraftEntity", of: active) }

    // MARK: Operations

    /// Makes a draft of an active entity.
    ///
    /// - Parameters:
    ///   - preservingChanges: a draft that is there already is an error (409), not replaced.
    ///   - etag: of the active entity, where the service wants it.
    /// - Throws: `.conflict(.locked)` if somebody else has a draft of it.
    public func edit(
        _ key: EntityKey, preservingChanges: Bool = true, etag: ETag? = nil,
        _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Entity {
        let arguments: [OperationCall.Parameter] = [.init("PreserveChanges", .boolean(preservingChanges))]
        return try await call(info.editAction, key, isActive: true, arguments, etag, options)
    }

    /// Makes a draft of nothing, with these properties.
    public func create(
        _ entity: Entity, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Entity {
        try await client.create(entity, in: Query(set), options)
    }

    /// Changes a draft: what was set since it was read.
    public func change(
        _ draft: Entity, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Entity {
        guard let key = key(of: draft) else { return try await client.update(draft, options) }
        return try await client.update(draft, at: self.draft(key), options)
    }

    /// Lets the service check and complete a draft; what it finds are messages of the answer.
    @discardableResult
    public func prepare(
        _ key: EntityKey, etag: ETag? = nil, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Entity {
        let arguments: [OperationCall.Parameter] = [.init("SideEffectsQualifier", .string(""))]
        return try await call(info.preparationAction, key, isActive: false, arguments, etag, options)
    }

    /// Makes a draft the active entity.
    ///
    /// - Returns: the active entity.
    public func activate(
        _ key: EntityKey, etag: ETag? = nil, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Entity {
        try await call(info.activationAction, key, isActive: false, [], etag, options)
    }

    /// Throws a draft away: by the discard action if there is one, else by `DELETE`.
    public func discard(
        _ key: EntityKey, etag: ETag? = nil, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) {
        guard let action = info.discardAction else {
            try await client.delete(draft(key), if: etag.map { .matches($0) } ?? .none, options)
            return
        }
        try await client.call(operation(action, key, isActive: false, []), with(etag, options))
    }

    // MARK: Calls

    private func call(
        _ action: String?, _ key: EntityKey, isActive: Bool, _ arguments: [OperationCall.Parameter], _ etag: ETag?,
        _ options: RequestOptions
    ) async throws(ODataError) -> Entity {
        guard let action else { throw .unsupported(.noDrafts) }
        let result = try await client.call(operation(action, key, isActive: isActive, arguments), with(etag, options))
        if let entity = result.entity { return entity }
        // The action gives nothing: what it made is read.
        let becomesActive = action == info.activationAction
        return try await client.entity(
            becomesActive ? active(key) : draft(key), RequestOptions(deadline: options.deadline))
    }

    /// Bound in version 4; in version 2 a function import with the key among its parameters.
    private func operation(
        _ action: String, _ key: EntityKey, isActive: Bool, _ arguments: [OperationCall.Parameter]
    ) -> OperationCall {
        // An annotation may name the container too.
        let name = action.split(separator: "/").last.map(String.init) ?? action
        var call: OperationCall
        if metadata.version.isV4 {
            call = OperationCall(name, on: isActive ? active(key) : draft(key))
        } else {
            call = OperationCall(QualifiedName(name)?.name ?? name)
            call.parameters = self.key(key, isActive: isActive).parts.compactMap { part in
                part.name.map { OperationCall.Parameter($0, part.value) }
            }
        }
        let known = parameterNames(call)
        call.parameters += arguments.filter { known.contains($0.name) }
        return call
    }

    private func parameterNames(_ call: OperationCall) -> Set<String> {
        let name = call.binding == nil ? metadata.operationImport(call.name)?.operation : QualifiedName(call.name)
        let overloads = name.map { metadata.operations($0) } ?? []
        return Set(overloads.flatMap(\.parameters).map(\.name))
    }

    private func with(_ etag: ETag?, _ options: RequestOptions) -> RequestOptions {
        var options = options
        if let etag { options.headers[.ifMatch] = etag.text }
        return options
    }

    // MARK: Keys

    private var isActive: String { info.isActiveProperty ?? "IsActiveEntity" }

    func key(_ key: EntityKey, isActive value: Bool) -> EntityKey {
        var parts = key.parts.filter { $0.name != isActive }
        if parts.count == 1, parts[0].name == nil {
            let names = metadata.keyProperties(of: type).map(\.name).filter { $0 != isActive }
            if names.count == 1 { parts[0].name = names[0] }
        }
        return EntityKey(parts + [EntityKey.Part(isActive, .boolean(value))])
    }

    private func flag(_ name: String, of entity: Entity) -> Bool? {
        guard case .boolean(let value)? = entity[name] else { return nil }
        return value
    }
}

extension ODataClient {
    /// Drafts of an entity set.
    ///
    /// - Throws: `.unsupported(.noDrafts)` if the metadata says nothing of drafts there, `.query(.unknownEntitySet)`.
    public func drafts(
        of set: String, _ options: RequestOptions = RequestOptions()
    ) async throws(ODataError) -> Drafts {
        let metadata = try await metadata(maxAge: nil, options)
        guard let found = metadata.entitySet(set) else { throw .query(.unknownEntitySet(set)) }
        guard let info = metadata.draft(of: found) else { throw .unsupported(.noDrafts) }
        return Drafts(set: set, info: info, client: self, metadata: metadata, type: found.type)
    }
}
