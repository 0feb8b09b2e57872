/// The names of properties and their places, shared by all entities that were read with it.
///
/// Unchecked: it changes in `append` alone, which `PropertyValues` calls only while it is the single owner.
final class PropertyLayout: @unchecked Sendable {
    static let empty = PropertyLayout(names: [])

    private(set) var names: [String]
    /// Empty while there are few names, which are faster compared one by one.
    private var places: [String: Int] = [:]

    private static let fewNames = 8

    /// - Parameter names: different from each other.
    init(names: [String]) {
        self.names = names
        if names.count > Self.fewNames { index() }
    }

    func place(of name: String) -> Int? {
        names.count > Self.fewNames ? places[name] : names.firstIndex(of: name)
    }

    /// Adds a name that is not there yet. The caller is the only owner.
    func append(_ name: String) {
        names.append(name)
        if names.count == Self.fewNames + 1 {
            index()
        } else if names.count > Self.fewNames {
            places[name] = names.count - 1
        }
    }

    private func index() {
        places = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    }
}
