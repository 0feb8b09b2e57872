internal import HTTPTypes

extension BatchRequest {
    /// Refuses what a service would refuse or misunderstand, before anything is sent.
    /// - Throws: `.query` with the ID, URL or method that is wrong, or `.limit(.batchParts)`.
    func check(_ version: ODataVersion, format: BatchFormat, limits: BatchLimits) throws(ODataError) {
        guard count <= limits.maxParts else { throw .limit(.batchParts(limits.maxParts)) }
        guard count > 0 else { throw .query(.misplaced("$batch")) }
        guard format == .multipart || version.isV4 else { throw .unsupported(.needsVersion401) }
        var checker = BatchChecker(version: version, format: format)
        for part in parts { try checker.check(part) }
    }
}

private struct BatchChecker {
    let version: ODataVersion
    let format: BatchFormat
    /// All IDs and names so far: none may stand twice.
    var known: Set<String> = []
    /// What a URL may refer to.
    var referable: Set<String> = []

    mutating func check(_ part: BatchRequest.Part) throws(ODataError) {
        switch part {
        case .request(let item):
            guard item.isRead || version.isV4 else { throw .query(.misplaced(item.method.rawValue)) }
            try check(item)
        case .changeSet(let set):
            try check(set)
        }
    }

    private mutating func check(_ set: BatchChangeSet) throws(ODataError) {
        guard !set.items.isEmpty else { throw .query(.misplaced("change set")) }
        let outside = referable
        if let name = set.name { try declare(name) }
        for item in set.items {
            // The JSON format has atomicity groups with reads; change sets of the multipart format have none.
            guard !item.isRead || format == .json else { throw .query(.misplaced(item.method.rawValue)) }
            try check(item)
        }
        if version < .v401 { referable = outside }
    }

    private mutating func check(_ item: BatchItem) throws(ODataError) {
        guard BatchURL.isValid(item.url) else { throw .query(.misplaced("URL")) }
        guard item.body == nil || !item.isRead else { throw .query(.misplaced("body")) }
        if format == .json { try checkForJSON(item) }
        if let reference = BatchURL.reference(in: item.url), !referable.contains(reference) {
            throw .query(.unknownName(reference, in: "$batch"))
        }
        for name in item.dependsOn where !known.contains(name) { throw .query(.unknownName(name, in: "$batch")) }
        guard let id = item.id else { return }
        try declare(id)
        referable.insert(id)
    }

    private func checkForJSON(_ item: BatchItem) throws(ODataError) {
        guard ["GET", "POST", "PATCH", "PUT", "DELETE"].contains(item.method.rawValue) else {
            throw .query(.notInVersion(item.method.rawValue, version))
        }
    }

    private mutating func declare(_ name: String) throws(ODataError) {
        guard BatchURL.isValidID(name), known.insert(name).inserted else { throw .query(.invalidName(name)) }
    }
}
