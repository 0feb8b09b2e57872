import Sodium
import Testing

@Suite("Keeping secrets in memory")
struct SecretBytesTests {
    private static let canary = "canary-8f2e61"

    @Test func `no description, mirror or dump shows a secret`() {
        let secret = SecretBytes(utf8: Self.canary)
        let holder = (name: "holder", secret: secret)
        var dumped = ""
        dump(secret, to: &dumped)
        dump(holder, to: &dumped)
        dump([secret], to: &dumped)
        let shown = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\(holder)", "\([secret])",
            "\(Optional(secret) as Any)", dumped,
        ]
        for text in shown {
            #expect(!text.contains(Self.canary))
            #expect(!text.contains("0x"), "not even where it lies")
        }
        #expect("\(secret)" == "<redacted>")
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test func `neither encodes nor compares with an operator`() {
        let secret: Any = SecretBytes(utf8: Self.canary)
        #expect(!(secret is any Encodable))
        #expect(!(secret is any Equatable))
    }

    @Test(arguments: [0, 1, 31, 32, 33, 64, 65, 128, 255, 256, 1000, 2048, 4095, 4096, 4097, 70_000])
    func `gives back exactly the bytes that it was made of`(count: Int) {
        let original = Random.bytes(count)
        let secret = SecretBytes(copying: original)
        #expect(secret.count == count)
        #expect(secret.revealBytes(for: .test) == original)
    }

    @Test(arguments: [0, 32, 33, 512, 4096, 9000])
    func `starts zeroed, whatever lay there before`(count: Int) {
        for _ in 0..<40 {
            let used = SecretBytes(capacity: count) { output in
                var dirty = 0
                for offset in output.byteOffsets {
                    dirty += output[offset] == 0 ? 0 : 1
                    output[offset] = 0xFF
                }
                #expect(dirty == 0)
                return count
            }
            #expect(used.count == count)
        }
    }

    @Test func `neighbours never share memory`() {
        let originals = (0..<3000).map { _ in Random.bytes(Int.random(in: 0...600)) }
        var secrets = originals.map { SecretBytes(copying: $0) as SecretBytes? }
        for index in stride(from: 0, to: secrets.count, by: 2) { secrets[index] = nil }
        let others = (0..<1500).map { _ in SecretBytes(copying: Random.bytes(Int.random(in: 0...600))) }
        for index in stride(from: 1, to: secrets.count, by: 2) {
            #expect(secrets[index]?.revealBytes(for: .test) == originals[index])
        }
        #expect(others.count == 1500)
    }

    @Test func `survives many threads that make and drop secrets`() async {
        await withTaskGroup(of: Int.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    var kept: [(UInt8, SecretBytes)] = []
                    var wrong = 0
                    for round in 0..<2000 {
                        let mark = UInt8(truncatingIfNeeded: worker &* 31 &+ round)
                        kept.append((mark, SecretBytes(copying: [UInt8](repeating: mark, count: round % 300))))
                        if kept.count > 50 { kept.remove(at: round % 50) }
                        if let (mark, secret) = kept.randomElement() {
                            wrong += secret.revealBytes(for: .test).contains { $0 != mark } ? 1 : 0
                        }
                    }
                    return wrong
                }
            }
            for await wrong in group { #expect(wrong == 0) }
        }
    }

    @Test func `a throw while filling comes out, and no secret with it`() {
        struct Refused: Error {}
        #expect(throws: Refused.self) {
            try SecretBytes(count: 5000) { output throws(Refused) in
                output[0] = 1
                throw Refused()
            }
        }
    }

    @Test func `compares by content and length`() {
        let secret = SecretBytes(utf8: "abc")
        #expect(secret.constantTimeEquals(SecretBytes(utf8: "abc")))
        #expect(!secret.constantTimeEquals(SecretBytes(utf8: "abd")))
        #expect(!secret.constantTimeEquals(SecretBytes(utf8: "abcd")))
        #expect(!secret.constantTimeEquals(SecretBytes(utf8: "")))
        #expect(SecretBytes(utf8: "").constantTimeEquals(SecretBytes(count: 0) { _ in }))
    }

    @Test func `reveals text only where the bytes are UTF-8`() {
        #expect(SecretBytes(utf8: "pä$$").revealUTF8(for: .test) == "pä$$")
        #expect(SecretBytes(copying: [0xFF]).revealUTF8(for: .test) == nil)
        #expect(SecretBytes(copying: [0xC0, 0x80]).revealUTF8(for: .test) == nil)
        #expect(SecretBytes(utf8: "").revealUTF8(for: .test) == "")
    }

    @Test func `joins and cuts`() {
        let joined = SecretBytes.concatenating(
            SecretBytes(utf8: "user"), SecretBytes(utf8: ":"), SecretBytes(utf8: "pw"))
        #expect(joined.revealUTF8(for: .test) == "user:pw")
        #expect(joined.slice(5..<7).revealUTF8(for: .test) == "pw")
        #expect(joined.slice(3..<3).count == 0)
    }

    @Test func `random secrets differ`() {
        #expect(!SecretBytes.random(count: 32).constantTimeEquals(SecretBytes.random(count: 32)))
        #expect(Set((0..<1000).map { _ in Random.uint64() }).count == 1000)
    }

    @Test func `a growing buffer keeps what was appended`() {
        var buffer = SecretBuffer()
        var expected: [UInt8] = []
        for round in 0..<300 {
            let part = Random.bytes(round % 40)
            buffer.append(part)
            buffer.append(UInt8(truncatingIfNeeded: round))
            expected += part + [UInt8(truncatingIfNeeded: round)]
        }
        #expect(buffer.count == expected.count)
        #expect(buffer.finish().revealBytes(for: .test) == expected)
    }

    @Test func `an emptied buffer holds nothing of before`() {
        var buffer = SecretBuffer(minimumCapacity: 8)
        buffer.append(utf8: Self.canary)
        buffer.removeAll()
        buffer.append(utf8: "x")
        #expect(buffer.finish().revealUTF8(for: .test) == "x")
    }
}
