import Glibc
import Sodium
import Testing

@Suite("Guarding the process's memory")
struct SecretMemoryTests {
    /// A file of this thread in `/proc`, line by line.
    private func lines(_ name: String) -> [String] {
        guard let file = unsafe fopen("/proc/thread-self/\(name)", "r") else { return [] }
        defer { unsafe fclose(file) }
        var lines: [String] = []
        var line = [CChar](repeating: 0, count: 4096)
        while unsafe fgets(&line, 4096, file) != nil {
            lines.append(
                String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        return lines
    }

    /// Whether the kernel can be asked: the sanitizers turn `mlock` into nothing.
    private var isLockingReal: Bool {
        let sanitizers = ["__asan_init", "__tsan_init"]
        let isSanitized = sanitizers.contains { unsafe dlsym(nil, $0) != nil }
        return !isSanitized && SecretMemory.status.lockFailures == 0
    }

    @Test func `reports what is locked, and the kernel agrees`() throws {
        let secret = SecretBytes.random(count: 40)
        let status = SecretMemory.status
        #expect(status.regions >= 1)
        #expect(status.liveSecrets >= 1)
        #expect(status.lockedBytes > 0 || status.lockFailures > 0)
        let line = try #require(lines("status").first { $0.hasPrefix("VmLck:") })
        let kilobytes = try #require(
            line.split(separator: " ").dropFirst().first.flatMap { Int($0.filter(\.isNumber)) })
        if isLockingReal { #expect(kilobytes * 1024 >= status.regions * 256 * 1024) }
        #expect(secret.count == 40)
    }

    @Test(arguments: [40, 9000])
    func `a secret's page is locked and outside dumps`(count: Int) throws {
        let secret = SecretBytes.random(count: count)
        let address = unsafe secret.withUnsafeBytes { bytes in UInt(bitPattern: bytes.baseAddress) }
        var isInside = false
        var flags: String?
        for line in lines("smaps") {
            let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
            if bounds.count == 2 { isInside = (bounds[0]..<bounds[1]).contains(address) }
            if isInside, line.hasPrefix("VmFlags:") { flags = line }
        }
        let found = try #require(flags)
        #expect(found.contains(" dd"), "not in a dump")
        if isLockingReal { #expect(found.contains(" lo"), "locked") }
        #expect(secret.count == count)
    }

    @Test func `a large secret is counted while it lives`() {
        let secrets = (0..<64).map { _ in SecretBytes.random(count: 5000) }
        #expect(SecretMemory.status.largeSecrets >= 64)
        #expect(secrets.count == 64)
    }

    @Test func `hardening switches dumps and new privileges off`() throws {
        try SecretMemory.harden()
        let status = lines("status")
        #expect(status.contains { $0.hasPrefix("NoNewPrivs:") && $0.hasSuffix("1") })
        var limit = rlimit()
        #expect(unsafe getrlimit(__rlimit_resource_t(4), &limit) == 0, "RLIMIT_CORE is 4 on Linux")
        #expect(limit.rlim_cur == 0 && limit.rlim_max == 0)
        #expect(SecretMemory.status.regions >= 1)
    }
}
