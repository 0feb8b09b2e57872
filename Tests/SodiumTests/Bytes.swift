import Sodium
import Testing

/// Bytes of a vector; a bad digit fails the test that uses it.
func bytes(_ hex: String) throws -> [UInt8] {
    try #require(Hex.decode(hex))
}

func secret(_ hex: String) throws -> SecretBytes {
    SecretBytes(copying: try bytes(hex))
}

extension SecretBytes {
    var hex: String { withBytes { Hex.encode($0) } }
}

@Suite("Wiping a buffer that a secret passed through")
struct WipingTests {
    @Test func `leaves an empty array with zeroed storage`() {
        var buffer = Array("canary-12345678".utf8)
        buffer.wipe()
        #expect(buffer.isEmpty)
        #expect(buffer.capacity >= 15, "the storage is kept, so what was in it can be looked at")
        let left = unsafe buffer.withUnsafeMutableBufferPointer { storage in
            (0..<15).map { offset in storage.baseAddress?[offset] }
        }
        #expect(left.allSatisfy { $0 == 0 })
    }
}
