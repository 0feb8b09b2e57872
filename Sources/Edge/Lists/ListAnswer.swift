internal import Domain
internal import StrictJSON

/// The two parameters of every list.
enum ListParameters {
    static let names = ["limit", "cursor"]

    static func page<Kind: EntityKind>(
        _ call: Call, _ cursors: CursorCodec, _ scope: ReadScope, of _: Kind.Type = Kind.self
    ) throws(Problem) -> PageRequest<Kind> {
        let limit = try call.query.value("limit") { Int($0) } ?? 50
        var start = PageStart<Kind>.first
        if let cursor = call.query["cursor"] { start = try cursors.decode(cursor, for: scope) }
        guard let page = PageRequest(start: start, limit: limit) else {
            throw .invalid([InvalidMember(.parameter("limit"), .outOfRange)])
        }
        return page
    }
}

extension Answer {
    /// `{ "result": […], "next_cursor": …, "prev_cursor": … }`, newest first.
    static func page<Element, Kind: EntityKind>(
        _ page: Page<Element>, _ cursors: CursorCodec, _ scope: ReadScope, id: (Element) -> EntityID<Kind>,
        _ wire: (Element) -> JSONValue
    ) -> Answer {
        let next = page.hasOlder ? page.elements.last.map { PageStart.after(id($0)) } : nil
        let previous = page.hasNewer ? page.elements.first.map { PageStart.before(id($0)) } : nil
        return .json([
            "result": .array(page.elements.map(wire)),
            "next_cursor": .optional(next.flatMap { cursors.encode($0, for: scope) }),
            "prev_cursor": .optional(previous.flatMap { cursors.encode($0, for: scope) }),
        ])
    }
}
