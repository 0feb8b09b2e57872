/// The options that the protocol has, by their names without the `$`.
enum SystemOption: String, CaseIterable, Sendable {
    case filter, select, expand, orderby, top, skip, count, inlinecount, search, compute, apply, levels, format, index
    case skiptoken, deltatoken, schemaversion, id

    func isAvailable(in version: ODataVersion) -> Bool {
        switch self {
        case .filter, .select, .expand, .orderby, .top, .skip, .format, .skiptoken: true
        case .inlinecount: version == .v2
        case .count, .search, .apply, .levels, .deltatoken, .id: version.isV4
        case .compute, .index, .schemaversion: version == .v401
        }
    }
}
