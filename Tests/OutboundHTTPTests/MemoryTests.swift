import Domain
import Foundation
import Glibc
import OutboundHTTP
import Sodium
import Testing

@Suite("Leaving no secret in memory")
struct MemoryTests {
    /// Letters that nobody else has, made where secrets live.
    private func makeCanary() -> SecretBytes {
        SecretBytes(count: 40) { span in
            for offset in 0..<span.byteCount { span[offset] = UInt8(ascii: "a") + UInt8.random(in: 0..<26) }
        }
    }

    /// All of the kernel's list, which has no size and comes in pieces.
    private func memoryMap() throws -> String {
        let descriptor = unsafe open("/proc/self/maps", O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = unsafe read(descriptor, &piece, piece.count)
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text += piece.prefix(count)
        }
    }

    /// How often the bytes stand in the writable memory of this process.
    private func occurrences(of canary: SecretBytes) throws -> Int {
        let size = 64 << 10
        let window = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { unsafe window.deallocate() }
        let own = UInt(bitPattern: window.baseAddress)..<(UInt(bitPattern: window.baseAddress) + UInt(size))
        let descriptor = unsafe open("/proc/self/mem", O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var count = 0
        for line in try memoryMap().split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields[1].hasPrefix("rw") else { continue }
            let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            var start = ends[0]
            while start < ends[1] {
                // Overlapping windows, so that none is cut in two; those over the window itself are passed over.
                let length = min(size, Int(ends[1] - start))
                let read = unsafe pread(descriptor, window.baseAddress, length, off_t(start))
                if read > 0, !own.overlaps(start..<(start + UInt(length))) {
                    unsafe count += matches(of: canary, in: UnsafeRawBufferPointer(rebasing: window[..<read]))
                }
                start += UInt(length == size ? size - canary.count : length)
            }
        }
        return count
    }

    private func matches(of canary: SecretBytes, in memory: UnsafeRawBufferPointer) -> Int {
        unsafe canary.withUnsafeBytes { needle in
            guard let wanted = needle.baseAddress, var position = memory.baseAddress else { return 0 }
            var (count, left) = (0, memory.count)
            while left >= needle.count, let found = unsafe memchr(position, Int32(needle[0]), left - needle.count + 1) {
                let past = unsafe UnsafeRawPointer(found) - position
                if unsafe memcmp(found, wanted, needle.count) == 0 { count += 1 }
                unsafe position += past + 1
                left -= past + 1
            }
            return count
        }
    }

    @Test(arguments: [false, true])
    func `holds a secret header and an answer only where secrets live`(isTLS: Bool) async throws {
        let nginx = try NginxServer.shared.get()
        let canary = makeCanary()
        let url = isTLS ? "https://localhost:\(nginx.good)/echo" : "http://127.0.0.1:\(nginx.plain)/echo"
        let before = try occurrences(of: canary)
        #expect(before == 1)
        try await withClient { client async throws in
            let request = try OutboundRequest.to(
                url, headers: [("X-Key", .secret(canary))], trusting: nginx.certificates.authority)
            let body = try await client.send(request).body
            #expect(body.constantTimeEquals(canary))
        }
        let after = try occurrences(of: canary)
        #expect(after == 1)
    }
}
