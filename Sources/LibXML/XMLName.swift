/// A name of an element or attribute, a prefix or a namespace, as a small number.
///
/// The vocabulary that a parser was made with has the codes 0, 1, 2, … in its order; other names get the following ones.
package struct XMLName: Sendable, Hashable {
    package let code: UInt16

    package init(code: UInt16) { self.code = code }

    /// No namespace, no prefix.
    package static let none = XMLName(code: .max)
    /// There are more different names than allowed.
    static let excess = XMLName(code: .max - 1)
}

/// Finds a name's code by the address of its text: libxml2 keeps each name once, for as long as the parser lives.
@safe
struct XMLNames {
    private(set) var texts: [String]
    private let capacity: Int
    private var codes: [String: UInt16]
    /// Open addressing: an address, and in `found` its code. A power of two of places, at most half of them used.
    private var addresses: [UInt]
    private var found: [XMLName]
    private var used = 0

    init(vocabulary: [String], maxOthers: Int) {
        texts = vocabulary
        capacity = min(vocabulary.count + maxOthers, Int(UInt16.max) - 2)
        codes = Dictionary(zip(vocabulary, 0...), uniquingKeysWith: { first, _ in first })
        addresses = [UInt](repeating: 0, count: 512)
        found = [XMLName](repeating: .none, count: 512)
    }

    /// - Parameter text: a string of the parser's dictionary, or nil.
    @unsafe
    mutating func name(_ text: UnsafePointer<UInt8>?) -> XMLName {
        guard let text = unsafe text else { return .none }
        let address = UInt(bitPattern: text)
        var place = home(of: address)
        while addresses[place] != 0 {
            if addresses[place] == address { return found[place] }
            place = (place + 1) & (addresses.count - 1)
        }
        return insert(address, unsafe code(of: String(cString: text)))
    }

    /// The names of a tag's attributes.
    ///
    /// - Parameter attributes: five pointers for each: local name, prefix, namespace, begin and end of the value.
    /// - Returns: false if there are more different names than allowed.
    @unsafe
    mutating func read(
        _ attributes: UnsafeMutablePointer<UnsafePointer<UInt8>?>, count: Int, into list: inout [XMLAttributeName]
    ) -> Bool {
        for index in 0..<count {
            let name = unsafe XMLAttributeName(
                name: name(attributes[index * 5]), namespace: name(attributes[index * 5 + 2]),
                prefix: name(attributes[index * 5 + 1]))
            if name.name == .excess || name.namespace == .excess || name.prefix == .excess { return false }
            list.append(name)
        }
        return true
    }

    private func home(of address: UInt) -> Int {
        Int(truncatingIfNeeded: (address &* 0x9E37_79B9_7F4A_7C15) >> 32) & (addresses.count - 1)
    }

    private mutating func code(of text: String) -> XMLName {
        if let code = codes[text] { return XMLName(code: code) }
        guard texts.count < capacity else { return .excess }
        let code = UInt16(texts.count)
        codes[text] = code
        texts.append(text)
        return XMLName(code: code)
    }

    private mutating func insert(_ address: UInt, _ name: XMLName) -> XMLName {
        guard name != .excess else { return name }
        used += 1
        if used * 2 > addresses.count { grow() }
        put(address, name)
        return name
    }

    private mutating func put(_ address: UInt, _ name: XMLName) {
        var place = home(of: address)
        while addresses[place] != 0 { place = (place + 1) & (addresses.count - 1) }
        (addresses[place], found[place]) = (address, name)
    }

    private mutating func grow() {
        let old = zip(addresses, found)
        addresses = [UInt](repeating: 0, count: addresses.count * 2)
        found = [XMLName](repeating: .none, count: found.count * 2)
        for (address, name) in old where address != 0 { put(address, name) }
    }
}
