/// The names of members that a reader has met, each with a number, so that a name is a `String` once for many entities.
///
/// Number 0 is no name: what stands before the first one.
struct MemberNames: Sendable {
    private(set) var names: [String] = [""]
    private(set) var meanings: [MemberMeaning] = [.ignored]
    /// Of control information for a property: that property's number.
    private(set) var subjects: [Int32] = [0]
    private var numbers: [String: Int32] = [:]
    private let version: ODataVersion

    /// All names as a document writes them, in quotes, and behind them what a load of eight bytes may touch.
    private var written: [UInt8] = Array(repeating: 0, count: 8)
    private var places: [Place] = [Place(start: 0, length: 0)]

    private struct Place {
        var start: Int32
        /// With both quotes; 0 for a name that is written otherwise than it reads.
        var length: Int32
    }

    init(version: ODataVersion) { self.version = version }

    var count: Int { names.count }

    mutating func number(of name: String) -> Int32 {
        if let number = numbers[name] { return number }
        let (meaning, property) = MemberMeaning.of(name, version: version)
        let subject = property.map { number(ofProperty: String($0)) } ?? 0
        return add(name, meaning, subject)
    }

    /// The subject of an annotation is a property, whatever its name looks like: so nothing recurs.
    private mutating func number(ofProperty name: String) -> Int32 { numbers[name] ?? add(name, .property, 0) }

    private mutating func add(_ name: String, _ meaning: MemberMeaning, _ subject: Int32) -> Int32 {
        let number = Int32(names.count)
        numbers[name] = number
        names.append(name)
        meanings.append(meaning)
        subjects.append(subject)
        places.append(write(name))
        return number
    }

    private mutating func write(_ name: String) -> Place {
        let isPlain = name.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        // Longer names are rare, and places fit 32 bits this way.
        guard isPlain, name.utf8.count <= 256, written.count < 1 << 30 else { return Place(start: 0, length: 0) }
        let start = written.count - 8
        written.replaceSubrange(start..<start, with: "\"\(name)\"".utf8)
        return Place(start: Int32(start), length: Int32(written.count - 8 - start))
    }

    /// How many bytes a name has in its quotes, if it is what stands at an offset; else 0, which says nothing near the end
    /// of the text.
    @inline(__always)
    func match(_ number: Int32, _ text: Span<UInt8>, at offset: Int) -> Int {
        let place = places[Int(number)]
        let (start, length) = (Int(place.start), Int(place.length))
        guard length > 0, offset &+ length &+ 8 <= text.count else { return 0 }
        let known = written.span
        var done = 0
        while done &+ 8 <= length {
            guard ByteWords.load(known, at: start &+ done) == ByteWords.load(text, at: offset &+ done) else { return 0 }
            done &+= 8
        }
        let rest = UInt64(length &- done)
        let mask = (1 as UInt64) << (rest &* 8) &- 1
        let difference = ByteWords.load(known, at: start &+ done) ^ ByteWords.load(text, at: offset &+ done)
        return difference & mask == 0 ? length : 0
    }
}
