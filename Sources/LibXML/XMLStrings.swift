/// A text that a parser has seen: an attribute's value or an element's content. Equal texts are one.
package struct XMLString: Sendable, Hashable {
    /// From 0, in the order in which texts were first asked for.
    package let index: Int32
}

/// What belongs to some of a document's texts: a table by their index.
package struct XMLStringTable<Value> {
    /// By a text's index, the index of its value; −1 for none.
    private var places: [Int32] = []
    private var values: [Value] = []
    /// The texts that have a value, in the values' order.
    private var owners: [XMLString] = []

    package init() {}

    package var isEmpty: Bool { values.isEmpty }

    package subscript(_ string: XMLString) -> Value? {
        get {
            let index = Int(string.index)
            return index < places.count && places[index] >= 0 ? values[Int(places[index])] : nil
        }
        set {
            guard let newValue else { return }
            let index = Int(string.index)
            if index >= places.count {
                places.append(contentsOf: repeatElement(-1, count: index + 1 - places.count))
            }
            if places[index] >= 0 {
                values[Int(places[index])] = newValue
            } else {
                places[index] = Int32(values.count)
                values.append(newValue)
                owners.append(string)
            }
        }
    }

    /// Takes as long as putting the values in did, however many texts there are.
    package mutating func removeAll() {
        for owner in owners { places[Int(owner.index)] = -1 }
        values.removeAll()
        owners.removeAll()
    }
}

/// The texts of a document, each kept once, so that a model built of them shares its storage.
///
/// Hashes are seeded by chance: a document can't be made to collide.
@safe
struct XMLStrings {
    private var texts: [String] = []
    private var hashes: [UInt32] = []
    /// Open addressing: index of a text, or −1. A power of two of places, at most half of them used.
    private var places: [Int32]

    private let seed = UInt64.random(in: .min ... .max)
    private let factor = UInt64.random(in: .min ... .max) | 1

    init() { places = [Int32](repeating: -1, count: 1_024) }

    subscript(_ string: XMLString) -> String { texts[Int(string.index)] }

    mutating func intern(_ bytes: [UInt8]) -> XMLString {
        unsafe bytes.withUnsafeBufferPointer { bytes in unsafe intern(bytes) }
    }

    mutating func intern(_ bytes: UnsafeBufferPointer<UInt8>) -> XMLString {
        let hash = unsafe hash(UnsafeRawBufferPointer(bytes))
        var place = Int(hash) & (places.count - 1)
        while places[place] >= 0 {
            let index = Int(places[place])
            if hashes[index] == hash, unsafe Self.equal(texts[index], bytes) { return XMLString(index: places[place]) }
            place = (place + 1) & (places.count - 1)
        }
        return unsafe insert(String(decoding: bytes, as: UTF8.self), hash)
    }

    /// Eight bytes at a time, multiplied with what a document can't know; half the cost of the standard library's hasher.
    private func hash(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var state = seed ^ UInt64(bytes.count)
        var index = 0
        while index + 8 <= bytes.count {
            state = Self.mix(state ^ (unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)), factor)
            index += 8
        }
        var last: UInt64 = 0
        while index < bytes.count {
            last = last << 8 | UInt64(unsafe bytes[index])
            index += 1
        }
        state = Self.mix(state ^ last, factor)
        return UInt32(truncatingIfNeeded: state ^ state >> 32)
    }

    private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    private static func equal(_ text: String, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let utf8 = text.utf8
        guard utf8.count == bytes.count else { return false }
        let answer = unsafe utf8.withContiguousStorageIfAvailable { text in
            unsafe equal(UnsafeRawBufferPointer(text), UnsafeRawBufferPointer(bytes))
        }
        guard let answer else { return unsafe utf8.elementsEqual(bytes) }
        return answer
    }

    /// - Parameter left: as long as `right`.
    private static func equal(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index + 8 <= right.count {
            let words = unsafe (
                left.loadUnaligned(fromByteOffset: index, as: UInt64.self),
                right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            )
            if words.0 != words.1 { return false }
            index += 8
        }
        while index < right.count {
            if unsafe left[index] != right[index] { return false }
            index += 1
        }
        return true
    }

    private mutating func insert(_ text: String, _ hash: UInt32) -> XMLString {
        let index = Int32(texts.count)
        texts.append(text)
        hashes.append(hash)
        if texts.count * 2 > places.count {
            grow()
        } else {
            put(index, hash)
        }
        return XMLString(index: index)
    }

    private mutating func put(_ index: Int32, _ hash: UInt32) {
        var place = Int(hash) & (places.count - 1)
        while places[place] >= 0 { place = (place + 1) & (places.count - 1) }
        places[place] = index
    }

    private mutating func grow() {
        places = [Int32](repeating: -1, count: places.count * 2)
        for (index, hash) in hashes.enumerated() { put(Int32(index), hash) }
    }
}
