import NIOCore
import Testing

@testable import Proxy

@Suite("Knowing header names")
struct HeaderNameTests {
    private func find(_ text: String) -> HeaderName {
        let bytes = Array(text.utf8)
        let hash = bytes.reduce(HeaderNameTable.seed) { HeaderNameTable.mix($0, $1) }
        return HeaderNameTable.shared.find(bytes.span, start: 0, count: bytes.count, hash: hash)
    }

    @Test(arguments: HeaderName.allCases.filter { $0 != .other })
    func `finds each name in any case`(_ name: HeaderName) {
        #expect(find(name.text) == name)
        #expect(find(name.text.uppercased()) == name)
        #expect(find(name.text + "x") == .other)
        #expect(find("x" + name.text) == .other)
    }

    @Test(arguments: ["content_length", "x_sallyport_token", "Transfer_Encoding", "x_forwarded_for"])
    func `takes a name with underscores for no known name`(_ text: String) {
        #expect(find(text) == .other)
        let bytes = Array(text.utf8)
        let read = HeaderNameTable.shared.findReadingUnderscoresAsHyphens(bytes.span, start: 0, count: bytes.count)
        #expect(read.staysWithCaller)
    }

    @Test func `knows tokens and values by RFC 9110's tables`() {
        let token = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(HTTPCharacters.isToken(byte) == token.contains(byte), "\(byte)")
            #expect(HTTPCharacters.isValue(byte) == (byte == 9 || (byte >= 32 && byte != 127)), "\(byte)")
        }
    }

    @Test(arguments: [0, 1, 9, 10, 255, 256, 65_535, 1 << 30, Int.max])
    func `writes numbers without a string between`(_ number: Int) {
        var buffer = ByteBuffer()
        buffer.writeDecimal(number)
        #expect(buffer.text == String(number))
        buffer.clear()
        buffer.writeChunkSize(number)
        #expect(buffer.text == String(number, radix: 16) + "\r\n")
    }

    @Test(arguments: [0, 1, 0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210, UInt64.max])
    func `writes sixteen hexadecimal digits`(_ number: UInt64) {
        var buffer = ByteBuffer()
        buffer.writeHex(number)
        let digits = String(number, radix: 16)
        #expect(buffer.text == String(repeating: "0", count: 16 - digits.count) + digits)
    }
}
