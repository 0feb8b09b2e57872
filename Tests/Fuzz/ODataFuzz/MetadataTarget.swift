import OData

/// Reads bytes as a `$metadata` document, whole and in pieces, which must come to the same end. What reads answers lookups.
func fuzzMetadata(_ bytes: [UInt8]) {
    let limits = MetadataLimits(maxBytes: 1 << 20, maxDepth: 64)
    let whole = read([bytes], limits)
    let size = max(1, bytes.count / 7)
    let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
    let again = read(pieces, limits)
    precondition((whole == nil) == (again == nil), "pieces end otherwise than the whole")
    guard let whole, let again else { return }
    precondition(whole.entitySets == again.entitySets, "pieces give another model than the whole")
    for set in whole.entitySets {
        precondition(whole.entitySet(set.name) != nil, "a set isn't found")
        _ = whole.keyProperties(of: set.type)
        _ = whole.properties(of: set.type)
        _ = whole.navigationProperties(of: set.type)
    }
}

private func read(_ pieces: [[UInt8]], _ limits: MetadataLimits) -> Metadata? {
    var reader = MetadataReader(limits: limits)
    do throws(MetadataError) {
        for piece in pieces { try reader.append(piece) }
        return try reader.finish()
    } catch {
        return nil
    }
}
