internal import CSodium

/// Why a secret leaves its memory as text. Closed, so that one search finds every such place.
package enum SecretPurpose: String, Sendable, CaseIterable {
    /// Written into a request that a caller sends through a connection.
    case upstreamRequest
    /// Written into a request to a token endpoint.
    case tokenRequest
    /// Part of the answer of a token fetch or of the token endpoint.
    case tokenResponse
    /// Shown to the operator or backend once, when an API key is made.
    case newAPIKeyShownOnce
    /// Written into the request that proves an account, before it is stored.
    case verification
    /// Handed to the database client: the password of a role.
    case databaseWrite
    /// Handed to a C library that takes text only.
    case foreignLibrary
    /// Compared or counted in a test.
    case test
}

/// Reference to secret bytes in locked, guarded memory outside dumps.
///
/// Immutable, so safe to share; wiped when the last reference goes. It cannot be encoded, and every description is
/// `<redacted>`. Compare with `constantTimeEquals`; there is deliberately no `==`.
// Safe to share: the bytes are written only inside an initialiser, before anyone else holds the reference, and the
// memory is released only in `deinit`.
@safe
package final class SecretBytes: @unchecked Sendable {
    private let allocation: SecretAllocation
    /// Number of bytes; not itself a secret.
    package let count: Int

    private init(adopting allocation: SecretAllocation, count: Int) {
        self.allocation = allocation
        self.count = count
    }

    deinit {
        SecretArena.shared.release(allocation)
    }

    /// Copies the bytes. The source stays the caller's to wipe.
    package convenience init(copying bytes: RawSpan) {
        let allocation = SecretArena.shared.allocate(bytes.byteCount)
        unsafe bytes.withOctets { source, length in
            unsafe allocation.address.copyMemory(from: source, byteCount: length)
        }
        self.init(adopting: allocation, count: bytes.byteCount)
    }

    /// Copies the bytes. The array stays in ordinary memory until its last owner lets it go: for values that came so.
    package convenience init(copying bytes: [UInt8]) {
        unsafe self.init(copying: bytes.span.bytes)
    }

    /// Copies the UTF-8 of a value that came as a string, from a wire or a library.
    package convenience init(utf8 string: String) {
        unsafe self.init(copying: string.utf8Span.span.bytes)
    }

    /// Fills `count` zeroed bytes in place; on a throw they are wiped and gone.
    package convenience init<E: Error>(
        count: Int, filling body: (inout MutableRawSpan) throws(E) -> Void
    ) throws(E) {
        try self.init(capacity: count) { (span: inout MutableRawSpan) throws(E) -> Int in
            try body(&span)
            return count
        }
    }

    /// Fills up to `capacity` zeroed bytes in place; `body` returns how many of them count.
    package convenience init<E: Error>(
        capacity: Int, filling body: (inout MutableRawSpan) throws(E) -> Int
    ) throws(E) {
        let allocation = SecretArena.shared.allocate(capacity)
        let used: Int
        do {
            let bytes = unsafe UnsafeMutableRawBufferPointer(start: allocation.address, count: capacity)
            var span = unsafe bytes.mutableBytes
            used = try body(&span)
        } catch {
            SecretArena.shared.release(allocation)
            throw error
        }
        precondition(used >= 0 && used <= capacity, "a secret cannot count more bytes than were filled")
        self.init(adopting: allocation, count: used)
    }

    /// Fresh random bytes, never outside this memory.
    package static func random(count: Int) -> SecretBytes {
        let allocation = SecretArena.shared.allocate(count)
        unsafe randombytes_buf(allocation.address, count)
        return SecretBytes(adopting: allocation, count: count)
    }

    /// The parts in a row, copied.
    package static func concatenating(_ parts: SecretBytes...) -> SecretBytes {
        var buffer = SecretBuffer(minimumCapacity: parts.reduce(0) { $0 + $1.count })
        for part in parts { buffer.append(part) }
        return buffer.finish()
    }

    /// Lends the bytes. Copy none of them anywhere but into another secret, or onto the wire in the last step.
    package func withBytes<R, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(self) {} }
        let bytes = unsafe UnsafeRawBufferPointer(start: allocation.address, count: count)
        return try body(unsafe bytes.bytes)
    }

    /// Lends the bytes to a C wrapper.
    @unsafe
    package func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(self) {} }
        return try unsafe body(UnsafeRawBufferPointer(start: allocation.address, count: count))
    }

    /// A copy of part of the bytes.
    package func slice(_ range: Range<Int>) -> SecretBytes {
        withBytes { bytes in SecretBytes(copying: bytes.extracting(range)) }
    }

    /// Whether both hold the same bytes; the time depends on the lengths alone.
    package func constantTimeEquals(_ other: SecretBytes) -> Bool {
        guard count == other.count else { return false }
        return withBytes { own in
            other.withBytes { ConstantTime.equals(own, $0) }
        }
    }

    /// The bytes as text, for the last function before a wire; nil if they are not UTF-8.
    ///
    /// The string lies in ordinary memory and is never wiped: let it go at once.
    package func revealUTF8(for purpose: SecretPurpose) -> String? {
        unsafe withUnsafeBytes { bytes in
            unsafe String(validating: bytes, as: UTF8.self)
        }
    }

    /// The bytes as an array, for the last function before a wire. Never wiped: let it go at once.
    package func revealBytes(for purpose: SecretPurpose) -> [UInt8] {
        unsafe withUnsafeBytes { bytes in unsafe Array(bytes) }
    }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
