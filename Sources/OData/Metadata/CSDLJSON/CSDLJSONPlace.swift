/// Where in a text something stands, from 1; columns count bytes.
struct CSDLJSONPlace {
    /// What leads from the document to a value.
    enum Step: Sendable {
        case member(String)
        case element(Int)
    }

    var line: Int
    var column: Int

    init(offset: Int, in bytes: [UInt8]) {
        let before = bytes.prefix(offset)
        line = 1 + before.count { $0 == UInt8(ascii: "\n") }
        column = 1 + before.count - ((before.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1)
    }

    /// Goes through the text again, which only a document with an error costs: the tree knows no places.
    ///
    /// - Returns: the place of the value, or of the last step that the text has.
    static func find(_ path: [Step], in bytes: [UInt8]) -> CSDLJSONPlace {
        var reader = JSONReader(maxDepth: JSONReader.depthCap)
        let text = bytes.span
        var offset = 0
        for step in path {
            // The text was read once without an error, so that none is to be expected.
            guard (try? enter(step, &reader, text)) == true else { break }
            reader.skipSpace(text)
            offset = reader.position
        }
        return CSDLJSONPlace(offset: offset, in: bytes)
    }

    private static func enter(
        _ step: Step, _ reader: inout JSONReader, _ text: Span<UInt8>
    ) throws(PayloadError) -> Bool {
        switch (step, try reader.kind(text)) {
        case (.member(let name), .object):
            guard try reader.open(UInt8(ascii: "{"), text) else { return false }
            repeat {
                if try JSONText.string(try reader.name(text), text) == name { return true }
                try reader.skip(text)
            } while try reader.next(in: UInt8(ascii: "{"), text)
        case (.element(let number), .array):
            guard try reader.open(UInt8(ascii: "["), text) else { return false }
            var left = number
            repeat {
                if left == 0 { return true }
                left -= 1
                try reader.skip(text)
            } while try reader.next(in: UInt8(ascii: "["), text)
        default: break
        }
        return false
    }
}
