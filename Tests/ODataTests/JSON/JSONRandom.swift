@testable import OData

/// A seeded generator (SplitMix64) of JSON trees.
struct JSONRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
    mutating func chance(_ percent: Int) -> Bool { int(1...100) <= percent }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[int(0...elements.count - 1)] }

    /// Text with everything that has to be escaped, and with characters of one to four bytes.
    mutating func text(maxLength: Int = 24) -> String {
        let alphabet: [Character] = [
            "a", "B", "7", " ", "\"", "\\", "/", "\n", "\t", "\r", "\u{0}", "\u{1F}", "\u{7F}", "é", "ß", "€", "漢", "😀",
            "\u{2028}", "'", "&", "<",
        ]
        return String((0..<int(0...maxLength)).map { _ in pick(alphabet) })
    }

    mutating func number() -> String {
        let whole = chance(20) ? "0" : String(int(1...9_999_999))
        let fraction = chance(40) ? "." + String(int(0...99_999)) : ""
        let exponent = chance(15) ? pick(["e", "E"]) + pick(["", "+", "-"]) + String(int(0...300)) : ""
        return (chance(30) ? "-" : "") + whole + fraction + exponent
    }

    mutating func node(depth: Int = 5) -> JSONNode {
        switch int(0...(depth > 0 ? 7 : 4)) {
        case 0: return .null
        case 1: return .boolean(chance(50))
        case 2: return .number(number())
        case 3, 4: return .string(text())
        case 5: return .array((0..<int(0...5)).map { _ in node(depth: depth - 1) })
        default:
            var seen: Set<String> = []
            let names = (0..<int(0...12)).map { _ in text(maxLength: 12) }.filter { seen.insert($0).inserted }
            return .object(names.map { .init($0, node(depth: depth - 1)) })
        }
    }
}
