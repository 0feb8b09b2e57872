/// Rows under headings, aligned and cut to the terminal's width.
struct Table {
    private let headings: [String]
    private var rows: [[String]] = []
    private let rightAligned: Set<Int>

    init(_ headings: [String], rightAligned: Set<Int> = []) {
        (self.headings, self.rightAligned) = (headings, rightAligned)
    }

    mutating func add(_ row: [String]) {
        rows.append(row.map { $0.split(whereSeparator: \.isNewline).joined(separator: " ") })
    }

    /// - Parameter width: of the terminal; columns shrink to it, the widest first, down to eight characters.
    func lines(width: Int) -> [String] {
        let widths = fitted(width)
        return [line(headings, widths), widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")]
            + rows.map { line($0, widths) }
    }

    private func fitted(_ width: Int) -> [Int] {
        var widths = headings.indices.map { column in
            max(headings[column].count, rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0)
        }
        var excess = widths.reduce(0, +) + 2 * max(widths.count - 1, 0) - width
        while excess > 0, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > 8 {
            let second = widths.indices.filter { $0 != widest }.map { widths[$0] }.max() ?? 8
            let cut = min(excess, max(widths[widest] - max(second, 8), 1))
            widths[widest] -= cut
            excess -= cut
        }
        return widths
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let shown = widths.indices.map { column in
            cell(column < cells.count ? cells[column] : "", widths[column], isRight: rightAligned.contains(column))
        }
        let text = shown.joined(separator: "  ")
        return String(text.reversed().drop { $0 == " " }.reversed())
    }

    private func cell(_ text: String, _ width: Int, isRight: Bool) -> String {
        if text.count > width { return String(text.prefix(width - 1)) + "…" }
        let blanks = String(repeating: " ", count: width - text.count)
        return isRight ? blanks + text : text + blanks
    }
}
