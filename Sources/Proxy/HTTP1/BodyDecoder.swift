internal import NIOCore

/// What a body yields next.
enum BodyPiece: Sendable {
    case needMore
    /// Content without its framing, never empty.
    case bytes(ByteBuffer)
    case end
}

/// Takes the framing off a body (RFC 9112 §6 and §7): pure, fed with what has arrived, in any split.
struct BodyDecoder: Sendable {
    private enum State: Hashable, Sendable {
        /// `remaining` above 0; then `done`.
        case fixed(Int)
        /// Then `chunkData`, or `trailer` after size 0.
        case chunkSize
        /// `remaining` above 0; then `chunkEnd`.
        case chunkData(Int)
        /// CRLF after the data; then `chunkSize`.
        case chunkEnd
        /// Lines up to the empty one, of which so many bytes have passed; then `done`.
        case trailer(Int)
        /// Ended by `finishAtClose`.
        case untilClose
        case done
    }

    /// A chunk-size line with its extensions; extensions are ignored.
    private static let maxChunkLineBytes = 256
    private static let maxTrailerBytes = 8_192

    private var state: State

    init(_ framing: BodyFraming) {
        state =
            switch framing {
            case .none: .done
            case .length(let count): count > 0 ? .fixed(count) : .done
            case .chunked: .chunkSize
            case .untilClose: .untilClose
            }
    }

    var isDone: Bool { state == .done }

    /// Bytes that are known to be missing still; nil where only the framing will tell.
    var remainingLength: Int? {
        switch state {
        case .fixed(let count): count
        case .done: 0
        case .chunkSize, .chunkData, .chunkEnd, .trailer, .untilClose: nil
        }
    }

    /// Whether a close of the peer ends the body rightly.
    var endsAtClose: Bool { state == .untilClose }

    mutating func next(_ input: inout ByteBuffer) throws(HTTPRefusal) -> BodyPiece {
        while true {
            switch state {
            case .done: return .end
            case .fixed(let remaining):
                guard let piece = take(&input, atMost: remaining) else { return .needMore }
                let left = remaining - piece.readableBytes
                state = left == 0 ? .done : .fixed(left)
                return .bytes(piece)
            case .chunkSize:
                guard let size = try readChunkSize(&input) else { return .needMore }
                state = size == 0 ? .trailer(0) : .chunkData(size)
            case .chunkData(let remaining):
                guard let piece = take(&input, atMost: remaining) else { return .needMore }
                let left = remaining - piece.readableBytes
                state = left == 0 ? .chunkEnd : .chunkData(left)
                return .bytes(piece)
            case .chunkEnd:
                guard try readChunkEnd(&input) else { return .needMore }
                state = .chunkSize
            case .trailer(let passed):
                guard let count = try readTrailerLine(&input, passed) else { return .needMore }
                state = count == 2 ? .done : .trailer(passed + count)
            case .untilClose:
                guard let piece = take(&input, atMost: .max) else { return .needMore }
                return .bytes(piece)
            }
        }
    }

    private func take(_ input: inout ByteBuffer, atMost count: Int) -> ByteBuffer? {
        let available = min(count, input.readableBytes)
        return available == 0 ? nil : input.readSlice(length: available)
    }

    private func readChunkEnd(_ input: inout ByteBuffer) throws(HTTPRefusal) -> Bool {
        guard let length = try lineLength(input, limit: 2) else { return false }
        guard length == 0 else { throw .badChunk }
        input.moveReaderIndex(forwardBy: 2)
        return true
    }

    private func readChunkSize(_ input: inout ByteBuffer) throws(HTTPRefusal) -> Int? {
        guard let length = try lineLength(input, limit: Self.maxChunkLineBytes) else { return nil }
        let size = try Self.chunkSize(input, length)
        input.moveReaderIndex(forwardBy: length + 2)
        return size
    }

    /// Up to 15 hexadecimal digits; extensions may follow.
    private static func chunkSize(_ input: borrowing ByteBuffer, _ length: Int) throws(HTTPRefusal) -> Int {
        let bytes = input.readableBytesUInt8Span
        var size = 0
        var index = 0
        while index < length, let digit = HTTPCharacters.hexValue(bytes[index]) {
            guard index < 15 else { throw .badChunk }
            size = size << 4 | Int(digit)
            index += 1
        }
        guard index > 0, index == length || bytes[index] == UInt8(ascii: ";") else { throw .badChunk }
        return size
    }

    /// Bytes of one trailer line with its end; 2 for the empty line. The content is dropped: nothing here may trust it.
    private func readTrailerLine(_ input: inout ByteBuffer, _ passed: Int) throws(HTTPRefusal) -> Int? {
        guard let length = try lineLength(input, limit: Self.maxTrailerBytes - passed) else { return nil }
        guard length == 0 || Self.isTrailerLine(input, length) else { throw .badChunk }
        input.moveReaderIndex(forwardBy: length + 2)
        return length + 2
    }

    private static func isTrailerLine(_ input: borrowing ByteBuffer, _ length: Int) -> Bool {
        let bytes = input.readableBytesUInt8Span
        var colon = 0
        while colon < length, HTTPCharacters.isToken(bytes[colon]) { colon += 1 }
        return colon > 0 && colon < length && bytes[colon] == UInt8(ascii: ":")
    }

    /// Length of the first line without its CRLF; nil while it is incomplete. A bare LF or a control character is refused.
    private func lineLength(_ input: borrowing ByteBuffer, limit: Int) throws(HTTPRefusal) -> Int? {
        let bytes = input.readableBytesUInt8Span
        for index in 0..<min(bytes.count, max(limit, 0)) {
            let byte = bytes[index]
            if HTTPCharacters.isValue(byte) { continue }
            guard byte == HTTPCharacters.carriageReturn else { throw .badChunk }
            guard index + 1 < bytes.count else { return nil }
            guard bytes[index + 1] == HTTPCharacters.lineFeed else { throw .badChunk }
            return index
        }
        guard bytes.count < limit else { throw .badChunk }
        return nil
    }
}
