/// Where a page of a list begins, by the identifier next to it: lists run from the newest to the oldest identifier.
package enum PageStart<Kind: EntityKind>: Hashable, Sendable {
    case first
    /// Entries older than this one.
    case after(EntityID<Kind>)
    /// The page of entries newer than this one that ends next to it.
    case before(EntityID<Kind>)
}

/// What a list request asks for.
package struct PageRequest<Kind: EntityKind>: Hashable, Sendable {
    package let start: PageStart<Kind>
    /// 1 to 200.
    package let limit: Int

    /// Nil for a limit out of range.
    package init?(start: PageStart<Kind> = .first, limit: Int = 50) {
        guard (1...200).contains(limit) else { return nil }
        self.start = start
        self.limit = limit
    }
}

/// One page, newest first, and whether there is more on either side.
package struct Page<Element: Sendable>: Sendable {
    package let elements: [Element]
    package let hasOlder: Bool
    package let hasNewer: Bool

    package init(elements: [Element], hasOlder: Bool, hasNewer: Bool) {
        self.elements = elements
        self.hasOlder = hasOlder
        self.hasNewer = hasNewer
    }
}

extension PageRequest {
    /// Cuts this page out of all elements.
    ///
    /// - Parameter newestFirst: every element, in descending order of identifiers.
    package func cut<Element: Sendable>(
        _ newestFirst: [Element], id: (Element) -> EntityID<Kind>
    ) -> Page<Element> {
        switch start {
        case .first:
            return Page(
                elements: Array(newestFirst.prefix(limit)), hasOlder: newestFirst.count > limit, hasNewer: false)
        case .after(let last):
            let older = newestFirst.filter { id($0) < last }
            return Page(
                elements: Array(older.prefix(limit)), hasOlder: older.count > limit,
                hasNewer: older.count < newestFirst.count)
        case .before(let first):
            let newer = newestFirst.filter { id($0) > first }
            return Page(
                elements: Array(newer.suffix(limit)), hasOlder: newer.count < newestFirst.count,
                hasNewer: newer.count > limit)
        }
    }
}
