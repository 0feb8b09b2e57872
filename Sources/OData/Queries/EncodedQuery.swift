/// A query as it goes into a URL: percent-encoded, relative to the service root.
public struct EncodedQuery: Sendable, Hashable {
    /// Without a leading slash; empty for the service document.
    public var path: String
    /// Without the `?`; empty if there are no options.
    public var query: String

    public init(path: String, query: String = "") { (self.path, self.query) = (path, query) }

    /// Both, with a `?` between them if there are options.
    public var relativeURL: String { query.isEmpty ? path : path + "?" + query }
}

extension Query {
    /// Writes the query for a version, checked against the metadata if there is one.
    ///
    /// With metadata: names must be the service's, values become their properties' types (so that a key given as text
    /// is a GUID where the property is one), functions get their parameters' types. Without: names must be OData
    /// identifiers, and values are written as what they are.
    ///
    /// - Throws: what is wrong and by which name; nothing half right is written.
    public func encoded(_ version: ODataVersion, metadata: Metadata? = nil) throws(QueryError) -> EncodedQuery {
        var query = self
        if let metadata { query = try QueryChecker(metadata, version).checked(query) }
        return try URLWriter(version).encoded(query)
    }

    /// The type of what the query gives: an entity or complex type, a property's, `Edm.Int64` for a count; a collection
    /// where it gives many.
    ///
    /// - Returns: nil where the metadata doesn't know the path or where there is nothing typed (`$metadata`, `$batch`).
    public func resultType(in metadata: Metadata) -> TypeReference? {
        var walker = PathWalker(metadata, metadata.version)
        for segment in path.segments {
            // Whatever is wrong with the path: there is no type then.
            guard (try? walker.step(segment)) != nil else { return nil }
        }
        return walker.current
    }

    /// Reads a URL below the service root: a path, and perhaps `?` and options.
    ///
    /// Version 4.01 takes the protocol's options without their `$`, in any case. In version 2 a `+` in an option is a
    /// space, as SAP's services have it. Metadata tells function imports and their parameters from sets, keys and
    /// custom options.
    ///
    /// What was read can be written, and is equal when it is read again.
    ///
    /// - Throws: `.syntax` with the offset in bytes, `.tooDeep`, `.notInVersion`, and what `encoded` throws for parts
    ///   that can't stand together.
    public init(
        parsing relativeURL: some StringProtocol, version: ODataVersion, metadata: Metadata? = nil
    ) throws(QueryError) {
        self = try URLReader(version, metadata).query(Array(relativeURL.utf8))
        _ = try URLWriter(version).encoded(self)
    }
}
