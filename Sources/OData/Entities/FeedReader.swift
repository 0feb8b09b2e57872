/// Reads a page of entities in pieces, as they arrive: no more of it is held than the entity that is not complete yet.
///
/// Give it bytes with `append`, then take entities with `next` until there is none, and so on; at the end of the body call
/// `finish`. It understands what `EntityDecoder.collection` does, with the same errors. After an error it is of no use.
///
/// - Important: memory grows with what is appended and not taken. Removed entities and links of a delta are kept in `page`,
///   up to `maxBodyBytes` of the payload.
public struct FeedReader: Sendable {
    let decoder: EntityDecoder
    var parser: PayloadParser
    /// What came and is not consumed, with some in front that is.
    private var buffer: [UInt8]
    /// The first byte of `buffer` that is not consumed.
    private var position = 0
    /// Bytes that stood before the buffer.
    private var discarded = 0
    /// Whether the buffer holds the body to its end.
    private var isWhole: Bool
    private var scan = ValueScan()
    private var wrapper: FeedWrapper
    private var details = EntityCollection.Details()
    /// Bytes of the payload that `details` was made of.
    private var wrapperBytes = 0
    private var changeBytes = 0

    public init(decoder: EntityDecoder) {
        self.init(decoder, decoder.makeParser(), [], isWhole: false)
    }

    init(whole bytes: [UInt8], _ decoder: EntityDecoder, _ parser: PayloadParser) {
        self.init(decoder, parser, bytes, isWhole: true)
    }

    private init(_ decoder: EntityDecoder, _ parser: PayloadParser, _ buffer: [UInt8], isWhole: Bool) {
        (self.decoder, self.parser, self.buffer, self.isWhole) = (decoder, parser, buffer, isWhole)
        wrapper = FeedWrapper(version: decoder.version)
    }

    /// What the page says beside its entities, as far as it has come: count, links, removed entities. It has no entities.
    public var page: EntityCollection { EntityCollection([], details) }

    /// The next bytes of the body, at most as many as the caller wants to hold.
    public mutating func append(_ chunk: [UInt8]) throws(PayloadError) {
        // Moved only if at least as much was consumed as is moved, so that each byte is moved once on the average.
        let start = wrapper.anchor ?? position
        if start >= buffer.count - start {
            buffer.removeSubrange(..<start)
            discarded += start
            position -= start
            wrapper.anchor = wrapper.anchor.map { $0 - start }
        }
        buffer.append(contentsOf: chunk)
    }

    /// The next entity; nil if more bytes are needed for it, or there is none.
    public mutating func next() throws(PayloadError) -> Entity? {
        do {
            while true {
                switch try step() {
                case .advanced: continue
                case .entity(let entity): return entity
                case .needsMore: return nil
                }
            }
        } catch {
            throw PayloadError(error.reason, offset: error.offset.map { $0 + discarded }, name: error.name)
        }
    }

    /// Says that the body has ended.
    ///
    /// - Throws: `.truncated` if it should go on or entities were not taken, `.unexpectedShape` if it is no page.
    public mutating func finish() throws(PayloadError) {
        isWhole = true
        guard try next() == nil, wrapper.phase == .end else { throw failure(.truncated) }
        guard wrapper.hasElements else { throw failure(.unexpectedShape) }
    }

    private func failure(_ reason: PayloadError.Reason) -> PayloadError {
        PayloadError(reason, offset: discarded + position)
    }
}

// MARK: Steps

extension FeedReader {
    private enum Step {
        case advanced, needsMore
        case entity(Entity)
    }

    /// Consumes one piece: a bracket, a name, a value beside the entities, or an entity.
    private mutating func step() throws(PayloadError) -> Step {
        guard let byte = nextByte() else {
            if isWhole, wrapper.phase != .end { throw PayloadError(.truncated, offset: position) }
            return .needsMore
        }
        switch wrapper.phase {
        case .name: return try name(byte)
        case .value: return try value(byte)
        case .element, .single: return try element(byte)
        case .start, .firstName, .colon, .afterMember, .firstElement, .afterElement, .end:
            position += try wrapper.take(byte, at: position)
            return .advanced
        }
    }

    /// The next byte that is no white space, which is consumed. A value that is being scanned begins with none.
    private mutating func nextByte() -> UInt8? {
        while position < buffer.count {
            switch buffer[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return buffer[position]
            }
        }
        return nil
    }

    /// The end of the value at the position, if all of it is there.
    private mutating func end() throws(PayloadError) -> Int? {
        // A copy that shares the storage: a span of the property itself would keep all others from changing.
        let bytes = buffer
        let end = try scan.end(bytes.span, from: position, decoder.limits)
        guard let end else {
            if isWhole { throw PayloadError(.truncated, offset: buffer.count) }
            return nil
        }
        scan = ValueScan()
        return end
    }

    private mutating func name(_ byte: UInt8) throws(PayloadError) -> Step {
        guard byte == UInt8(ascii: "\"") || !scan.isIdle else { throw PayloadError(.syntax, offset: position) }
        guard let end = try end() else { return .needsMore }
        parser.start(at: position, depth: wrapper.depth)
        let bytes = buffer
        let range = try parser.reader.string(bytes.span)
        let name = try JSONText.string(range, bytes.span)
        try keep(end - position)
        try wrapper.name(name, at: position)
        position = end
        return .advanced
    }

    private mutating func value(_ byte: UInt8) throws(PayloadError) -> Step {
        if scan.isIdle {
            switch try wrapper.value(byte, at: position, knows: decoder.knows) {
            case .open:
                position += 1
                return .advanced
            case .reread(let offset):
                position = offset
                return .advanced
            case .keep: break
            }
        }
        guard let end = try end() else { return .needsMore }
        parser.start(at: position, depth: wrapper.depth)
        let bytes = buffer
        let node = try parser.reader.node(bytes.span)
        guard parser.reader.position == end else { throw PayloadError(.syntax, offset: parser.reader.position) }
        try keep(end - position)
        // What a service writes that fails after it has begun: the page is not whole, whatever its entities are.
        if wrapper.memberName == "error", decoder.version.isV4 {
            throw PayloadError(.unexpectedShape, offset: position, name: "error")
        }
        try details.take(wrapper.memberName, node)
        position = end
        wrapper.valueEnded()
        return .advanced
    }

    private mutating func element(_ byte: UInt8) throws(PayloadError) -> Step {
        guard byte == UInt8(ascii: "{") || !scan.isIdle else { throw PayloadError(.unexpectedShape, offset: position) }
        var expectedEnd: Int?
        if !isWhole {
            guard let end = try end() else { return .needsMore }
            expectedEnd = end
        }
        // A scan that a piece began is of no use when the rest has come.
        scan = ValueScan()
        if parser.knowsTooMuch { parser.forget() }
        parser.start(at: position, depth: wrapper.depth)
        let bytes = buffer
        let element = try parser.element(parser.number(of: decoder.type), bytes.span)
        let end = parser.reader.position
        guard end == expectedEnd ?? end else { throw PayloadError(.syntax, offset: end) }
        guard end - position <= decoder.limits.maxEntityBytes else {
            throw PayloadError(.tooLarge(.entityBytes(decoder.limits.maxEntityBytes)), offset: position)
        }
        defer { position = end }
        wrapper.elementEnded()
        return try take(element, bytes: end - position)
    }

    private mutating func take(_ element: FeedElement, bytes: Int) throws(PayloadError) -> Step {
        switch element {
        case .entity(let entity): return .entity(entity)
        case .removed(let removed): details.removed.append(removed)
        case .link(let change): details.linkChanges.append(change)
        }
        changeBytes += bytes
        guard changeBytes <= decoder.limits.maxBodyBytes else {
            throw PayloadError(.tooLarge(.bodyBytes(decoder.limits.maxBodyBytes)), offset: position)
        }
        return .advanced
    }

    /// Counts what is kept of the members beside the entities.
    private mutating func keep(_ bytes: Int) throws(PayloadError) {
        wrapperBytes += bytes
        guard wrapperBytes <= decoder.limits.maxEntityBytes else {
            throw PayloadError(.tooLarge(.entityBytes(decoder.limits.maxEntityBytes)), offset: position)
        }
    }
}
