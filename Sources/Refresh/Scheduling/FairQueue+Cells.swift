/// A list through cells of one ``Cells``: where it begins and ends.
struct CellList: Sendable {
    fileprivate(set) var first: Int?
    fileprivate(set) var last: Int?
}

/// Values in numbered cells that doubly linked lists run through, so that a value leaves the middle of a list, or goes to its
/// end, in constant time. A cell is in one list at most; the owner keeps track of which.
struct Cells<Value: Sendable>: Sendable {
    private struct Links: Sendable {
        var previous: Int?
        var next: Int?
    }

    /// By cell, and changed in place; a cell that was freed holds its last value until it is used again.
    var values: [Value] = []
    private var links: [Links] = []
    private var free: [Int] = []

    func previous(of index: Int) -> Int? { links[index].previous }

    /// A cell in no list.
    mutating func make(_ value: Value) -> Int {
        guard let index = free.popLast() else {
            values.append(value)
            links.append(Links())
            return values.count - 1
        }
        values[index] = value
        return index
    }

    /// Frees a cell that is in no list.
    mutating func discard(_ index: Int) { free.append(index) }

    mutating func append(_ index: Int, to list: inout CellList) { insert(index, after: list.last, in: &list) }

    /// - Parameter previous: nil puts it first.
    mutating func insert(_ index: Int, after previous: Int?, in list: inout CellList) {
        let next = if let previous { links[previous].next } else { list.first }
        links[index].previous = previous
        links[index].next = next
        if let previous { links[previous].next = index } else { list.first = index }
        if let next { links[next].previous = index } else { list.last = index }
    }

    mutating func unlink(_ index: Int, from list: inout CellList) {
        let (previous, next) = (links[index].previous, links[index].next)
        if let previous { links[previous].next = next } else { list.first = next }
        if let next { links[next].previous = previous } else { list.last = previous }
        links[index].previous = nil
        links[index].next = nil
    }

    /// Puts one list before another; it is empty afterwards.
    mutating func prepend(_ front: inout CellList, to list: inout CellList) {
        guard let last = front.last else { return }
        if let first = list.first {
            links[last].next = first
            links[first].previous = last
        } else {
            list.last = last
        }
        list.first = front.first
        front = CellList()
    }
}
