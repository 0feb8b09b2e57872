internal import CSodium

extension RawSpan {
    /// The byte at an offset, checked: how code without a pointer reads a span.
    @inlinable
    package subscript(_ offset: Int) -> UInt8 {
        // Any byte is a valid UInt8, and the load checks the bounds.
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// The bytes as text, nil if they are not UTF-8. Of a secret only where `SecretBytes.revealUTF8` would do.
    package var utf8String: String? {
        unsafe withUnsafeBytes { bytes in unsafe String(validating: bytes, as: UTF8.self) }
    }

    /// Bytes and count for a C call; the pointer is never nil, not even for no bytes at all.
    @unsafe
    func withOctets<R, E: Error>(_ body: (UnsafePointer<UInt8>, Int) throws(E) -> R) throws(E) -> R {
        try unsafe withUnsafeBytes { (bytes) throws(E) -> R in
            if let base = bytes.baseAddress {
                return try unsafe body(base.assumingMemoryBound(to: UInt8.self), bytes.count)
            }
            return try unsafe withUnsafePointer(to: 0) { (none) throws(E) -> R in try unsafe body(none, 0) }
        }
    }
}

extension MutableRawSpan {
    /// Writes one byte, checked.
    package subscript(_ offset: Int) -> UInt8 {
        get { unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self) }
        set { storeBytes(of: newValue, toByteOffset: offset, as: UInt8.self) }
    }

    /// Bytes and capacity for a C call; the pointer is never nil.
    @unsafe
    mutating func withMutableOctets<R>(_ body: (UnsafeMutablePointer<UInt8>, Int) -> R) -> R {
        unsafe withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress {
                return unsafe body(base.assumingMemoryBound(to: UInt8.self), bytes.count)
            }
            var none: UInt8 = 0
            return unsafe withUnsafeMutablePointer(to: &none) { unsafe body($0, 0) }
        }
    }
}

extension [UInt8] {
    /// Lends the bytes as a span: the same shape as `SecretBytes.withBytes`.
    package func withBytes<R, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        try unsafe body(span.bytes)
    }
    /// A copy in ordinary memory.
    package init(copying bytes: RawSpan) {
        self = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
    }

    /// Overwrites the bytes with zeros and empties the array: for a buffer that a secret had to pass through.
    ///
    /// Only this array's own storage is wiped: a copy that shared it, or an outgrown one, is not.
    package mutating func wipe() {
        unsafe withMutableOctets { target, count in unsafe sodium_memzero(target, count) }
        removeAll(keepingCapacity: true)
    }

    /// As `RawSpan.withOctets`.
    @unsafe
    func withOctets<R, E: Error>(_ body: (UnsafePointer<UInt8>, Int) throws(E) -> R) throws(E) -> R {
        try unsafe span.bytes.withOctets(body)
    }

    /// Bytes and count to be overwritten by a C call; the pointer is never nil.
    @unsafe
    mutating func withMutableOctets<R>(_ body: (UnsafeMutablePointer<UInt8>, Int) -> R) -> R {
        unsafe withUnsafeMutableBytes { bytes in
            var span = unsafe bytes.mutableBytes
            return unsafe span.withMutableOctets(body)
        }
    }
}

extension SecretBytes {
    /// As `RawSpan.withOctets`.
    @unsafe
    func withOctets<R, E: Error>(_ body: (UnsafePointer<UInt8>, Int) throws(E) -> R) throws(E) -> R {
        try withBytes { (bytes) throws(E) -> R in try unsafe bytes.withOctets(body) }
    }
}
