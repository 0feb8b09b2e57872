internal import CXML2

/// A parser of namespaces-aware XML 1.0 that takes a document in pieces and gives its elements to a handler.
///
/// A wrapper of libxml2's push parser, without a tree. Document type declarations are refused, so there are no entities but
/// the five of XML itself; nothing is fetched. Input that is not UTF-8 is converted first, see `XMLInput`. A prefix that isn't
/// declared is no error: the handler sees it and decides. Not for use by two tasks at once.
@safe
package final class XMLPushParser {
    /// Bytes that go into the library at once: more makes it move its buffer about, fewer cost calls.
    private static let pieceBytes = 16 << 10

    let limits: XMLLimits
    let context: xmlParserCtxtPtr
    private var input = XMLInput()
    private var tokens: XMLTokenGuard
    /// Small chunks are gathered here.
    private var pending: [UInt8] = []
    private var bytesTaken = 0
    private(set) var failure: XMLParserError?

    // Read and changed several times for each attribute, by one task, and never while a change of them is under way: the
    // check at run time is 8 % of a document's reading.
    @exclusivity(unchecked) var names: XMLNames
    @exclusivity(unchecked) var strings: XMLStrings
    /// Of the tag in hand.
    @exclusivity(unchecked) var attributeNames: [XMLAttributeName] = []
    /// The number of namespaces in scope, for each open element.
    var namespaceCounts: [Int] = []
    /// Text is kept for the element of this depth; 0 for none.
    var textDepth = 0
    var text: [UInt8] = []
    /// During `append` and `finish`.
    var handler: (any XMLHandler)?

    /// - Parameter vocabulary: names that shall have the codes 0, 1, 2, …; fewer than 60,000.
    /// - Throws: `.outOfMemory`.
    package init(vocabulary: [String], limits: XMLLimits = XMLLimits()) throws(XMLParserError) {
        XMLLibrary.start()
        self.limits = limits
        tokens = XMLTokenGuard(limits)
        unsafe names = XMLNames(vocabulary: vocabulary, maxOthers: limits.maxNames)
        unsafe strings = XMLStrings()
        let callbacks = XMLCallbacks()
        guard
            let context = unsafe sallyport_xml_create(
                callbacks.start, callbacks.end, callbacks.text, callbacks.doctype, callbacks.problem)
        else { throw XMLParserError(.outOfMemory) }
        unsafe self.context = unsafe context
        // The library gives the pointer back in each callback, and calls only from inside `push`.
        unsafe sallyport_xml_set_user(context, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { unsafe xmlFreeParserCtxt(context) }

    /// Where the parser is: behind the tag in hand, or where it failed.
    package var position: XMLPosition {
        unsafe XMLPosition(
            line: Int(sallyport_xml_line(context)), column: Int(sallyport_xml_column(context)))
    }

    /// Behind the bytes that the library has and hasn't read yet.
    private var positionOfEnd: XMLPosition {
        var place = position
        guard let input = unsafe context.pointee.input, var next = unsafe input.pointee.cur,
            let end = unsafe input.pointee.end
        else { return place }
        while unsafe next < end {
            if unsafe next.pointee == 0x0A { place = XMLPosition(line: place.line + 1, column: 0) }
            place.column += 1
            unsafe next += 1
        }
        return place
    }

    package var hasByteOrderMark: Bool { input.hasByteOrderMark }
    /// Its encoding is another than it declares.
    package var isMislabelled: Bool { input.isMislabelled }

    /// The text of a name.
    package func text(_ name: XMLName) -> String { unsafe name == .none ? "" : names.texts[Int(name.code)] }

    package func text(_ string: XMLString) -> String { unsafe strings[string] }

    /// Takes the next piece of the document.
    ///
    /// - Throws: the first error; from then on every call throws it again.
    package func append(_ bytes: [UInt8], to handler: any XMLHandler) throws(XMLParserError) {
        try checkFailure()
        bytesTaken += bytes.count
        if bytesTaken > limits.maxBytes { try fail(XMLParserError(.tooLarge, at: position)) }
        let utf8 = try converted { input throws(XMLParserError) in try input.append(bytes) }
        if pending.isEmpty, utf8.count >= Self.pieceBytes { return try push(utf8, to: handler) }
        pending += utf8
        guard pending.count >= Self.pieceBytes else { return }
        try flush(to: handler)
    }

    /// The document is complete.
    ///
    /// - Throws: `.syntax` if it isn't, besides what `append` throws.
    package func finish(_ handler: any XMLHandler) throws(XMLParserError) {
        try checkFailure()
        pending += try converted { input throws(XMLParserError) in try input.finish() }
        try flush(to: handler)
        // At the end the library takes half a tag for a whole one.
        guard tokens.isBetweenTokens else { return try fail(XMLParserError(.syntax, at: position)) }
        self.handler = handler
        defer { self.handler = nil }
        _ = unsafe xmlParseChunk(context, nil, 0, 1)
        try checkFailure()
        if unsafe sallyport_xml_is_well_formed(context) == 0 { try fail(XMLParserError(.syntax, at: position)) }
    }

    /// Records the first failure; the library is not asked again.
    func note(_ reason: XMLParserError.Reason, at position: XMLPosition) {
        guard failure == nil else { return }
        failure = XMLParserError(reason, at: position)
        unsafe sallyport_xml_silence(context)
    }

    private func converted(
        _ body: (inout XMLInput) throws(XMLParserError) -> [UInt8]
    ) throws(XMLParserError) -> [UInt8] {
        do {
            return try body(&input)
        } catch {
            try fail(error)
            return []
        }
    }

    private func fail(_ error: XMLParserError) throws(XMLParserError) {
        note(error.reason, at: error.position == XMLPosition() ? position : error.position)
        try checkFailure()
    }

    private func checkFailure() throws(XMLParserError) {
        if let failure { throw failure }
    }

    private func flush(to handler: any XMLHandler) throws(XMLParserError) {
        let bytes = pending
        pending = []
        try push(bytes, to: handler)
    }

    private func push(_ bytes: [UInt8], to handler: any XMLHandler) throws(XMLParserError) {
        self.handler = handler
        defer { self.handler = nil }
        var begin = 0
        while begin < bytes.count {
            let end = min(begin + Self.pieceBytes, bytes.count)
            let stop = tokens.scan(bytes.span.extracting(begin..<end))
            let count = stop.map(\.index) ?? (end - begin)
            unsafe bytes.withUnsafeBytes { all in
                let piece = unsafe all.baseAddress?.advanced(by: begin).assumingMemoryBound(to: CChar.self)
                _ = unsafe xmlParseChunk(context, piece, Int32(count), 0)
            }
            try checkFailure()
            if let stop { try fail(XMLParserError(stop.reason, at: positionOfEnd)) }
            begin = end
        }
    }
}

/// The library's own start, once a process.
enum XMLLibrary {
    private static let isReady: Bool = {
        xmlInitParser()
        return true
    }()

    static func start() { _ = isReady }
}
