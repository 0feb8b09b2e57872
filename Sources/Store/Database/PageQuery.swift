import Connections
import Domain
import Postgres

/// A page of a list as SQL asks for it.
///
/// The statement for ``isBackward`` false takes identifiers below the anchor in descending order, the other one those
/// above it in ascending order; both take ``limit`` rows, one more than the page holds. Each row begins with a boolean:
/// whether the list has entries on the anchor's other side, the anchor included. That is asked for as the nearest entry
/// there and not with `EXISTS`, for which the planner may read the whole table.
struct PageQuery<Kind: EntityKind> {
    let isBackward: Bool
    let anchor: PostgresValue
    let limit: PostgresValue
    private let request: PageRequest<Kind>

    init(_ request: PageRequest<Kind>) {
        self.request = request
        limit = .int(Int64(request.limit) + 1)
        switch request.start {
        case .first:
            // Above every UUIDv7.
            (isBackward, anchor) = (false, .uuid(high: .max, low: .max))
        case .after(let id):
            (isBackward, anchor) = (false, id.value)
        case .before(let id):
            (isBackward, anchor) = (true, id.value)
        }
    }

    func page<Element>(
        _ rows: [Row], _ decode: (inout RowReader) throws(StoreError) -> Element
    ) throws(StoreError) -> Page<Element> {
        // An empty page beyond an anchor: whatever there is lies on the other side.
        var hasOther = rows.isEmpty && request.start != .first
        var elements = try Array(rows.prefix(request.limit)).decoded { (reader) throws(StoreError) in
            hasOther = try reader.bool()
            return try decode(&reader)
        }
        let hasMore = rows.count > request.limit
        if isBackward { elements.reverse() }
        return Page(
            elements: elements, hasOlder: isBackward ? hasOther : hasMore, hasNewer: isBackward ? hasMore : hasOther)
    }
}
