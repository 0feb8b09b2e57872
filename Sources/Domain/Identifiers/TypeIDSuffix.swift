/// The Base32 half of a TypeID: 128 bits as 26 characters, first character at most `7` (TypeID 0.3, Crockford's alphabet).
enum TypeIDSuffix {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    static func encode(high: UInt64, low: UInt64) -> String {
        var characters = [UInt8](repeating: 0, count: 26)
        var high = high
        var low = low
        for index in stride(from: 25, through: 0, by: -1) {
            characters[index] = alphabet[Int(low & 31)]
            low = (low >> 5) | (high << 59)
            high >>= 5
        }
        return String(decoding: characters, as: UTF8.self)
    }

    static func decode(_ characters: [UInt8]) -> (high: UInt64, low: UInt64)? {
        guard characters.count == 26, characters[0] <= UInt8(ascii: "7") else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for character in characters {
            guard let digit = value(of: character) else { return nil }
            high = (high << 5) | (low >> 59)
            low = (low << 5) | UInt64(digit)
        }
        return (high, low)
    }

    private static func value(of character: UInt8) -> Int? {
        alphabet.firstIndex(of: character)
    }
}
