extension Metadata {
    /// Reads a document in JSON (CSDL JSON 4.01), as `$metadata?$format=json` gives it.
    ///
    /// Members that the specification doesn't know and that begin with `$` are passed over, as are annotations of places that
    /// the model has none for (of `$Key`, of referential constraints). Where the notation leaves the type to the term, a
    /// value is a string: a date, a path of a property and an enumeration member are not told apart.
    ///
    /// - Throws: `MetadataError`, with line and column of the value that is wrong: `.syntax`, `.tooLarge`, `.tooDeep`,
    ///   `.duplicate`, `.invalid` and `.inheritanceCycle`.
    public convenience init(csdlJSON bytes: [UInt8], limits: MetadataLimits = .init()) throws(MetadataError) {
        guard bytes.count <= limits.maxBytes else { throw MetadataError(.tooLarge) }
        var reader = CSDLJSONReader()
        do {
            let tree = try CSDLJSONReader.parse(bytes, maxDepth: limits.maxDepth)
            self.init(try reader.parts(of: tree))
        } catch {
            guard error.line == 0 else { throw error }
            let place = CSDLJSONPlace.find(reader.path, in: bytes)
            throw MetadataError(error.reason, line: place.line, column: place.column)
        }
    }
}
