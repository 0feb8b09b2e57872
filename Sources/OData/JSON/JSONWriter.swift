/// Writes JSON into bytes: commas and escapes are its business, names and values in order are the caller's.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    /// Whether the next name or element needs a comma in front.
    private var needsComma = false

    init() {}

    mutating func beginObject() { open(UInt8(ascii: "{")) }
    mutating func endObject() { close(UInt8(ascii: "}")) }
    mutating func beginArray() { open(UInt8(ascii: "[")) }
    mutating func endArray() { close(UInt8(ascii: "]")) }

    /// The name of the member whose value is written next.
    mutating func name(_ name: String) {
        separate()
        quoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func null() { word("null") }
    mutating func boolean(_ value: Bool) { word(value ? "true" : "false") }
    mutating func string(_ text: String) {
        separate()
        quoted(text)
    }

    /// - Parameter text: a number by JSON's grammar.
    mutating func number(_ text: String) { word(text) }

    /// A tree, of whatever depth: nothing recurs.
    mutating func node(_ node: JSONNode) {
        var open: [JSONTreeLevel] = []
        var current: JSONNode? = node
        while true {
            if let node = current { write(node, &open) }
            guard !open.isEmpty else { return }
            current = advance(&open)
        }
    }

    private mutating func write(_ node: JSONNode, _ open: inout [JSONTreeLevel]) {
        switch node {
        case .null: null()
        case .boolean(let value): boolean(value)
        case .number(let text): number(text)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            open.append(.array(elements, next: 0))
        case .object(let members):
            beginObject()
            open.append(.object(members, next: 0))
        }
    }

    /// The next value of the innermost level; nil when that level ends here.
    private mutating func advance(_ open: inout [JSONTreeLevel]) -> JSONNode? {
        switch open.removeLast() {
        case .array(let elements, let next):
            guard next < elements.count else {
                endArray()
                return nil
            }
            open.append(.array(elements, next: next + 1))
            return elements[next]
        case .object(let members, let next):
            guard next < members.count else {
                endObject()
                return nil
            }
            open.append(.object(members, next: next + 1))
            name(members[next].name)
            return members[next].value
        }
    }
}

/// An array or object of which a part is written.
private enum JSONTreeLevel {
    case array([JSONNode], next: Int)
    case object([JSONNode.Member], next: Int)
}

extension JSONWriter {
    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func word(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func quoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20: escaped(byte)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escaped(_ control: UInt8) {
        switch control {
        case 0x08: bytes.append(contentsOf: "\\b".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0C: bytes.append(contentsOf: "\\f".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        default:
            let digits = Array("0123456789abcdef".utf8)
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(digits[Int(control >> 4)])
            bytes.append(digits[Int(control & 15)])
        }
    }
}
