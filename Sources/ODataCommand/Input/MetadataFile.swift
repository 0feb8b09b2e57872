import OData

/// A `$metadata` document in a file, XML or JSON.
enum MetadataFile {
    static func read(_ path: String) throws -> Metadata {
        let bytes = try InputFile.bytes(path)
        do throws(MetadataError) {
            var reader = MetadataReader()
            try reader.append(bytes)
            return try reader.finish()
        } catch {
            throw Failure(
                "\(path): line \(error.line), column \(error.column): no metadata (\(error.reason))", code: .data)
        }
    }
}
