import Connections
import Domain

/// Rows in the order of their due times: sorted runs of a few hundred entries, so that a change among many thousands moves
/// few of them.
struct DueIndex {
    private static let maxRun = 512

    /// None is empty; all of one come before all of the next.
    private var runs: [[DuePosition]] = []

    mutating func insert(_ position: DuePosition) {
        guard !runs.isEmpty else {
            runs.append([position])
            return
        }
        let run = min(firstRun(reaching: position), runs.count - 1)
        runs[run].insert(position, at: Self.firstPlace(in: runs[run], notBefore: position))
        guard runs[run].count > Self.maxRun else { return }
        let half = Array(runs[run][(Self.maxRun / 2)...])
        runs[run].removeSubrange((Self.maxRun / 2)...)
        runs.insert(half, at: run + 1)
    }

    mutating func remove(_ position: DuePosition) {
        let run = firstRun(reaching: position)
        guard run < runs.count else { return }
        let place = Self.firstPlace(in: runs[run], notBefore: position)
        guard place < runs[run].count, runs[run][place] == position else { return }
        runs[run].remove(at: place)
        if runs[run].isEmpty { runs.remove(at: run) }
    }

    /// Visits in order what comes behind `position` (nil: everything), until `body` returns false.
    func visit(after position: DuePosition?, _ body: (DuePosition) -> Bool) {
        var run = position.map(firstRun) ?? 0
        var isFirst = true
        while run < runs.count {
            for entry in runs[run] {
                if isFirst, let position, !Self.precedes(position, entry) { continue }
                guard body(entry) else { return }
            }
            isFirst = false
            run += 1
        }
    }

    /// The first run whose last entry isn't before `position`; the number of runs where there is none.
    private func firstRun(reaching position: DuePosition) -> Int {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if let last = runs[middle].last, Self.precedes(last, position) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func firstPlace(in run: [DuePosition], notBefore position: DuePosition) -> Int {
        var (low, high) = (0, run.count)
        while low < high {
            let middle = (low + high) / 2
            if precedes(run[middle], position) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func precedes(_ left: DuePosition, _ right: DuePosition) -> Bool {
        left.dueAt == right.dueAt ? left.connectionID < right.connectionID : left.dueAt < right.dueAt
    }
}
