/// Watches the bytes on their way into the library and stops what would make it slow.
///
/// The library needs a whole tag, comment or instruction before it reads it, looks for its end again with every chunk, and
/// compares a tag's attributes pairwise. So their lengths and number are counted before, which needs no more of XML
/// than where tags, quotes, comments and CDATA sections begin and end. Where a document is not well-formed the counts may be
/// wrong from there on; the library stops there.
struct XMLTokenGuard {
    private enum State {
        case text, open, bang, bangDash, declaration
        case tag, closingTag
        case doubleQuoted, singleQuoted
        case instruction, instructionQuestion
        case comment, commentDash, commentDashes
        case cdata, cdataBracket, cdataBrackets
    }

    private let limits: XMLLimits
    private var state = State.text
    private var tokenBytes = 0
    private var attributes = 0

    /// What has been seen doesn't end inside a tag, a comment or the like.
    var isBetweenTokens: Bool { state == .text }

    init(_ limits: XMLLimits) { self.limits = limits }

    /// - Returns: nil, or the index of the byte where a limit is passed, and which.
    mutating func scan(_ bytes: Span<UInt8>) -> (index: Int, reason: XMLParserError.Reason)? {
        var index = 0
        while index < bytes.count {
            let begin = index
            index = skip(bytes, from: index)
            if state != .text { tokenBytes += index - begin + 1 }
            if tokenBytes > limits.maxTokenBytes { return (min(index, bytes.count - 1), .tooLarge) }
            guard index < bytes.count else { return nil }
            if let reason = step(bytes[index]) { return (index, reason) }
            index += 1
        }
        return nil
    }

    /// Past the bytes that change nothing in this state.
    private func skip(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        switch state {
        case .text: while index < bytes.count, bytes[index] != 0x3C { index += 1 }
        case .doubleQuoted: while index < bytes.count, bytes[index] != 0x22 { index += 1 }
        case .singleQuoted: while index < bytes.count, bytes[index] != 0x27 { index += 1 }
        case .tag:
            while index < bytes.count, bytes[index] != 0x22, bytes[index] != 0x27, bytes[index] != 0x3E { index += 1 }
        case .closingTag: while index < bytes.count, bytes[index] != 0x3E { index += 1 }
        default: break
        }
        return index
    }

    private mutating func step(_ byte: UInt8) -> XMLParserError.Reason? {
        switch (state, byte) {
        case (.text, 0x3C): (state, tokenBytes, attributes) = (.open, 1, 0)
        case (.open, 0x21): state = .bang
        case (.open, 0x3F): state = .instruction
        case (.open, 0x2F): state = .closingTag
        case (.open, _): state = .tag
        case (.bang, 0x2D): state = .bangDash
        case (.bang, 0x5B): state = .cdata
        case (.bang, 0x44): return .forbiddenConstruct
        case (.bang, _): state = .declaration
        case (.bangDash, 0x2D): state = .comment
        case (.bangDash, _): state = .declaration
        case (.tag, 0x22), (.tag, 0x27): return quote(byte)
        case (.tag, _), (.closingTag, _), (.declaration, 0x3E), (.instructionQuestion, 0x3E), (.commentDashes, 0x3E),
            (.cdataBrackets, 0x3E):
            (state, tokenBytes) = (.text, 0)
        case (.doubleQuoted, _), (.singleQuoted, _): state = .tag
        default: stepInside(byte)
        }
        return nil
    }

    private mutating func quote(_ byte: UInt8) -> XMLParserError.Reason? {
        attributes += 1
        state = byte == 0x22 ? .doubleQuoted : .singleQuoted
        return attributes > limits.maxAttributes ? .tooLarge : nil
    }

    /// Comments, CDATA sections and instructions, up to what ends them.
    private mutating func stepInside(_ byte: UInt8) {
        switch state {
        case .instruction, .instructionQuestion: state = byte == 0x3F ? .instructionQuestion : .instruction
        case .comment: state = byte == 0x2D ? .commentDash : .comment
        case .commentDash: state = byte == 0x2D ? .commentDashes : .comment
        case .commentDashes: state = byte == 0x2D ? .commentDashes : .comment
        case .cdata: state = byte == 0x5D ? .cdataBracket : .cdata
        case .cdataBracket: state = byte == 0x5D ? .cdataBrackets : .cdata
        case .cdataBrackets: state = byte == 0x5D ? .cdataBrackets : .cdata
        default: break
        }
    }
}
