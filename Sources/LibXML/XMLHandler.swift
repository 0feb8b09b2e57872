/// Receives what a parser finds, in document order.
package protocol XMLHandler: AnyObject {
    /// An element begins. The tag is valid during the call.
    func start(_ tag: borrowing XMLStartTag) -> XMLFollowUp
    /// The element that began last and hasn't ended ends.
    ///
    /// - Parameter text: what `XMLFollowUp.text` asked for; its own character data without that of its children.
    /// - Returns: false to stop.
    func end(text: XMLString?) -> Bool
}

/// What a handler wants to know of an element besides its children.
package enum XMLFollowUp {
    case children
    /// Its text; only one element of a branch can ask for it.
    case text
    case stop
}

/// An element's beginning: its name and attributes. Valid during the call that it is given to.
@safe
package struct XMLStartTag: ~Copyable {
    package let name: XMLName
    package let namespace: XMLName
    /// As written; with `XMLName.none` as namespace it is one that was not declared.
    package let prefix: XMLName
    private let parser: XMLPushParser
    private let attributeNames: [XMLAttributeName]
    /// Five pointers for each: local name, prefix, namespace, begin and end of the value.
    private let attributes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?

    init(
        name: XMLName, namespace: XMLName, prefix: XMLName, of parser: XMLPushParser,
        attributes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?
    ) {
        (self.name, self.namespace, self.prefix) = (name, namespace, prefix)
        self.parser = parser
        attributeNames = unsafe parser.attributeNames
        unsafe self.attributes = unsafe attributes
    }

    package var attributeCount: Int { attributeNames.count }

    package func attribute(_ index: Int) -> XMLAttributeName { attributeNames[index] }

    package func value(at index: Int) -> XMLString {
        guard index < attributeCount, let attributes = unsafe attributes,
            let begin = unsafe attributes[index * 5 + 3], let end = unsafe attributes[index * 5 + 4]
        else { return unsafe parser.strings.intern([]) }
        let bytes = unsafe UnsafeBufferPointer(start: begin, count: end - begin)
        guard unsafe bytes.contains(0x26) else { return unsafe parser.strings.intern(bytes) }
        return unsafe parser.strings.intern(Self.unescaped(bytes))
    }

    /// The library leaves an ampersand in a value as `&#38;`, however it was written, for whoever expands entities later.
    private static func unescaped(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            unsafe result.append(bytes[index])
            index += unsafe bytes[index] == 0x26 ? 5 : 1
        }
        return result
    }

    /// The value of an attribute that is in no namespace.
    package func value(of name: XMLName) -> XMLString? {
        for index in attributeNames.indices {
            let found = attributeNames[index]
            if found.name == name, found.isUnprefixed { return value(at: index) }
        }
        return nil
    }
}

/// The name of an attribute.
package struct XMLAttributeName: Sendable, Hashable {
    package let name: XMLName
    package let namespace: XMLName
    /// As written; with `XMLName.none` as namespace it is one that was not declared.
    package let prefix: XMLName

    package var isUnprefixed: Bool { prefix == .none }
}
