import OData

/// Reads bytes as a filter, as a URL, as a search and as transformations, in every version: what reads must print, and read
/// as the same again.
func fuzzQuery(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    for version in ODataVersion.allCases {
        fuzzFilter(text, version)
        fuzzURL(text, version)
        fuzzSearch(text, version)
        fuzzKey(text, version)
    }
}

private func fuzzFilter(_ text: String, _ version: ODataVersion) {
    guard let tree = try? QueryExpression(parsing: text, version: version) else { return }
    guard let printed = try? tree.text(version), let again = try? QueryExpression(parsing: printed, version: version),
        let twice = try? again.text(version)
    else { preconditionFailure("a filter that was read can't be written and read") }
    precondition(printed == twice, "a filter changes by being written")
    // No number that is none equals itself.
    precondition(again == tree || printed.contains("NaN"), "a filter is another one after being written")
}

private func fuzzURL(_ text: String, _ version: ODataVersion) {
    guard let query = try? Query(parsing: text, version: version) else { return }
    guard let printed = try? query.encoded(version).relativeURL,
        let again = try? Query(parsing: printed, version: version), let twice = try? again.encoded(version).relativeURL
    else { preconditionFailure("a URL that was read can't be written and read") }
    precondition(printed == twice, "a URL changes by being written")
    // Version 2 completes what is selected, version 4 turns `$links` into `$ref`.
    precondition(
        again == query || version == .v2 || printed.contains("NaN") || query.path.segments.contains(.links),
        "a URL is another one after being written")
    precondition(printed.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a URL has bytes that none may have")
}

private func fuzzSearch(_ text: String, _ version: ODataVersion) {
    guard let tree = try? SearchExpression(parsing: text, version: version) else { return }
    guard let printed = try? tree.text(version), let again = try? SearchExpression(parsing: printed, version: version)
    else { preconditionFailure("a search that was read can't be written and read") }
    precondition(again == tree, "a search is another one after being written")
}

private func fuzzKey(_ text: String, _ version: ODataVersion) {
    guard let key = try? EntityKey(parsing: text, version: version) else { return }
    guard let printed = try? key.text(version), let again = try? EntityKey(parsing: printed, version: version) else {
        preconditionFailure("a key that was read can't be written and read")
    }
    precondition(again == key || printed.contains("NaN"), "a key is another one after being written")
}
