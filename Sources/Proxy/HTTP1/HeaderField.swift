/// One header line, as offsets into the head that it stands in: no string is made of it.
struct HeaderField: Sendable {
    let name: HeaderName
    private let nameStart: UInt32
    private let nameCount: UInt32
    private let valueStart: UInt32
    private let valueCount: UInt32

    init(name: HeaderName, nameRange: Range<Int>, valueRange: Range<Int>) {
        self.name = name
        nameStart = UInt32(nameRange.lowerBound)
        nameCount = UInt32(nameRange.count)
        valueStart = UInt32(valueRange.lowerBound)
        valueCount = UInt32(valueRange.count)
    }

    /// Offsets of the name as it was written.
    var nameRange: Range<Int> { Int(nameStart)..<Int(nameStart) + Int(nameCount) }
    /// Offsets of the value without white space around it.
    var valueRange: Range<Int> { Int(valueStart)..<Int(valueStart) + Int(valueCount) }
}

/// How the end of a body is found (RFC 9112 §6.3).
enum BodyFraming: Hashable, Sendable {
    case none
    /// Exactly so many bytes, above 0.
    case length(Int)
    case chunked
    /// Responses only: until the peer closes.
    case untilClose
}
