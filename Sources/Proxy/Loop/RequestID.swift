internal import NIOCore

/// What ties together the caller's request, the upstream's and our records of both.
enum RequestID: Sendable {
    /// Made here.
    case made(UInt64, UInt64)
    /// The caller's own `x-request-id`, where it is well-formed.
    case given([UInt8])

    /// 1 to 64 of letters, digits, `.`, `_` and `-`.
    init?(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        guard (1...64).contains(range.count) else { return nil }
        var copy: [UInt8] = []
        copy.reserveCapacity(range.count)
        for index in range {
            let byte = bytes[index]
            let isLetter = (byte | 0x20) &- 0x61 < 26
            guard isLetter || HTTPCharacters.isDigit(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F else {
                return nil
            }
            copy.append(byte)
        }
        self = .given(copy)
    }

    var text: String {
        var buffer = ByteBuffer()
        buffer.write(self)
        return String(buffer: buffer)
    }
}

/// Numbers for request and trace identifiers: unlikely to repeat, not secret (SplitMix64 over a random start).
struct IdentifierStream: Sendable {
    private var state: UInt64

    init() {
        var generator = SystemRandomNumberGenerator()
        state = generator.next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value &>> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value &>> 31)
    }
}

extension ByteBuffer {
    mutating func write(_ id: RequestID) {
        switch id {
        case .made(let high, let low):
            writeHex(high)
            writeHex(low)
        case .given(let bytes): writeBytes(bytes)
        }
    }

    /// Sixteen digits in lower case.
    mutating func writeHex(_ value: UInt64) {
        writeInteger(Self.hexDigits(UInt32(truncatingIfNeeded: value &>> 32)))
        writeInteger(Self.hexDigits(UInt32(truncatingIfNeeded: value)))
    }

    /// Eight digits as the eight bytes of a number: each nibble to a byte of its own, then to its character.
    private static func hexDigits(_ value: UInt32) -> UInt64 {
        var spread = UInt64(value)
        spread = (spread | spread &<< 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread &<< 8) & 0x00FF_00FF_00FF_00FF
        spread = (spread | spread &<< 4) & 0x0F0F_0F0F_0F0F_0F0F
        let isLetter = ((spread &+ 0x0606_0606_0606_0606) &>> 4) & 0x0101_0101_0101_0101
        return spread &+ 0x3030_3030_3030_3030 &+ isLetter &* 0x27
    }

    /// Decimal digits, without a string between.
    mutating func writeDecimal(_ value: Int) {
        var divisor = 1
        while value / divisor >= 10 { divisor *= 10 }
        var rest = value
        while divisor > 0 {
            writeInteger(UInt8(ascii: "0") + UInt8(rest / divisor))
            rest %= divisor
            divisor /= 10
        }
    }

    /// The size line of a chunk: hexadecimal without leading zeros, and CRLF.
    mutating func writeChunkSize(_ count: Int) {
        var shift = 60
        while shift > 0, (count >> shift) & 15 == 0 { shift -= 4 }
        while shift >= 0 {
            let digit = UInt8((count >> shift) & 15)
            writeInteger(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            shift -= 4
        }
        writeStaticString("\r\n")
    }
}
