internal import CSodium

/// Comparison whose time does not depend on where two values differ.
package enum ConstantTime {
    /// Whether both hold the same bytes; the time depends on the lengths alone.
    package static func equals(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        unsafe equals(first.span.bytes, second.span.bytes)
    }

    /// As above, over borrowed bytes.
    package static func equals(_ first: RawSpan, _ second: RawSpan) -> Bool {
        Library.ensureReady()
        return unsafe first.withOctets { one, count in
            unsafe second.withOctets { two, otherCount in
                unsafe count == otherCount && sodium_memcmp(one, two, count) == 0
            }
        }
    }
}
