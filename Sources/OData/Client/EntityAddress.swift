/// Where an entity is that an operation is about.
struct EntityAddress: Sendable {
    let entity: Entity
    /// Given by the caller; it goes before what the entity says of itself.
    let query: Query?

    /// The entity's URL: what the caller gave, else its edit link or id, else its key in the entity set of its type.
    ///
    /// Links are taken to the known host and refused if they lead out of the service.
    ///
    /// - Throws: `.query(.unknownEntitySet)` if none of them is known, or several sets have the type.
    func target(_ context: ServiceContext) throws(ODataError) -> String {
        if let query { return try context.encoded(query) }
        if let link = entity.editLink ?? entity.id {
            let base = try context.root.base(context: entity.context, from: context.root.url)
            return try context.root.resolve(link: link, from: base)
        }
        guard let metadata = context.metadata, let type = entity.type,
            let set = Self.onlySet(of: type, in: metadata), let key = entity.key(in: metadata)
        else { throw .query(.unknownEntitySet(entity.type?.description ?? "")) }
        return try context.encoded(Query(set.name).key(key))
    }

    /// Two sets of one type are different things: nobody can tell which one an entity is in.
    private static func onlySet(of type: QualifiedName, in metadata: Metadata) -> EntitySet? {
        guard let set = metadata.entitySet(ofType: type),
            metadata.entitySets.count(where: { $0.type == set.type }) == 1
        else { return nil }
        return set
    }
}
