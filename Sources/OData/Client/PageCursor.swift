/// The rules by which a result's pages are followed, apart from asking for them.
///
/// A server may cut a result where it likes, `$top` or not, and says where it goes on (Protocol 4.01 §11.2.6.7).
struct PageCursor {
    private let limits: PagingLimits
    /// What `$top` leaves to be delivered: servers count it for the whole, or for each page.
    private(set) var remaining: Int?
    private(set) var pageCount = 0
    private var seen: Set<Fingerprint> = []

    init(top: Int?, limits: PagingLimits) { (remaining, self.limits) = (top, limits) }

    /// A page is about to be asked for.
    ///
    /// - Throws: `.pageLoop` for one that was read already, `.limit(.pages)`.
    mutating func open(_ url: String) throws(ODataError) {
        guard pageCount < limits.maxPages else { throw .limit(.pages(limits.maxPages)) }
        guard seen.insert(Fingerprint(url)).inserted else { throw .pageLoop }
        pageCount += 1
    }

    /// Whether one more entity is to be delivered.
    mutating func admit() -> Bool {
        guard let left = remaining else { return true }
        guard left > 0 else { return false }
        remaining = left - 1
        return true
    }

    /// Whether `$top` is met, so that nothing is to be asked for any more.
    var isComplete: Bool { remaining == 0 }

    /// Two hashes in place of a URL of any length; each process has its own seed.
    private struct Fingerprint: Hashable {
        let first: Int
        let second: Int

        init(_ text: String) {
            var (first, second) = (Hasher(), Hasher())
            second.combine(0)
            first.combine(text)
            second.combine(text)
            (self.first, self.second) = (first.finalize(), second.finalize())
        }
    }
}
