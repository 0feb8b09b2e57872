/// Text out of the bytes of strings that `JSONReader` has checked.
enum JSONText {
    @inline(__always)
    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The bytes as they are.
    @inline(__always)
    static func copy(_ bytes: Span<UInt8>) throws(PayloadError) -> String {
        do {
            return String(copying: try UTF8Span(validating: bytes))
        } catch {
            throw PayloadError(.invalidUTF8)
        }
    }

    /// A string's text, its escapes resolved.
    @inline(__always)
    static func string(_ range: JSONReader.StringRange, _ text: Span<UInt8>) throws(PayloadError) -> String {
        if !range.hasEscapes { return try copy(text.extracting(range.range)) }
        var bytes: [UInt8] = []
        unescape(range, text, into: &bytes)
        return try copy(bytes.span)
    }

    /// A string's bytes with its escapes resolved, which are never more than they were.
    ///
    /// - Parameter output: emptied before; given so that one buffer serves many strings.
    static func unescape(_ range: JSONReader.StringRange, _ text: Span<UInt8>, into output: inout [UInt8]) {
        output.removeAll(keepingCapacity: true)
        output.reserveCapacity(range.end - range.start)
        var offset = range.start
        while offset < range.end {
            let byte = text[offset]
            if byte != UInt8(ascii: "\\") {
                output.append(byte)
                offset += 1
            } else if text[offset + 1] != UInt8(ascii: "u") {
                output.append(simpleEscape(text[offset + 1]))
                offset += 2
            } else {
                offset += append(scalarAt: offset, text, to: &output)
            }
        }
    }

    private static func simpleEscape(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }

    /// - Returns: the bytes of the escape, 6 or 12.
    private static func append(scalarAt offset: Int, _ text: Span<UInt8>, to output: inout [UInt8]) -> Int {
        let high = codeUnit(text, at: offset)
        guard high & 0xFC00 == 0xD800 else {
            append(high, to: &output)
            return 6
        }
        let low = codeUnit(text, at: offset + 6)
        append(0x10000 + (high & 0x3FF) << 10 + (low & 0x3FF), to: &output)
        return 12
    }

    private static func codeUnit(_ text: Span<UInt8>, at offset: Int) -> UInt32 {
        (2..<6).reduce(0) { $0 << 4 | UInt32(hexDigit(text[offset + $1]) ?? 0) }
    }

    private static func append(_ scalar: UInt32, to output: inout [UInt8]) {
        if let scalar = Unicode.Scalar(scalar), let encoded = UTF8.encode(scalar) { output.append(contentsOf: encoded) }
    }
}
