internal import CXML2

/// What the library calls. Each gets the parser back as the pointer that it was made with; no error leaves them.
@safe
struct XMLCallbacks {
    let start: startElementNsSAX2Func = { user, name, prefix, namespace, namespaceCount, _, count, _, attributes in
        guard let parser = unsafe XMLPushParser.of(user) else { return }
        unsafe parser.started(name, prefix, namespace, Int(namespaceCount), attributes, count: Int(count))
    }

    let end: endElementNsSAX2Func = { user, _, _, _ in
        unsafe XMLPushParser.of(user)?.ended()
    }

    let text: charactersSAXFunc = { user, bytes, count in
        guard let bytes = unsafe bytes else { return }
        unsafe XMLPushParser.of(user)?.received(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }

    let doctype: internalSubsetSAXFunc = { user, _, _, _ in
        guard let parser = unsafe XMLPushParser.of(user) else { return }
        parser.note(.forbiddenConstruct, at: parser.position)
    }

    let problem: sallyport_xml_problem = { user, code, level, line, column in
        unsafe XMLPushParser.of(user)?.problem(
            code: code, level: level, at: XMLPosition(line: Int(line), column: Int(column)))
    }
}

extension XMLPushParser {
    /// - Returns: nil after a failure: the library may call a few times more.
    @unsafe
    fileprivate static func of(_ user: UnsafeMutableRawPointer?) -> XMLPushParser? {
        guard let user = unsafe user else { return nil }
        let parser = unsafe Unmanaged<XMLPushParser>.fromOpaque(user).takeUnretainedValue()
        return parser.failure == nil ? parser : nil
    }

    @unsafe
    fileprivate func started(
        _ name: UnsafePointer<UInt8>?, _ prefix: UnsafePointer<UInt8>?, _ namespace: UnsafePointer<UInt8>?,
        _ newNamespaces: Int, _ attributes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, count: Int
    ) {
        guard namespaceCounts.count < limits.maxDepth else { return note(.tooDeep, at: position) }
        let inScope = (namespaceCounts.last ?? 0) + newNamespaces
        guard inScope <= limits.maxNamespaces else { return note(.tooLarge, at: position) }
        namespaceCounts.append(inScope)
        unsafe readNames(attributes, count: count)
        let tag = unsafe XMLStartTag(
            name: names.name(name), namespace: names.name(namespace), prefix: names.name(prefix), of: self,
            attributes: attributes)
        guard tag.name != .excess, tag.namespace != .excess, tag.prefix != .excess, failure == nil else {
            return note(.tooLarge, at: position)
        }
        switch handler?.start(tag) {
        case .children: break
        case .text: (textDepth, text) = (namespaceCounts.count, [])
        case .stop, nil: note(.stopped, at: position)
        }
    }

    @unsafe
    private func readNames(_ attributes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, count: Int) {
        unsafe attributeNames.removeAll(keepingCapacity: true)
        guard let attributes = unsafe attributes else { return }
        let isRead = unsafe names.read(attributes, count: count, into: &attributeNames)
        if !isRead { note(.tooLarge, at: position) }
    }

    fileprivate func ended() {
        var content: XMLString?
        if textDepth == namespaceCounts.count {
            content = unsafe strings.intern(text)
            textDepth = 0
        }
        namespaceCounts.removeLast()
        if handler?.end(text: content) != true { note(.stopped, at: position) }
    }

    fileprivate func received(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard textDepth > 0, textDepth == namespaceCounts.count else { return }
        guard text.count + bytes.count <= limits.maxTokenBytes else { return note(.tooLarge, at: position) }
        unsafe text.append(contentsOf: bytes)
    }

    /// Warnings, and prefixes that aren't declared, are for the handler.
    fileprivate func problem(code: Int32, level: Int32, at position: XMLPosition) {
        let isHarmless =
            level < Int32(XML_ERR_ERROR.rawValue) || code == Int32(XML_NS_ERR_UNDEFINED_NAMESPACE.rawValue)
            || code == Int32(XML_WAR_NS_URI.rawValue) || code == Int32(XML_WAR_NS_URI_RELATIVE.rawValue)
        guard !isHarmless else { return }
        note(code == Int32(XML_ERR_NO_MEMORY.rawValue) ? .outOfMemory : .syntax, at: position)
    }
}
